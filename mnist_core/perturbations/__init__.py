"""Breaking a network on purpose: attacks on pixels, and changes of weights."""
