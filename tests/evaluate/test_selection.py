from __future__ import annotations

import json

import pytest

from tests.official_layouts import caption, write_cuhk_pedes
from tests.toy import ToyEncoder
from textreid.benchmark import Benchmark
from textreid.errors import InputError
from textreid.evaluate import evaluate
from textreid.evaluate.selection import is_run, measure_run


@pytest.fixture
def benchmark(tmp_path):
    rows = [(person, "test", [caption(person)]) for person in (1, 2, 3, 4)]
    write_cuhk_pedes(tmp_path, rows)
    return Benchmark.read("cuhk-pedes", tmp_path)


def write_run(folder, scores, *, epochs=()):
    """A run whose epochs reached these validation scores, and that kept the models of some."""
    (folder / "model").mkdir(parents=True)
    for epoch in epochs:
        (folder / "epochs" / str(epoch)).mkdir(parents=True)
    rows = [{"epoch": 1, "batch": 20, "sdm": 1.0}]
    rows += [{"epoch": epoch, "val": {"R1": score, "mAP": 0.0}} for epoch, score in scores.items()]
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


class Muddled(ToyEncoder):
    """Understands only the first few sentences; the others name somebody in purple."""

    def __init__(self, understood):
        super().__init__(f"understands {understood}")
        self.understood = understood

    def encode_texts(self, texts, *, batch_size=64):
        known = [
            text if number < self.understood else "a purple shirt and purple jeans"
            for number, text in enumerate(texts)
        ]
        return super().encode_texts(known)


def load(name):
    """Epoch 2, chosen on val, understands two sentences; epoch 3 understands all, epoch 10 one."""
    return Muddled({"model": 2, "1": 1, "2": 2, "3": 4, "10": 1}[name.rsplit("/", 1)[-1]])


def test_both_ways_of_choosing_an_epoch(benchmark, tmp_path):
    run = write_run(tmp_path / "run", {1: 10.0, 2: 30.0, 3: 30.0, 10: 5.0}, epochs=(1, 2, 3, 10))
    assert is_run(run)
    assert not is_run(run / "model")
    selection = measure_run(run, load, lambda encoder: evaluate(encoder, benchmark))
    assert (selection.val_epoch, selection.test_epoch) == (2, 3)
    printed = selection.to_dict()
    assert (printed["selected_on"], printed["epoch"]) == ("val", 2)
    assert (printed["test_selected"]["selected_on"], printed["test_selected"]["epoch"]) == ("test", 3)
    assert printed["test_selected"]["text_to_image"]["R1"] == 100 > printed["text_to_image"]["R1"]


def test_a_run_that_kept_one_model_has_no_test_selected_result(benchmark, tmp_path):
    run = write_run(tmp_path / "run", {})
    selection = measure_run(run, load, lambda encoder: evaluate(encoder, benchmark))
    assert selection.test is None
    assert selection.val_epoch is None
    assert "test_selected" not in selection.to_dict()


def test_a_damaged_log_is_named(benchmark, tmp_path):
    run = write_run(tmp_path / "run", {1: 1.0})
    (run / "log.jsonl").write_text("{")
    with pytest.raises(InputError, match=r"log\.jsonl' is not the log of a training run"):
        measure_run(run, load, lambda encoder: evaluate(encoder, benchmark))
