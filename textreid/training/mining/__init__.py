"""What is found in the training data between epochs."""
