"""One writer and many readers, in threads and in processes: whole batches as they come, no exception."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers.toy_gallery import embed, fill, filled, people
from textreid_index import Gallery, GalleryBusyError

BATCH = 20
READER = """
import sys
from textreid_index import Gallery
from tests.helpers.toy_gallery import embed
with Gallery.open(sys.argv[1]) as gallery:
    print("ready", flush=True)
    seen = [0]
    while seen[-1] < int(sys.argv[2]):
        hits = gallery.search(embed(["q"], seed=len(seen)), 10_000)[0]
        assert len(hits) >= seen[-1] and len(hits) % 20 == 0, (len(hits), seen)
        assert all(gallery.thumbnail(hit.id).endswith(hit.id.encode()) for hit in hits[:5])
        seen.append(len(hits))
print("right")
"""


def test_other_processes_see_whole_batches_as_they_come(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        command = [sys.executable, "-c", READER, str(tmp_path / "g"), str(15 * BATCH)]
        readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "ready\n"
        for number in range(15):
            fill(gallery, people(BATCH, f"b{number}-"), seed=number)
        assert [reader.communicate(timeout=60)[0] for reader in readers] == ["right\n"] * 2
        assert gallery.verify() == []


@pytest.mark.parametrize("backend", ["exact", "flat"])
def test_threads_share_a_handle(tmp_path: Path, backend: str) -> None:
    gallery, records, embeddings = filled(tmp_path / "g", 50, backend)
    expected = gallery.search(embeddings, 1).ids.tolist()

    def work(number: int) -> bool:
        if number % 4 == 0:
            fill(gallery, people(BATCH, f"b{number}-"), seed=number + 1)
        hits = gallery.search(embeddings, 1)
        assert gallery.get(records[number % 50].id) == records[number % 50]
        assert len(gallery.neighbours("p007", 3)) == 3
        return hits.ids.tolist() == expected

    with gallery, ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(60)))
        assert len(gallery) == 50 + 15 * BATCH


def test_a_second_writer_waits_then_says_who_is_in_the_way(tmp_path: Path) -> None:
    gallery, _, _ = filled(tmp_path / "g", 5)
    other = sqlite3.connect(tmp_path / "g" / "gallery.sqlite", isolation_level=None, check_same_thread=False)
    with gallery, Gallery.open(tmp_path / "g", wait=0.2) as impatient:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(GalleryBusyError, match=f"Another program is writing to the gallery {tmp_path}"):
            fill(impatient, people(1, "late"))
        assert len(impatient.search(embed(["q"]), 9)[0]) == 5
        timer = threading.Timer(0.3, other.rollback)
        timer.start()
        fill(gallery, people(1, "late"))
        timer.join()
        assert len(impatient) == 6
    other.close()


def test_searching_goes_on_while_this_handle_waits_to_write(tmp_path: Path) -> None:
    gallery, _, _ = filled(tmp_path / "g", 5)
    other = sqlite3.connect(tmp_path / "g" / "gallery.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with gallery, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(fill, gallery, people(1, "late"))
        answers = [len(gallery.search(embed(["q"]), 9)[0]) for _ in range(20)]
        assert not waiting.done()
        assert answers == [5] * 20
        other.rollback()
        waiting.result(timeout=30)
        assert len(gallery) == 6
    other.close()
