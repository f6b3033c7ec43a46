"""Towers that start from pretrained weights."""
