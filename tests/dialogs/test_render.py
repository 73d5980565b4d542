"""Rendering: one message where it can be, the ladder, and no limit ever exceeded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.channel import ButtonLimits, Capabilities
from dialogs.cutting import measure
from dialogs.messages import OUTGOING, Button, Card, Choice, Draft, Link, Outgoing, Picture, Template
from dialogs.payloads import stored_key
from dialogs.render import Tapped, parse_payload, payload_of, render
from tests.dialogs.player import INSTAGRAM_LIKE, WHATSAPP_LIKE

TELEGRAM_LIKE = Capabilities(
    text_limit=4096,
    text_unit="characters",
    buttons=ButtonLimits(count=100, title=64, payload=64, body=4096, with_link=True),
    link=ButtonLimits(count=1, title=64, payload=0, body=4096, with_link=True),
    caption=1024,
    media_with_buttons=True,
)
PLAIN = Capabilities(text_limit=300, text_unit="bytes")
PICTURE = Picture("image", "https://shop.example/a.jpg")
LINK = Link("Paket verfolgen", "https://dhl.example/1")


def draft(
    text: str = "Wie geht es?",
    count: int = 0,
    *,
    choices: tuple[Choice, ...] = (),
    link: Link | None = None,
    picture: Picture | None = None,
    cards: tuple[Card, ...] = (),
    template: Template | None = None,
) -> Draft:
    offered = choices or tuple(Choice(f"c{i}", f"Antwort {i}") for i in range(1, count + 1))
    return Draft(text, "flow", "step", offered, 7, link=link, picture=picture, cards=cards, template=template)


def only(made: tuple[Outgoing, ...]) -> Outgoing:
    assert len(made) == 1
    return made[0]


@pytest.mark.parametrize(
    ("channel", "count", "style"),
    [
        (WHATSAPP_LIKE, 3, "buttons"),
        (WHATSAPP_LIKE, 4, "list"),
        (WHATSAPP_LIKE, 10, "list"),
        (WHATSAPP_LIKE, 11, "text"),
        (INSTAGRAM_LIKE, 3, "buttons"),
        (INSTAGRAM_LIKE, 5, "quick_replies"),
        (INSTAGRAM_LIKE, 14, "text"),
        (TELEGRAM_LIKE, 50, "buttons"),
        (PLAIN, 2, "text"),
    ],
)
def test_the_ladder(channel: Capabilities, count: int, style: str) -> None:
    made = only(render(draft(count=count), channel))
    assert made.style == style
    assert len(made.buttons) == (0 if style == "text" else count)
    if style == "text":
        assert f"{count}. Antwort {count}" in made.text


def test_buttons_carry_ids_and_the_number_of_the_question() -> None:
    made = only(render(draft(count=2), WHATSAPP_LIKE))
    assert [button.payload for button in made.buttons] == ["flow.step.c1.7", "flow.step.c2.7"]


def test_quick_replies_are_printed_because_desktops_do_not_show_them() -> None:
    assert "5. Antwort 5" in only(render(draft(count=5), INSTAGRAM_LIKE)).text
    assert "1." not in only(render(draft(count=3), INSTAGRAM_LIKE)).text


def test_text_link_and_buttons_share_a_message() -> None:
    on_instagram = only(render(draft(count=2, link=LINK), INSTAGRAM_LIKE))
    assert (on_instagram.style, on_instagram.link, len(on_instagram.buttons)) == ("buttons", LINK, 2)
    full = only(render(draft(count=3, link=LINK), INSTAGRAM_LIKE))
    assert full.link is None
    assert LINK.url in full.text
    on_whatsapp = only(render(draft(count=2, link=LINK), WHATSAPP_LIKE))
    assert on_whatsapp.link is None
    assert LINK.url in on_whatsapp.text
    assert only(render(draft(link=LINK), WHATSAPP_LIKE)).style == "link"
    assert LINK.url in only(render(draft(link=LINK), PLAIN)).text


def test_a_text_too_long_for_buttons_moves_to_the_rung_that_holds_it() -> None:
    assert only(render(draft("x" * 1100, 3), WHATSAPP_LIKE)).style == "list"
    assert only(render(draft("x " * 400, 3), INSTAGRAM_LIKE)).style == "quick_replies"


def test_of_a_very_long_text_the_last_part_carries_the_buttons() -> None:
    made = render(draft("Ein Satz. " * 900, 3), WHATSAPP_LIKE)
    assert [one.style for one in made[:-1]] == ["text"] * (len(made) - 1)
    assert len(made) == 3
    assert not any(one.buttons for one in made[:-1])
    assert len(made[-1].buttons) == 3


def test_titles_are_cut_and_stay_different() -> None:
    choices = tuple(Choice(str(i), "Espresso Abendrot aus der Handmühle") for i in range(3))
    made = only(render(draft(choices=choices), WHATSAPP_LIKE))
    titles = [button.title for button in made.buttons]
    assert titles == ["Espresso Abendrot a…", "Espresso Abendrot… 2", "Espresso Abendrot… 3"]
    in_bytes = only(render(draft(choices=(Choice("1", "ä" * 15),)), INSTAGRAM_LIKE))
    assert in_bytes.buttons[0].title == "ä" * 8 + "…"


def test_descriptions_stand_in_lists_and_are_written_where_there_is_no_room() -> None:
    choices = tuple(Choice(str(i), f"Titel {i}", "Mehr dazu") for i in range(4))
    assert only(render(draft(choices=choices), WHATSAPP_LIKE)).buttons[0].description == "Mehr dazu"
    assert "1. Titel 0 – Mehr dazu" in only(render(draft(choices=choices[:2]), WHATSAPP_LIKE)).text


def test_pictures() -> None:
    assert only(render(draft(picture=PICTURE), WHATSAPP_LIKE)) == Outgoing(
        "media", "Wie geht es?", picture=PICTURE
    )
    joined = only(render(draft(count=2, picture=PICTURE), WHATSAPP_LIKE))
    assert (joined.style, joined.picture, len(joined.buttons)) == ("buttons", PICTURE, 2)
    first, second = render(draft(count=2, picture=PICTURE), INSTAGRAM_LIKE)
    assert (first.style, first.text, second.style) == ("media", "", "buttons")
    assert [one.style for one in render(draft(count=5, picture=PICTURE), WHATSAPP_LIKE)] == ["media", "list"]
    sound = Picture("audio", "https://shop.example/a.ogg")
    assert [one.text for one in render(draft(picture=sound), WHATSAPP_LIKE)] == ["", "Wie geht es?"]


def test_cards_become_a_carousel_or_messages() -> None:
    cards = (Card("Mühle", "Mahlt", choices=(Choice("a", "Ja"),)), Card("Kessel", link=LINK))
    text, carousel = render(draft(cards=cards), INSTAGRAM_LIKE)
    assert (text.style, carousel.style) == ("text", "cards")
    assert carousel.cards[0].buttons == (Button("flow.step.a.7", "Ja"),)
    fallback = render(draft(cards=cards), WHATSAPP_LIKE)
    assert [one.style for one in fallback] == ["text", "buttons", "link"]


def test_a_template_rides_on_the_last_message_with_full_payloads() -> None:
    template = Template("nachklang_rating", "de", ("Mühle",), ("1", "2"))
    made = render(draft("Satz. " * 1000, template=template), WHATSAPP_LIKE)
    assert len(made) > 1
    assert made[0].template is None
    assert made[-1].template == replace(template, payloads=("flow.step.1.7", "flow.step.2.7"))
    assert only(render(draft(template=template), INSTAGRAM_LIKE)).template is None


def test_a_long_payload_goes_out_as_a_key() -> None:
    choices = (Choice("x" * 80, "Ja"),)
    made = only(render(draft(choices=choices), TELEGRAM_LIKE))
    full = payload_of("flow", "step", "x" * 80, 7)
    assert made.stored == {stored_key(full): full}
    assert made.buttons[0].payload == stored_key(full)
    assert len(stored_key(full)) == 17
    assert parse_payload(stored_key(full)) is None


def test_nothing_to_say_is_no_message() -> None:
    assert render(draft(" \n "), WHATSAPP_LIKE) == ()


IDS = st.text(min_size=1, max_size=20)


@given(IDS, IDS, IDS, st.integers(0, 10**9))
def test_payloads_come_back_as_they_went(flow: str, step: str, choice: str, asked: int) -> None:
    assert parse_payload(payload_of(flow, step, choice, asked)) == Tapped(flow, step, choice, asked)


@given(st.text())
def test_any_payload_can_be_parsed(payload: str) -> None:
    parse_payload(payload)


def limits(count: int) -> st.SearchStrategy[ButtonLimits]:
    return st.builds(
        ButtonLimits,
        count=st.integers(1, count),
        title=st.integers(1, 30),
        payload=st.integers(5, 80),
        body=st.integers(30, 300),
        description=st.integers(0, 20),
        with_link=st.booleans(),
        desktop=st.booleans(),
    )


CHANNELS = st.builds(
    Capabilities,
    text_limit=st.integers(30, 400),
    text_unit=st.sampled_from(["bytes", "characters"]),
    buttons=st.none() | limits(4),
    quick_replies=st.none() | limits(13),
    list=st.none() | limits(10),
    list_label=st.integers(0, 20),
    link=st.none() | limits(1),
    cards=st.integers(0, 3),
    card_title=st.integers(0, 30),
    card_buttons=st.integers(0, 3),
    caption=st.just(0) | st.integers(20, 200),
    media_with_buttons=st.booleans(),
    templates=st.booleans(),
    window=st.just(timedelta(hours=24)),
)
TITLES = st.text(max_size=40) | st.sampled_from(["Ja", "Nein", "Ja ", "👩‍👩‍👧" * 4])
CHOICES = st.lists(st.builds(Choice, IDS, TITLES, st.just("") | st.text(max_size=40)), max_size=12).map(tuple)
LINKS = st.none() | st.builds(Link, TITLES, st.sampled_from(["", "https://shop.example/x"]))
CARDS = st.lists(
    st.builds(Card, TITLES, TITLES, st.none(), LINKS, CHOICES.map(lambda choices: choices[:4])), max_size=4
).map(tuple)
DRAFTS = st.builds(
    Draft,
    text=st.text(max_size=600) | st.just("Ein Satz. " * 60),
    flow=IDS,
    step=IDS,
    choices=CHOICES,
    asked=st.integers(0, 999),
    link=LINKS,
    picture=st.none()
    | st.builds(Picture, st.sampled_from(["image", "audio"]), st.just("https://shop.example/p")),
    cards=CARDS,
    template=st.none()
    | st.builds(Template, st.just("t"), st.just("de"), st.just(()), st.lists(IDS, max_size=3).map(tuple)),
    list_label=st.text(max_size=30),
)


def check(one: Outgoing, channel: Capabilities) -> None:
    unit = channel.text_unit
    rungs = {"buttons": channel.buttons, "quick_replies": channel.quick_replies, "list": channel.list}
    rung = rungs.get(one.style)
    if one.style == "link":
        assert channel.link is not None
        assert one.link is not None
        assert measure(one.link.title, unit) <= channel.link.title
        rung = channel.link
    if rung is not None:
        assert measure(one.text, unit) <= min(rung.body, channel.text_limit)
        assert one.text.strip()
        assert len(one.buttons) + (one.link is not None and one.style != "link") <= rung.count
        titles = [button.title for button in one.buttons]
        assert len({title.casefold() for title in titles}) == len(titles)
        assert all(0 < measure(title, unit) <= rung.title for title in titles)
        assert all(measure(button.payload, "bytes") <= rung.payload for button in one.buttons)
        assert all(measure(button.description, unit) <= rung.description for button in one.buttons)
        assert one.link is None or one.style == "link" or rung.with_link
    else:
        assert one.style in {"text", "media", "cards"}
        assert not one.buttons
    if one.style == "text":
        assert 0 < measure(one.text, unit) <= channel.text_limit
    if one.picture is not None:
        assert measure(one.text, unit) <= channel.caption
        assert one.style == "media" or channel.media_with_buttons
        assert not (one.text and one.picture.type == "audio")
    if one.style == "list":
        assert 0 < measure(one.list_label, unit) <= channel.list_label
    assert len(one.cards) <= channel.cards
    for card in one.cards:
        assert 0 < measure(card.title, unit) <= channel.card_title
        assert measure(card.subtitle, unit) <= channel.card_title
        assert len(card.buttons) + (card.link is not None) <= channel.card_buttons
        few = channel.buttons or channel.quick_replies
        for button in card.buttons:
            assert few is not None
            assert measure(button.title, unit) <= few.title
            assert measure(button.payload, "bytes") <= few.payload
    assert one.template is None or channel.templates


@settings(max_examples=150)
@given(DRAFTS, CHANNELS)
def test_no_limit_is_ever_exceeded(drawn: Draft, channel: Capabilities) -> None:
    made = render(drawn, channel)
    for one in made:
        check(one, channel)
        assert OUTGOING.validate_json(OUTGOING.dump_json(one)) == one
    assert sum(one.template is not None for one in made) <= 1
    assert made == render(drawn, channel)


def test_a_list_whose_label_has_no_room_for_anything_is_no_list() -> None:
    """Cut to one byte, a label would be empty, and a platform refuses that."""
    narrow = Capabilities(
        text_limit=30,
        text_unit="bytes",
        list=ButtonLimits(count=1, title=1, payload=7, body=30),
        list_label=1,
    )
    [one] = render(Draft("Na?", "f", "s", (Choice("0", "x"),)), narrow)
    assert one.style == "text"


@settings(max_examples=80)
@given(DRAFTS, CHANNELS)
def test_every_choice_can_be_taken(drawn: Draft, channel: Capabilities) -> None:
    """Each choice is a button that leads back to it, or a numbered line."""
    drawn = replace(drawn, cards=())
    made = render(drawn, channel)
    stored = {key: full for one in made for key, full in one.stored.items()}
    buttons = [button for one in made for button in one.buttons]
    taken = [parse_payload(stored.get(button.payload, button.payload)) for button in buttons]
    if buttons:
        assert taken == [Tapped(drawn.flow, drawn.step, choice.id, drawn.asked) for choice in drawn.choices]
    elif drawn.choices:
        written = "".join("".join(one.text.split()) for one in made)
        assert all(f"{number}." in written for number in range(1, len(drawn.choices) + 1))
