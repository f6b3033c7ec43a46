"""How much memory and time it takes to open pictures, each measured in a process of its own.

    python -m tests.helpers.faults.memory_of_opening FOLDER

prints a line of JSON a file.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Opening:
    """What opening one file came to.

    Attributes:
        answer: size of the image, or the sentence that refuses it; None: something else happened.
        megabytes: more than before at most.
        seconds: of processor time.
    """

    answer: str | None
    megabytes: float
    seconds: float


def open_each(folder: Path) -> dict[str, Opening]:
    """Name of each file of a folder -> what opening it came to."""
    command = [sys.executable, "-m", __name__, str(folder)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: Opening(*rest) for name, *rest in map(json.loads, lines)}


def main(folder: Path) -> None:
    import cv2  # noqa: F401  (what is loaded beforehand is not measured)
    from PIL import ImageCms  # noqa: F401

    from textreid.io.images import open_image  # noqa: F401

    for path in sorted(folder.iterdir()):
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.write(writer, json.dumps(_open(path)).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as answers:
            found = answers.read()
        os.waitpid(child, 0)
        print(json.dumps([path.name, *(json.loads(found) if found else (None, 0.0, 0.0))]))


def _open(path: Path) -> tuple[str | None, float, float]:
    from textreid.errors import ImageError
    from textreid.io.images import open_image

    before, begun = resource.getrusage(resource.RUSAGE_SELF), time.process_time()
    try:
        answer: str | None = "{} x {}".format(*open_image(path).size)
    except ImageError as error:
        answer = str(error)
    except BaseException:
        answer = None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before.ru_maxrss
    return answer, peak * 1024 / 1e6, time.process_time() - begun


if __name__ == "__main__":
    main(Path(sys.argv[1]))
