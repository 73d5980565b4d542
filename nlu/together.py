"""Two things at once on two cores, for work that holds the interpreter: the second in a forked process."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar

First = TypeVar("First")
Second = TypeVar("Second")


def together(
    first: Callable[[], First], second: Callable[[], Second], *, apart: bool
) -> tuple[First, Second]:
    """Call both and return what they give; ``second`` in a process of its own if ``apart`` and possible.

    A forked process sees everything that is in memory without being sent it. What ``second`` returns must be
    picklable; what it raises is raised here.
    """
    if not apart or "fork" not in multiprocessing.get_all_start_methods():
        return first(), second()
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(second, there))
    process.start()
    there.close()
    done = first()
    try:
        good, result = here.recv()
    except EOFError:
        raise RuntimeError("the second process of the training was stopped") from None
    finally:
        process.join()
    if not good:
        raise result
    return done, result


def _call(work: Callable[[], object], line: Connection) -> None:
    try:
        line.send((True, work()))
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller is told
        line.send((False, error))
    finally:
        line.close()
