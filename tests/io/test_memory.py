"""Large pictures are opened one at a time, small ones beside each other, and too large ones not at all."""

from __future__ import annotations

import os
import threading

import pytest

from textreid.errors import ImageError
from textreid.io.memory import LARGE, MAX_BYTES, room_for


def most_at_once(needed: int, count: int = 4) -> int:
    """How many of `count` threads were inside at the same time, if each waits a little for the others."""
    inside, most, lock, all_in = 0, 0, threading.Lock(), threading.Event()

    def open_one() -> None:
        nonlocal inside, most
        with room_for(needed):
            with lock:
                inside += 1
                most = max(most, inside)
            if most == count:
                all_in.set()
            all_in.wait(0.05 if needed >= LARGE else 10)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=open_one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return most


def test_large_ones_wait_and_small_ones_do_not() -> None:
    assert most_at_once(LARGE) == 1
    assert most_at_once(LARGE - 1) == 4


def test_more_than_a_gigabyte_is_refused() -> None:
    with room_for(MAX_BYTES):
        pass
    with (
        pytest.raises(ImageError, match=r"would take 2\.5 GB of memory to open; the limit is 1 GB"),
        room_for(2_500_000_000),
    ):
        pass


def test_an_error_gives_the_room_back() -> None:
    with pytest.raises(ZeroDivisionError), room_for(LARGE):
        _ = 1 / 0
    assert most_at_once(LARGE, count=2) == 1


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_forked_while_one_is_open_may_open_its_own() -> None:
    with room_for(LARGE):
        child = os.fork()
        if not child:
            with room_for(LARGE):
                os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
