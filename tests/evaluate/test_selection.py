from __future__ import annotations

import json

import pytest

from tests.helpers.official_layouts import caption, write_cuhk_pedes
from tests.helpers.toy import ToyEncoder
from textreid.errors import InputError
from textreid.evaluate import evaluate
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.epoch_choice import is_run, measure_run, to_dict


@pytest.fixture
def benchmark(tmp_path):
    rows = [(person, "test", [caption(person)]) for person in (1, 2, 3, 4)]
    write_cuhk_pedes(tmp_path, rows)
    return Benchmark.read("cuhk-pedes", tmp_path)


def write_run(folder, *, best=None, epochs=()):
    """A run that chose its epoch so, and that kept the models of some."""
    (folder / "model").mkdir(parents=True)
    (folder / "log.jsonl").touch()
    for epoch in epochs:
        (folder / "epochs" / str(epoch)).mkdir(parents=True)
    if best:
        split, epoch = best
        chosen = {"epoch": epoch, "val": {split: {"R1": 30.0}, "another test": {"R1": 99.0}}}
        (folder / "best.json").write_text(json.dumps(chosen))
    return folder


class Muddled(ToyEncoder):
    """Understands only the first few texts; the others name somebody in purple."""

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
    """Epoch 2, chosen on val, understands two texts; epoch 3 understands all, epoch 10 one."""
    return Muddled({"model": 2, "1": 1, "2": 2, "3": 4, "10": 1}[name.rsplit("/", 1)[-1]])


def measured(run, benchmark):
    return measure_run(run, load, lambda encoder: evaluate(encoder, benchmark))


def test_both_ways_of_choosing_an_epoch(benchmark, tmp_path):
    run = write_run(tmp_path / "run", best=("cuhk-pedes val", 2), epochs=(1, 2, 3, 10))
    assert is_run(run)
    assert not is_run(run / "model")
    val, test = selections = measured(run, benchmark)
    assert (val.words, test.words) == ("val-selected (epoch 2)", "test-selected (epoch 3)")
    printed = to_dict(selections)
    assert (printed["selected_on"], printed["epoch"]) == ("cuhk-pedes val", 2)
    second = printed["test_selected"]
    assert (second["selected_on"], second["epoch"]) == ("cuhk-pedes test", 3)
    assert second["text_to_image"]["R1"] == 100 > printed["text_to_image"]["R1"]


def test_a_run_chosen_on_the_measured_split_is_called_so(benchmark, tmp_path):
    """ICFG-PEDES has no validation split, so runs on it are often chosen on test."""
    run = write_run(tmp_path / "run", best=("cuhk-pedes test", 2), epochs=(2, 3))
    (only,) = measured(run, benchmark)
    assert only.words == "test-selected (epoch 2)"


def test_a_run_chosen_on_another_data_set_names_it(benchmark, tmp_path):
    (only,) = measured(write_run(tmp_path / "run", best=("rstpreid val", 2)), benchmark)
    assert only.words == "rstpreid val-selected (epoch 2)"


def test_a_run_that_measured_nothing_was_not_selected(benchmark, tmp_path):
    selections = measured(write_run(tmp_path / "run"), benchmark)
    assert [one.words for one in selections] == ["last epoch"]
    printed = to_dict(selections)
    assert printed["selected_on"] is None
    assert "test_selected" not in printed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "Cannot read"),
        ("[" * 100_000, "Cannot read"),
        ("[]", "is no JSON object"),
        ('{"epoch": 1, "val": {}}', "does not say how the run chose"),
        ('{"epoch": null, "val": {"a b": {}}}', "does not say how the run chose"),
        ('{"epoch": Infinity, "val": {"a b": {}}}', "does not say how the run chose"),
    ],
)
def test_a_damaged_choice_is_named(benchmark, tmp_path, text, told):
    run = write_run(tmp_path / "run")
    (run / "best.json").write_text(text)
    with pytest.raises(InputError, match=r"best\.json'") as raised:
        measured(run, benchmark)
    assert told in str(raised.value)
