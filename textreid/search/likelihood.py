"""What the scores of a search mean: how likely each hit is right, and what a false-alarm rate takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from textreid.errors import InputError, ModelError
from textreid.types import ImageTextEncoder, QueryKind, ScoreScale
from textreid_index import Cut, Hits

SEVERAL_PARTS = "How likely each is, is not known for a query of several parts: they are ranked alone."
NO_KNOWN_WORD = (
    "The model knows no word of this description, so the order means nothing and no probability is given: "
    "describe the person in English."
)


def why_unsure(encoder: ImageTextEncoder, kind: QueryKind | None, text: str | None) -> str:
    """Why a model, though calibrated, cannot say how likely hits are; "" where it can, or never does."""
    if encoder.calibration is None:
        return ""
    if text is not None and not knows_a_word(encoder, text):
        return NO_KNOWN_WORD
    return SEVERAL_PARTS if kind is None else ""


def knows_a_word(encoder: ImageTextEncoder, text: str) -> bool:
    """Whether the model's vocabulary has a word of the text; an encoder of one's own may not tell."""
    reads = getattr(encoder, "reads_a_word", None)
    return reads is None or bool(reads(text))


def scale_of(encoder: ImageTextEncoder, kind: QueryKind | None) -> ScoreScale | None:
    """What a model's scores mean for one kind of query.

    Args:
        encoder: the model.
        kind: None for a query of several parts, whose scores are not calibrated.

    Raises:
        ModelError: its calibration is damaged.
    """
    if kind is None or encoder.calibration is None:
        return None
    return encoder.calibration.scale(kind)


def scales_of(
    encoder: ImageTextEncoder, kind: QueryKind | None, text: str | None
) -> tuple[ScoreScale | None, ScoreScale | None]:
    """What a model's cosines mean for this query, and what its matcher ranks by; None where that is unknown.

    A calibration of one's own may know the kind of query alone.

    Args:
        encoder: the model.
        kind: None for a query of several parts.
        text: the description, where it is one.

    Raises:
        ModelError: its calibration is damaged.
    """
    known = encoder.calibration
    if kind is None or known is None:
        return None, None
    find = getattr(known, "scales", None)
    return find(kind, text) if find else (known.scale(kind), None)


def require_scale(encoder: ImageTextEncoder, kind: QueryKind | None) -> ScoreScale:
    """What `scale_of` finds, where a false-alarm rate needs it.

    Raises:
        InputError: the query has several parts.
        ModelError: the model is not calibrated for this kind of query, or its calibration is damaged.
    """
    if kind is None:
        raise InputError(
            "A false-alarm rate is known for a description alone or a photo alone, not for several "
            "together: leave it out, or one of them."
        )
    scale = scale_of(encoder, kind)
    if scale is None:
        name, what = encoder.info.name, {"text": "descriptions", "photo": "photos"}[kind]
        raise ModelError(
            f"The model '{name}' is not calibrated for {what}, so no false-alarm rate is known: run "
            f"textreid calibrate {name} --root DIR --{kind} DATASET, or search without one."
        )
    return scale


def with_probabilities(
    hits: Hits, vectors: ScoreScale, matched: ScoreScale | None, people: int, false_alarms: float | None
) -> Hits:
    """The hits with the probability that each shows the person; of those, the ones that are good enough.

    What a matcher has read is judged by what it ranks by, where that was calibrated, and all others by their
    cosines. No hit is called likelier than the one before it: what ranks them puts it behind.

    Args:
        hits: in order.
        vectors: what their cosines mean.
        matched: what their strengths mean; None: that was not measured.
        people: how many were searched.
        false_alarms: the rate that decides what is good enough, in the sense of `PersonSearch.search`; None:
            every hit is.

    Raises:
        InputError: the rate was not measured.
    """
    strengths = None if matched is None else hits.strengths
    read = 0 if strengths is None else int(np.isfinite(strengths).sum())
    parts = [(vectors, hits.scores[read:])]
    if strengths is not None and matched is not None and read:
        parts.insert(0, (matched, strengths[:read]))
    likely = np.concatenate([scale.probabilities(scores, people) for scale, scores in parts])
    hits = replace(hits, probabilities=np.minimum.accumulate(likely))
    if false_alarms is None:
        return hits
    needed = [scale.threshold(false_alarms, people) for scale, _ in parts]
    passed = [scores >= least for (_, scores), least in zip(parts, needed, strict=True)]
    best = float(parts[0][1].max()) if len(hits) else None
    return replace(hits.take(np.flatnonzero(np.concatenate(passed))), cut=Cut(needed[0], best))
