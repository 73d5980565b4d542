"""How an agent's words get from a topic to the buyer, and what the topic answers."""

from __future__ import annotations

from typing import Final

from bot import handoff
from bot.media import MediaRef
from bot.telegram_cards import first_name
from bot.telegram_posting import Desk
from dialogs.group import Place
from persistence.accounts import Account
from persistence.telegram_desk import NewPost, Topic
from persistence.telegram_items import TELEGRAM

CARRIED: Final = "\n\n"
"""Between what the desk says in a message of its own and the words that a button below it would send."""


async def say(
    desk: Desk,
    topic: Topic,
    account: Account,
    place: Place,
    text: str,
    *,
    media: tuple[MediaRef, ...] = (),
    over: bool = False,
    again: int = 0,
) -> bool:
    """Say something to the buyer, and tell the agent where it does not go out at once; whether it does."""
    words = desk.looks.words
    said = await handoff.say(
        desk.app,
        topic.conversation_id,
        account.id,
        text=text,
        media=media,
        over=over,
        key=key_of(place, again),
        via="telegram",
    )
    if isinstance(said, handoff.Said):
        if said.goes == "when_buyer_writes":
            told = words("say.parked", buyer=await buyer(desk, topic))
            await answer(desk, topic, place, told, key=f"parked:{place.chat}:{place.message}:{again}")
        return True
    if said.why == "taken":
        told = words("say.taken", name=desk.looks.name(said.holder), buyer=await buyer(desk, topic))
        if text and not media:
            anyway = (((words("button.anyway"), f"anyway:{topic.conversation_id}:{place.message}"),),)
            await answer(desk, topic, place, f"{told}{CARRIED}{text}", key=held_under(place), buttons=anyway)
        else:
            await answer(desk, topic, place, told, key=held_under(place))
        return False
    told = words("say.closed" if said.why == "closed" else "say.not_here")
    await answer(desk, topic, place, told, key=f"denied:{place.chat}:{place.message}")
    return False


async def answer(
    desk: Desk,
    topic: Topic | None,
    place: Place,
    text: str,
    *,
    key: str,
    buttons: tuple[tuple[tuple[str, str], ...], ...] = (),
) -> None:
    """Answer a message of an agent's where it stands; the same ``key`` answers once."""
    post = NewPost(place.chat, text, None if topic is None else topic.id, buttons, place.message, key)
    await desk.app.store.telegram.say(post, desk.app.clock())


async def buyer(desk: Desk, topic: Topic) -> str:
    """Return what to call the buyer in a sentence."""
    rows = await desk.app.store.queue.rows((topic.conversation_id,), desk.app.clock())
    return first_name(rows[0].name if rows else None, desk.looks.words)


def key_of(place: Place, again: int = 0) -> str:
    """Return the key under which something is done that stands on Telegram: see `written`."""
    key = f"{TELEGRAM}{place.chat}:{place.message}"
    return f"{key}:{again}" if again else key


def held_under(place: Place) -> str:
    """Return the key of the answer that keeps what was not sent, because another agent has the case."""
    return f"taken:{place.chat}:{place.message}"
