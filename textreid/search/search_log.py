"""A record of what was searched, written only where somebody asks for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from textreid.errors import InputError
from textreid_index import Hits, Where


class SearchLog:
    """Appends one JSON object a line for each search: when, for whom, by which filters, and the ids found.

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

    def write(
        self,
        hits: Hits,
        *,
        text: str | None = None,
        image: bool = False,
        where: Where | None = None,
        more_like: Sequence[str] = (),
    ) -> None:
        """Append one search; who is disliked stands in `where` as excluded."""
        everybody, asked = asdict(Where()), asdict(where or Where())
        filters = {key: value for key, value in asked.items() if value != everybody[key]}
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "text": text,
            "image": image,
            "more_like": list(more_like),
            "where": filters,
            "ids": list(hits.ids),
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False, default=sorted) + "\n")
