"""What the system refuses ends in one sentence, whichever library was refused. Needs Linux and root."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from typer.testing import CliRunner

from tests.helpers.faults.small_disk import fill_up, small_disk
from tests.helpers.small_models import word_tokenizer
from textreid.cli import application
from textreid.errors import InputError
from textreid.io.refusals import describe_refusal, in_words
from textreid_index.whole_folder import whole_file

ROOM = 64 * 1024


@pytest.fixture(scope="module")
def full_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """With room for a few names and for no content."""
    with small_disk(tmp_path_factory.mktemp("mounted") / "disk", ROOM) as disk:
        fill_up(disk)
        yield disk


def write_tensors(folder: Path) -> None:
    with whole_file(folder / "state.pt") as file:
        torch.save({"a": torch.zeros(ROOM)}, file)


WRITERS: dict[str, Callable[[Path], object]] = {
    "python": lambda folder: (folder / "a").write_bytes(bytes(ROOM)),
    "numpy": lambda folder: np.save(folder / "a.npy", np.zeros(ROOM)),
    "safetensors": lambda folder: save_file({"a": torch.zeros(ROOM)}, folder / "a.safetensors"),
    "tokenizers": lambda folder: word_tokenizer().save_pretrained(folder),
    "torch": write_tensors,
    "pillow": lambda folder: Image.effect_noise((256, 256), 90).save(folder / "a.png"),
}


@pytest.mark.parametrize("library", WRITERS)
def test_a_full_disk_is_named_whichever_library_meets_it(full_disk: Path, library: str) -> None:
    with pytest.raises(InputError) as caught, in_words(full_disk / "run"):
        WRITERS[library](full_disk)
    assert str(caught.value) == (
        f"The disk of '{full_disk / 'run'}', {full_disk}, is full: free space on it, and give the same"
        " command again."
    )


@pytest.mark.parametrize(
    ("ask", "amount"),
    [
        (lambda: np.empty(1 << 60, np.uint8), "1.00 EiB"),
        (lambda: torch.empty(1 << 50), "4503599627370496 bytes"),
        (lambda: bytes(1 << 60), None),
    ],
)
def test_memory_that_ran_out_is_said_with_the_amount(ask: Callable[[], object], amount: str | None) -> None:
    with pytest.raises(InputError) as caught, in_words(Path("run")):
        ask()
    asked = f" ({amount} were asked for)" if amount else ""
    assert str(caught.value) == (
        f"Memory ran out{asked}: close other programs, or ask for less at once, such as smaller batches or"
        " fewer workers."
    )


def test_memory_of_a_gpu_is_told_from_that_of_the_machine() -> None:
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total ...")
    assert describe_refusal(error) == (
        "The memory of the device ran out (2.00 GiB were asked for): ask for less at once, such as smaller"
        " batches."
    )


def test_a_file_elsewhere_is_named_itself(tmp_path: Path) -> None:
    image = tmp_path / "data" / "a.jpg"
    error = PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(image))
    assert describe_refusal(error, tmp_path / "run") == (
        f"'{image}' cannot be used: permission denied. Name another path."
    )


def test_a_mistake_stays_a_mistake() -> None:
    for mistake in (ValueError("no"), RuntimeError("shapes differ"), OSError("cannot identify image file")):
        assert describe_refusal(mistake, Path("run")) is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "recipe"], "'recipe' cannot be written: file exists. Name another path."),
        (["--out", "recipe/run"], "'recipe/run' cannot be written: not a directory. Name another path."),
        (["--out", "n" * 300], f"'{'n' * 300}' cannot be written: file name too long. Name another path."),
    ],
)
def test_train_names_a_folder_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("recipe").touch()
    done = CliRunner().invoke(application(), ["train", "smoke", *arguments])
    assert (done.exit_code, done.stderr.partition("error: ")[2].strip()) == (2, said)
