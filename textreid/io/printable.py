"""Names from outside, such as those of files, made safe to print."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"  # within words of some scripts, and within emoji
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def printable(text: str) -> str:
    r"""The text with whatever acts on a terminal or a line, and is not seen, spelled out.

    Escape and other control characters, line ends of every kind, marks that turn the direction of writing,
    and what is not Unicode: an escape becomes `\x1b`, a line end `\n`.
    """
    if text.isprintable():
        return text
    return "".join(_spelled(letter) if _acts(letter) else letter for letter in text)


def _acts(letter: str) -> bool:
    return letter not in _JOINERS and unicodedata.category(letter) in _UNSEEN


def _spelled(letter: str) -> str:
    return letter.encode("unicode_escape").decode()
