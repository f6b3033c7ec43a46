"""Where they walk."""
