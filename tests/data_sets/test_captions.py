"""Captions that a model reads in part."""

from __future__ import annotations

import json

import pytest

from tests.helpers.toy import draw_person
from textreid.cli import application
from textreid.evaluate import evaluate
from textreid.evaluate.benchmark import Benchmark
from textreid.inference.encoder import Encoder

LONG = "a woman in a red coat " * 40  # 240 words


@pytest.fixture
def described(tmp_path):
    rows = []
    for person, said in enumerate(("a man in black", LONG, LONG)):
        draw_person("red", "blue", (20 + person, 60)).save(tmp_path / f"{person}.png")
        rows.append({"image": f"{person}.png", "person": person, "captions": [said], "split": "val"})
    (tmp_path / "people.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


def test_eval_says_how_many_captions_are_cut(described):
    said = []
    measured = evaluate(Encoder.load("pocket"), Benchmark.read("folder", described, "val"), say=said.append)
    sentence = (
        "2 of 3 captions are longer than the 128 tokens that are read: the model does not see the rest."
    )
    assert said == [sentence]
    assert measured.to_dict()["notes"] == [sentence]
    assert measured.to_dict()["runtime"] == {"images": "torch", "texts": "torch", "places": "torch"}


def test_the_doctor_says_it_too(described, capsys):
    with pytest.raises(SystemExit):
        application()(["doctor", "--root", str(described), "--json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert any("2 of 3 captions are longer than the 128 tokens" in finding["what"] for finding in findings)
