"""Finding people in a gallery."""
