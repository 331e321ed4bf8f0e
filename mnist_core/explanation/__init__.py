"""Why a network predicts a digit. `grad_cam` imports Keras, in a process of its own."""
