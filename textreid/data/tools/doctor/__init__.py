"""Why a model would find nobody: what is wrong with a data set, before hours are spent on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.data.tools.doctor.all_checks import examine, examine_labels
    from textreid.data.tools.doctor.finding import Finding
    from textreid.data.tools.doctor.split_counts import counts
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = ["Finding", "counts", "examine", "examine_labels"]
