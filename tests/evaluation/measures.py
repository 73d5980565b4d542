"""The figures by which understanding is judged. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.metrics import f1_score, precision_recall_curve, roc_auc_score


def accuracy(told: Sequence[str], true: Sequence[str]) -> float:
    """The share that is right."""
    return sum(one == other for one, other in zip(told, true, strict=True)) / max(len(true), 1)


def macro_f1(told: Sequence[str], true: Sequence[str]) -> float:
    """The mean F1 over the labels that occur in ``true``: a rare one counts as much as a common one."""
    return float(f1_score(true, told, average="macro", labels=sorted(set(true)), zero_division=0.0))


def auroc(scores: Sequence[float], true: Sequence[bool]) -> float:
    """How often a message outside of everything gets a higher score than one inside; 0.5 is chance."""
    return float(roc_auc_score(true, scores)) if len(set(true)) == 2 else float("nan")


def precision_recall(told: Sequence[bool], true: Sequence[bool]) -> tuple[float, float]:
    """Precision and recall of True."""
    both = sum(one and other for one, other in zip(told, true, strict=True))
    return both / max(sum(told), 1), both / max(sum(true), 1)


def recall_at(scores: Sequence[float], true: Sequence[bool], precision: float) -> float:
    """The greatest recall of True that leaves at least this precision; 0 if none does."""
    precisions, recalls, _ = precision_recall_curve(true, scores)
    return float(max((r for p, r in zip(precisions, recalls, strict=True) if p >= precision), default=0.0))


def calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """The expected calibration error: how far confidence and truth differ, in equal steps."""
    error = 0.0
    for step in range(bins):
        low, high = step / bins, (step + 1) / bins
        inside = [at for at, one in enumerate(confidences) if low < one <= high or (step == 0 and one == 0)]
        if inside:
            sure = sum(confidences[at] for at in inside) / len(inside)
            hits = sum(right[at] for at in inside) / len(inside)
            error += len(inside) / len(confidences) * abs(sure - hits)
    return error
