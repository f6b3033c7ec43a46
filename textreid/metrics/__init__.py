"""Retrieval metrics by the field's protocols; numpy and scipy only."""
