"""The tables of data sets say what the readers count."""

from __future__ import annotations

import re

from tests.helpers.docs_pages import ROOT
from textreid.data import datasets


def rows() -> dict[str, list[list[str]]]:
    """Data set -> its rows of cells; a row without a name goes on with the data set above."""
    found: dict[str, list[list[str]]] = {}
    name = ""
    for line in (ROOT / "docs" / "data-sets.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if not cells or cells[0] == "name" or cells[0].startswith("---"):
            continue
        named = re.fullmatch(r"`([a-z0-9-]+)`", cells[0])
        name = named.group(1) if named else name
        found.setdefault(name, []).append(cells)
    return found


def test_every_data_set_has_its_published_counts_and_a_place_to_get_it():
    table = rows()
    assert sorted(table) == [name for name in datasets.names() if datasets.published_counts(name)]
    for name, lines in table.items():
        told = {
            int(cell.replace(",", "")) for line in lines for cell in line if re.fullmatch(r"[\d,]+", cell)
        }
        counts = datasets.published_counts(name)
        splits = [split for split in counts if split not in ("val", "trainval") or name != "msmt17"]
        assert {number for split in splits for number in counts[split].values()} <= told, name
        assert lines[0][-1], name


def test_withdrawn_data_are_said_to_be():
    assert "withdrawn" in rows()["dukemtmc-reid"][0][-1]
