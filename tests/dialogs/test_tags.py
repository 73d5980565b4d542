"""Tags from outside, and the product that somebody waits for: what a turn makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dialogs.facts import Facts, Journey
from dialogs.messages import Tagged, Text
from dialogs.names import value_of
from dialogs.records import Touched
from dialogs.scene import Scene
from dialogs.script import SCRIPTS, read_book, texts_of
from dialogs.shop import Product
from dialogs.simulation.chat import Chat
from dialogs.simulation.format import Setting
from dialogs.simulation.play import world_of
from dialogs.simulation.world import World
from dialogs.state import State
from dialogs.words import Tone
from tests.dialogs.player import START, Player, house, order

FILES = {
    "later.yml": """
id: later
starts: [{tag: news, after: 1 day}]
steps: [{id: say, say: {de: "Neues zu {product}.", en: "News of {product}."}}]
""",
    "back.yml": """
id: back
starts: [{tag: back}]
steps: [{id: say, say: {de: "{wanted_product} ist da.", en: "{wanted_product} is here."}}]
""",
    "once.yml": """
id: once
once: buyer
starts: [{tag: once}]
steps: [{id: say, say: {de: "Einmal im Leben.", en: "Once in a life."}}]
""",
    "wish.yml": """
id: wish
starts: [{keyword: merkzettel}]
steps:
  - id: which
    ask: {de: "Worauf?", en: "For what?"}
    answer: product
    save: wish
    note: wanted
    tries: 1
    again: {de: "Genau eines.", en: "Exactly one."}
    otherwise: gave_up
    go: kept
  - id: kept
    say: {de: "Gemerkt.", en: "Noted."}
    go: end
  - id: gave_up
    say: {de: "Dann nicht.", en: "Never mind."}
""",
}
BOOK = read_book({**texts_of(SCRIPTS), **FILES})


def buyer(*numbers: str) -> Player:
    """Somebody who has been greeted, and whose chat is tied to these orders."""
    player = Player(orders=[order(one) for one in numbers], book=BOOK)
    player.state = State(disclosed_at=START, last_at=START)
    return player


def planned(player: Player) -> list[tuple[str, str]]:
    """The touchpoints that have been planned: their keys, and the orders that they are about."""
    found = [one for one in player.records if isinstance(one, Touched) and one.fate == "planned"]
    return [(one.key, one.order_id) for one in found]


def test_a_tag_is_put_on_and_starts_its_flows_about_the_order_that_is_named() -> None:
    player = buyer("1001", "1002")
    player.play(Tagged("news", "o1001"))
    assert player.state.tags == ("news",)
    assert planned(player) == [("later:o1001", "o1001")]
    assert player.later(days=2) == ["Neues zu Handmühle Morgenrot."]


def test_every_chat_of_a_buyer_gives_a_touchpoint_the_same_key() -> None:
    player = buyer("1002")
    player.play(Tagged("news", "o1001"), Tagged("once", "o1001"))
    assert planned(player) == [("later:o1001", ""), ("once", "")]


def test_a_tag_about_no_order_is_once_a_buyer() -> None:
    player = buyer()
    player.play(Tagged("news"))
    assert planned(player) == [("later", "")]


def test_a_tag_that_comes_again_starts_its_flows_again_unless_they_are_over() -> None:
    player = buyer("1001")
    for _ in range(2):
        player.play(Tagged("news", "o1001"))
    assert player.state.tags == ("news",)
    assert planned(player) == [("later:o1001", "o1001")] * 2
    assert [one for one in player.reminders if one.startswith("later")] == ["later:o1001"]
    player.journey = Journey(decided=frozenset({"later:o1001"}))
    player.play(Tagged("news", "o1001"))
    assert len(planned(player)) == 2


def test_each_product_that_came_back_is_told_even_if_the_last_order_was_called_off() -> None:
    player = buyer("1001")
    player.orders = [replace(player.orders[0], status="cancelled")]
    player.notes = {"wanted": "FP-08"}
    player.play(Tagged("back", "o1001", wanted="FP-08"))
    assert player.text == "French Press Emil, 8 Tassen ist da."
    assert planned(player) == [("back::FP-08", "")]
    player.journey = Journey(decided=frozenset({"back::FP-08"}))
    player.notes = {"wanted": "WK-09"}
    player.now += timedelta(days=2)
    player.play(Tagged("back", wanted="FP-08"))
    assert player.text == ""
    player.play(Tagged("back", wanted="WK-09"))
    assert player.text == "Schwanenhalskessel Ida ist da."


def test_who_waits_for_something_else_by_now_is_not_told() -> None:
    player = buyer("1001")
    player.notes = {"wanted": "WK-09"}
    player.play(Tagged("back", wanted="FP-08"))
    assert player.text == ""
    fates = [one.fate for one in player.records if isinstance(one, Touched)]
    assert fates == ["planned", "withdrawn"]


def test_nothing_is_begun_with_who_wants_no_more() -> None:
    player = buyer("1001")
    player.state = replace(player.state, opted_out=True)
    player.play(Tagged("once", "o1001"))
    assert (player.state.tags, player.text, planned(player)) == (("once",), "", [])


def test_with_a_human_on_the_floor_a_tag_waits() -> None:
    player = buyer("1001")
    player.human = True
    player.play(Tagged("once", "o1001"))
    assert player.text == ""
    assert "once" in player.reminders


def asked() -> tuple[World, Chat]:
    """Somebody who has just been asked which product they are waiting for."""
    world = world_of(Setting(channel="telegram"), house(BOOK))
    chat = world.open_chat("telegram")
    chat.state = State(disclosed_at=world.now, last_at=world.now)
    world.speak(chat, Text("Merkzettel"))
    assert world.said[-1].text == "Worauf?"
    return world, chat


@pytest.mark.parametrize(
    ("said", "sku"),
    [
        ("auf die French Press", "FP-08"),
        ("den schwanenhalskesel", "WK-09"),
        ("die French Press, also die French Press Emil", "FP-08"),
    ],
)
def test_a_product_in_words_is_kept_by_its_sku(said: str, sku: str) -> None:
    world, chat = asked()
    world.speak(chat, Text(said))
    assert world.said[-1].text == "Gemerkt."
    assert (chat.state.my["wish"], world.notes["wanted"]) == (sku, sku)


@pytest.mark.parametrize("said", ["auf das grüne Ding", "die French Press und den Schwanenhalskessel"])
def test_none_or_several_are_asked_for_again_and_then_given_up(said: str) -> None:
    world, chat = asked()
    for expected in ("Genau eines.", "Dann nicht."):
        world.speak(chat, Text(said))
        assert world.said[-1].text == expected
    assert world.notes == {}


@pytest.mark.parametrize(
    ("notes", "tone", "title"),
    [
        ({"wanted": "A"}, Tone("de"), "Kanne"),
        ({"wanted": "A"}, Tone("en"), "Jug"),
        ({"wanted": "B"}, Tone("de"), "deine Bestellung"),
        ({"wanted": "gone"}, Tone("de", "sie"), "Ihre Bestellung"),
        ({}, Tone("en"), "your order"),
    ],
)
def test_the_product_that_is_waited_for_has_a_name(notes: dict[str, str], tone: Tone, title: str) -> None:
    products = {"A": Product("A", {"de": "Kanne", "en": "Jug"}), "B": Product("B", {})}
    scene = Scene(Facts(products=products, notes=notes), State(), tone, None)
    assert value_of(scene, "wanted_product") == title
