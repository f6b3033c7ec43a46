"""A file name that is not Unicode is reported like any other file that cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

from textreid.people import Found, Skipped, find_people, list_sources


def test_a_name_that_is_not_unicode_is_skipped_with_a_reason(tmp_path: Path) -> None:
    Image.new("RGB", (40, 80)).save(tmp_path / "good.jpg")
    (tmp_path / "good.jpg").with_name(os.fsdecode(b"bad\xff.jpg")).write_bytes(b"")
    bad, good = (
        next(find_people(source, detector=None, camera=None, start=None, resume_at=None))
        for source in list_sources([tmp_path])
    )
    assert isinstance(good, Found)
    assert isinstance(bad, Skipped)
    assert bad.source.endswith("bad?.jpg")
    assert "not valid Unicode. Rename" in bad.reason
