"""What one user may not write is said to them in a sentence. Needs root, to become somebody else."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.faults.other_user import as_other_user, public_folder
from textreid.errors import InputError
from textreid.io.refusals import in_words
from textreid_index.whole_folder import whole_file


def write(place: Path) -> str:
    try:
        with in_words(place), whole_file(place / "deep" / "recipe.json") as file:
            file.write(b"{}")
    except InputError as error:
        return str(error)
    return ""


def test_it_is_named_as_it_was_given() -> None:
    with public_folder() as folder:
        (folder / "run").mkdir(mode=0o755)
        said = as_other_user(write, folder / "run")
    assert said == f"'{folder / 'run'}' cannot be written: permission denied. Name another path."
