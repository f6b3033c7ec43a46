"""Drawn pedestrians."""
