"""A gallery of people: vectors, records and thumbnails in one folder, and search over them.

```python
from textreid_index import Gallery

with Gallery.open("gallery") as gallery:
    hits = gallery.search(queries, k=20)[0]
```

Every public name is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textreid_index.embeddings import Embeddings, EncoderInfo
    from textreid_index.errors import (
        EncoderMismatchError,
        ForeignGalleryError,
        GalleryBusyError,
        GalleryDamagedError,
        GalleryError,
        GalleryFullError,
        GalleryNotFoundError,
        GalleryReadOnlyError,
        InvalidValueError,
        UnknownBackendError,
        UnknownPersonError,
        UnknownSourceError,
    )
    from textreid_index.gallery import Gallery
    from textreid_index.hits import BatchHits, Cut, Hits, SearchHit
    from textreid_index.records import Record, SourceState
    from textreid_index.stats import GalleryStats
    from textreid_index.tracks import Track, View
    from textreid_index.where import Where

_HOMES = {
    "BatchHits": "hits",
    "Cut": "hits",
    "Embeddings": "embeddings",
    "EncoderInfo": "embeddings",
    "EncoderMismatchError": "errors",
    "ForeignGalleryError": "errors",
    "Gallery": "gallery",
    "GalleryBusyError": "errors",
    "GalleryDamagedError": "errors",
    "GalleryError": "errors",
    "GalleryFullError": "errors",
    "GalleryNotFoundError": "errors",
    "GalleryReadOnlyError": "errors",
    "GalleryStats": "stats",
    "Hits": "hits",
    "InvalidValueError": "errors",
    "Record": "records",
    "SearchHit": "hits",
    "SourceState": "records",
    "Track": "tracks",
    "UnknownBackendError": "errors",
    "UnknownPersonError": "errors",
    "UnknownSourceError": "errors",
    "View": "tracks",
    "Where": "where",
}

__all__ = [
    "BatchHits",
    "Cut",
    "Embeddings",
    "EncoderInfo",
    "EncoderMismatchError",
    "ForeignGalleryError",
    "Gallery",
    "GalleryBusyError",
    "GalleryDamagedError",
    "GalleryError",
    "GalleryFullError",
    "GalleryNotFoundError",
    "GalleryReadOnlyError",
    "GalleryStats",
    "Hits",
    "InvalidValueError",
    "Record",
    "SearchHit",
    "SourceState",
    "Track",
    "UnknownBackendError",
    "UnknownPersonError",
    "UnknownSourceError",
    "View",
    "Where",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"textreid_index.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'textreid_index' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
