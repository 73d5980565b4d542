"""``python -m bot.training OUT FOLDER…``: the process that learns; corrections come on its input.

The server starts it (`bot.understanding`), so that the libraries it needs never weigh on the server.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from nlu.corpus import BadTraining, Example, load, training_files
from nlu.together import together
from nlu.understanding import Intent, MoodLabel

if TYPE_CHECKING:
    from nlu.table import Reading, Table

_THERE: Final = 0.65
"""The share of the examples that another process reads while this one loads libraries and reads the rest.

Both are done at once then; and as German stands before English, each process meets the words of one language.
"""


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


def _read(examples: Sequence[Example]) -> Table:
    """Read all examples; while a second process reads most, this one loads the libraries that learn.

    They take more than a second to load: nothing before the two part may ask for them.
    """
    share = round(_THERE * len(examples))

    def here() -> Reading:
        from nlu import learning, table  # noqa: PLC0415 - a second of loading while the other reads

        del learning
        return table.read(examples[share:])

    def there() -> Reading:
        from nlu import table  # noqa: PLC0415 - only after the two part

        return table.read(examples[:share])

    last, first = together(here, there, apart=True)
    from nlu.table import table  # noqa: PLC0415 - loaded by now

    return table([first, last])


def main(out: Path, folders: Iterable[Path], corrections: Iterable[bytes]) -> int:
    """Train and write; 1 with every fault on standard error if the files cannot be learnt from."""
    try:
        examples = load(training_files(*folders)) + corrected(corrections)
        found = _read(examples)
        from nlu.learning import learn  # noqa: PLC0415 - loaded by now, see above

        learn(examples, out.stem, found, apart=True).save(out)
    except (BadTraining, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    gc.disable()  # a short life with millions of small things, and no circles among them: it saves a fifth
    sys.exit(main(Path(sys.argv[1]), map(Path, sys.argv[2:]), sys.stdin.buffer))
