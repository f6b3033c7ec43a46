"""Films as they come from recorders and phones: clocks, tracks, pixels and colours that are not the usual."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.helpers.coloured_film import write_coloured_film
from tests.helpers.drawn_footage import GREEN, RED, Walker, Watcher, colour_of
from tests.helpers.films import film_of, join, write_two_tracks
from textreid.errors import InputError
from textreid.people import Clip, Found, Skipped, find_people, list_sources
from textreid.people.video_picture import turned

WALKERS = [Walker(RED, 0.2, 3.4), Walker(GREEN, 4.4, 7.8, left=100, speed=-9, top=60)]


def find(path: Path) -> list[Found | Skipped]:
    return list(find_people(list_sources([path])[0], detector=Watcher()))


def colours(units: list[Found | Skipped]) -> list[int]:
    found = [person for unit in units if isinstance(unit, Found) for person in unit.sightings]
    return [colour_of(np.asarray(person.image)) for person in found]


def notes(units: list[Found | Skipped]) -> str:
    return " ".join(note.text for unit in units if isinstance(unit, Found) for note in unit.notes)


def frames(path: Path, begin: float = 0.0) -> list[tuple[float, bytes]]:
    with Clip(path) as clip:
        return [(frame.offset, frame.rgb.tobytes()) for frame in clip.sample(100, begin)]


def assert_the_middle_is_found(path: Path) -> None:
    """Reading on from a frame, and looking it up, lead to that frame and give the same times."""
    everything = frames(path)
    for number in (1, 39, 40, 41, 60, 78):
        begin = everything[number][0]
        assert frames(path, begin) == everything[number:]
        with Clip(path) as clip:
            assert clip.frame_at(begin).rgb.tobytes() == everything[number][1]


CLOCKS = {
    "as it should be": (lambda n: n, ""),
    "back to the start": (lambda n: n + 900_000 * (n < 40), "jumps at 4.0 s"),
    "hours ahead": (lambda n: n + 900_000 * (n >= 40), "jumps at 4.0 s"),
    "once wild": (lambda n: n + 900_000 * (n == 23), "a time stamp at 2.3 s cannot be"),
    "once at the start": (lambda n: n + 900 * (n != 23), "a time stamp at 2.3 s cannot be"),
}


@pytest.mark.parametrize("codec", ["mpeg4", "libx264"])
@pytest.mark.parametrize("clock", CLOCKS)
def test_a_clock_that_jumps_costs_nobody(tmp_path: Path, clock: str, codec: str) -> None:
    stamp, said = CLOCKS[clock]
    path = film_of(tmp_path / "a.mkv", WALKERS, 8, codec=codec, stamp=stamp)
    units = find(path)
    assert colours(units) == [0, 1]
    everything = frames(path)
    assert 77 <= len(everything) <= 80
    assert everything[-1][0] == pytest.approx(7.9, abs=0.3)
    if codec == "mpeg4":  # without frames that wait for later ones, times are exact
        assert [offset for offset, _ in everything] == pytest.approx([n / 10 for n in range(80)], abs=0.051)
        assert said in notes(units)
        assert_the_middle_is_found(path)


def test_a_hole_in_time_stays(tmp_path: Path) -> None:
    path = film_of(tmp_path / "a.mkv", WALKERS, 8, stamp=lambda n: n + 300 * (n >= 40))
    units = find(path)
    assert (set(colours(units)), notes(units)) == ({0, 1}, "")
    assert frames(path)[-1][0] == pytest.approx(37.9)


@pytest.mark.parametrize("codec", ["mpeg2video", "libx264"])
def test_joined_transport_streams_are_one_film(tmp_path: Path, codec: str) -> None:
    first = film_of(tmp_path / "1.ts", WALKERS[:1], 4, codec=codec)
    second = film_of(tmp_path / "2.ts", [Walker(GREEN, 0.4, 3.8, left=100, speed=-9, top=60)], 4, codec=codec)
    path = join(tmp_path / "joined.ts", first, second)
    units = find(path)
    assert colours(units) == [0, 1]
    assert "its clock jumps" in notes(units)
    assert_the_middle_is_found(path)


def test_sound_that_begins_first_does_not_move_the_film(tmp_path: Path) -> None:
    def sound(container, stream):
        track = container.add_stream("pcm_s16le", rate=8000)
        track.layout = "mono"
        noise = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
        noise.sample_rate, noise.pts = 8000, 0
        container.mux(track.encode(noise))

    path = film_of(tmp_path / "a.mkv", WALKERS, 8, stamp=lambda n: n + 7, prepare=sound)
    assert frames(path)[0][0] == 0.0
    assert_the_middle_is_found(path)


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_a_picture_before_the_film_is_not_taken_for_it(tmp_path: Path, ending: str) -> None:
    units = find(write_two_tracks(tmp_path / f"a{ending}", 1, WALKERS))
    assert colours(units) == [0, 1]
    assert notes(units) == ""


def test_a_second_film_is_named(tmp_path: Path) -> None:
    units = find(write_two_tracks(tmp_path / "a.mkv", 80, WALKERS))
    assert colours(units) == [0, 1]
    assert "another film of 80 x 60 pixels, was not read" in notes(units)


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".avi"])
def test_one_frame_is_no_film(tmp_path: Path, ending: str) -> None:
    (unit,) = find(film_of(tmp_path / f"a{ending}", WALKERS, 0.1))
    assert isinstance(unit, Skipped)
    assert "one frame" in unit.reason


MATRICES = {
    (1, 0, 0, 1): lambda image: image,
    (-1, 0, 0, 1): lambda image: image[:, ::-1],
    (1, 0, 0, -1): lambda image: image[::-1],
    (-1, 0, 0, -1): lambda image: image[::-1, ::-1],
    (0, 1, -1, 0): lambda image: np.rot90(image, -1),
    (0, -1, 1, 0): lambda image: np.rot90(image),
    (0, 1, 1, 0): lambda image: image.transpose(1, 0, 2),
    (0, -1, -1, 0): lambda image: np.rot90(image, 2).transpose(1, 0, 2),
}


@pytest.mark.parametrize("matrix", MATRICES)
def test_the_whole_display_matrix_is_followed(tmp_path: Path, matrix: tuple[int, ...]) -> None:
    a, b, c, d = (value * 65536 for value in matrix)
    whole = np.array([[a, b, 0], [c, d, 0], [0, 0, 2**30]], np.int32)
    image = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    assert np.array_equal(turned(image, whole), MATRICES[matrix](image))
    path = film_of(
        tmp_path / "a.mp4",
        WALKERS,
        1,
        prepare=lambda _, stream: stream.set_display_matrix(whole.ravel().tolist()),
    )
    plain = film_of(tmp_path / "b.mp4", WALKERS, 1)
    with Clip(path) as clip, Clip(plain) as upright:
        shown, stored = clip.frame_at(0.5).rgb, upright.frame_at(0.5).rgb
    assert np.array_equal(shown, MATRICES[matrix](stored))


@pytest.mark.parametrize(("aspect", "shape"), [("2", (120, 320)), ("1/2", (240, 160)), ("4/3", (120, 213))])
def test_pixels_come_out_square(tmp_path: Path, aspect: str, shape: tuple[int, int]) -> None:
    def narrow(_, stream):
        stream.codec_context.sample_aspect_ratio = Fraction(aspect)

    with Clip(film_of(tmp_path / "a.mkv", WALKERS, 1, prepare=narrow)) as clip:
        assert clip.frame_at(0.5).rgb.shape[:2] == shape


COLOURS = {  # matrix, range, transfer, primaries by ITU-T H.273, and how red (200, 30, 30) is written so
    "BT.709, limited": (1, 1, 1, 1),
    "BT.709, full": (1, 2, 1, 1),
    "BT.601, limited": (6, 1, 6, 6),
    "no word": (2, 0, 2, 2),
    "BT.2020": (9, 1, 14, 9),
    "HLG": (9, 1, 18, 9),
    "PQ": (9, 1, 16, 9),
    "Display P3": (1, 1, 13, 12),
}


@pytest.mark.parametrize("labels", COLOURS)
def test_red_stays_red(tmp_path: Path, labels: str) -> None:
    path = write_coloured_film(tmp_path / "a.mkv", (200, 30, 30), *COLOURS[labels])
    with Clip(path) as clip:
        shown = clip.frame_at(0.2).rgb[40:80, 40:80].reshape(-1, 3).mean(axis=0)
    assert np.abs(shown - (200, 30, 30)).max() <= 4


@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8", "list.avi"])
@pytest.mark.parametrize("kind", ["hls", "concat", "sdp"])
def test_a_playlist_reads_no_neighbour(tmp_path: Path, name: str, kind: str) -> None:
    neighbour = film_of(tmp_path / "neighbour.ts", WALKERS, 4, codec="mpeg2video")
    text = {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.0,\n{neighbour.name}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile {neighbour.name}\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    }[kind]
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match="not a video"):
        Clip(tmp_path / name)
