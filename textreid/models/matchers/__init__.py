"""Scorers of pairs."""
