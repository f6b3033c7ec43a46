from __future__ import annotations

import threading

import pytest

from textreid.io.prefetch import prefetch


def test_order_is_kept():
    assert list(prefetch(range(100), 7)) == list(range(100))


def test_an_error_comes_at_its_place():
    def items():
        yield 1
        raise ValueError("broken")

    ahead = prefetch(items(), 4)
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="broken"):
        next(ahead)


def test_items_are_prepared_in_another_thread_and_no_more_than_asked():
    prepared, gate = [], threading.Event()

    def items():
        for number in range(100):
            prepared.append((number, threading.current_thread()))
            if number == 5:
                gate.set()
            yield number

    ahead = prefetch(items(), 5)
    assert next(ahead) == 0
    assert gate.wait(10)
    ahead.close()
    assert [number for number, _ in prepared] == [0, 1, 2, 3, 4, 5]
    assert threading.current_thread() not in {thread for _, thread in prepared}
