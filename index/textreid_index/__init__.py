"""A gallery of people: vectors, records and thumbnails in one folder, and exact search over them.

```python
from textreid_index import Gallery

with Gallery.open("gallery") as gallery:
    hits = gallery.search(queries, k=20)[0]
```
"""

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
)
from textreid_index.gallery import Gallery
from textreid_index.hits import BatchHits, Cut, Hits, SearchHit
from textreid_index.records import Record, SourceState
from textreid_index.stats import GalleryStats
from textreid_index.where import Where

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
    "UnknownBackendError",
    "UnknownPersonError",
    "Where",
]
