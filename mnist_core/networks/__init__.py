"""The architectures. `structure` and `training_layers` import Keras, the others do not."""
