"""``make evaluate``: every figure by which understanding is judged, as tables for docs/measurements.md.

Asked are the embedded engine, Rasa where RASA_URL says it is served, and plain TextBlob and VADER beside
them; on the labelled messages of `data/dm_dev.jsonl`, and by cross-validation on the training messages.
``--public FILE`` adds the mood of other labelled rows ({"text", "lang", "label"}), which stay outside the
project.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sklearn.model_selection import StratifiedKFold

from bot.understanding import Lesson, embedded
from nlu.corpus import LANGUAGES, TRAINING, Example, load, training_files
from nlu.engine import Embedded
from nlu.learning import learn
from tests.evaluation.agreement import agreement, second_pass
from tests.evaluation.entities import score
from tests.evaluation.measures import (
    accuracy,
    auroc,
    calibration_error,
    macro_f1,
    precision_recall,
    recall_at,
)
from tests.evaluation.picture import draw
from tests.evaluation.systems import (
    Message,
    System,
    Told,
    microseconds,
    plain_textblob,
    vader,
    with_rasa,
)
from tests.evaluation.systems import embedded as embedded_system
from tests.evaluation.variety import variety_of

DEV: Final = Path(__file__).parent / "data" / "dm_dev.jsonl"
_FOLDS: Final = 5
_HEADINGS: Final = (
    "system", "n", "intent acc", "intent F1", "out-of-scope AUROC", "ECE", "mood acc", "mood F1",
    "unhappy recall at 90 % precision", "handoff precision", "handoff recall", "µs",
)  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make evaluate", description=__doc__)
    parser.add_argument("--public", type=Path, help="more rows with a mood, for evaluation only")
    parser.add_argument("--pictures", type=Path, default=Path("docs/images"), help="where matrices are drawn")
    parser.add_argument("--quick", action="store_true", help="without the cross-validation")
    asked = parser.parse_args()
    engine = embedded(Lesson())
    examples = load(training_files(TRAINING))
    version = platform.python_version()
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {version}, {len(examples)} training messages\n")
    _corpus(examples)
    _dev(engine, asked.pictures)
    _entities(engine, examples)
    if not asked.quick:
        _cross_validated(examples, asked.pictures)
    if asked.public:
        _public(engine, asked.public)


def _corpus(examples: Sequence[Example]) -> None:
    print("## The training messages\n")
    _row(
        "language",
        "messages",
        "near-duplicates",
        "distinct pairs",
        "distinct triples",
        "words (10 %, 50 %, 90 %)",
    )
    _row(*["---"] * 6)
    for language in LANGUAGES:
        found = variety_of([one for one in examples if one.language == language])
        words = ", ".join(f"{one:.0f}" for one in found.words)
        _row(
            language,
            found.messages,
            found.near_duplicates,
            f"{found.distinct[0]:.2f}",
            f"{found.distinct[1]:.2f}",
            words,
        )
    judged = second_pass(examples)
    if judged:
        found_by = agreement(judged)
        print(
            f"\nA second reader, blind to the labels, on {len(judged)} of them agrees on the intent in "
            f"{found_by.intent:.1%} (kappa {found_by.kappa_intent:.2f}), the mood in {found_by.mood:.1%} "
            f"({found_by.kappa_mood:.2f}), the handoff in {found_by.handoff:.1%} "
            f"({found_by.kappa_handoff:.2f})."
        )
    print()


def _dev(engine: Embedded, pictures: Path) -> None:
    rows = [json.loads(line) for line in DEV.read_text(encoding="utf-8").splitlines()]
    messages = [
        Message(
            row["text"],
            row["lang"],
            row["intent"],
            row["sentiment"],
            row["should_escalate"],
            frozenset(row["phenomena"]),
        )
        for row in rows
    ]
    systems: dict[str, System] = {"embedded": embedded_system(engine)}
    if url := os.environ.get("RASA_URL"):
        rasa = with_rasa(engine, url, messages)
        if rasa is None:
            print(f"(Rasa is left out: {url} does not answer, or has no model.)\n")
        else:
            systems["rasa"] = rasa
    systems |= {"TextBlob": plain_textblob, "VADER": vader()}
    print("## On messages nobody has learnt from (`dm_dev.jsonl`)\n")
    for language in LANGUAGES:
        own = [one for one in messages if one.language == language]
        print(f"{language}:\n")
        _table(
            {
                name: (own, [system(one) for one in own], microseconds(system, own))
                for name, system in systems.items()
            }
        )
    told = [systems["embedded"](one) for one in messages]
    _slices(messages, told)
    pictures.mkdir(parents=True, exist_ok=True)
    draw(
        [one.intent for one in messages],
        [one.intent for one in told],
        "dm_dev",
        pictures / "confusion-dev.png",
    )


def _table(measured: Mapping[str, tuple[Sequence[Message], Sequence[Told], float]]) -> None:
    _row(*_HEADINGS)
    _row(*["---"] * len(_HEADINGS))
    for name, (messages, told, cost) in measured.items():
        _row(name, len(messages), *_figures(messages, told), f"{cost:.0f}" if cost else "–")
    print()


def _figures(messages: Sequence[Message], told: Sequence[Told]) -> Iterable[str]:
    """The cells of one system; a dash where it says nothing."""
    if any(one.intent for one in told):
        meant, understood = [one.intent for one in messages], [one.intent for one in told]
        right = [one == other for one, other in zip(meant, understood, strict=True)]
        yield f"{accuracy(understood, meant):.3f}"
        yield f"{macro_f1(understood, meant):.3f}"
        yield f"{auroc([one.outside for one in told], [one == 'out_of_scope' for one in meant]):.3f}"
        yield f"{calibration_error([one.confidence for one in told], right):.3f}"
    else:
        yield from ("–",) * 4
    moods = [one.mood for one in messages]
    yield f"{accuracy([one.mood for one in told], moods):.3f}"
    yield f"{macro_f1([one.mood for one in told], moods):.3f}"
    yield f"{recall_at([-one.polarity for one in told], [one == 'negative' for one in moods], 0.9):.3f}"
    precision, recall = precision_recall([one.handoff for one in told], [one.handoff for one in messages])
    yield f"{precision:.3f}"
    yield f"{recall:.3f}"


def _slices(messages: Sequence[Message], told: Sequence[Told]) -> None:
    print("By phenomenon (embedded, both languages):\n")
    _row("phenomenon", "n", "intent", "mood", "handoff")
    _row(*["---"] * 5)
    for name in sorted({one for message in messages for one in message.phenomena}):
        both = [(one, said) for one, said in zip(messages, told, strict=True) if name in one.phenomena]
        _row(
            name,
            len(both),
            f"{sum(one.intent == said.intent for one, said in both) / len(both):.2f}",
            f"{sum(one.mood == said.mood for one, said in both) / len(both):.2f}",
            f"{sum(one.handoff == said.handoff for one, said in both) / len(both):.2f}",
        )
    print()


def _entities(engine: Embedded, examples: Sequence[Example]) -> None:
    print(
        "## Entities, on the marks of the training messages (the patterns were written with them in sight)\n"
    )
    _row("kind", *(f"{language} {figure}" for language in LANGUAGES for figure in ("P", "R", "F1", "n")))
    _row(*["---"] * 9)
    found = {
        language: score(
            [one for one in examples if one.language == language],
            lambda example: engine(example.text, language=example.language, expecting=None).entities,
        )
        for language in LANGUAGES
    }
    for kind in found["de"]:
        cells = [
            f"{cell:.2f}" if place < 3 else str(cell)
            for one in LANGUAGES
            for place, cell in enumerate(found[one][kind])
        ]
        _row(kind, *cells)
    print()


def _cross_validated(examples: Sequence[Example], pictures: Path) -> None:
    """Each message is told by a model that has not seen it."""
    told: dict[int, Told] = {}
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=1)
    for learnt, asked in folds.split(examples, [f"{one.language} {one.intent}" for one in examples]):
        system = embedded_system(Embedded(learn([examples[at] for at in learnt], "fold")))
        told |= {int(at): system(_message(examples[at])) for at in asked}
    print(f"## Cross-validation on the training messages, {_FOLDS} folds (embedded)\n")
    measured = {}
    for language in LANGUAGES:
        places = [at for at, one in enumerate(examples) if one.language == language]
        measured[language] = ([_message(examples[at]) for at in places], [told[at] for at in places], 0.0)
    _table(measured)
    messages = [_message(one) for one in examples]
    _slices(messages, [told[at] for at in range(len(examples))])
    draw(
        [one.intent for one in messages],
        [told[at].intent for at in range(len(examples))],
        f"cross-validation, {_FOLDS} folds",
        pictures / "confusion-training.png",
    )


def _public(engine: Embedded, path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    messages = [Message(row["text"], row["lang"], "", row["label"], handoff=False) for row in rows]
    print(f"## Mood of public rows ({path.name})\n")
    systems: dict[str, System] = {
        "embedded": embedded_system(engine),
        "TextBlob": plain_textblob,
        "VADER": vader(),
    }
    _row("system", "language", "n", "mood acc", "mood F1")
    _row(*["---"] * 5)
    for name, system in systems.items():
        for language in LANGUAGES:
            own = [one for one in messages if one.language == language]
            moods = [system(one).mood for one in own]
            true = [one.mood for one in own]
            _row(name, language, len(own), f"{accuracy(moods, true):.3f}", f"{macro_f1(moods, true):.3f}")
    print()


def _message(example: Example) -> Message:
    return Message(
        example.text, example.language, example.intent, example.mood, example.handoff, example.phenomena
    )


def _row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    main()
