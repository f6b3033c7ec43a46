"""A folder as on some network shares: files there cannot be locked, or not be mapped to share memory.

A library that is preloaded answers so in a process of its own. Needs Linux and a C compiler.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


@dataclass(frozen=True)
class Share:
    """What a folder lacks.

    Attributes:
        folder: whatever lies below it is concerned.
        locks: number of the error that whoever locks a file gets; None: locks work.
        maps: number of the error that whoever maps a file to share memory gets; None: that works.
    """

    folder: Path
    locks: int | None = None
    maps: int | None = None

    def start(self, code: str, *arguments: object) -> subprocess.Popen[str]:
        """Start Python with this code where the folder is so."""
        told = {"LOCKS": self.locks, "MAPS": self.maps}
        library = f"{_library().name}/share.so"
        lacks = {name: str(number) for name, number in told.items() if number is not None}
        return subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | lacks | {"LD_PRELOAD": library, "SHARE": str(self.folder.resolve())},
        )

    def run(self, code: str, *arguments: object) -> str:
        """What Python prints that runs this code where the folder is so; it has a minute for it.

        Raises:
            AssertionError: it failed.
        """
        process = self.start(code, *arguments)
        printed, complaints = process.communicate(timeout=60)
        assert process.returncode == 0, complaints
        return printed


@functools.cache
def _library() -> tempfile.TemporaryDirectory[str]:
    """A folder with the library, which goes when the tests end."""
    folder = tempfile.TemporaryDirectory(prefix="textreid-share-")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", f"{folder.name}/share.so", SOURCE, "-ldl"], check=True)
    return folder
