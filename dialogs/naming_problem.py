"""What went wrong, named back to the buyer: a clause behind „Es tut mir leid, dass …“ and "I'm sorry that …".

Only what is known is said. A product is named where the buyer named it, or bought nothing else; an order
where the chat has one. Nothing of the buyer's own words is repeated: they may hold anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialogs.scene import Scene, localized

_SAME: Final[Mapping[str, str]] = {
    "parcel_lost": "late", "parcel_late": "late", "refund_waiting": "money", "return_money_waiting": "money",
    "return_wrong_item": "wrong_item", "item_missing": "wrong_item", "would_not_recommend": "low_rating",
}  # fmt: skip
"""Reasons that scripts give, and what they come down to."""

_DE: Final[Mapping[str, tuple[str, str, str]]] = {
    "defect": (
        "mit „{product}“ etwas nicht stimmt",
        "mit {deiner} Bestellung {order} etwas nicht stimmt",
        "etwas nicht so funktioniert, wie es soll",
    ),
    "broken": (
        "an „{product}“ etwas kaputt ist",
        "in {deiner} Bestellung {order} etwas kaputt ist",
        "etwas kaputt ist",
    ),
    "wrong_item": (
        "bei {deiner} Bestellung {order} nicht das Richtige angekommen ist",
        "bei {deiner} Bestellung {order} nicht das Richtige angekommen ist",
        "nicht das Richtige angekommen ist",
    ),
    "low_rating": (
        "„{product}“ {dich} nicht überzeugt",
        "{du} mit {deiner} Bestellung {order} nicht zufrieden {bist}",
        "{du} nicht zufrieden {bist}",
    ),
    "late": (
        "{deine} Bestellung {order} noch nicht da ist",
        "{deine} Bestellung {order} noch nicht da ist",
        "{deine} Bestellung noch nicht da ist",
    ),
    "complaint": (
        "bei {deiner} Bestellung {order} etwas schiefgelaufen ist",
        "bei {deiner} Bestellung {order} etwas schiefgelaufen ist",
        "etwas schiefgelaufen ist",
    ),
    "money": ("{du} auf {dein} Geld warten {musst}",) * 3,
    "waiting": ("{du} so lange warten {musst}",) * 3,
    "mood": ("{du} {dich_self} so über uns ärgern {musst}",) * 3,
    "threat": ("es so weit gekommen ist",) * 3,
    "fraud": ("{du} an uns zweifeln {musst}",) * 3,
    "safety": ("so etwas passieren konnte",) * 3,
    "": ("etwas nicht stimmt",) * 3,
}

_EN: Final[Mapping[str, tuple[str, str, str]]] = {
    "defect": (
        "something is wrong with “{product}”",
        "something is wrong with your order {order}",
        "something isn't working as it should",
    ),
    "broken": (
        "something is broken on “{product}”",
        "something in your order {order} is broken",
        "something is broken",
    ),
    "wrong_item": (
        "you didn't get the right thing with order {order}",
        "you didn't get the right thing with order {order}",
        "you didn't get the right thing",
    ),
    "low_rating": (
        "“{product}” has let you down",
        "you're not happy with your order {order}",
        "you're not happy",
    ),
    "late": (
        "your order {order} hasn't arrived yet",
        "your order {order} hasn't arrived yet",
        "your order hasn't arrived yet",
    ),
    "complaint": (
        "something went wrong with your order {order}",
        "something went wrong with your order {order}",
        "something went wrong",
    ),
    "money": ("you're having to wait for your money",) * 3,
    "waiting": ("you've had to wait so long",) * 3,
    "mood": ("we've caused you so much trouble",) * 3,
    "threat": ("it has come to this",) * 3,
    "fraud": ("we've given you reason to doubt us",) * 3,
    "safety": ("something like this could happen",) * 3,
    "": ("something isn't right",) * 3,
}

_YOU: Final[Mapping[str, Mapping[str, str]]] = {
    "du": {
        "du": "du", "dich": "dich", "dich_self": "dich", "dein": "dein", "deine": "deine", "deiner": "deiner",
        "bist": "bist", "musst": "musst",
    },
    "sie": {
        "du": "Sie", "dich": "Sie", "dich_self": "sich", "dein": "Ihr", "deine": "Ihre", "deiner": "Ihrer",
        "bist": "sind", "musst": "müssen",
    },
}  # fmt: skip


def problem(scene: Scene) -> str:
    """What went wrong, as far as it is known, as a clause of its own. Never empty."""
    kinds = _EN if scene.language == "en" else _DE
    case = scene.case
    kind = _SAME.get(case.why, case.why)
    if kind == "defect" and case.broken:
        kind = "broken"
    with_product, with_order, plain = kinds.get(kind, kinds[""])
    product, order = concerned(scene), _order(scene)
    known = {"product": product, "order": order, **_YOU[scene.tone.voice]}
    best = with_product if product else with_order
    for text in (best, with_order, plain):
        if ("{product}" not in text or product) and ("{order}" not in text or order):
            return text.format_map(known)
    return plain.format_map(known)


def concerned(scene: Scene) -> str:
    """The title of the product that it is about: the one that was named, or all that was bought."""
    named = scene.facts.products.get(scene.case.sku)
    if named is not None:
        return localized(named.title, scene.language, scene.tone.voice)
    items = scene.order.items if scene.order is not None else ()
    if len({item.sku for item in items}) != 1:
        return ""
    only = scene.facts.products.get(items[0].sku)
    return localized(only.title, scene.language, scene.tone.voice) if only is not None else items[0].title


def _order(scene: Scene) -> str:
    if scene.order is None:
        return ""
    number = scene.order.number or scene.order.id
    return number if number.startswith("#") else f"#{number}"
