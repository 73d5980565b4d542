"""How figures are told: a line each, in Markdown, with what they are to be compared with."""

import sys
from collections.abc import Sequence


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which ``part`` (0-1) of all lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class Report:
    """Prints rows as they come, so that a long run shows where it is."""

    def say(self, words: str) -> None:
        """Print a line."""
        sys.stdout.write(words + "\n")
        sys.stdout.flush()

    def chapter(self, name: str) -> None:
        """Begin a table."""
        self.say(f"\n### {name}\n\n| what | figure | least | goal |\n| --- | --- | --- | --- |")

    def row(self, what: str, figure: str, least: str = "", goal: str = "") -> None:
        """Print one figure beside its targets."""
        self.say(f"| {what} | {figure} | {least} | {goal} |")
