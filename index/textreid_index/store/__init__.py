"""The SQLite database of a gallery."""
