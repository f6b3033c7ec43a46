"""Captions that say too little, too much, or the same of everybody."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from textreid.data.tools.doctor.finding import Crops, Finding, some

MIN_WORDS = 3
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""A character of a script without spaces between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""


def check_captions(crops: Crops) -> Iterator[Finding]:
    """Captions of hardly a word, and captions of several people."""
    for split, own in crops.items():
        said = [(caption, crop) for crop in own for caption in crop.captions]
        short = [caption for caption, _ in said if count_words(caption) < MIN_WORDS]
        if short:
            yield Finding(
                "warning",
                f"{len(short)} captions of '{split}' have fewer than {MIN_WORDS} words: {some(short)}.",
                "Say what the person wears and carries.",
            )
        of = defaultdict(set)
        for caption, crop in said:
            of[caption.strip().lower()].add(crop.person_id)
        shared = [caption for caption, people in of.items() if len(people) > 1]
        if len(shared) > len(of) / 10:
            yield Finding(
                "warning",
                f"{len(shared)} of {len(of)} captions of '{split}' describe several people: {some(shared)}.",
                "Describe what tells people apart; no model can do better than the words.",
            )


def count_words(caption: str) -> int:
    """Words between spaces, and each character of a script that has none."""
    return len(UNSPACED.sub(" ", caption).split()) + len(UNSPACED.findall(caption))
