"""Photos and video into a gallery, with the toy model: what is new, what changed, and what a stop leaves."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PIL import Image

from tests.helpers.toy import ToyDetector, ToyEncoder, draw_frame, draw_person
from tests.helpers.toy_crowd import OUTFITS, draw_outfits
from textreid import PersonSearch
from textreid.errors import InputError
from textreid.ingest import indexing
from textreid.ingest.cancellable import CancellableDetector, CancelledError
from textreid.ingest.writer import encode_people
from textreid.people import Sighting
from textreid_index import (
    Record,
)


@pytest.fixture
def encoder():
    return ToyEncoder()


@pytest.fixture
def search(tmp_path, encoder):
    with PersonSearch.open(tmp_path / "gallery", create=True, encoder=encoder) as opened:
        yield opened


@pytest.fixture
def photos(tmp_path):
    return draw_outfits(tmp_path / "photos")


class TestAdding:
    def test_a_second_run_adds_only_what_is_new(self, search, photos, encoder):
        first = search.add(photos, crops=True)
        assert (first.added, first.known, first.empty, first.skipped) == (len(OUTFITS), 0, 0, ())
        seen = encoder.images_seen
        draw_person("pink", "pink").save(photos / "pink-pink.png")
        second = search.add(str(photos), crops=True)
        assert (second.added, second.known) == (1, len(OUTFITS))
        assert encoder.images_seen == seen + 1
        assert len(search) == len(OUTFITS) + 1

    def test_a_changed_file_replaces_its_people(self, search, tmp_path):
        path = tmp_path / "frame.png"
        draw_frame([("red", "blue"), ("green", "white"), ("pink", "black")])[0].save(path)
        search.add(path, detector=ToyDetector())
        assert len(search) == 3
        draw_frame([("yellow", "brown")])[0].save(path)
        os.utime(path, ns=(1, 1))
        report = search.add(path, detector=ToyDetector())
        assert (report.added, len(search)) == (1, 1)
        assert search.search("yellow shirt and brown trousers", k=1)[0].score > 0.99

    def test_other_settings_read_again(self, search, photos):
        search.add(photos, crops=True)
        report = search.add(photos, crops=True, camera="gate")
        assert (report.added, report.known, len(search)) == (len(OUTFITS), 0, len(OUTFITS))
        assert search.gallery.cameras() == ["gate"]

    def test_an_unreadable_file_is_skipped_and_tried_again(self, search, photos):
        (photos / "broken.jpg").write_text("no picture")
        report = search.add(photos, crops=True)
        assert (report.added, len(report.skipped)) == (len(OUTFITS), 1)
        assert report.skipped[0].source == str(photos / "broken.jpg")
        assert "not an image" in report.skipped[0].reason
        draw_person("pink", "pink").save(photos / "broken.jpg")
        report = search.add(photos, crops=True)
        assert (report.added, report.known, report.skipped) == (1, len(OUTFITS), ())

    def test_the_report_names_what_was_passed_over_and_what_is_to_be_known(self, search, photos, tmp_path):
        (photos / "notes.txt").write_text("no photo")
        with zipfile.ZipFile(photos / "more.zip", "w") as archive:
            archive.writestr("words.txt", "no photo")
        report = search.add(photos, crops=True)
        assert report.passed_over == (str(photos / "notes.txt"),)
        (note,) = report.notes
        assert (note.source, "words.txt" in note.text) == (str(photos / "more.zip"), True)

    def test_a_file_met_twice_by_links_is_read_once(self, search, photos, encoder):
        (photos / "again.png").symlink_to(next(photos.iterdir()))
        assert search.add(photos, crops=True).added == len(OUTFITS)
        assert encoder.images_seen == len(OUTFITS)

    def test_another_zone_reads_again(self, search, tmp_path):
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = "2026:03:01 14:05:12"
        draw_person("red", "blue").save(tmp_path / "a.jpg", exif=exif)
        search.add(tmp_path / "a.jpg", crops=True)
        assert search.add(tmp_path / "a.jpg", crops=True, zone="UTC").known == 1
        assert search.add(tmp_path / "a.jpg", crops=True, zone="Europe/Istanbul").added == 1
        assert search.add(tmp_path / "a.jpg", crops=True, zone="Europe/Istanbul").known == 1
        (record,) = search.gallery.records()
        assert record.when == "2026-03-01T11:05:12+00:00"
        assert record.when_in(ZoneInfo("Europe/Istanbul")) == "2026-03-01T14:05:12+03:00"

    def test_people_in_frames_keep_their_boxes(self, search, tmp_path):
        frame, boxes = draw_frame([("red", "blue"), ("green", "white")])
        frame.save(tmp_path / "frame.png")
        assert search.add(tmp_path / "frame.png", detector=ToyDetector()).added == 2
        hit = search.search("a green jacket and a white skirt", k=1)[0]
        assert hit.record.box == boxes[1]
        assert Image.open(io.BytesIO(search.gallery.thumbnail(hit.id))).size == (40, 100)

    def test_the_full_frame_has_the_box_drawn(self, search, tmp_path):
        frame, boxes = draw_frame([("green", "white")])
        frame.save(tmp_path / "frame.png")
        search.add(tmp_path / "frame.png", detector=ToyDetector())
        (record,) = search.gallery.records()
        shown = search.frame(record.id)
        assert shown.size == frame.size
        changed = np.argwhere(np.asarray(shown) != np.asarray(frame))
        top, left = changed[:, :2].min(axis=0)
        bottom, right = changed[:, :2].max(axis=0)
        np.testing.assert_allclose((left, top, right, bottom), boxes[0], atol=2)

    def test_nobody_in_an_image_is_counted_and_remembered(self, search, tmp_path):
        draw_frame([])[0].save(tmp_path / "empty.png")
        assert search.add(tmp_path / "empty.png", detector=ToyDetector()).empty == 1
        assert search.add(tmp_path / "empty.png", detector=ToyDetector()).known == 1

    def test_images_in_memory(self, search):
        frame, _ = draw_frame([("red", "blue"), ("green", "white")])
        report = search.add([frame, draw_frame([])[0]], detector=ToyDetector(), camera="gate")
        assert (report.added, report.empty) == (2, 1)
        assert search.add(frame.copy(), detector=ToyDetector(), camera="gate").known == 1
        hit = search.search("a green shirt", k=1)[0]
        assert hit.record.source.startswith("memory:")
        assert hit.record.camera == "gate"
        with pytest.raises(InputError, match="thumbnail"):
            search.frame(hit.id)

    def test_known_people_are_added_as_they_are(self, search):
        people = [
            Sighting(
                draw_person(*colours), Record(f"p{n}", "annotated.png", camera="c1", time=float(n)), None
            )
            for n, colours in enumerate([("red", "blue"), ("green", "white")] * 50)
        ]
        assert search.add_sightings(iter(people)) == 100
        assert search.add_sightings(people) == 100
        assert len(search) == 100
        assert [record.id for record in search.neighbours("p10", 2)] == ["p9", "p11"]

    def test_thumbnails_are_small_and_keep_the_shape(self, search):
        search.add(draw_person("red", "blue", (600, 1200)), crops=True)
        (record,) = search.gallery.records()
        assert Image.open(io.BytesIO(search.gallery.thumbnail(record.id))).size == (128, 256)

    def test_a_track_is_the_mean_of_its_views(self, encoder):
        views = [draw_person("red", "blue"), draw_person("red", "white"), draw_person("green", "blue")]
        one = Sighting(views[0], Record("one", "a.png"), None)
        track = Sighting(views[0], Record("track", "a.mp4"), None, more=tuple(views[1:]))
        vectors = encode_people(encoder, [one, track, one])
        single = encoder.encode_images(views)
        mean = single.mean(axis=0)
        np.testing.assert_allclose(vectors[1], mean / np.linalg.norm(mean), atol=1e-6)
        np.testing.assert_allclose(vectors[[0, 2]], single[[0, 0]], atol=1e-6)
        assert vectors.dtype == np.float32

    def test_large_images_do_not_pile_up(self, search, monkeypatch):
        sizes, encode = [], search.encoder.encode_images

        def watched(images, **options):
            sizes.extend(image.size for image in images)
            return encode(images, **options)

        monkeypatch.setattr(search.encoder, "encode_images", watched)
        search.add(draw_person("red", "blue", (1500, 3000)), crops=True)
        assert sizes == [(512, 1024)]

    def test_empty_images_are_committed_before_the_end(self, search, tmp_path, monkeypatch):
        monkeypatch.setattr("textreid.ingest.writer.BATCH", 4)
        for number in range(9):
            draw_frame([], (64, 64 + number))[0].save(tmp_path / f"{number}.png")
        known = []
        search.add(
            tmp_path, detector=ToyDetector(), progress=lambda _: known.append(len(search.gallery.sources()))
        )
        assert known == [0, 0, 0, 4, 4, 4, 4, 8, 8, 9]

    def test_what_is_neither_path_nor_image_is_refused(self, search):
        with pytest.raises(InputError, match="fromarray"):
            search.add([np.zeros((4, 4, 3), np.uint8)])

    def test_progress_reaches_the_end(self, search, photos):
        steps = []
        search.add(photos, crops=True, progress=steps.append)
        assert [step.done for step in steps] == sorted(step.done for step in steps)
        assert (steps[-1].done, steps[-1].total, steps[-1].people) == (len(OUTFITS),) * 3

    def test_a_model_is_not_loaded_when_nothing_is_new(self, search, photos):
        search.add(photos, crops=True)
        lazy = PersonSearch(search.gallery, load=lambda: pytest.fail("loaded"))
        assert lazy.add(photos, crops=True).known == len(OUTFITS)


class TestInterrupting:
    @pytest.fixture(autouse=True)
    def small_batches(self, monkeypatch):
        monkeypatch.setattr("textreid.ingest.writer.BATCH", 4)
        monkeypatch.setattr(indexing, "UNITS_AHEAD", 2)

    def stop_after(self, count):
        def progress(step):
            nonlocal count
            count -= 1
            if count == 0:
                raise KeyboardInterrupt

        return progress

    def test_what_was_found_stays_and_the_rest_follows(self, search, photos, encoder):
        with pytest.raises(KeyboardInterrupt):
            search.add(photos, crops=True, progress=self.stop_after(6))
        assert len(search) == 6
        assert search.gallery.verify() == []
        report = search.add(photos, crops=True)
        assert (report.known, report.added, len(search)) == (6, len(OUTFITS) - 6, len(OUTFITS))
        assert encoder.images_seen == len(OUTFITS)

    def test_an_archive_goes_on_where_it_stopped(self, search, photos, tmp_path, encoder):
        archive = shutil.make_archive(str(tmp_path / "people"), "zip", photos)
        with pytest.raises(KeyboardInterrupt):
            search.add(archive, crops=True, progress=self.stop_after(6))
        state = search.gallery.source_state(archive)
        assert (state.status, state.people, len(search)) == ("partial", 6, 6)
        report = search.add(archive, crops=True)
        state = search.gallery.source_state(archive)
        assert (state.status, state.people, report.added) == ("done", len(OUTFITS), len(OUTFITS) - 6)
        assert encoder.images_seen == len(OUTFITS)
        assert search.add(archive, crops=True).known == 1

    def test_progress_counts_the_part_of_an_archive(self, search, photos, tmp_path):
        archive = shutil.make_archive(str(tmp_path / "people"), "zip", photos)
        with zipfile.ZipFile(archive) as file:
            entries = len(file.namelist())
        steps = []
        search.add(archive, crops=True, progress=steps.append)
        assert steps[2].done == pytest.approx(3 / entries)
        assert steps[-1].done == steps[-1].total == 1

    def test_an_error_while_storing_ends_it_and_reading_stops(self, search, photos, monkeypatch):
        def full(*args, **kwargs):
            raise OSError("disk full")

        monkeypatch.setattr(search.gallery, "add", full)
        with pytest.raises(OSError, match="disk full"):
            search.add(photos, crops=True)

    def test_a_cancelled_detector_stops(self):
        detector = CancellableDetector(ToyDetector())
        frame = np.asarray(draw_frame([("red", "blue")])[0])
        assert detector.name == "toy"
        assert len(detector.detect([frame])[0]) == 1
        detector.cancel()
        with pytest.raises(CancelledError):
            detector.detect([frame])
