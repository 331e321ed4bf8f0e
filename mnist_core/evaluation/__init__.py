"""How accurate a model is, on which data, and how models compare."""
