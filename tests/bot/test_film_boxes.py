"""A film keeps its pictures and loses where it was taken; what is no film is left alone."""

from hypothesis import given
from hypothesis import strategies as st

from bot.film_boxes import silenced
from bot.media_files import examine, prepare
from integrations.sandbox.media import film, picture

PLACE = b"+52.5200+013.4050/"


def box(name: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return (len(body) + 8).to_bytes(4, "big") + name + body


def wide(name: bytes, body: bytes) -> bytes:
    """A box whose length follows its name."""
    return (1).to_bytes(4, "big") + name + (len(body) + 16).to_bytes(8, "big") + body


def phone_film(data: bytes = b"pictures and sound") -> bytes:
    """A film with its place in all the corners that phones use."""
    place = box(b"udta", box(b"\xa9xyz", PLACE))
    keys = box(b"meta", b"com.apple.quicktime.location.ISO6709", PLACE)
    track = box(b"trak", box(b"tkhd", b"t" * 20), place, box(b"mdia", box(b"hdlr", b"h"), keys))
    return (
        box(b"ftyp", b"isom0000")
        + box(b"moov", box(b"mvhd", b"v" * 30), track, place, keys)
        + wide(b"uuid", b"maker" + PLACE)
        + box(b"mdat", data)
    )


def test_a_film_loses_its_place_and_nothing_else() -> None:
    before = phone_film()
    after = silenced(before)
    assert PLACE not in after
    assert len(after) == len(before)
    assert after.index(b"mdat") == before.index(b"mdat")
    for kept in (b"pictures and sound", b"t" * 20, b"v" * 30, box(b"hdlr", b"h")):
        assert kept in after
    assert silenced(after) == after


def test_the_data_itself_is_never_touched() -> None:
    data = box(b"udta", PLACE)
    assert silenced(phone_film(data)).endswith(box(b"mdat", data))


def test_films_of_agents_and_buyers_are_silenced() -> None:
    assert PLACE not in prepare(phone_film()).body
    assert PLACE not in examine(phone_film(), "video").body
    assert len(examine(film(), "video").body) == len(film())


def test_a_picture_in_the_same_boxes_is_left_whole() -> None:
    heic = box(b"ftyp", b"heic0000") + box(b"meta", b"where its pixels are")
    assert examine(heic).body == prepare(heic).body == heic


def test_what_is_no_film_stays_as_it_is() -> None:
    assert silenced(picture()) == picture()
    assert silenced(b"") == b""


@given(st.binary(max_size=300), st.integers(0, 400))
def test_broken_films_keep_their_length_and_their_beginning(noise: bytes, cut: int) -> None:
    for body in (phone_film()[:cut] + noise, box(b"ftyp", b"isom") + noise):
        assert len(silenced(body)) == len(body)
        assert silenced(body)[:4] == body[:4]
