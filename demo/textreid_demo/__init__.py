"""The search page of textreid: a gallery of people in the browser, and the same searches over HTTP.

`textreid demo` is the way in (`verb`); `serve_page` serves the same page from Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid_demo.serve import serve_page
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = ["serve_page"]
