"""What is wrong with a book that can be read: all of it at once, each with its place and how to mend it.

What a file alone shows is told by the loader (`dialogs.script`). Here is what only the whole book and the
shop show: where its ways lead, what its channels can hold, what it may say to whom, and which promises it
keeps.
"""

from __future__ import annotations

from collections.abc import Iterable

from dialogs.check_consent import check_consent
from dialogs.check_limits import check_limits
from dialogs.check_map import Map
from dialogs.check_paths import check_paths
from dialogs.check_promises import check_promises
from dialogs.check_rules import Miss, Play, check_examples, check_rules
from dialogs.check_scope import Demands, Places, Scope
from dialogs.check_templates import check_templates
from dialogs.check_texts import check_texts
from dialogs.check_windows import check_windows
from dialogs.flow import Book
from dialogs.problems import Problem
from dialogs.source import Source

__all__ = ["Demands", "Miss", "Play", "check"]


def check(
    book: Book, sources: Iterable[Source], demands: Demands, play: Play | None = None
) -> tuple[Problem, ...]:
    """Everything that is wrong with ``book``, file by file. Never raises, whatever an owner wrote.

    ``sources`` are its files; ``play`` plays the examples.
    """
    places = Places(sources)
    scope = Scope(book, demands, places, Map(book), places.whole(book))
    found = (
        *check_paths(scope),
        *check_texts(scope),
        *check_limits(scope),
        *check_templates(scope),
        *check_windows(scope),
        *check_consent(scope),
        *check_promises(scope),
        *check_rules(scope),
        *check_examples(scope, play),
    )
    return tuple(sorted(found, key=lambda one: (one.file, one.line, one.column, one.kind)))
