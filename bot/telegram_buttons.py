"""The buttons in a topic: take, draft, solved with its cause, hand back, and what stands below answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from bot import handoff
from bot.telegram_posting import Desk
from bot.telegram_saying import CARRIED, answer, buyer, held_under, say
from bot.telegram_suggestions import causes_of, drafts_of
from dialogs.group import Place, Pressed
from integrations.base import IntegrationError
from persistence.accounts import Account
from persistence.telegram_desk import Topic

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Press:
    """A button that somebody who may do so has pressed; ``rest`` is what its payload says after the case."""

    desk: Desk
    topic: Topic
    account: Account
    place: Place
    callback_id: str
    rest: str

    @property
    def key(self) -> str:
        """What makes it the same press when it comes twice."""
        return f"press:{self.callback_id}"


async def press(desk: Desk, pressed: Pressed) -> None:
    """Do what a button says, and tell whoever pressed it, above their keyboard, what came of it."""
    told = await _done(desk, pressed)
    try:
        await desk.groups.answer(pressed.callback_id, told)
    except IntegrationError:  # the press is too old: what it did is done
        _log.info("press_not_answered", chat=pressed.place.chat)


async def _done(desk: Desk, pressed: Pressed) -> str:
    words, place = desk.looks.words, pressed.place
    verb, _, rest = pressed.payload.partition(":")
    case, _, rest = rest.partition(":")
    do = _VERBS.get(verb)
    topic = None if place.topic is None else await desk.app.store.telegram.topic_at(place.chat, place.topic)
    if do is None or topic is None or case != str(topic.conversation_id):
        return words("answer.unknown")
    account = await desk.app.store.telegram.account_behind(place.author)
    if account is None:
        return words("answer.link_first")
    if account.role == "viewer":
        return words("answer.may_not")
    return await do(Press(desk, topic, account, place, pressed.callback_id, rest))


def _denied(press: Press, denied: handoff.Denied) -> str:
    words = press.desk.looks.words
    if denied.why == "taken":
        return words("answer.taken", name=press.desk.looks.name(denied.holder))
    return words("answer.closed" if denied.why == "closed" else "answer.not_here")


async def _take(press: Press) -> str:
    return await _claim(press, over=False)


async def _take_over(press: Press) -> str:
    """Take the case from whoever the button names: had it gone on to a third, nobody meant that."""
    rows = await press.desk.app.store.queue.rows((press.topic.conversation_id,), press.desk.app.clock())
    holder = rows[0].assignee if rows else None
    if holder is not None and str(holder) not in {press.rest, str(press.account.id)}:
        return press.desk.looks.words("answer.taken", name=press.desk.looks.name(holder))
    return await _claim(press, over=True)


async def _claim(press: Press, *, over: bool) -> str:
    words = press.desk.looks.words
    done = await handoff.claim(
        press.desk.app,
        press.topic.conversation_id,
        press.account.id,
        over=over,
        key=press.key,
        via="telegram",
    )
    await _touch(press)
    if isinstance(done, handoff.Denied):
        if done.why == "taken":
            return words("answer.taken_first", name=press.desk.looks.name(done.holder))
        return _denied(press, done)
    return words("answer.yours")


async def _draft(press: Press) -> str:
    """Post a suggested answer, with a button that sends it."""
    words, case = press.desk.looks.words, press.topic.conversation_id
    drafts = await drafts_of(press.desk.app, case, press.account)
    if not drafts:
        return words("answer.no_draft")
    at = int(press.rest) % len(drafts) if press.rest.isdecimal() else 0
    head = words("say.draft", number=at + 1, count=len(drafts))
    buttons = [(words("button.send"), f"send:{case}:@")]
    if len(drafts) > 1:
        buttons.append((words("button.another"), f"draft:{case}:{at + 1}"))
    await answer(
        press.desk,
        press.topic,
        press.place,
        f"{head}{CARRIED}{drafts[at]}",
        key=f"draft:{press.callback_id}",
        buttons=(tuple(buttons),),
    )
    return words("answer.drafting")


async def _send(press: Press) -> str:
    """Send the draft below which the button stands."""
    words = press.desk.looks.words
    post = await press.desk.app.store.telegram.find_post(int(press.rest)) if press.rest.isdecimal() else None
    if post is None or post.topic_id != press.topic.id:
        return words("answer.unknown")
    text = post.text.partition(CARRIED)[2]
    sent = await say(press.desk, press.topic, press.account, press.place, text)
    return words("answer.sent") if sent else words("answer.not_here")


async def _anyway(press: Press) -> str:
    """Send what was kept back because another agent has the case."""
    words = press.desk.looks.words
    if not press.rest.isdecimal():
        return words("answer.unknown")
    first = replace(press.place, message=int(press.rest))
    kept = await press.desk.app.store.telegram.post_under(held_under(first))
    if kept is None or kept.topic_id != press.topic.id:
        return words("answer.unknown")
    text = kept.text.partition(CARRIED)[2]
    sent = await say(press.desk, press.topic, press.account, first, text, over=True)
    await _touch(press)
    return words("answer.sent") if sent else words("answer.not_here")


async def _solved(press: Press) -> str:
    """Ask for the cause, on the card."""
    app, case = press.desk.app, press.topic.conversation_id
    if not await causes_of(app, case, press.desk.looks.words.language):
        return await _resolve(press, "")
    await app.store.telegram.touch(case, app.clock(), menu="causes")
    return press.desk.looks.words("answer.choose")


async def _menu(press: Press) -> str:
    await press.desk.app.store.telegram.touch(press.topic.conversation_id, press.desk.app.clock(), menu="")
    return ""


async def _cause(press: Press) -> str:
    return await _resolve(press, press.rest)


async def _resolve(press: Press, cause: str) -> str:
    app, case = press.desk.app, press.topic.conversation_id
    done = await handoff.resolve(app, case, press.account.id, cause=cause, key=press.key, via="telegram")
    await app.store.telegram.touch(case, app.clock(), menu="")
    if isinstance(done, handoff.Denied):
        return _denied(press, done)
    return press.desk.looks.words("answer.solved", buyer=await buyer(press.desk, press.topic))


async def _back(press: Press) -> str:
    done = await handoff.hand_back(
        press.desk.app, press.topic.conversation_id, press.account.id, key=press.key, via="telegram"
    )
    await _touch(press)
    return _denied(press, done) if isinstance(done, handoff.Denied) else press.desk.looks.words("answer.back")


async def _again(press: Press) -> str:
    """Let a message that did not arrive go out once more."""
    words = press.desk.looks.words
    if not press.rest.isdecimal():
        return words("answer.unknown")
    app, case = press.desk.app, press.topic.conversation_id
    again = await handoff.retry(app, case, press.account.id, int(press.rest))
    return words("answer.again" if again else "answer.not_again")


async def _touch(press: Press) -> None:
    await press.desk.app.store.telegram.touch(press.topic.conversation_id, press.desk.app.clock())


_VERBS: Final[dict[str, Callable[[Press], Awaitable[str]]]] = {
    "take": _take,
    "over": _take_over,
    "draft": _draft,
    "send": _send,
    "anyway": _anyway,
    "solved": _solved,
    "menu": _menu,
    "cause": _cause,
    "back": _back,
    "again": _again,
}
