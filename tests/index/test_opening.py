"""What is not a gallery, or may not be written, is refused in words; nothing of it is changed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.toy_gallery import fill, filled, people
from textreid_index import (
    ForeignGalleryError,
    Gallery,
    GalleryDamagedError,
    GalleryError,
    GalleryNotFoundError,
    UnknownBackendError,
)
from textreid_index.store import schema


def test_missing_gallery_says_how_to_make_one(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(
            GalleryNotFoundError, match=f"No gallery at {path}. .*textreid index PHOTOS --gallery {path}"
        ):
            Gallery.open(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("create", [False, True])
def test_file_instead_of_folder(tmp_path: Path, create: bool) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"photo")
    with pytest.raises(ForeignGalleryError, match="is a file"):
        Gallery.open(file, create=create)
    assert file.read_bytes() == b"photo"


@pytest.mark.parametrize("create", [False, True])
def test_folder_of_photos(tmp_path: Path, create: bool) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"photo")
    with pytest.raises(ForeignGalleryError, match="holds other files and no gallery"):
        Gallery.open(tmp_path, create=create)
    assert list(tmp_path.iterdir()) == [tmp_path / "photo.jpg"]


def database(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


@pytest.mark.parametrize("create", [False, True])
def test_foreign_files_named_like_a_gallery(tmp_path: Path, create: bool) -> None:
    file = tmp_path / "gallery.sqlite"
    file.write_bytes(b"not a database at all" * 100)
    with pytest.raises(ForeignGalleryError, match="not a gallery"):
        Gallery.open(tmp_path, create=create)
    file.unlink()
    database(file, "CREATE TABLE music (song TEXT)")
    content = file.read_bytes()
    with pytest.raises(ForeignGalleryError, match="another program"):
        Gallery.open(tmp_path, create=create)
    assert file.read_bytes() == content


def test_newer_format_asks_to_upgrade(tmp_path: Path) -> None:
    filled(tmp_path / "g", 2)[0].close()
    database(tmp_path / "g" / "gallery.sqlite", "PRAGMA user_version = 99")
    with pytest.raises(ForeignGalleryError, match=r"format 99.*pip install -U textreid"):
        Gallery.open(tmp_path / "g")


@pytest.mark.parametrize("number", [0, -1])
def test_a_format_that_was_never_written_is_damage(tmp_path: Path, number: int) -> None:
    filled(tmp_path / "g", 2)[0].close()
    database(tmp_path / "g" / "gallery.sqlite", f"PRAGMA user_version = {number}")
    with pytest.raises(GalleryDamagedError, match=rf"its format is {number}; the first is 1.*Restore it"):
        Gallery.open(tmp_path / "g")


def test_creation_that_was_killed_is_finished(tmp_path: Path) -> None:
    (tmp_path / "gallery.sqlite").touch()
    with pytest.raises(GalleryNotFoundError):
        Gallery.open(tmp_path)
    with Gallery.open(tmp_path, create=True) as gallery:
        fill(gallery, people(2))
    with Gallery.open(tmp_path, create=True) as gallery:
        assert len(gallery) == 2


BECOME_NOBODY = """
import os
from textreid_index import *
from textreid_index.backends import exact, flat
from textreid_index.store import migrations, reader, schema
from tests.helpers.toy_migrations import add_mood
from tests.helpers.toy_gallery import *
import numpy.ma  # numpy imports some of itself late, when this user may no longer read it
embed(["warm"])
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""


def as_nobody(code: str, folder: Path) -> str:
    """What code prints when run by a user who owns nothing, so that permissions count even for root."""
    program = BECOME_NOBODY + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    ).stdout


@pytest.fixture
def public_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that another user can reach: pytest's own is private."""
    folder = Path("/tmp") / f"textreid-{os.getpid()}-{tmp_path.name}"
    folder.mkdir(mode=0o755)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)


def test_reading_without_the_right_to_write(public_folder: Path) -> None:
    gallery, _, _ = filled(public_folder / "g", 5)
    gallery.close()
    for path in (*(public_folder / "g").iterdir(), public_folder / "g"):
        path.chmod(0o555)
    code = """
        import sys
        with Gallery.open(sys.argv[1] + "/g", create=True) as gallery:
            assert gallery.readonly
            assert [len(hits) for hits in gallery.search(embed(["q"]), 9)] == [5]
            assert gallery.verify() == []
            for change in (lambda: gallery.delete(["p000"]), lambda: fill(gallery, people(1))):
                try:
                    change()
                except GalleryReadOnlyError as error:
                    assert "can only be read" in str(error)
                else:
                    raise AssertionError("written")
            assert len(gallery) == 5
        print("right")
    """
    assert as_nobody(code, public_folder) == "right\n"


def test_a_reader_without_rights_sees_what_the_owner_adds(public_folder: Path) -> None:
    """Read by somebody who may not write, while the owner's log holds newer people."""
    gallery, _, _ = filled(public_folder / "g", 5)
    code = """
        import sys
        with Gallery.open(sys.argv[1] + "/g") as gallery:
            print(gallery.readonly, len(gallery), len(gallery.search(embed(["q"]), 99)[0]))
    """
    with gallery:
        fill(gallery, people(3, "late"))
        for path in (public_folder / "g").iterdir():
            path.chmod(0o444)
        (public_folder / "g").chmod(0o555)
        assert as_nobody(code, public_folder) == "True 8 8\n"
    assert as_nobody(code, public_folder) == "True 8 8\n"


def test_an_earlier_format_that_may_only_be_read_is_searched_as_it_is(public_folder: Path) -> None:
    filled(public_folder / "g", 5)[0].close()
    before = (public_folder / "g" / "gallery.sqlite").read_bytes()
    for path in (*(public_folder / "g").iterdir(), public_folder / "g"):
        path.chmod(0o555)
    code = """
        import sys
        schema.FORMAT, migrations.MIGRATIONS = schema.FORMAT + 1, {schema.FORMAT: add_mood}
        with Gallery.open(sys.argv[1] + "/g") as gallery:
            print(gallery.readonly, len(gallery.search(embed(["q"]), 99)[0]), gallery.verify())
        reader.COPIED_BYTES = 1000
        try:
            Gallery.open(sys.argv[1] + "/g").search(embed(["q"]), 99)
        except GalleryReadOnlyError as error:
            print(error)
    """
    answer, said = as_nobody(code, public_folder).splitlines()
    assert answer == "True 5 []"
    old, new = schema.FORMAT, schema.FORMAT + 1
    assert f"is of format {old}, has to be brought to format {new}" in said
    assert f"cp -r {public_folder}/g COPY && textreid gallery info --gallery COPY" in said
    assert (public_folder / "g" / "gallery.sqlite").read_bytes() == before


def test_a_path_that_is_too_long_for_sqlite_is_refused_with_its_length(tmp_path: Path) -> None:
    folder = tmp_path
    while len(bytes(folder)) < 380:
        folder /= "ü" * 40
    for length, fits in ((504, True), (505, False)):
        gallery = folder / ("x" * (length - len(bytes(folder)) - len("//gallery.sqlite")))
        if fits:
            filled(gallery, 3)[0].close()
            continue
        with pytest.raises(GalleryError, match="has 505 bytes, and SQLite opens none of more than 504"):
            Gallery.open(gallery, create=True)
        assert not gallery.exists()


def test_unreadable_folder(public_folder: Path) -> None:
    filled(public_folder / "g", 2)[0].close()
    (public_folder / "g").chmod(0o000)
    code = """
        import sys
        for path in ("/g", "/g/below"):
            try:
                Gallery.open(sys.argv[1] + path, create=True)
            except GalleryError as error:
                print(error)
    """
    lines = as_nobody(code, public_folder).splitlines()
    assert len(lines) == 2
    assert all("cannot be used: Permission denied" in line for line in lines)


def test_backends_by_name(tmp_path: Path) -> None:
    with pytest.raises(
        UnknownBackendError, match=r"called 'flt'. Did you mean 'flat'. Known: auto, exact, flat"
    ):
        Gallery.open(tmp_path / "g", create=True, backend="flt")
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        assert (gallery.backend_name, gallery.notice) == ("flat", None)


def test_without_faiss_numpy_serves_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)  # what `import faiss` meets where it is not installed
    monkeypatch.delitem(sys.modules, "textreid_index.backends.flat", raising=False)
    gallery, _, embeddings = filled(tmp_path / "g", 5)
    with gallery:
        assert gallery.backend_name == "exact"
        assert "pip install 'textreid[cpu]'" in (gallery.notice or "")
        assert [hits.ids[0] for hits in gallery.search(embeddings, 1)] == list(embeddings.ids)
    with pytest.raises(UnknownBackendError, match=r"'flat' cannot be loaded.*textreid\[cpu\]"):
        Gallery.open(tmp_path / "g", backend="flat")
