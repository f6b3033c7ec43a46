"""Ids that nobody from another file has."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textreid_index import Gallery

if TYPE_CHECKING:
    from textreid.people.sightings import Sighting


def with_own_ids(people: Sequence[Sighting], file: str, gallery: Gallery) -> list[Sighting]:
    """The people of this file, under ids that nobody from another file has.

    An id comes from the path at which somebody was found. After the file was moved they have it still, and
    somebody at the same place in a new file with the old path needs another one.
    """
    owners = gallery.files.owners([person.record.id for person in people])
    if all(owner == file for owner in owners.values()):
        return list(people)
    others = {id for id, owner in owners.items() if owner != file}
    renamed = [_renamed(person) if person.record.id in others else person for person in people]
    return with_own_ids(renamed, file, gallery)


def _renamed(person: Sighting) -> Sighting:
    id = hashlib.blake2b(person.record.id.encode(), digest_size=8).hexdigest()
    return replace(person, record=replace(person.record, id=id))
