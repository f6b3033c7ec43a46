"""A name is shown, and never obeyed: by a terminal, by a spreadsheet, by whoever reads lines."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from rich.table import Table
from rich.text import Text

from textreid.cli._console import print_json, print_table, stderr
from textreid.io.json_text import json_text
from textreid_demo.words import to_csv
from textreid_index import Hits, Record

ACTING = [
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x9b2J",
    "a\rb",
    "\x00\x08",
    "a\u2028b\u2029c\x85d",
    "\u202egpj.exe",
]
SIGNS = "=+-@＝＋－＠"
FORMULAS = [*(f"{sign}1" for sign in SIGNS), *(f"{space}=1" for space in "\t\r\n \u3000\0")]
ORDINARY = ["north", "Größe 3", "日本 カメラ", "कैमरा", "front-door", "a=b", "👩‍👧"]


@pytest.mark.parametrize("name", ACTING)
def test_no_name_reaches_the_terminal_as_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    stderr().print(f"Read {name}.")
    table = Table("camera")
    table.add_row(Text(name))
    print_table(table)
    print_json({"camera": name})
    out, err = capsys.readouterr()
    assert (out + err).replace("\n", "").isprintable()


@pytest.mark.parametrize("name", ORDINARY)
def test_names_of_every_script_stay_as_they_are(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    stderr().print(f"Read {name}.")
    print_json({"camera": name})
    out, err = capsys.readouterr()
    assert name in out
    assert name in err


@pytest.mark.parametrize("name", [*ACTING, *FORMULAS, *ORDINARY, "\ud800", "a\nb", '"', "\\", "\U000e0001"])
def test_json_stays_one_line_and_reads_back(name: str) -> None:
    text = json_text({name: [name]})
    assert len(text.splitlines()) == 1
    assert text.encode("utf-8")
    assert json.loads(text) == {name: [name]}


def row(camera: str) -> dict[str, str]:
    """The row of one hit whose camera, source and id have this name."""
    record = Record(id=f"{camera}x", source=camera or "x", camera=camera)
    text = to_csv(Hits(np.array([0.5], np.float32), (record,)))
    (found,) = csv.DictReader(io.StringIO(text, newline=""))
    return found


@pytest.mark.parametrize("name", [*FORMULAS, *ACTING])
def test_no_cell_of_a_table_is_a_formula_or_breaks_a_line(name: str) -> None:
    for cell in (row(name)[column] for column in ("id", "source", "camera")):
        assert not cell.lstrip().startswith(tuple(SIGNS))
        assert cell.replace("\u3000", " ").isprintable()


def test_numbers_stay_numbers_and_ordinary_names_stay_as_they_are() -> None:
    assert np.isclose(float(row("north")["score"]), 0.5)
    for name in ORDINARY:
        assert row(name)["camera"] == name
