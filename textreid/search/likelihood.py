"""What the scores of a search mean: how likely each hit is right, and what a false-alarm rate takes."""

from __future__ import annotations

from dataclasses import replace

from textreid.errors import InputError, ModelError
from textreid.types import ImageTextEncoder, QueryKind, ScoreScale
from textreid_index import Hits


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


def require_scale(encoder: ImageTextEncoder, kind: QueryKind | None) -> ScoreScale:
    """The same, where a false-alarm rate needs it.

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


def with_probabilities(hits: Hits, scale: ScoreScale, people: int, false_alarms: float | None) -> Hits:
    """The hits with the probability that each shows the person; of those, the ones that are good enough.

    Args:
        hits: best first.
        scale: what their scores mean.
        people: how many were searched.
        false_alarms: the rate that decides what is good enough, in the sense of `PersonSearch.search`; None:
            every hit is.

    Raises:
        InputError: the rate was not measured.
    """
    hits = replace(hits, probabilities=scale.probabilities(hits.scores, people))
    return hits if false_alarms is None else hits.at_least(scale.threshold(false_alarms, people))
