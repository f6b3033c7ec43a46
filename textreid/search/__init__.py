"""Finding people in a gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.search.person_search import PersonSearch
    from textreid.search.query import PHOTO, Part, combine
    from textreid.search.search_log import SearchLog
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = ["PHOTO", "Part", "PersonSearch", "SearchLog", "combine"]
