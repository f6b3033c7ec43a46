"""Photos and video into a gallery."""
