"""Hypothesis plays the whole house against both stores and a simple model of what must be true.

Two workers with databases of their own accept, claim, commit, crash, send and restart in any order, on a
clock that only the test moves. After every step the store must hold what the model holds; at the end
everything is worked off, and then every accepted message has had exactly one turn and every answer has left
the line once, in order.
"""

import asyncio
import itertools
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.persistence.conftest import empty
from tests.persistence.house import House
from tests.persistence.house_desk import DeskHouse

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""To shrink a failure takes minutes; the soak has them."""


def play(
    fresh: Callable[[], str],
    examples: int,
    steps: int,
    phases: Sequence[Phase] = QUICK,
    machine: type[House] = House,
) -> None:
    """Let the machine run on databases that ``fresh`` makes."""
    house = type("House", (machine,), {"fresh": staticmethod(fresh)})
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(house, settings=how)


@pytest.fixture
def fresh_sqlite(sqlite_template: Path, tmp_path: Path) -> Callable[[], str]:
    """Makes a new file for every example."""
    numbers = itertools.count()
    return lambda: f"sqlite:///{shutil.copy(sqlite_template, tmp_path / f'{next(numbers)}.db')}"


@pytest.fixture
def fresh_postgres(migrated_postgres: str) -> Callable[[], str]:
    """Empties the database for every example."""

    def make() -> str:
        asyncio.run(empty(migrated_postgres))
        return migrated_postgres

    return make


@pytest.mark.timeout(180)
def test_the_house_on_sqlite(fresh_sqlite: Callable[[], str]) -> None:
    play(fresh_sqlite, 30, 30)


@pytest.mark.timeout(180)
def test_the_house_on_postgresql(fresh_postgres: Callable[[], str]) -> None:
    play(fresh_postgres, 15, 30)


@pytest.mark.timeout(180)
def test_the_house_with_its_desk_on_sqlite(fresh_sqlite: Callable[[], str]) -> None:
    play(fresh_sqlite, 30, 40, machine=DeskHouse)


@pytest.mark.timeout(180)
def test_the_house_with_its_desk_on_postgresql(fresh_postgres: Callable[[], str]) -> None:
    play(fresh_postgres, 15, 40, machine=DeskHouse)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_house_for_a_long_time_on_sqlite(fresh_sqlite: Callable[[], str]) -> None:
    play(fresh_sqlite, 600, 80, tuple(Phase), DeskHouse)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_house_for_a_long_time_on_postgresql(fresh_postgres: Callable[[], str]) -> None:
    play(fresh_postgres, 300, 80, tuple(Phase), DeskHouse)
