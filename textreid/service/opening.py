"""Pictures are opened one at a time: each may take a gigabyte of memory until it is scaled down."""

from __future__ import annotations

from threading import Lock

OPENING = Lock()
"""Held while somebody's picture is open at its full size."""
