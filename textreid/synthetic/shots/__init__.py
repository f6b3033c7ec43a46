"""Crops, frames and scenes."""
