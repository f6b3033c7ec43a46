"""A record of what was searched, kept only where somebody asks for it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from textreid_index import Hits, Where

from textreid.errors import InputError


class SearchLog:
    """Appends one JSON object a line for each search: time, description, filters and the ids that came back.

    An example photo is noted as used and never stored. The file is readable by its owner alone.
    """

    def __init__(self, path: Path) -> None:
        """Raises InputError if nothing can be written to `path`."""
        self.path = path
        try:
            path.touch(mode=0o600)
        except OSError as error:
            raise InputError(
                f"Searches cannot be logged to {path}: {error.strerror}. Name another file."
            ) from None

    def write(self, text: str | None, image: bool, where: Where | None, hits: Hits) -> None:
        """Append one search."""
        filters = {key: value for key, value in asdict(where).items() if value} if where else {}
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "text": text,
            "image": image,
            "where": filters,
            "ids": hits.ids,
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False, default=list) + "\n")
