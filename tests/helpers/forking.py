"""Searches with several threads, forks while others search, and tells what each child answers, as JSON.

python -m tests.helpers.forking FOLDER
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

import torch
from PIL import Image

from tests.helpers.toy import COLOURS, draw_person
from textreid import PersonSearch
from textreid.errors import InputError
from textreid_index import Embeddings

SENTENCE = "a man in a red shirt and blue trousers"
PHOTO = draw_person("yellow", "black")
SECONDS = 60
fork = multiprocessing.get_context("fork")


def search(people: PersonSearch) -> dict[str, list[str]]:
    """Who is found by what, and by many queries at once."""
    found = {
        "text": people.search(SENTENCE, k=5, rerank=0),
        "reranked": people.search(SENTENCE, k=5, rerank=5),
        "photo": people.search(image=PHOTO, k=5),
    }
    vectors = people.encoder.encode_texts([SENTENCE] * 64)
    queries = Embeddings(tuple(map(str, range(64))), vectors, people.encoder.info)
    found["many"] = people.gallery.search(queries, 5)[63]
    return {name: [hit.id for hit in hits] for name, hits in found.items()}


def search_in_a_thread(people: PersonSearch) -> list[Any]:
    """The same in a thread of the child's own."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(search(people)))
    thread.start()
    thread.join()
    return found[0]


def add(people: PersonSearch, colour: str) -> None:
    """Index one more image, and look for people in another."""
    people.add([draw_person(colour, "green")], crops=True)
    for detector in ("nanodet", "hog"):
        people.add([Image.new("RGB", (640, 480), colour)], detector=detector)


def refusal(people: PersonSearch) -> str:
    """What a process is told that may not index."""
    try:
        people.add([PHOTO], crops=True)
    except InputError as error:
        return str(error)
    return "it was indexed"


def exit_after(people: PersonSearch) -> int:
    """The status of a child that answers and ends as programs do, not as processes of multiprocessing."""
    child = os.fork()
    if not child:
        search(people)
        sys.exit(7)
    for _ in range(10 * SECONDS):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    return -os.waitpid(child, 0)[1]


def search_shared() -> dict[str, list[str]]:
    """In a process of a pool, which knows what the parent had before it was forked."""
    return search(shared)


def in_child(work: Callable[[], Any]) -> Any:
    """What a function gives in a forked process that then ends as processes do."""
    ours, theirs = fork.Pipe()
    child = fork.Process(target=_answer, args=(theirs, work))
    child.start()
    found = ours.recv() if ours.poll(SECONDS) else "no answer"
    child.join(SECONDS)
    code = child.exitcode
    child.kill()
    return found if code == 0 else f"{found}, and exit {code}"


def _answer(connection: Connection, work: Callable[[], Any]) -> None:
    connection.send(work())
    sys.exit()


def main(folder: str) -> None:
    torch.set_num_threads(2)
    people = PersonSearch.open(folder, create=True)
    people.encoder.settle_runtime(images=0, texts=10**6)  # texts by OpenVINO, which has threads too
    colours = list(COLOURS)[:5]
    people.add([draw_person(upper, lower) for upper in colours for lower in colours], crops=True)
    add(people, "pink")
    told: dict[str, Any] = {"parent": search(people), "runtimes": people.encoder.runtimes}
    told["searches"] = in_child(lambda: search(people))
    told["searches in a thread"] = in_child(lambda: search_in_a_thread(people))
    told["searches by a search of its own"] = in_child(lambda: search(PersonSearch.open(folder)))
    told["status"] = exit_after(people)
    told["is forked itself"] = in_child(lambda: in_child(lambda: search(people)))
    global shared
    shared = people
    with ProcessPoolExecutor(2, mp_context=fork) as pool:
        told["serves a pool"] = pool.submit(search_shared).result(SECONDS)
    done = threading.Event()

    def go_on() -> None:
        while not done.is_set():
            search(people)

    threads = [threading.Thread(target=go_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    told["is forked while others search"] = [in_child(lambda: search(people)) for _ in range(3)]
    done.set()
    for thread in threads:
        thread.join()
    told["adds"] = in_child(lambda: refusal(people))
    told["parent afterwards"] = search(people)
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
