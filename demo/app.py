"""`python demo/app.py` is `textreid demo`; a Hugging Face Space starts this file."""

from __future__ import annotations

import sys

from textreid.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "demo")
    main()
