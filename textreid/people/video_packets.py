"""The packets of a film with places on a clock that never jumps, and how one in the middle is found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise, tee
from pathlib import Path
from typing import Any

from textreid.people.video_clock import LEAP_FRAMES, LEAP_SECONDS, Moment, steady
from textreid.people.video_formats import open_video

_INDEXED = {"mov", "matroska", "avi"}
"""Containers that list their stamps; those of other lists are guessed, or only of what was read."""


def rate_of(track: Any) -> float:
    """Frames a second, on average."""
    return float(track.average_rate or track.guessed_rate or 25)


def timed(packets: Iterable[Any], track: Any, *, sought: bool = False) -> Iterator[tuple[Any, Moment]]:
    """The packets of a track, their stamps counted from its first frame on the steady clock.

    Args:
        packets: in the order of the file; their `pts` and `dts` are set anew.
        track: theirs.
        sought: the first one is not the first of the track.
    """
    second, rate = float(1 / track.time_base), rate_of(track)
    longest = max(LEAP_SECONDS, LEAP_FRAMES / rate) * second
    packets, again = tee(packets)
    zero = track.start_time or 0 if sought else None
    for packet, moment in zip(
        packets, steady((each.dts for each in again), second, second / rate), strict=True
    ):
        if zero is None:
            zero = _beginning(packet, track, longest)
        if moment.ticks is not None and packet.dts is not None:
            later = packet.pts - packet.dts if packet.pts is not None else None
            packet.dts = moment.ticks - zero
            if later is not None and abs(later) <= longest:
                packet.pts = packet.dts + later
            elif later is not None:
                packet.pts, moment = packet.dts, replace(moment, fault=moment.fault or "wild")
        elif packet.pts is not None:
            packet.pts -= zero
        yield packet, moment


def _beginning(packet: Any, track: Any, longest: float) -> int:
    """The stamp from which the track counts: what it says, unless its first packet lies elsewhere."""
    first = packet.dts if packet.pts is None else packet.pts
    if packet.dts is not None and abs(first - packet.dts) > longest:
        first = packet.dts
    said = track.start_time
    return said if said is not None and (first is None or abs(first - said) <= longest) else first or 0


def is_seekable(container: Any, track: Any) -> bool:
    """Whether the container lists its stamps from start to end, and they ascend without a leap."""
    if container.format.name.split(",")[0] not in _INDEXED or track.start_time is None:
        return False
    begin = float(track.start_time * track.time_base)
    stamps = [float(entry.timestamp * track.time_base) - begin for entry in track.index_entries]
    if not stamps or abs(stamps[0]) > LEAP_SECONDS:
        return False
    end = (container.duration or 0) / 1_000_000
    steps = [after - before for before, after in pairwise(stamps)]
    return all(0 <= step <= LEAP_SECONDS for step in steps) and end - stamps[-1] <= LEAP_SECONDS


def last_key(path: Path, index: int, offset: float) -> int:
    """Number of the last packet at or before `offset` seconds with which decoding can begin."""
    found = 0
    with open_video(path) as container:
        track = container.streams[index]
        ticks = offset / track.time_base
        for number, (packet, _) in enumerate(timed(container.demux(track), track)):
            if packet.dts is not None and packet.dts > ticks:
                break
            if packet.is_keyframe and packet.pts is not None and packet.pts <= ticks:
                found = number
    return found
