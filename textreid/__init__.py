"""Find a person among many by describing them.

>>> from textreid import PersonSearch
>>> people = PersonSearch.open("gallery", create=True)      # doctest: +SKIP
>>> people.add("photos/")                                   # doctest: +SKIP
>>> people.search("a man in a blue shirt with a backpack")  # doctest: +SKIP

Every public name is imported when it is first used: `import textreid` alone loads neither torch nor numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textreid.catalog import list_models
    from textreid.errors import TextReIDError
    from textreid.inference.encoder import Encoder
    from textreid.ingest.indexing import AddReport, Progress
    from textreid.io.images import open_image
    from textreid.people import load_detector
    from textreid.search.contact_sheet import contact_sheet
    from textreid.search.person_search import PersonSearch
    from textreid_index import Gallery, Hits, Record, SearchHit, Where

    __version__: str

_HOMES = {
    "AddReport": "textreid.ingest.indexing",
    "Encoder": "textreid.inference.encoder",
    "Gallery": "textreid_index",
    "Hits": "textreid_index",
    "PersonSearch": "textreid.search.person_search",
    "Progress": "textreid.ingest.indexing",
    "Record": "textreid_index",
    "SearchHit": "textreid_index",
    "TextReIDError": "textreid.errors",
    "Where": "textreid_index",
    "contact_sheet": "textreid.search.contact_sheet",
    "list_models": "textreid.catalog",
    "load_detector": "textreid.people",
    "open_image": "textreid.io.images",
}

__all__ = [
    "AddReport",
    "Encoder",
    "Gallery",
    "Hits",
    "PersonSearch",
    "Progress",
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


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("textreid")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'textreid' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
