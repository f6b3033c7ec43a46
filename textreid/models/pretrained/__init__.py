"""Towers that start from pretrained weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.models.pretrained.joint import start_model
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = ["start_model"]
