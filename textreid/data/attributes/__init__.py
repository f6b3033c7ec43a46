"""Attributes of people."""
