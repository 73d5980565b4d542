"""What happens without the buyer: an order moves on, a reminder comes due.

Each is checked against how things are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dialogs.messages import Due, OrderEvent
from dialogs.steps import start
from dialogs.timing import next_ten
from dialogs.turn import KINDS, Turn

# Both due at once means that the tip comes late: the question that was promised for today goes first.
_URGENCY: Final = {"setup": 0, "rating": 1, "care": 2}


def order_moved(turn: Turn, event: OrderEvent) -> None:
    """Take note of an order's milestone, and say what is worth saying."""
    order = turn.orders.get(event.order_id)
    match event.what:
        case "cancelled" | "refunded":
            turn.withdraw(event.order_id, *KINDS)
            if turn.state.order_id == event.order_id and turn.state.flow in {
                "setup",
                "setup_later",
                "rating",
            }:
                turn.close()
        case "delivered" if order is not None:
            turn.schedule(order)
        case "shipped" if order is not None:
            gone = order.status in {"delivered", "cancelled", "refunded"}
            if gone or turn.state.opted_out or turn.handed_off or turn.marked("shipped", order.id):
                return
            turn.mark("shipped", order.id)
            _of_our_own_accord(turn, order.id, "order:shipped")
        case _:
            pass


def come_due(turn: Turn, dues: Sequence[Due], *, busy: bool) -> None:
    """Say what is due, one thing at a time. While the buyer is talking (``busy``) it waits until tomorrow."""
    for due in sorted(dues, key=lambda due: _URGENCY.get(due.name.partition(":")[0], 9)):
        kind, _, named = due.name.partition(":")
        order_id = due.data.get("order_id") or named
        if not _still_wanted(turn, kind, order_id):
            continue
        if busy:
            turn.remind(kind, order_id, next_ten(turn.now, turn.facts.timezone))
            continue
        busy = True
        turn.focus(order_id)
        if kind == "care":
            turn.mark(kind, order_id)
        _of_our_own_accord(turn, order_id, f"due:{kind}")


def _still_wanted(turn: Turn, kind: str, order_id: str) -> bool:
    """Whether a reminder is still right: the order stands, it is not done yet, nobody objects."""
    order = turn.orders.get(order_id)
    if order is None or order.status in {"cancelled", "refunded"} or turn.state.opted_out or turn.handed_off:
        return False
    if f"{kind}:{order_id}" in turn.cancelled:
        return False
    match kind:
        case "setup":
            return not turn.marked("setup", order_id)
        case "care":
            return not turn.marked("care", order_id)
        case "rating":
            return order_id not in turn.state.ratings
        case _:
            return False


def _of_our_own_accord(turn: Turn, order_id: str, trigger: str) -> None:
    """Play a flow about one order unasked. Where it asks nothing, the talk goes on about its own order."""
    before, asked = turn.state.order_id, turn.state.asked
    turn.focus(order_id)
    turn.proactive = True
    start(turn, trigger)
    turn.proactive = False
    if turn.state.asked == asked and before is not None:
        turn.focus(before)
