"""Training a joint model."""
