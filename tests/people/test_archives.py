"""Zip files, the honest and the hostile."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.drawn_footage import SCENE, Watcher
from textreid.errors import InputError
from textreid.people import Found, Skipped, archives, find_people, list_sources, load_frame
from textreid_index import Record


def png(pixels: np.ndarray = SCENE) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def pack(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return path


def find(path: Path, **options: object) -> list[Found | Skipped]:
    return list(find_people(list_sources([path])[0], detector=Watcher(), **options))


def skipped(units: list[Found | Skipped]) -> dict[str, str]:
    return {unit.source.rpartition("!")[2]: unit.reason for unit in units if isinstance(unit, Skipped)}


def people(units: list[Found | Skipped]) -> list:
    return [s for unit in units if isinstance(unit, Found) for s in unit.sightings]


def test_photos_in_natural_order_with_records_that_lead_back(tmp_path: Path) -> None:
    path = pack(tmp_path / "Day 1!.zip", {"yard/10.png": png(), "yard/9.png": png(), "7.png": png()})
    units = find(path)
    assert [s.record.source for s in people(units)[::2]] == [
        f"{path}!7.png",
        f"{path}!yard/9.png",
        f"{path}!yard/10.png",
    ]
    assert [s.record.camera for s in people(units)[::2]] == ["Day 1!", "yard", "yard"]
    assert len({s.record.id for s in people(units)}) == 6
    for sighting in people(units):
        left, top, right, bottom = map(int, sighting.record.box)
        assert np.array_equal(np.asarray(load_frame(sighting.record)), SCENE)
        assert np.array_equal(np.asarray(sighting.image), SCENE[top:bottom, left:right])
    assert units[-1].source.status == "done"
    assert units[-1].source.people == 6


def test_going_on_after_an_interruption_reads_only_the_rest(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {f"{i}.png": png() for i in range(4)})
    units = find(path)
    for i, unit in enumerate(units[:-1]):
        rest = find(path, resume_at=unit.source.resume_at)
        assert [s.record for s in people(rest)] == [s.record for s in people(units[i + 1 :])]
        assert rest[-1].source.status == "done"


def test_nothing_is_unpacked_to_disk_and_nothing_outside_is_touched(tmp_path: Path) -> None:
    outside = ["../up.png", "/etc/abs.png", "a/../../b.png", "..\\w.png", "C:\\c.png", "C:d.png"]
    (tmp_path / "in").mkdir()
    path = pack(tmp_path / "in" / "a.zip", {**{name: png() for name in outside}, "fine.png": png()})
    units = find(path)
    reasons = [unit.reason for unit in units if isinstance(unit, Skipped)]
    assert len(reasons) == len(outside)
    assert all("outside" in reason for reason in reasons)
    assert len(people(units)) == 2
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.zip", "in"]


def test_one_bad_member_is_reported_and_the_rest_found(tmp_path: Path) -> None:
    members = {
        "a.png": png(),
        "b.jpg": b"text",
        "c.mp4": b"film",
        "d.zip": b"PK",
        "e.png": png()[:100],
        "z.png": png(),
    }
    units = find(pack(tmp_path / "a.zip", members))
    assert set(skipped(units)) == {"b.jpg", "c.mp4", "d.zip", "e.png"}
    assert "inside a zip" in skipped(units)["c.mp4"]
    assert len(people(units)) == 4
    assert units[-1].source.status == "done"


def test_what_systems_leave_behind_is_passed_over(tmp_path: Path) -> None:
    members = {
        "__MACOSX/._a.png": b"x",
        ".DS_Store": b"x",
        ".hidden/a.png": b"x",
        "Thumbs.db": b"x",
        "a.png": png(),
    }
    units = find(pack(tmp_path / "a.zip", members))
    assert skipped(units) == {}
    assert len(people(units)) == 2


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.png", png())
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0xFF
    path.write_bytes(bytes(data))
    assert "broken in the archive" in skipped(find(path))["a.png"]


def test_encrypted_member_is_skipped(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"a.png": png(), "b.png": png()})
    data = bytearray(path.read_bytes())
    for magic, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + flags] |= 1  # the first member says that it is encrypted
    path.write_bytes(bytes(data))
    units = find(path)
    assert "encrypted" in skipped(units)["a.png"]
    assert len(people(units)) == 2


def test_a_member_that_unpacks_to_too_much_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 2**20)
    path = pack(tmp_path / "a.zip", {"bomb.bmp": bytes(2**20 + 1), "z.png": png()})
    units = find(path)
    assert "unpacks to more than 1 MB" in skipped(units)["bomb.bmp"]
    assert len(people(units)) == 2


@pytest.mark.parametrize("damage", ["empty", "text", "cut"])
def test_a_broken_zip_is_skipped(tmp_path: Path, damage: str) -> None:
    path = pack(tmp_path / "a.zip", {"a.png": png()})
    path.write_bytes({"empty": b"", "text": b"not a zip", "cut": path.read_bytes()[:200]}[damage])
    (unit,) = find(path)
    assert isinstance(unit, Skipped)
    assert "broken zip file" in unit.reason


def test_a_zip_that_is_gone_cannot_be_shown(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"a.png": png()})
    record = people(find(path))[0].record
    pack(path, {"other.png": png()})
    with pytest.raises(InputError, match=r"a\.png"):
        load_frame(record)
    path.unlink()
    with pytest.raises(InputError, match="exist"):
        load_frame(record)


NAMES = {
    "utf-8": ["Eingang Süd/Überblick 1.png", "東門.png"],
    "gbk": ["东门摄像头/图片1.png", "前门a.png"],
    "cp932": ["防犯カメラ/写真.png", "正門.png"],
    "cp850": ["Eingang Süd/1.png", "élève/größe.png", "Öffentlich.png", "SÃO.png"],
    "ascii": ["cam7\\2026\\1.png"],
}


def pack_silently(path: Path, encoding: str, names: list[str]) -> Path:
    """A zip file whose names are in an encoding of which it does not say a word."""
    raw = [name.encode(encoding) for name in names]
    signs = {name: chr(ord("a") + number) * len(name) for number, name in enumerate(raw)}
    data = pack(path, {sign: png() for sign in signs.values()}).read_bytes()
    for name, sign in signs.items():
        data = data.replace(sign.encode(), name)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("encoding", NAMES)
def test_names_are_read_in_the_encoding_of_their_writer(tmp_path: Path, encoding: str) -> None:
    path = pack_silently(tmp_path / "a.zip", encoding, NAMES[encoding])
    records = [sighting.record for sighting in people(find(path))]
    expected = {f"{path}!{name}".replace("\\", "/") for name in NAMES[encoding]}
    assert {record.source for record in records} == expected
    for record in records:
        assert np.array_equal(np.asarray(load_frame(record)), SCENE)


def test_names_that_version_0_1_stored_lead_to_their_photos(tmp_path: Path) -> None:
    path = pack_silently(tmp_path / "a.zip", "gbk", NAMES["gbk"][:1])
    old = Record("1", f"{path}!{NAMES['gbk'][0].encode('gbk').decode('cp437')}")
    assert np.array_equal(np.asarray(load_frame(old)), SCENE)


@pytest.mark.parametrize("name", ["9" * 5000 + ".png", "n" * 300 + ".png", "d/" * 3000 + "a.png"])
def test_a_name_however_long_costs_nothing(tmp_path: Path, name: str) -> None:
    units = find(pack(tmp_path / "a.zip", {name: png(), "b.png": png()}))
    assert skipped(units) == {}
    assert len(people(units)) == 4
    for sighting in people(units):
        assert np.array_equal(np.asarray(load_frame(sighting.record)), SCENE)


def test_members_of_other_kinds_are_named_and_what_a_member_is_its_content_decides(tmp_path: Path) -> None:
    units = find(pack(tmp_path / "a.zip", {"notes.txt": b"words", "photo": png(), "x.HEIC": png()}))
    assert len(people(units)) == 4
    assert [note.text for note in units[-1].notes] == ["no photos, and passed over: notes.txt."]


def test_a_zip_that_lies_about_a_size_costs_that_member(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"a.png": png(), "b.png": png()})
    data = bytearray(path.read_bytes())
    size = len(png()).to_bytes(4, "little")
    for place in [i for i in range(len(data)) if data[i : i + 4] == size][::2][:2]:
        data[place : place + 4] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    units = find(path)
    assert len(skipped(units)) == 1
    assert len(people(units)) == 2
