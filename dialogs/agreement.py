"""Consent: what a buyer allows and forbids, in their own words or by a tap, with the proof that it was so.

Sources: GDPR Art. 7 (1) and (3): a consent must be provable, and withdrawing it as easy as giving it; § 7 UWG
and BGH VI ZR 225/17: questions for a rating are advertising and need consent; double opt-in for offers is the
courts' way to prove it.
"""

from __future__ import annotations

from typing import Final

from dialogs.flow import Consent, Flow, Target
from dialogs.messages import Preference
from dialogs.planning import enrol_known_orders, unplan
from dialogs.records import How, OptedIn, OptedOut
from dialogs.state import changed
from dialogs.turn import HALT, Turn
from nlu.text import key

_MARKETING: Final = ("feedback", "offers")
"""What the platforms' own switch for marketing messages is about, and what advertising is by law."""


def ask_consent(turn: Turn, flow: Flow, step: Consent) -> bool:
    """Ask for a purpose; False if the buyer has decided already, or wants nothing at all."""
    if not step.again and (step.purpose in turn.state.consents or turn.state.opted_out):
        return False
    turn.ask(flow, step)
    return True


def decide(turn: Turn, flow: Flow, step: Consent, choice: str, words: str) -> Target | None:
    """Take a tap on a consent's question: yes, a double opt-in's second yes, or no.

    ``words`` are the buyer's own, where they wrote instead of tapping. Returns where to go on, or `HALT`.
    """
    shown = _shown(turn, step)
    title = words or next((option.title for option in turn.state.options if option.id == choice), choice)
    how: How = "word" if words else "tap"
    if choice != "yes":
        turn.took(flow, step, "refused")
        _forbid(turn, step.purpose, title, how, shown=shown, version=flow.version)
        return step.refused
    if step.confirm is not None and not turn.state.stage:
        turn.records.append(OptedIn(step.purpose, title, how, shown, flow.version, "asked"))
        turn.ask(flow, step, stage="confirm")
        return HALT
    turn.took(flow, step, "given")
    _allow(turn, step.purpose, title, how, shown=shown, version=flow.version)
    return step.given


def grant(turn: Turn, flow: Flow, step: Consent) -> None:
    """The buyer's own words allow it; the step says so."""
    _allow(turn, step.purpose, _words(turn), "word", version=flow.version)
    turn.say(flow, step, step.lines)


def withdraw(turn: Turn, flow: Flow, step: Consent) -> None:
    """The buyer wants no more of it: at once, and confirmed once.

    Who says it twice wants no answer at all.
    """
    known = (
        turn.state.opted_out if step.purpose == "service" else not turn.state.consents.get(step.purpose, True)
    )
    _forbid(turn, step.purpose, _words(turn), "word", version=flow.version)
    if not known:
        turn.close()
        turn.say(flow, step, step.lines)


def switched(turn: Turn, preference: Preference) -> None:
    """The platform's own switch was moved.

    Source: WhatsApp ``user_preferences``, category marketing_messages.
    """
    if preference.allowed:
        # Its return lifts a block; what was never agreed to here is not agreed to by it.
        for purpose in _MARKETING:
            if turn.state.consents.get(purpose) is False:
                _allow(turn, purpose, preference.topic, "platform")
    else:
        for purpose in _MARKETING:
            _forbid(turn, purpose, preference.topic, "platform")


def scope_of(text: str) -> str:
    """What somebody who wants to hear less does not want: ``all``, ``ads``, ``offers`` or ``feedback``.

    Whoever names only advertising still wants to know where the parcel is.
    """
    said = f" {key(text)} "
    if any(word in said for word in _EVERYTHING):
        return "all"
    asks = any(word in said for word in _ASKING)
    if any(word in said for word in _ADVERTS):
        return "ads"
    if any(word in said for word in _OFFERS):
        return "ads" if asks else "offers"
    return "feedback" if asks else "all"


_EVERYTHING: Final = (
    " stop ", " stopp ", " gar nichts ", " ueberhaupt nichts ", " nichts mehr ", " nie wieder ",
    " nicht mehr schreiben ", " in ruhe ", " abmelden ", " unsubscribe ", " leave me alone ",
    " keine nachricht", " no messages ", " no more messages ", " keinerlei ", " anything ",
)  # fmt: skip
_ADVERTS: Final = (
    " werbung",
    " werbe",
    " newsletter",
    " reklame ",
    " spam",
    " ads ",
    " advert",
    " marketing",
    " promo",
)
_OFFERS: Final = (" angebot", " rabatt", " gutschein", " offer", " discount", " voucher", " deals ")
_ASKING: Final = (" bewert", " umfrage", " feedback", " rezension", " rating", " review", " survey")


def _allow(turn: Turn, purpose: str, wording: str, how: How, *, shown: str = "", version: str = "") -> None:
    turn.records.append(OptedIn("all" if purpose == "service" else purpose, wording, how, shown, version))
    back = turn.state.opted_out
    turn.state = changed(turn.state, consents={**turn.state.consents, purpose: True}, opted_out=False)
    if back or purpose != "service":
        enrol_known_orders(turn)


def _forbid(turn: Turn, purpose: str, wording: str, how: How, *, shown: str = "", version: str = "") -> None:
    everything = purpose == "service"
    turn.records.append(OptedOut("all" if everything else purpose, wording, how, shown, version))
    gone = {"service": False, **dict.fromkeys(_MARKETING, False)} if everything else {purpose: False}
    turn.state = changed(
        turn.state, consents={**turn.state.consents, **gone}, opted_out=turn.state.opted_out or everything
    )
    unplan(turn, {"service", *_MARKETING} if everything else {purpose}, "opt_out")


def _shown(turn: Turn, step: Consent) -> str:
    """The very words that the buyer has agreed to."""
    if turn.state.stage and step.confirm is not None:
        return turn.words(step.confirm)
    flow = turn.open[0] if turn.open is not None else None
    return turn.line(flow, step, step.lines)[1] if flow is not None else ""


def _words(turn: Turn) -> str:
    return turn.evidence[0] if turn.evidence else ""
