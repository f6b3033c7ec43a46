"""Networks that draw people."""
