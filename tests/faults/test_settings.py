"""Settings that all code of a process shares are as they were, whatever is done at once.

Each verb is watched where the docs run it, in `tests.docs.test_code_blocks`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from threading import Barrier, Thread

import numpy as np
import pytest
from transformers.utils import logging

from tests.helpers.docs_console import run_textreid
from tests.helpers.global_settings import nothing_changed, settings
from tests.helpers.small_models import write_joint
from tests.helpers.toy_gallery import embed, people
from textreid.catalog import find_model
from textreid.inference.encoder import Encoder
from textreid.io.without_warnings import without_warnings
from textreid.models.folder import silence_transformers
from textreid.synthetic import write_cuhk_pedes
from textreid_index import Gallery

Block = Callable[[], AbstractContextManager[None]]


@pytest.mark.parametrize("block", [silence_transformers, without_warnings])
def test_of_blocks_that_overlap_the_last_puts_back_what_was_there(block: Block) -> None:
    """A begins, B begins, A ends, B ends."""
    before, meeting = settings(), Barrier(2)

    def second() -> None:
        with block():
            meeting.wait()  # B has begun
            meeting.wait()  # A has ended
            assert settings() != before

    thread = Thread(target=second)
    with nothing_changed():
        with block():
            thread.start()
            meeting.wait()
        meeting.wait()
        thread.join()


def test_models_that_are_loaded_at_once_leave_what_was_there(tmp_path: Path) -> None:
    folder = write_joint(tmp_path / "model")
    logging.set_verbosity_info()
    try:
        with nothing_changed(), ThreadPoolExecutor(4) as threads:
            encoders = list(threads.map(lambda _: Encoder.load(folder, device="cpu"), range(8)))
    finally:
        logging.set_verbosity_warning()
    first, *others = (encoder.encode_texts(["a man in a red shirt"]) for encoder in encoders)
    assert all(np.array_equal(first, other) for other in others)


def test_calibrate_which_the_docs_do_not_run_leaves_what_was_there(tmp_path: Path) -> None:
    data, model = tmp_path / "data", shutil.copytree(find_model("pocket")[1], tmp_path / "model")
    write_cuhk_pedes(data, identities=24, images_per_identity=2, split=(0.25, 0.5, 0.25))
    with nothing_changed():
        run_textreid(f"textreid calibrate {model} --root {data} --text cuhk-pedes:val --device cpu")


def test_a_process_that_is_forked_inside_a_block_has_what_was_there_before() -> None:
    with ExitStack() as blocks:
        before = settings()
        blocks.enter_context(silence_transformers())
        blocks.enter_context(without_warnings())
        child = os.fork()
        if not child:
            names = ("transformers", "warnings")
            os._exit(0 if all(settings()[name] == before[name] for name in names) else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_many_queries_at_once_leave_faiss_as_it_was(tmp_path: Path) -> None:
    known = people(20)
    with Gallery.open(tmp_path / "gallery", create=True, backend="flat") as gallery:
        gallery.add(known, embed([one.id for one in known]), [b""] * 20)
        queries = embed([str(number) for number in range(64)], seed=1)
        with nothing_changed(), ThreadPoolExecutor(4) as threads:
            found = list(threads.map(lambda _: gallery.search(queries, 3), range(8)))
    assert [[hit.id for hit in hits] for hits in found[0]] == [[hit.id for hit in hits] for hits in found[-1]]
