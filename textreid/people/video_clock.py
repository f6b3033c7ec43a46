"""The time stamps of a film, made to go on where a clock restarts, leaps, or is wrong once.

Recorders join recordings whose clocks begin anew, set their clock while they record, and now and then write
a stamp that is hours off. Decoding stamps ascend within one recording, whatever the order in which frames
are shown; so one pass over them, without decoding anything, tells where each frame belongs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, pairwise, tee
from statistics import median_low
from typing import Literal, TypeVar

T = TypeVar("T")

LEAP_SECONDS = 60.0
"""Seconds without a frame that are believed; in slow films, as long as `LEAP_FRAMES` take."""

LEAP_FRAMES = 20
_DISORDER = 3  # frames by which a stamp may lie back and still be of the same recording
_RECENT = 5  # steps whose median is what a frame takes


Fault = Literal["leap", "wild"]


@dataclass(frozen=True)
class Moment:
    """The place of one packet.

    Attributes:
        ticks: its decoding stamp on a clock that never jumps; None if it has none.
        fault: "leap": the clock jumped here, and is counted on as if it had not; "wild": this stamp alone was
            wrong, and lies between its neighbours now; None: it is as it was, but for leaps before it.
    """

    ticks: int | None
    fault: Fault | None = None


def steady(stamps: Iterable[int | None], second: float, frame: float) -> Iterator[Moment]:
    """The places of packets in the order of decoding; one stamp is looked at ahead.

    Args:
        stamps: decoding stamps in ticks.
        second: ticks of a second.
        frame: ticks from one frame to the next, until the stamps themselves tell.
    """
    shift, last = 0, None  # last: the latest place so far
    steps = deque([max(1, round(frame))], maxlen=_RECENT)
    for stamp, following in pairwise(chain(stamps, [None])):
        if stamp is None:
            yield Moment(None)
            continue
        place, step = stamp + shift, median_low(steps)
        fault: Fault | None = None
        if last is None:
            last = place
        longest = max(LEAP_SECONDS * second, LEAP_FRAMES * step)
        after = None if following is None else following + shift - last
        if after and 0 < after <= longest and not -_DISORDER * step <= place - last <= after:
            place, fault = last + min(step, after // 2), "wild"
        elif not -_DISORDER * step <= place - last <= longest:
            shift += last + step - place
            place, fault = last + step, "leap"
        elif place > last:
            steps.append(place - last)
        last = max(last, place)
        yield Moment(place, fault)


def ordered(frames: Iterable[tuple[float, T]]) -> Iterator[tuple[float, T]]:
    """Frames in the order of showing, whose time alone was wrong: it becomes the mean of its neighbours'.

    Args:
        frames: seconds and frame; one is looked at ahead.
    """
    before: float | None = None
    ahead, behind = tee(frames)
    following = chain((time for time, _ in islice(ahead, 1, None)), [None])
    for (time, frame), after in zip(behind, following, strict=False):
        if before is not None and after is not None and before < after and not before <= time <= after:
            time = (before + after) / 2
        before = time
        yield time, frame
