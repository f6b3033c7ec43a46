from __future__ import annotations

import json

import pytest

from tests.helpers.official_layouts import caption, write_cuhk_pedes, write_market1501


@pytest.fixture
def root(tmp_path, monkeypatch):
    write_cuhk_pedes(tmp_path, [(person, "test", [caption(person)]) for person in (1, 1, 2)])
    write_market1501(tmp_path, ["0001_c1", "0002_c2"], ["0001_c2", "0002_c1"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_suite_as_a_table(textreid, root):
    done = textreid("bench", "core", "--root", root)
    for words in ("pocket", "cuhk-pedes test", "same", "overlap", "image to image", "re-ranking", "100.00"):
        assert words in done.stdout
    assert "pocket on market1501 test" in done.stderr
    assert "Not the published market1501 test (2 queries instead of 3,368" in " ".join(done.stderr.split())


def test_json_and_report(textreid, root):
    done = textreid(
        "bench", "core", "--root", root, "--model", "a", "--model", "b", "--json", "--report", "r.md"
    )
    printed = json.loads(done.stdout)
    assert printed["suite"] == "core"
    assert [row["domain"] for row in printed["rows"]] == ["unknown"] * 4
    assert "cuhk-pedes test" in (root / "r.md").read_text()
    assert "Wrote r.md" in done.stderr


def test_a_missing_data_set_is_named_and_left_out(textreid, root):
    done = textreid("bench", "text", "--root", root)
    assert "icfg-pedes is left out" in done.stderr
    assert "left out" in done.stdout


def test_mistakes(textreid, root):
    assert "Did you mean 'core'" in textreid("bench", "cores", "--root", root, code=2).stderr
    assert "a .html or a .md" in textreid("bench", "core", "--root", root, "--report", "r.txt", code=2).stderr
