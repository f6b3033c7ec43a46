"""`python demo/app.py` is `textreid demo`; a Hugging Face Space starts this file."""

from __future__ import annotations

import typer
from textreid_demo.verb import run

if __name__ == "__main__":
    typer.run(run)
