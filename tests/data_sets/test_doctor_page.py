"""What the doctor shows of what it found."""

from __future__ import annotations

import json
import re

import pytest

from tests.helpers.toy import draw_person
from textreid.cli import application


@pytest.fixture
def with_a_copy(tmp_path):
    root = tmp_path / "mine"
    for split, camera, width in (("query", 1, 30), ("gallery", 2, 30), ("gallery", 3, 31)):
        place = root / split / "anna"
        place.mkdir(parents=True, exist_ok=True)
        draw_person("red", "blue", (width, 90)).save(place / f"c{camera}_{width}.png")
    return root


def doctor(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        application()(["doctor", *arguments])
    return int(stopped.value.code or 0)


def test_the_page_shows_both_copies_and_fetches_nothing(with_a_copy, tmp_path):
    page = tmp_path / "findings.html"
    assert doctor("--root", str(with_a_copy), "--report", str(page)) == 1
    text = page.read_text()
    assert "1 queries lie in their own gallery" in text
    assert len(re.findall(r'<img src="data:image/jpeg;base64,', text)) == 2
    assert "c1_30.png" in text
    assert not re.search(r'(src|href)="(?!data:)', text)


def test_json_names_the_images(with_a_copy, capsys):
    doctor("--root", str(with_a_copy), "--json")
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert [image.rsplit("/", 1)[1] for image in finding["images"]] == ["c1_30.png", "c2_30.png"]


def test_a_page_that_cannot_be_written_is_said_before_images_are_opened(with_a_copy, tmp_path, capsys):
    assert doctor("--root", str(with_a_copy), "--report", str(tmp_path / "findings.pdf")) == 2
    assert "name it .html" in capsys.readouterr().err
