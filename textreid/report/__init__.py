"""One page about what was measured, beside what others published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.report.entries import Entry, entries_of
    from textreid.report.report_file import check_target, write_report
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = ["Entry", "check_target", "entries_of", "write_report"]
