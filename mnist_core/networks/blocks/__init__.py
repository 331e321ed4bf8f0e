"""Networks that are built from blocks. Only `network` imports Keras, when it builds one."""
