"""Run the command lines of the docs as a reader would."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from textreid.cli import main

SHELL_SYNTAX = set("|<>&;$*?`")


def run_command(line: str, folder: Path) -> None:
    """Run one line in `folder`; raise AssertionError with what it printed unless it exits with 0."""
    if line.startswith("textreid ") and not SHELL_SYNTAX & set(line):
        run_textreid(line)
        return
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    shell = ["bash", "-euo", "pipefail", "-c", line]
    done = subprocess.run(shell, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, f"{line}\nexited with {done.returncode}\n{done.stdout}{done.stderr}"


def run_textreid(line: str) -> None:
    """Run one `textreid ...` line in this process, through the entry point of the console script."""
    with patch.object(sys, "argv", shlex.split(line)):
        try:
            code = main()
        except SystemExit as stop:
            code = stop.code
    assert not code, f"{line}\nexited with {code}"
