"""How well attributes are recognised, by the protocol of pedestrian attribute recognition.

Li et al., "A Richly Annotated Dataset for Pedestrian Attribute Recognition", 2016. A label is a question of
yes and no. Over N images and L labels, with T the labels that hold of an image and P those predicted:

- mA = 1/L · Σ_label ½ (TP / positives + TN / negatives): label-based, blind to how rare a label is;
- accuracy = 1/N · Σ_image |T ∩ P| / |T ∪ P|, precision with |P| and recall with |T| below: example-based, and
  0/0 counts as 0;
- F1 = 2 · precision · recall / (precision + recall), of those two means.

Example: T = {hat, red}, P = {red, bag}: accuracy 1/3, precision 1/2, recall 1/2, F1 1/2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Classes = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class AttributeResult:
    """All values in [0, 1].

    Attributes:
        mean_accuracy: mA, over the labels that have positives and negatives.
        accuracy: example-based.
        precision: example-based.
        recall: example-based.
        f1: of that precision and recall.
        labels: label -> its own ½ (TP/positives + TN/negatives).
        groups: group -> fraction of the known images whose value is right.
    """

    mean_accuracy: float
    accuracy: float
    precision: float
    recall: float
    f1: float
    labels: Mapping[str, float]
    groups: Mapping[str, float]


def evaluate_attributes(
    predicted: Classes, true: Classes, groups: Mapping[str, Sequence[str]]
) -> AttributeResult:
    """Compare predicted attribute values with the true ones; what is not known counts nowhere.

    A group of two values is one label, that of its second value ("hat=yes"); one of more is a label for each.

    Args:
        predicted: [N, A] int64, position of a value in its group.
        true: [N, A] int64, -1 where unknown.
        groups: A groups -> their values.

    Raises:
        ValueError: the shapes do not fit.
    """
    if predicted.shape != true.shape or true.shape[1:] != (len(groups),):
        raise ValueError(f"expected two arrays [N, {len(groups)}], got {predicted.shape} and {true.shape}")
    names = [f"{group}={value}" for group, values in groups.items() for value in _asked(values)]
    known = _columns(true >= 0, groups)
    positive = _labels(true, groups)
    guessed = _labels(predicted, groups) & known

    positives, negatives = positive.sum(0), (known & ~positive).sum(0)
    both = np.flatnonzero((positives > 0) & (negatives > 0))
    hits, rejections = (positive & guessed).sum(0), (known & ~positive & ~guessed).sum(0)
    label = {
        names[i]: float((hits[i] / positives[i] + rejections[i] / negatives[i]) / 2) for i in both.tolist()
    }

    right = (positive & guessed).sum(1)
    accuracy = _mean_share(right, (positive | guessed).sum(1))
    precision = _mean_share(right, guessed.sum(1))
    recall = _mean_share(right, positive.sum(1))
    return AttributeResult(
        mean_accuracy=float(np.mean(list(label.values()))) if label else 0.0,
        accuracy=accuracy,
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if right.any() else 0.0,
        labels=label,
        groups={
            group: float((predicted[seen, i] == true[seen, i]).mean())
            for i, group in enumerate(groups)
            if (seen := true[:, i] >= 0).any()
        },
    )


def _asked(values: Sequence[str]) -> Sequence[str]:
    return values[1:] if len(values) == 2 else values


def _labels(classes: Classes, groups: Mapping[str, Sequence[str]]) -> Booleans:
    """[N, L] bool: the label holds."""
    columns = [
        classes[:, i] == values.index(value)
        for i, values in enumerate(groups.values())
        for value in _asked(values)
    ]
    return np.stack(columns, axis=1) if columns else np.zeros((len(classes), 0), bool)


def _columns(known: Booleans, groups: Mapping[str, Sequence[str]]) -> Booleans:
    """[N, L] bool from [N, A]: each group's column for each of its labels."""
    return np.repeat(known, [len(_asked(values)) for values in groups.values()], axis=1)


def _mean_share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> float:
    return float((part / np.maximum(whole, 1)).mean()) if len(part) else 0.0
