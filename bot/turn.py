"""ROOM 2, the turn: what waited in a conversation goes in, one transaction's worth of rows comes out.

One function a stage: claim → prepare → hear → gather → answer → render → commit. Only two of them wait for
anything: preparing, where another program understands (`bot.engines`), and gathering (`bot.facts`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.app import App
from bot.effects import effects_of, fetch_human
from bot.facts import Known, Listened, gather, known_of
from dialogs.engine import answer, route, wants_journey
from dialogs.heard import Heard as Meaning
from dialogs.heard import Understand, hear, words_of
from dialogs.messages import BUYER_SPOKE, Edited, Event, Tap, Text, Unsent
from dialogs.records import Answer
from dialogs.render import render
from dialogs.state import STATE
from persistence.turns import Heard, Outcome, Spoken, Turn

_log = structlog.get_logger(__name__)

ECHO_PATIENCE: Final = timedelta(seconds=2)
"""An echo may overtake the answer that would tell it to be ours: it is judged once that answer is in."""

RETRY: Final = timedelta(seconds=1)
"""The first pause after a turn that failed; it doubles up to `LONGEST_RETRY`."""

LONGEST_RETRY: Final = timedelta(minutes=1)

MOST_COURTESIES: Final = 200
"""Calls that only show "read" and "typing" are left out when so many are still under way."""


class _Unheard(Exception):
    """Nobody has listened to a turn."""


async def take_turns(app: App) -> int:
    """Claim due conversations and take a turn with each; return how many were claimed."""
    turns = await app.store.turns.claim(app.clock(), app.config.settings.turns.at_once)
    if not turns:
        return 0
    prepared = await _prepared(app, turns)
    listened = [_listen_in(app, turn, one) for turn, one in zip(turns, prepared, strict=True)]
    known = await known_of(app, turns, listened, app.clock())
    ended = await asyncio.gather(
        *(
            take_turn(app, turn, known[turn.conversation_id], one)
            for turn, one in zip(turns, listened, strict=True)
        ),
        return_exceptions=True,  # none is left running behind the back of the one that failed
    )
    await app.signals.wake("outbox", "desk")
    for error in ended:
        if error is not None:
            raise error
    return len(turns)


async def take_turn(app: App, turn: Turn, known: Known, listened: Listened | Exception) -> None:
    """Take one turn; whatever goes wrong with it, or went wrong when it was heard, stays with it.

    A turn that others have overtaken is made again, with fresh facts.
    """
    try:
        if turn.attempts > app.config.settings.turns.tries:
            await _set_aside(app, turn)
            return
        if turn.sending and _strange_echo(turn):
            await app.store.turns.put_back(turn, app.clock() + ECHO_PATIENCE, counts=False)
            app.wake_later("turns", ECHO_PATIENCE)
            return
        _show_courtesy(app, turn)
        outcome = await make_outcome(app, turn, known, listened)
        committed = await app.store.turns.commit(outcome)
        app.metrics.turns.labels("committed" if committed else "discarded").inc()
        if not committed:
            _log.info("turn_discarded", conversation=turn.conversation_id, version=turn.version)
            await app.store.turns.put_back(turn, app.clock(), counts=True)
    except Exception as error:  # noqa: BLE001 - a turn that fails is tried again, and then set aside
        app.metrics.turns.labels("failed").inc()
        app.metrics.errors.labels("turn").inc()
        _log.exception(
            "turn_failed",
            conversation=turn.conversation_id,
            attempt=turn.attempts,
            error=type(error).__name__,
        )
        pause = min(RETRY * 2 ** min(turn.attempts - 1, 10), LONGEST_RETRY)
        await app.store.turns.put_back(turn, app.clock() + pause, counts=True)
        app.wake_later("turns", pause)


async def make_outcome(app: App, turn: Turn, known: Known, listened: Listened | Exception) -> Outcome:
    """Work out what a turn changes; nothing is written."""
    if isinstance(listened, Exception):
        raise listened
    now = app.clock()
    state, heard = listened.state, listened.heard
    facts = await gather(app, turn, heard, known, now)
    said = answer(app.book, route(app.book, state, heard), state, heard, facts, now)
    effects = effects_of(turn, said, facts.journey)
    # Most turns are between the buyer and the bot: nothing follows from the desk's hours.
    desk = turn.status != "bot" or effects.handoff is not None or "phone" in effects.acts
    return Outcome(
        turn=turn,
        now=now,
        state=STATE.dump_json(said.state).decode(),
        spoken=speak(app, turn, said),
        effects=effects,
        flow=said.state.flow or None,
        step=said.state.step or None,
        heard=_about(heard),
        language=said.state.language,
        times=app.config.settings.times_at(now) if desk else None,
    )


def listen(app: App, turn: Turn, understand: Understand | None = None) -> Listened:
    """Hear what waited for a turn, by the engine's own function or the one prepared for it. No I/O."""
    state = STATE.validate_json(turn.state)
    heard = hear(as_read_now(turn.events), state, understand or app.engine.understand)
    return Listened(state, heard, wants_journey(app.book, state, heard))


def speak(app: App, turn: Turn, said: Answer) -> tuple[Spoken, ...]:
    """Render every draft for the turn's channel."""
    channel = app.channels.get((turn.channel, turn.account))
    if channel is None:
        return ()
    return tuple(
        Spoken(
            outgoing,
            speaker="notice" if draft.notice else "bot",
            proactive=draft.proactive,
            expires_at=draft.expires_at,
            flow=draft.flow,
            step=draft.step,
            variant=draft.variant,
            touchpoint=draft.touchpoint,
        )
        for draft in said.drafts
        for outgoing in render(draft, channel.capabilities)
    )


def as_read_now(events: Sequence[Heard]) -> list[tuple[Event, datetime]]:
    """Return the events as the person's screen shows them now, without what was taken back or corrected."""
    gone = {heard.event.message_id for heard in events if isinstance(heard.event, Unsent)}
    edits = {heard.event.message_id: heard.event.text for heard in events if isinstance(heard.event, Edited)}
    read: list[tuple[Event, datetime]] = []
    for heard in events:
        event = heard.event
        if heard.external_id in gone:
            continue
        if isinstance(event, Text) and heard.external_id in edits:
            event = replace(event, text=edits[heard.external_id])
        read.append((event, heard.at))
    return read


async def _prepared(app: App, turns: Sequence[Turn]) -> Sequence[Understand]:
    """What understands each turn; only an engine that asks elsewhere takes time, for all of them at once."""
    if not app.engine.waits:
        return [app.engine.understand] * len(turns)
    return await asyncio.gather(*(app.engine.prepare(words_of(as_read_now(turn.events))) for turn in turns))


def _listen_in(app: App, turn: Turn, understand: Understand) -> Listened | Exception:
    """Hear a turn before its facts are gathered; what goes wrong is raised where the turn is taken."""
    if turn.attempts > app.config.settings.turns.tries:
        return _Unheard("it is set aside, unheard")
    try:
        return listen(app, turn, understand)
    except Exception as error:  # noqa: BLE001 - as above; the others of the batch do not suffer for it
        return error


async def _set_aside(app: App, turn: Turn) -> None:
    """Give up on a turn: its events are kept, a human gets the conversation, the owner is told."""
    app.metrics.turns.labels("set_aside").inc()
    _log.error("turn_set_aside", conversation=turn.conversation_id, attempts=turn.attempts)
    await app.store.turns.set_aside(turn, fetch_human(turn), app.clock())


def _strange_echo(turn: Turn) -> bool:
    return any(heard.event.kind == "echo" and not heard.ours for heard in turn.events)


def _show_courtesy(app: App, turn: Turn) -> None:
    """Mark as read and show typing, best effort and beside the path: it must never delay the answer."""
    if not app.config.settings.sending.show_typing or turn.floor != "bot" or app.busy > MOST_COURTESIES:
        return
    channel = app.channels.get((turn.channel, turn.account))
    spoken = [heard for heard in turn.events if heard.event.kind in BUYER_SPOKE]
    if channel is None or not spoken:
        return
    for heard in spoken:
        if isinstance(heard.event, Tap) and heard.event.callback_id is not None:
            app.soon(channel.answer_tap(heard.event.callback_id))
    app.soon(channel.seen(turn.address, spoken[-1].external_id))


def _about(heard: Meaning) -> dict[str, object]:
    """Return what may be kept about a turn: never the words."""
    meaning = heard.understanding
    if meaning is None:
        return {"taps": len(heard.taps)} if heard.taps else {}
    return {
        "language": meaning.language,
        "intent": meaning.intent,
        "confidence": round(meaning.confidence, 3),
        "mood": meaning.mood.label,
        "polarity": round(meaning.mood.polarity, 2),
    }
