"""What a gallery holds, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from textreid_index.embeddings import EncoderInfo


@dataclass(frozen=True)
class GalleryStats:
    """What a gallery holds.

    Attributes:
        people: records.
        sources: photos and videos whose state is known.
        cameras: different cameras.
        encoder: encoder of the vectors; None while nobody was added.
        generation: counts the changes to the people.
        bytes: size of the gallery's files on disk.
        readers: who may read it, by the permissions of its file and of the folders that it lies in.
    """

    people: int
    sources: int
    cameras: int
    encoder: EncoderInfo | None
    generation: int
    bytes: int
    readers: str
