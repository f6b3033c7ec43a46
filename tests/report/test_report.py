from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.helpers.official_layouts import caption, write_cuhk_pedes, write_market1501
from tests.helpers.toy import ToyEncoder
from textreid.errors import InputError
from textreid.evaluate import Evaluation, Methods, evaluate
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.groups import find_groups
from textreid.report import Entry, write_report
from textreid.report.published import published
from textreid.report.tables import Section, beside_published

VOID = {"meta", "img", "br", "path", "line"}


class Tree(HTMLParser):
    """Checks that tags close in order, and keeps what the page fetches, runs and says."""

    def __init__(self, text):
        super().__init__()
        self.open, self.sources, self.tags, self.words = [], [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.sources += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def evaluation(tmp_path):
    rows = [(person, "test", [caption(person), caption(1)]) for person in (1, 1, 2, 3)]
    write_cuhk_pedes(tmp_path, rows)
    benchmark = Benchmark.read("cuhk-pedes", tmp_path)
    by = {"source": find_groups("source")}
    return evaluate(ToyEncoder("<toy>"), benchmark, by=by, methods=Methods(expand=1))


def test_the_page_stands_alone_and_is_well_formed(evaluation, tmp_path):
    write_report(tmp_path / "r.html", [Entry(evaluation)], title="a <b> title")
    text = (tmp_path / "r.html").read_text()
    tree = Tree(text)
    assert not tree.sources
    assert "script" not in {tag for tag, _ in tree.tags}
    assert "url(" not in text
    assert "@import" not in text
    assert "a <b> title" in "".join(tree.words)
    assert "<toy>" not in text
    charts = [attributes for tag, attributes in tree.tags if attributes.get("role") == "img"]
    assert len(charts) == 2
    assert all("percent" in chart["aria-label"] for chart in charts)
    assert "prefers-color-scheme: dark" in text
    points = [attributes["points"].split() for tag, attributes in tree.tags if tag == "polyline"]
    assert {len(line) for line in points} == {8, 101}  # ranks up to the longest gallery, recall levels


def test_page_and_markdown_hold_the_same_numbers(evaluation, tmp_path):
    for name in ("r.html", "r.md"):
        write_report(tmp_path / name, [Entry(evaluation)])
        text = (tmp_path / name).read_text()
        for result in (*evaluation.directions.values(), *evaluation.plain.values()):
            for value in result.percent.values():
                assert f"{value:.2f}" in text
        assert "Not the published split: 4 images instead of 3,074" in text
        assert "query expansion (top 1, alpha 3)" in text
        assert "by source of the query" in text
        assert "cam_a" in text


def test_images_only_when_asked(evaluation, tmp_path):
    write_report(tmp_path / "r.html", [Entry(evaluation)], pictures=True)
    tree = Tree((tmp_path / "r.html").read_text())
    images = [attributes for tag, attributes in tree.tags if tag == "img"]
    assert images
    assert all(image["src"].startswith("data:image/jpeg;base64,") for image in images)
    assert all(image["alt"].startswith("person ") for image in images)
    words = " ".join(tree.words)
    assert "Best queries" in words
    assert "Worst queries" in words
    assert re.search(r"first right answer at rank [2-9]", " ".join(words.split()))  # a wrong caption


def test_an_image_search_shows_the_camera_rule_in_its_hits(tmp_path):
    write_market1501(tmp_path, ["0001_c1"], ["0001_c1", "0001_c2", "0002_c1"])
    evaluation = evaluate(ToyEncoder(), Benchmark.read("market1501", tmp_path))
    write_report(tmp_path / "r.html", [Entry(evaluation)], pictures=True)
    alts = re.findall(r'alt="person \d+, ([^"]+)"', (tmp_path / "r.html").read_text())
    assert not any("bounding_box_test/0001_c1" in alt for alt in alts)


def official(evaluation: Evaluation, monkeypatch) -> Section:
    monkeypatch.setattr(Benchmark, "differences", property(lambda self: []))
    return Section(evaluation.benchmark, [Entry(evaluation, "val-selected (epoch 3)")])


def test_the_run_stands_among_published_rows_with_their_sources(evaluation, monkeypatch):
    table = beside_published(official(evaluation, monkeypatch), "text_to_image")
    assert table is not None
    ranked = [float(row[1]) for row in table.rows]
    assert ranked == sorted(ranked, reverse=True)
    ours = [row for number, row in enumerate(table.rows) if number in table.ours]
    assert [row[0] for row in ours] == [
        "<toy>, val-selected (epoch 3)",
        "<toy>, val-selected (epoch 3), query expansion (top 1, alpha 3)",
    ] or [row[0] for row in ours][::-1]
    assert all(row[-1] for row in table.rows)
    irra = next(row for row in table.rows if row[0].startswith("IRRA"))
    assert irra[1:] == [
        *("73.38", "89.93", "93.71", "66.13", "50.24"),
        *("epoch chosen on test", "README of anosorae/IRRA"),
    ]


@pytest.mark.parametrize(
    ("path", "name"), [("pocket", "pocket"), ("/somewhere/runs/mine/model", "mine"), ("org/clip", "clip")]
)
def test_a_model_is_called_by_its_run(evaluation, path, name):
    renamed = replace(evaluation, encoder=replace(evaluation.encoder, name=path))
    assert Entry(renamed, domain="cross").name == f"{name}, cross-domain"


def test_another_split_is_not_put_beside_papers(evaluation):
    assert beside_published(Section(evaluation.benchmark, [Entry(evaluation)]), "text_to_image") is None


@pytest.mark.parametrize(
    ("benchmark", "direction"),
    [("cuhk-pedes", "text_to_image"), ("market1501", "image_to_image"), ("msmt17", "image_to_image")],
)
def test_published_rows_are_whole(benchmark, direction):
    rows = published(benchmark, direction)
    assert len(rows) > 5
    for row in rows:
        assert row.source
        assert row.selected in ("test", "val", "not stated")
        assert row.average_precision in ("rectangle", "trapezoid")
        scores = [score for score in (row.R1, row.R5, row.R10) if score is not None]
        assert scores == sorted(scores)
        assert scores[0] > 0
        assert scores[-1] < 100


@pytest.mark.parametrize(
    ("name", "pictures", "message"),
    [
        ("r.pdf", False, "a .html or a .md file"),
        ("r.md", True, "need a page in HTML"),
        ("nowhere/r.html", False, "make it first"),
    ],
)
def test_a_report_that_cannot_be_written(evaluation, tmp_path, name, pictures, message):
    with pytest.raises(InputError, match=message):
        write_report(tmp_path / name, [Entry(evaluation)], pictures=pictures)


def test_nothing_measured_nothing_reported(tmp_path):
    with pytest.raises(InputError, match="nothing to report"):
        write_report(tmp_path / "r.md", [])
