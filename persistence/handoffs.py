"""The way back from a human, for those who are not at the desk: at the command line, and in tests."""

from __future__ import annotations

from datetime import datetime

from dialogs.handoff import Resolved, Returned
from persistence.database import Database
from persistence.desk_actions import Deed, Done, act, usual


class Handoffs:
    """The cases that humans have taken over."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def hand_back(self, conversation_id: int, now: datetime, *, solved: bool, cause: str = "") -> bool:
        """Give the floor back to the bot, and tell the conversation so by an event of its next turn.

        With ``solved`` its open cases are closed, for this ``cause``; else they stay open, and go on braking.
        False if there was nothing to give back: then nothing happens.
        """
        deed = Deed(Resolved() if solved else Returned(), "console", "", {"cause": cause} if solved else {})
        done = await self._database.write(act, conversation_id, deed, usual(now))
        return isinstance(done, Done) and done.event_id is not None
