"""Why a network predicts a digit. What needs Keras runs in `keras_process`."""
