"""TextBlob's English lexicon (Pattern's, PDDL), read from the installed package without importing it.

Importing TextBlob costs more than a second and a hundred megabytes for what one file tells.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

_ENTRY: Final = re.compile(
    r'<word form="([^"]+)"[^>]*? polarity="(-?[\d.]+)" subjectivity="([\d.]+)" intensity="([\d.]+)"'
)


class Tone(NamedTuple):
    """What a word says by itself: good or bad (1 to -1), opinion or fact (1 to 0), its push to the next."""

    polarity: float
    subjectivity: float
    intensity: float


@lru_cache(maxsize=1)
def tones() -> dict[str, Tone]:
    """Every word, averaged over its senses as TextBlob does; empty if TextBlob is not there."""
    spec = find_spec("textblob")
    if spec is None or not spec.submodule_search_locations:
        return {}
    path = Path(spec.submodule_search_locations[0]) / "en" / "en-sentiment.xml"
    if not path.is_file():
        return {}
    senses: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for form, *told in _ENTRY.findall(path.read_text(encoding="utf-8")):
        senses[form.casefold().replace("'", "")].append(tuple(map(float, told)))
    return {
        form: Tone(*(sum(column) / len(several) for column in zip(*several, strict=True)))
        for form, several in senses.items()
    }
