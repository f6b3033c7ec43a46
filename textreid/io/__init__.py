"""Files in and out: images, folders that appear whole, run folders."""
