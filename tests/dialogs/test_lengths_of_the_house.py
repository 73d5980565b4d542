"""The house's texts fit every channel, also with the longest words of a catalogue in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from bot.simulated import CHANNELS
from dialogs import check_limits
from dialogs.catalogue import load_catalogue
from dialogs.check_pieces import sample, showings, tones
from dialogs.expressions import Fill, Value
from dialogs.flow import Step
from dialogs.messages import Draft, Link
from dialogs.render import render
from dialogs.shop import Product
from dialogs.words import Tone, Words
from tests.dialogs.house_texts import SHOPS, Text, house_book, house_texts, tell
from tests.evaluation.reading import language_of_key

SHOP_NAMES: Final = sorted(path.parent.name for path in SHOPS.glob("*/catalogue.yml"))


def longest(products: Mapping[str, Product]) -> dict[str, dict[str, str]]:
    """For each placeholder that says the catalogue's words: its longest text, by the text's keys."""
    found: dict[str, dict[str, str]] = defaultdict(dict)

    def add(name: str, texts: Mapping[str, str]) -> None:
        for key in ("de_du", "de_sie", "en"):
            text = texts.get(key) or texts.get(key[:2], "")
            found[name][key] = max(found[name].get(key, ""), text, key=lambda one: len(one.encode()))

    for product in products.values():
        add("product", product.title)
        add("tip_product", product.title)
        add("success", product.success)
        for item in product.setup:
            add("item", item.text)
            add("trouble", item.trouble)
        for tip in (*product.tips, *(one for tips in product.usages.values() for one in tips)):
            add("tip", tip)
        for complement in product.complements:
            add("offer_why", complement.why)
    return found


@pytest.mark.parametrize("shop", SHOP_NAMES)
def test_what_the_catalogue_says_fits_every_channel(shop: str) -> None:
    words = longest(load_catalogue(SHOPS / shop / "catalogue.yml"))

    def offences() -> Iterator[str]:
        for flow in house_book().flows.values():
            for step in flow.steps.values():
                for finding in too_long(step, words):
                    yield f"{flow.id}/{step.id}: {finding}"

    tell(offences())


def too_long(step: Step, words: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """What does not fit of a step that is filled with the longest words of a catalogue."""
    for showing in showings(step, house_book().phrases):
        for piece in showing.texts:
            if piece.words.names.isdisjoint(words):
                continue
            for tone in tones(piece.words, *(button.title.words for button in showing.buttons)):
                draft = check_limits._draft(showing, piece, tone, longest_fill(words, tone))
                for name, channel in CHANNELS.items():
                    seen = check_limits._Seen(name, channel, showing, piece, draft, tone, False)
                    for one in seen.findings():
                        yield f"{one.kind} on {name}, {one.length} of {one.limit}: {one.text or draft.text}"


def longest_fill(words: Mapping[str, Mapping[str, str]], tone: Tone) -> Fill:
    """Fills in the longest words in this tone, and samples for everything else."""
    key = "en" if tone.language == "en" else f"de_{tone.voice}"

    def fill(name: str) -> Value:
        return words[name][key] if name in words else sample(name)

    return fill


def test_the_scripts_fit_every_channel() -> None:
    def offences() -> Iterator[str]:
        for flow in house_book().flows.values():
            for step in flow.steps.values():
                for showing in showings(step, house_book().phrases):
                    for piece in showing.texts:
                        for tone, fill, doubtful in check_limits._ways_to_say(showing, piece):
                            draft = check_limits._draft(showing, piece, tone, fill)
                            for name, channel in CHANNELS.items():
                                seen = check_limits._Seen(
                                    name, channel, showing, piece, draft, tone, doubtful
                                )
                                for one in seen.findings():
                                    told = f"{one.kind} on {name}, {one.length} of {one.limit}"
                                    yield f"{flow.id}/{step.id} [{one.key}] {told}: {one.text or draft.text}"

    tell(iter(dict.fromkeys(offences())))


def test_an_answer_is_one_message_on_every_channel() -> None:
    links = {(text.file, *text.at[:1]): text for text in house_texts() if text.at[-2:] == ("link", "title")}

    def offences() -> Iterator[str]:
        for text in house_texts():
            if text.at[-1] != "answer":
                continue
            link = links.get((text.file, *text.at[:1]))
            for key, one in text.texts.items():
                title = _in_language(link, key) if link is not None else ""
                draft = Draft(
                    one, "house", "answer", link=Link(title, "https://shop.example/a") if title else None
                )
                for name, channel in CHANNELS.items():
                    out = render(draft, channel)
                    if len(out) > 1:
                        yield text.told(key, f"{len(out)} messages on {name}")
                    elif title and title not in f"{out[0].text} {out[0].link.title if out[0].link else ''}":
                        yield text.told(key, f"the link „{title}“ is cut on {name}")

    tell(offences())


def _in_language(text: Text, key: str) -> str:
    return Words(text.texts).source(Tone(language_of_key(key), "sie" if key.endswith("sie") else "du"))
