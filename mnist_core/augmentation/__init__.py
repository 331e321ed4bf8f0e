"""What training images are made of. `transforms` imports TensorFlow, the others do not."""
