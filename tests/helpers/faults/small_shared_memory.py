"""A process whose /dev/shm has so many bytes, as in a container: a mount of its own. Needs Linux and root."""

from __future__ import annotations

import subprocess
import sys


def run_with_shared_memory(size: int, *arguments: object, timeout: float) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments where /dev/shm has `size` bytes, and nobody else's /dev/shm changes."""
    mount = f"mount -t tmpfs -o size={size} tmpfs /dev/shm"
    python = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh", *python],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
