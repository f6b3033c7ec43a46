"""What was tried against the product, how often, and what failed: the table of docs/reliability.md.

    python benchmarks/faults.py                              tests/faults, some minutes
    python benchmarks/faults.py tests/long/test_damage.py    hundreds of draws of one kind

Runs tests of faults and writes `benchmarks/results/faults.json` and the table; rows of files that are not run
stay as they are. A row is a file of tests, with the sentence that it begins with; tried are kills, disks,
flipped bits, files, arguments or users, as the tests count them. Linux, root and a Chromium are needed, as
for the tests.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
RESULTS, PAGE = ROOT / "benchmarks" / "results" / "faults.json", ROOT / "docs" / "reliability.md"
START, END = "<!-- faults -->\n", "<!-- /faults -->\n"


class Tally:
    """A plugin of pytest that counts, for each file of tests, what was tried and what failed."""

    def __init__(self) -> None:
        self.tried: dict[str, int] = defaultdict(int)
        self.failed: dict[str, list[str]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: Any) -> None:
        from tests.helpers.faults.tried import COUNTS

        name = report.nodeid.partition("::")[0]
        if report.when == "call":
            self.tried[name] += COUNTS.get(report.nodeid, 1)
        if report.failed:
            self.failed[name].append(report.nodeid.partition("::")[2])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("tests", nargs="*", default=["tests/faults"], help="files or folders of tests")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    tally = Tally()
    pytest.main([*asked.tests, "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}"], plugins=[tally])
    found = {
        name: {"what": _sentence(ROOT / name), "tried": tally.tried[name], "failed": tally.failed[name]}
        for name in {*tally.tried, *tally.failed}
    }
    before = json.loads(RESULTS.read_text("utf-8"))["faults"] if RESULTS.exists() else []
    by_file = {row["file"]: row for row in before} | found
    rows = [{"file": name} | row for name, row in sorted(by_file.items())]
    RESULTS.write_text(json.dumps({"faults": rows}, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(with_table(PAGE.read_text("utf-8"), rows), encoding="utf-8")
    return int(any(tally.failed.values()))


def with_table(page: str, rows: list[dict[str, Any]]) -> str:
    """The page's text with the part between the two markers written anew."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    lines = ["| what must hold | tried | tests that failed |", "| --- | ---: | ---: |"]
    lines += [
        f"| {row['what']} <small>[{Path(row['file']).name}](../{row['file']})</small>"
        f" | {row['tried']:,} | {len(row['failed'])} |"
        for row in rows
    ]
    return before + START + "\n".join(lines) + "\n" + END + after


def _sentence(file: Path) -> str:
    """The first sentence of a file's docstring."""
    words = " ".join((ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").split())
    return words.partition(". ")[0].rstrip(".") + "."


if __name__ == "__main__":
    sys.exit(main())
