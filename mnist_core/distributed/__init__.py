"""One training on several devices or machines. `trainer` and `replica_loop` import TensorFlow."""
