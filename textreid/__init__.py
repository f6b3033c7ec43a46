"""Find a person among many by describing them.

>>> from textreid import PersonSearch
>>> people = PersonSearch.open("gallery", create=True)      # doctest: +SKIP
>>> people.add("photos/")                                   # doctest: +SKIP
>>> people.search("a man in a blue shirt with a backpack")  # doctest: +SKIP

Every public name is imported when it is first used: `import textreid` alone loads neither torch nor numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.catalog import list_models
    from textreid.errors import TextReIDError
    from textreid.inference.encoder import Encoder
    from textreid.ingest.indexing import AddReport, IndexProgress
    from textreid.io.images import open_image
    from textreid.people import load_detector
    from textreid.search.contact_sheet import contact_sheet
    from textreid.search.person_search import PersonSearch
    from textreid_index import Gallery, Hits, Record, SearchHit, Where

    __version__: str
else:
    _find, __dir__ = hand_on(__name__)

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from textreid.io.installation import installed_version

            return installed_version()
        return _find(name)


__all__ = [
    "AddReport",
    "Encoder",
    "Gallery",
    "Hits",
    "IndexProgress",
    "PersonSearch",
    "Record",
    "SearchHit",
    "TextReIDError",
    "Where",
    "__version__",
    "contact_sheet",
    "list_models",
    "load_detector",
    "open_image",
]
