"""Models measured by published protocols: encode what a benchmark holds, rank, and count.

Every image and every caption of the split takes part: a benchmark that quietly dropped an unreadable image
would be another benchmark, so one is an error here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.evaluate.benchmark import Benchmark
    from textreid.evaluate.calibration_check import (
        GALLERY_SIZES,
        check_calibration,
        halve_persons,
        weigh_pairs,
    )
    from textreid.evaluate.calibration_fit import FALSE_ALARM_RATES, fit_scale
    from textreid.evaluate.directions import IMAGE_TO_IMAGE, TEXT_TO_IMAGE, encode_directions
    from textreid.evaluate.encoding import Item
    from textreid.evaluate.evaluation import Evaluation, evaluate
    from textreid.evaluate.groups import by_caption, find_groups
    from textreid.evaluate.methods import Methods
    from textreid.evaluate.suite import load_suite, suite_names
    from textreid.evaluate.suite_run import run_suite
    from textreid.types import ImageTextEncoder, ShowProgress
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = [
    "FALSE_ALARM_RATES",
    "GALLERY_SIZES",
    "IMAGE_TO_IMAGE",
    "TEXT_TO_IMAGE",
    "Benchmark",
    "Evaluation",
    "ImageTextEncoder",
    "Item",
    "Methods",
    "ShowProgress",
    "by_caption",
    "check_calibration",
    "encode_directions",
    "evaluate",
    "find_groups",
    "fit_scale",
    "halve_persons",
    "load_suite",
    "run_suite",
    "suite_names",
    "weigh_pairs",
]
