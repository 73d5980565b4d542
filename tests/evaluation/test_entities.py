"""The scorer of entities counts each mark once, by overlap."""

from __future__ import annotations

from nlu.corpus import Example, Marked
from nlu.understanding import Entity
from tests.evaluation.entities import score


def test_marks_are_met_by_overlap_and_once() -> None:
    example = Example(
        "am 3. März 5 €",
        "de",
        "complaint",
        "neutral",
        handoff=False,
        marked=(Marked("date", 3, 10), Marked("amount", 11, 14)),
    )
    found = [Entity("date", "---03", 3, 5), Entity("date", "--03", 6, 10), Entity("product", "x", 0, 2)]
    result = score([example], lambda _: found)
    assert result["date"] == (0.5, 1.0, 2 / 3, 1)
    assert result["amount"] == (1.0, 0.0, 0.0, 1)
    assert result["all"][3] == 2
