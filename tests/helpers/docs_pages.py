"""The pages for users, and the code blocks in them.

A block marked ```python or ```bash is run; `no-run` after the language says that it is only shown (a server,
an installation, a download, a long training). ```json and ```toml must parse; other fences are left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, and where it starts."""

    where: str
    language: str
    run: bool
    text: str

    @property
    def commands(self) -> list[str]:
        """The commands of a bash block, one a line, comments left out, continued lines joined."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


@dataclass(frozen=True)
class Page:
    """One Markdown file; `name` is its path from the root of the repository."""

    name: str
    text: str

    @property
    def path(self) -> Path:
        return ROOT / self.name

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return FENCE.sub("", self.text)

    @property
    def blocks(self) -> list[Block]:
        found = []
        for match in FENCE.finditer(self.text):
            language, *flags = match["info"].split() or [""]
            line = self.text.count("\n", 0, match.start()) + 1
            text = re.sub(rf"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
            found.append(Block(f"{self.name}:{line}", language, "no-run" not in flags, text))
        return found

    @property
    def anchors(self) -> set[str]:
        """The names that a link can point to in this page, by GitHub's rule."""
        titles = re.findall(r"^#+ +(.+?) *$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def read_pages() -> list[Page]:
    """README.md and every page under docs/."""
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [Page(file.relative_to(ROOT).as_posix(), file.read_text("utf-8")) for file in files]
