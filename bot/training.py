"""``python -m bot.training OUT FOLDER…``: the process that learns; corrections come on its input.

The server starts it (`bot.understanding`), so that the libraries it needs never weigh on the server.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from nlu.corpus import BadTraining, Example, load, training_files
from nlu.learning import learn
from nlu.understanding import Intent, MoodLabel


class Correction(BaseModel):
    """A message that an agent labelled: one line of JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    language: str
    intent: Intent
    mood: MoodLabel
    handoff: bool


def corrected(lines: Iterable[bytes]) -> tuple[Example, ...]:
    """Read corrections; ValueError with the line's number for one that is none."""
    examples = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            one = Correction.model_validate_json(line)
        except ValidationError as error:
            raise ValueError(f"correction {number}: {error.error_count()} fields are wrong") from error
        examples.append(Example(one.text, one.language, one.intent, one.mood, one.handoff, line=number))
    return tuple(examples)


def main(out: Path, folders: Iterable[Path], corrections: Iterable[bytes]) -> int:
    """Train and write; 1 with every fault on standard error if the files cannot be learnt from."""
    try:
        examples = load(training_files(*folders)) + corrected(corrections)
        learn(examples, out.stem, apart=True).save(out)
    except (BadTraining, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), map(Path, sys.argv[2:]), sys.stdin.buffer))
