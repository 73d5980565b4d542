"""Who works at the desk, in which teams, and which labels they use: what every page of it names.

All of it is small and asked for at every look, so it is read in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from persistence.accounts import Account, every_account
from persistence.labels import Label, every_label
from persistence.teams import Team, every_team


@dataclass(frozen=True, slots=True)
class DeskPeople:
    """Accounts by name, disabled ones last; teams and labels by name."""

    accounts: tuple[Account, ...]
    teams: tuple[Team, ...]
    labels: tuple[Label, ...]


def desk_people(connection: Connection) -> DeskPeople:
    """Read all of it; in the caller's transaction."""
    return DeskPeople(tuple(every_account(connection)), every_team(connection), every_label(connection))
