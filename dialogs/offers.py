"""Offers: what fits to what was bought and is not owned yet, with a code. Never while something is wrong."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import Final

from dialogs.brakes import brake_on
from dialogs.flow import Flow, Offer, Target
from dialogs.messages import Draft
from dialogs.records import Offered
from dialogs.scene import OfferView, complements_of
from dialogs.showing import dressed
from dialogs.state import changed
from dialogs.timing import after, local
from dialogs.turn import Turn

_CODE_LENGTH: Final = 6


def make_offer(turn: Turn, flow: Flow, step: Offer) -> Target | None:
    """Make the offer, or pass on where there is nothing to offer or the brake is on."""
    products = complements_of(turn.scene, step.most) if step.what == "bundle" else ()
    if brake_on(turn) or (step.what == "bundle" and not products):
        turn.took(flow, step, "nothing")
        return step.nothing
    turn.took(flow, step, "go")
    until = after(turn.now, step.valid)
    seed = f"{turn.facts.token or turn.facts.seed}|{flow.id}|{turn.state.order_id or ''}"
    code = step.code or personal_code(step.prefix, seed)
    turn.offer = OfferView(products, step.percent, code, local(until, turn.facts.timezone).date())
    turn.state = changed(turn.state, offered_at=turn.now)
    drafts = len(turn.drafts)
    turn.say(flow, step, step.lines, template=step.template)
    turn.drafts[drafts:] = [_shown(turn, step, draft) for draft in turn.drafts[drafts:]]
    order = turn.order
    turn.records.append(
        Offered(
            code, step.percent, tuple(product.sku for product, _ in products), until, flow.id,
            order.id if order is not None else "", personal=not step.code,
        )
    )  # fmt: skip
    return step.to


def personal_code(prefix: str, seed: str) -> str:
    """A code of the buyer's own: the same wish gets the same code, whoever asks twice."""
    digest = hashlib.blake2s(seed.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    # Base 32 without I, O, 0 and 1, so that nobody misreads it.
    letters = base64.b32encode(digest).decode().translate(str.maketrans("IO", "89"))[:_CODE_LENGTH]
    return f"{prefix}-{letters}" if prefix else letters


def _shown(turn: Turn, step: Offer, draft: Draft) -> Draft:
    return replace(dressed(draft, step, turn.scene, turn.book))
