"""Data sets, samplers and batches: from annotation rows to what a training step sees."""
