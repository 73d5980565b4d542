"""What a buyer sees of the agent who has their chat open: that it is read, and that an answer is coming.

Best effort and beside the path: a platform that does not take it hides nothing and holds up nobody.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # the application holds the pauses
    from bot.app import App

TYPING_AGAIN: Final = timedelta(seconds=20)
"""Platforms show for 5 (Telegram) to 25 seconds (WhatsApp) that somebody types: it is not told more often."""

MOST_UNDER_WAY: Final = 200
"""So many calls beside the path are enough: further courtesies are left out."""

_REMEMBERED: Final = 5000


class Pauses:
    """Remembers what was done when, so that it is not done again too soon; the oldest is forgotten first."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        """Remember up to ``most`` things."""
        self._done: OrderedDict[Hashable, datetime] = OrderedDict()
        self._most = most

    def over(self, what: Hashable, now: datetime, pause: timedelta | None = None) -> bool:
        """Tell whether something may be done now, and take it as done if so. Without ``pause`` it is once."""
        done = self._done.get(what)
        if done is not None and (pause is None or timedelta(0) <= now - done < pause):
            return False
        self._done[what] = now
        self._done.move_to_end(what)
        if len(self._done) > self._most:
            self._done.popitem(last=False)
        return True


def attend(app: App, conversation_id: int, account_id: int, *, typing: bool) -> None:
    """Tell the buyer that an agent looks at their chat, or types there, if that agent has the floor."""
    if not app.config.settings.sending.show_typing or app.busy > MOST_UNDER_WAY:
        return
    app.soon(_attend(app, conversation_id, account_id, typing=typing))


async def _attend(app: App, conversation_id: int, account_id: int, *, typing: bool) -> None:
    now = app.clock()
    buyer = await app.store.moments.listened(conversation_id, account_id)
    channel = app.channels.get((buyer.channel, buyer.account)) if buyer is not None else None
    if buyer is None or channel is None or app.resting(buyer.channel, buyer.account, now):
        return
    window = channel.capabilities.window
    if window is not None and now - buyer.at >= window:  # whoever may not be written to is told nothing
        return
    types = typing and app.pauses.over(("typing", conversation_id), now, TYPING_AGAIN)
    reads = app.pauses.over(("read", conversation_id, buyer.message_id), now)
    if types or reads:
        await channel.seen(buyer.address, buyer.message_id, typing=types)
