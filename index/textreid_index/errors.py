"""Every error that a gallery raises on purpose.

GalleryError
├── GalleryNotFoundError   there is no gallery at this path
├── ForeignGalleryError    something else lies there, or a newer textreid made it
├── GalleryBusyError       another program holds the gallery
├── GalleryReadOnlyError   the gallery cannot be written here
├── GalleryFullError       the disk is full; what was committed stays
├── GalleryDamagedError    stored bytes changed since they were written
├── EncoderMismatchError   vectors of another encoder
├── UnknownPersonError     no person with this id
├── UnknownSourceError     no file, folder or camera with this name
├── UnknownBackendError    no such search backend, or its library is not installed
└── InvalidValueError      a record, vector or option that cannot be used; also a ValueError

Each message says what is wrong and what to do or type next.
"""

from __future__ import annotations


class GalleryError(Exception):
    """Root of the errors that a gallery raises on purpose."""


class GalleryNotFoundError(GalleryError):
    """There is no gallery at this path."""


class ForeignGalleryError(GalleryError):
    """Something that is not a gallery, or one made by a newer version."""


class GalleryBusyError(GalleryError):
    """Another program holds the gallery for longer than the wait allowed."""


class GalleryReadOnlyError(GalleryError):
    """The gallery can be read but not written."""


class GalleryFullError(GalleryError):
    """The disk is full. Nothing of the failed change is stored, everything before it is."""


class GalleryDamagedError(GalleryError):
    """Stored bytes are not what was written."""


class EncoderMismatchError(GalleryError):
    """Vectors of one encoder met a gallery of another."""


class UnknownPersonError(GalleryError):
    """No person with this id is in the gallery."""


class UnknownSourceError(GalleryError):
    """No file, folder or camera of this name is known to the gallery."""


class UnknownBackendError(GalleryError):
    """No search backend has this name, or the library it needs is not installed."""


class InvalidValueError(GalleryError, ValueError):
    """A record, vector or option that cannot be used."""
