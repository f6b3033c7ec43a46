"""Public names of version 0.1.0: each still works, and says its new spelling on stderr."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from textreid import _names
from textreid._names import MOVED

DOCUMENTED = """\
from textreid import Encoder
from textreid import PersonSearch
from textreid import Where
from textreid import contact_sheet
from textreid import losses
from textreid.benchmark import Benchmark
from textreid.calibration import Scale
from textreid.catalog import find_model
from textreid.catalog import fingerprint
from textreid.config import AugmentRecipe, TextRecipe
from textreid.config import DataRecipe
from textreid.config import load_recipe
from textreid.data import datasets
from textreid.data.attributes import attribute_space, with_attributes
from textreid.data.caption_attributes import VALUES
from textreid.data.caption_attributes import read_caption
from textreid.data.datasets import cuhk_pedes
from textreid.data.parquet import read_splits, to_dataset_dict
from textreid.data.sentences import vary_caption
from textreid.data.synthetic import Camera, View, caption, draw_crop, draw_tracklet, sample_pedestrians
from textreid.data.synthetic import built_in_gallery
from textreid.data.transforms import Finish, train_transform
from textreid.division import divide
from textreid.evaluate import evaluate
from textreid.evaluate.suite import load_suite
from textreid.evaluate.suite_run import run_suite
from textreid.explain import match_parts
from textreid.losses import Sizes
from textreid.metrics.attributes import evaluate_attributes
from textreid.metrics.protocols import Search
from textreid.metrics.protocols import text_to_image
from textreid.metrics.queries import expand_queries
from textreid.metrics.ranking import PositiveRanks, average_precision, inverse_negative_penalty
from textreid.metrics.rerank import cross_modal_scores
from textreid.models import branches
from textreid.people import Boxes
from textreid.people import Found, find_people, list_sources, load_detector, load_frame
from textreid.train import train
from textreid.types import Batch, Encoded, Features
from textreid_demo.desk import Desk
from textreid_demo.serve import running
from textreid_index import Embeddings, EncoderInfo, Gallery, Record, SourceState, Where
from textreid_index import EncoderMismatchError
"""
"""What the pages of that version showed."""


@pytest.fixture(autouse=True)
def nothing_said_before() -> None:
    _names._note.cache_clear()


@pytest.mark.parametrize("statement", DOCUMENTED.splitlines())
def test_what_was_documented_still_works(statement: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(statement, found := {})
    assert found.keys() >= {name.strip(" ,") for name in statement.partition(" import ")[2].split()}
    assert len(capsys.readouterr().err.splitlines()) <= 1


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_an_old_spelling_is_the_new_one_and_says_so(
    old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if old.endswith(".__main__"):
        return
    (before, name), (home, today) = (spelling.rsplit(".", 1) for spelling in (old, new))
    assert getattr(import_module(before), name) is getattr(import_module(home), today)
    assert capsys.readouterr().err in (f"note: {before} is now {home}.\n", f"note: {old} is now {new}.\n")
    assert getattr(import_module(before), name)
    assert capsys.readouterr().err == "", "once is enough"


def test_a_name_that_never_was_is_an_attribute_error() -> None:
    with pytest.raises(ImportError, match="cannot import name 'Judge'"):
        from textreid.benchmark import Judge  # noqa: F401
    with pytest.raises(ModuleNotFoundError):
        import textreid.nonsense  # noqa: F401


def test_a_module_that_was_a_command_still_is_one() -> None:
    for old in MOVED:
        if old.endswith(".__main__"):
            command = f"python -m {old.removesuffix('.__main__')}"
            run = [sys.executable, *command.split()[1:], "--help"]
            done = subprocess.run(run, capture_output=True, text=True, check=True)
            assert f"Usage: {MOVED[old]}" in done.stdout
            assert done.stderr == f"note: {command} is now {MOVED[old]}.\n"
