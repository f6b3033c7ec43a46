"""Folders in the layout of data sets."""
