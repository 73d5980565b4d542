"""`python -m tests.benchmarks [NAME …]`: run all benchmarks, or those named."""

import argparse
import platform
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from tests.benchmarks import clock, desk, dialog, door, latency, start, turns, year
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Servers

ALL: Final[dict[str, Callable[[Servers, Report], None]]] = {
    "dialog": dialog.measure,
    "year": year.measure,
    "door": door.measure,
    "turns": turns.measure,
    "latency": latency.measure,
    "clock": clock.measure,
    "desk": desk.measure,
    "start": start.measure,
}


def main() -> int:
    """Run the chosen benchmarks one after the other; each prints as it finishes."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("names", nargs="*", choices=[[], *ALL], help="which to run; all by default")
    parser.add_argument(
        "--big",
        action="store_true",
        help="the clock with five million rows instead of one, the year with 100,000 buyers",
    )
    wanted = parser.parse_args()
    report = Report()
    report.say(
        f"Nachklang benchmarks, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {platform.machine()}"
    )
    with Servers(big=wanted.big) as servers:
        for name, measure in ALL.items():
            if not wanted.names or name in wanted.names:
                report.chapter(name)
                measure(servers, report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
