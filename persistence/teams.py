"""Groups of agents with queues of their own, and the kinds of cases that go there by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, delete, select, update

from persistence.database import Database
from persistence.tables import Conversation, table
from persistence.tables_desk import TeamMemberRow, TeamRow

_teams = table(TeamRow)
_members = table(TeamMemberRow)
_conversations = table(Conversation)


@dataclass(frozen=True, slots=True)
class Team:
    """A team: the accounts in it, and the reasons whose cases go to it by themselves."""

    id: int
    name: str
    reasons: tuple[str, ...] = ()
    members: tuple[int, ...] = ()


class Teams:
    """The teams."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def all(self) -> tuple[Team, ...]:
        """Return every team, by name."""
        return await self._database.read(every_team)

    async def save(
        self, name: str, reasons: Sequence[str], members: Sequence[int], *, team_id: int | None = None
    ) -> int | None:
        """Make a team, or change the one with that id; return its id.

        None: another team has this name, or there is no team with that id. A reason belongs to one team: the
        others lose it.
        """
        return await self._database.write(_save, name.strip(), reasons, members, team_id)

    async def delete(self, team_id: int) -> None:
        """Delete a team; its conversations belong to everybody again."""
        await self._database.write(_delete, team_id)


def team_of(connection: Connection, reason: str) -> int | None:
    """Return the team to which a case of this reason goes by itself; None: to everybody."""
    for row in connection.execute(select(_teams.c.id, _teams.c.reasons).order_by(_teams.c.id)):
        if reason in orjson.loads(row.reasons):
            return int(row.id)
    return None


def every_team(connection: Connection) -> tuple[Team, ...]:
    """Return every team, by name; in the caller's transaction."""
    members: dict[int, list[int]] = {}
    for row in connection.execute(select(_members).order_by(_members.c.account_id)):
        members.setdefault(row.team_id, []).append(row.account_id)
    return tuple(
        Team(row.id, row.name, tuple(orjson.loads(row.reasons)), tuple(members.get(row.id, ())))
        for row in connection.execute(select(_teams).order_by(_teams.c.name, _teams.c.id))
    )


def _save(
    connection: Connection, name: str, reasons: Sequence[str], members: Sequence[int], team_id: int | None
) -> int | None:
    teams = connection.execute(select(_teams).order_by(_teams.c.id).with_for_update()).all()
    if any(row.name == name and row.id != team_id for row in teams):
        return None
    if team_id is not None and all(row.id != team_id for row in teams):
        return None
    for row in teams:
        theirs = orjson.loads(row.reasons)
        left = [one for one in theirs if one not in reasons]
        if row.id != team_id and left != theirs:
            connection.execute(
                update(_teams).where(_teams.c.id == row.id).values(reasons=orjson.dumps(left).decode())
            )
    values = {"name": name, "reasons": orjson.dumps(list(dict.fromkeys(reasons))).decode()}
    if team_id is None:
        team_id = int(
            connection.execute(_teams.insert().values(**values).returning(_teams.c.id)).scalar_one()
        )
    else:
        connection.execute(update(_teams).where(_teams.c.id == team_id).values(**values))
        connection.execute(delete(_members).where(_members.c.team_id == team_id))
    if members:
        connection.execute(
            _members.insert(), [{"team_id": team_id, "account_id": one} for one in dict.fromkeys(members)]
        )
    return team_id


def _delete(connection: Connection, team_id: int) -> None:
    connection.execute(update(_conversations).where(_conversations.c.team_id == team_id).values(team_id=None))
    connection.execute(delete(_members).where(_members.c.team_id == team_id))
    connection.execute(delete(_teams).where(_teams.c.id == team_id))
