"""That an agent lets the bot go on with a flow of their choice: one transaction, once for each key."""

from __future__ import annotations

from sqlalchemy import Connection

from dialogs.handoff import Returned, Times
from dialogs.messages import FlowAsked
from persistence.database import Database
from persistence.desk_actions import Deed, Denied, Done, advance, locked
from persistence.desk_events import News, hear, tell, told_before


class Starting:
    """Starts flows by hand."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def start(
        self, conversation_id: int, flow: str, actor: str, times: Times, *, key: str, via: str = "page"
    ) -> Done | Denied:
        """Give the floor to the bot, if a human has it, and let it begin ``flow`` with its next turn."""
        return await self._database.write(start, conversation_id, flow, actor, times, key, via)


def start(
    connection: Connection, conversation_id: int, flow: str, actor: str, times: Times, key: str, via: str
) -> Done | Denied:
    """See `Starting.start`; in the caller's transaction. The event of the start carries the key."""
    thread = locked(connection, conversation_id)
    if isinstance(thread, Denied):
        return thread
    if (earlier := told_before(connection, conversation_id, key)) is not None:
        return Done(thread, changed=False, event_id=earlier)
    done = advance(connection, conversation_id, thread, Deed(Returned(), actor, "", {"via": via}), times)
    if isinstance(done, Denied):
        return done
    news = News("flow_started", actor, "", {"flow": flow, "via": via}, key)
    event_id = tell(connection, conversation_id, news, times.now)
    hear(connection, conversation_id, FlowAsked(flow, actor), f"flow:{event_id}", times.now)
    return Done(done.thread, changed=True, event_id=event_id)
