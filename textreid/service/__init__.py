"""What the search page and an HTTP service share."""
