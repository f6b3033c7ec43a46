"""Training that goes on with one tower locked."""
