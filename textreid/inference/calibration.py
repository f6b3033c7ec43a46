"""What a model's scores mean: `calibration.json` in its folder, a scale for descriptions, another for photos.

A cosine alone says neither how likely two things are one person nor whether the best of a gallery is good
enough: both depend on the model, on the kind of query and on how many people were looked at. A `Scale` knows
two things about one kind of query, measured on a benchmark (`textreid.evaluate.calibration_fit`):

- the log-likelihood ratio of "the same person" against "another" at a score s, `slope * arcsin(s) + offset`:
  a logistic curve (Platt, "Probabilistic outputs for support vector machines", 1999) over the angle between
  the vectors rather than its cosine, which flattens near 1 where right pairs are; with the prior taken out
  (Brümmer and du Preez, "Application-independent evaluation of speaker detection", 2006);
- how high the best score of a gallery without the person rises, by the size of that gallery.

Both depend on how much a description says, and on whether a matcher has read the hits: a model may have a
scale for each number of clauses, over the cosine and over what the matcher ranks by.

It changes no vector, so it is no part of a model's fingerprint; it names the one it was measured with.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from textreid.catalog import CALIBRATION
from textreid.data.attributes.clauses import count_clauses
from textreid.errors import InputError, ModelError
from textreid.io.plain_data import parse_json
from textreid.models.weights import DIGESTS, as_saved
from textreid.types import QueryKind
from textreid_index.whole_folder import whole_file


@dataclass(frozen=True)
class Scale:
    """What the scores of one kind of query mean.

    Attributes:
        data: what it was measured on, such as "cuhk-pedes val".
        slope: rise of the log-likelihood ratio by the arcsine of the score, positive.
        offset: the log-likelihood ratio at score 0.
        sizes: S sizes of galleries, rising from 1.
        rates: R false-alarm rates, rising, each between 0 and 1.
        thresholds: S rows of R scores: the one that the best of `sizes[i]` strangers passes at `rates[j]`.
        crowding: how far the log-odds fall with log N: 1 where one person is asked for, less where a larger
            gallery has more people who are right.

    Raises:
        ValueError: these are no such numbers.
    """

    data: str
    slope: float
    offset: float
    sizes: tuple[int, ...]
    rates: tuple[float, ...]
    thresholds: tuple[tuple[float, ...], ...]
    crowding: float = 1.0

    def __post_init__(self) -> None:
        table = np.asarray(self.thresholds, np.float64)
        sizes, rates = np.asarray(self.sizes), np.asarray(self.rates)
        if not (np.isfinite([self.slope, self.offset]).all() and self.slope > 0):
            raise ValueError("the slope must be a positive number, the offset a number")
        if not 0 <= self.crowding <= 1:
            raise ValueError("crowding must lie between 0 and 1")
        if len(sizes) < 2 or sizes[0] != 1 or (np.diff(sizes) <= 0).any():
            raise ValueError("the sizes must rise from 1")
        if len(rates) < 2 or rates[0] <= 0 or rates[-1] >= 1 or (np.diff(rates) <= 0).any():
            raise ValueError("the rates must rise from above 0 to below 1")
        if table.shape != (len(sizes), len(rates)) or not (np.abs(table) <= 1).all():
            raise ValueError("there must be one cosine for each size and rate")
        if (np.diff(table, axis=0) < 0).any() or (np.diff(table, axis=1) > 0).any():
            raise ValueError("thresholds must rise with the size and fall with the rate")

    def probabilities(self, scores: np.ndarray, people: int) -> np.ndarray:
        """How likely each hit shows the person who is asked for.

        Before looking, each of the N crops, and that nobody in the gallery is the person, count as equally
        likely: a prior of 1 / (N + 1) a crop, whose log-odds are -log N, or less by `crowding`.

        Args:
            scores: [k] cosines, or what a matcher ranks by.
            people: N, how many were searched.

        Returns:
            [k] float32. The log-likelihood ratio 0 among one crop gives 1/2, among 99 crops 1/100.
        """
        angles = np.arcsin(np.clip(np.asarray(scores, np.float64), -1, 1))
        odds = self.slope * angles + self.offset - self.crowding * np.log(max(people, 1))
        return np.exp(-np.logaddexp(0, -odds)).astype(np.float32)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Scale:
        """The scale that `asdict` turned into these plain values."""
        rows = tuple(tuple(map(float, row)) for row in content["thresholds"])
        tuples = {"sizes": tuple(content["sizes"]), "rates": tuple(content["rates"]), "thresholds": rows}
        return cls(**content | tuples)

    def threshold(self, false_alarms: float, people: int) -> float:
        """The score that somebody who is not in a gallery reaches with at least one crop at this rate.

        The table is read between its rates and sizes, and beyond its largest size, as if log(1 - score) ran
        straight over log(-log(1 - rate)) and over log N. So does the largest of N values whose tail falls as
        a power of 1 - score, their upper end (Weibull's law: Gumbel, "Statistics of Extremes", 1958), as do
        cosines between random directions.

        Args:
            false_alarms: fraction of such searches that may find somebody.
            people: N, how many are searched.

        Raises:
            InputError: the rate is beyond those that were measured.
        """
        low, high = self.rates[0], self.rates[-1]
        if not low <= false_alarms <= high:
            raise InputError(
                f"A false-alarm rate of {false_alarms:g} was not measured: choose one from {low:g} to"
                f" {high:g}, such as 0.05 for one false alarm in twenty searches."
            )
        gaps = np.log(np.maximum(1 - np.asarray(self.thresholds), 1e-6))
        column = [np.interp(_log_log(false_alarms), _log_log(self.rates), row) for row in gaps]
        sizes, size = np.log(self.sizes), np.log(max(people, 1))
        fall = (column[-1] - column[-2]) / (sizes[-1] - sizes[-2])
        beyond = fall * max(size - sizes[-1], 0)
        return float(1 - np.exp(np.interp(size, sizes, column) + beyond))


@dataclass(frozen=True)
class Calibration:
    """What a model's scores mean, by kind of query.

    Attributes:
        fingerprint: of the model it was measured with.
        text: for descriptions; None: not measured.
        photo: for photos; None: not measured.
        clauses: for descriptions of one clause, of two and so on, the last for all longer ones; () in files
            from before, where `text` stands for all.
        matched: likewise, for what a matcher puts hits in order by (`Hits.strengths`).

    Raises:
        ValueError: there are other numbers of clauses with a matcher than without.
    """

    fingerprint: str
    text: Scale | None = None
    photo: Scale | None = None
    clauses: tuple[Scale, ...] = ()
    matched: tuple[Scale, ...] = ()

    def __post_init__(self) -> None:
        if self.matched and len(self.matched) != len(self.clauses):
            raise ValueError("there must be as many scales with a matcher as without")

    def scale(self, kind: QueryKind) -> Scale | None:
        """What the scores of one kind of query mean; None where that was not measured."""
        return self.text if kind == "text" else self.photo

    def scales(self, kind: QueryKind, text: str | None) -> tuple[Scale | None, Scale | None]:
        """What cosines mean for one query, and what a matcher ranks by; None each where it was not measured.

        Args:
            kind: of the query.
            text: the description, if it is one.
        """
        if kind == "photo" or text is None or not self.clauses:
            return self.scale(kind), None
        number = min(max(count_clauses(text), 1), len(self.clauses)) - 1
        return self.clauses[number], self.matched[number] if self.matched else None

    @classmethod
    def read(cls, folder: Path, fingerprint: str) -> Calibration | None:
        """The calibration in a model's folder; None where there is none.

        Args:
            folder: the model's.
            fingerprint: of the model as it is.

        Raises:
            ModelError: the file is damaged, or belongs to other weights.
        """
        path = folder / CALIBRATION
        try:
            content = parse_json(path.read_text(encoding="utf-8"))
            found = cls(
                str(content["fingerprint"]),
                _scale(content["text"]),
                _scale(content["photo"]),
                *(tuple(map(Scale.from_dict, content.get(name, ()))) for name in ("clauses", "matched")),
            )
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever stands there in place of numbers
            raise ModelError(f"'{path}' is damaged ({error}). {_again(folder)}") from error
        if found.fingerprint != fingerprint:
            changed = {
                True: "The weights are those that were saved, so the calibration is another model's",
                False: f"The weights have changed since they were saved: '{DIGESTS}' says so",
                None: "Nothing says which of the two has changed",
            }[as_saved(folder)]
            raise ModelError(
                f"'{path}' was measured with other weights ({found.fingerprint:.40}, these are"
                f" {fingerprint})."
                f" {changed}. {_again(folder)}"
            )
        return found

    def write(self, folder: Path) -> Path:
        """Write it into the model's folder, whole or not at all; returns the file.

        Raises:
            ModelError: the folder cannot be written.
        """
        path = folder / CALIBRATION
        try:
            with whole_file(path) as file:
                file.write((json.dumps(asdict(self), indent=1) + "\n").encode())
        except OSError as error:
            raise ModelError(
                f"'{path}' cannot be written: {error.strerror}. Copy the model first."
            ) from error
        return path


def _log_log(rate: Any) -> Any:
    return np.log(-np.log1p(-np.asarray(rate, np.float64)))


def _scale(content: dict[str, Any] | None) -> Scale | None:
    return None if content is None else Scale.from_dict(content)


def _again(folder: Path) -> str:
    return f"Run textreid calibrate {folder.name} again, or delete the file to search without probabilities."
