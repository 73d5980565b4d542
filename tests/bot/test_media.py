"""What people send is at the desk before its address dies; what agents send is the platform's alone."""

import asyncio
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import handoff
from bot.media import (
    AT_ONCE,
    GIVE_UP,
    MediaRef,
    MediaRoom,
    UploadRefused,
    clean_name,
    ref_of,
    store_upload,
)
from bot.media_links import LIFETIME, media_id_of, media_url, named_by, sendable, signed_name
from dialogs.messages import OUTGOING, Arrival, Attachment, Contact, Media, Outgoing, Picture
from integrations.base import MediaFile, MediaGone, Refused, Throttled, Unauthorized, Unavailable
from integrations.sandbox.media import film, picture
from persistence.media import KeptMedia
from persistence.tables import InboxRow, OutboxRow
from persistence.tables_media import MediaRow, MessageMediaRow
from tests.bot.conftest import MakeHouse, Serve
from tests.bot.house import SECRET, House
from tests.bot.people import sign_in
from tests.bot.serving import Running, until
from tests.bot.test_media_files import HOSTILE, image, phone_photo
from tests.persistence.world import T0, change


async def send_file(house: House, media_id: str, kind: str = "image", **more: Any) -> None:
    """Anna sends a file."""
    event = Media((Attachment(kind, media_id=media_id, **more),))
    contact = Contact("whatsapp", "shop", ("anna",))
    await house.accept(Arrival("whatsapp", f"m-{media_id}", house.clock(), event, contact))


async def state(house: House) -> list[tuple[str, str]]:
    """What became of each attachment."""
    return [(row.status, row.why) for row in await house.rows(MessageMediaRow)]


async def work(house: House, room: MediaRoom | None = None) -> int:
    """Fetch until nothing waits; return how often a file was asked for."""
    room, before = room or MediaRoom(), len(house.channel.fetched)
    while await room.step(house.app):
        await house.idle()
    return len(house.channel.fetched) - before


# -- in


async def test_a_photo_is_kept_without_the_place_where_it_was_taken(house: House) -> None:
    house.channel.files["p"] = MediaFile(phone_photo(), "image/jpeg")
    await send_file(house, "p", title="../Küche.jpg")
    assert await work(house) == 1
    [message] = await house.rows(InboxRow, kind="media")
    [one] = (await house.app.store.media.of([message.id]))[message.id]
    assert one.file is not None
    assert (one.file.mime, one.file.name, one.file.width) == ("image/jpeg", "Küche.jpg", 20)
    body = await house.app.store.media.read(one.file.id)
    assert body is not None
    assert b"Phone of Lena" not in body
    assert house.counted("nachklang_media_total", channel="whatsapp", fate="stored") == 1
    assert await work(house) == 0


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (MediaGone("gone"), "gone"),
        (Refused("elsewhere"), "elsewhere"),
        (MediaFile(b"x" * 2_000_000), "too_large"),
        (MediaFile(b""), "unreadable"),
        (MediaFile(HOSTILE["html"], "image/png"), "unreadable"),
        (MediaFile(image()[:100]), "unreadable"),
    ],
)
async def test_what_cannot_be_had_is_said_and_never_asked_for_again(
    make_house: MakeHouse, found: MediaFile | Exception, why: str
) -> None:
    house = make_house(desk={"media_mb": 1})
    house.channel.files["p"] = found
    await send_file(house, "p")
    assert await work(house) == 1
    assert await state(house) == [("failed", why)]
    house.later(100_000)
    assert await work(house) == 0


@pytest.mark.parametrize(
    "error", [Unavailable("not now"), Unauthorized("token"), Throttled("wait", after=60)]
)
async def test_what_may_be_had_later_is_asked_for_later(house: House, error: Exception) -> None:
    house.channel.files["p"] = error
    await send_file(house, "p")
    room = MediaRoom()
    assert await work(house, room) == 1
    assert await state(house) == [("waiting", "")]
    house.channel.files["p"] = MediaFile(picture())
    assert await work(house, room) == 0
    house.later(61)
    assert await work(house, room) == 1
    assert await state(house) == [("stored", "")]


async def test_after_a_day_nobody_asks_any_more(house: House) -> None:
    house.channel.files["p"] = Unavailable("not now")
    await send_file(house, "p")
    room = MediaRoom()
    await work(house, room)
    house.later(GIVE_UP.total_seconds() + 1)
    assert await work(house, room) == 1
    assert await state(house) == [("failed", "unavailable")]


async def test_one_bad_file_holds_up_no_other(house: House) -> None:
    house.channel.files |= {"bad": Unavailable("not now"), "good": MediaFile(picture())}
    await send_file(house, "bad")
    await send_file(house, "good")
    await work(house)
    assert sorted(await state(house)) == [("stored", ""), ("waiting", "")]


async def test_a_slow_platform_holds_up_no_other_file_and_no_end(house: House) -> None:
    for number in range(AT_ONCE + 1):
        await send_file(house, f"slow{number}")
    house.channel.fetching = gate = asyncio.Event()
    room = MediaRoom()
    assert await room.step(house.app) == AT_ONCE
    assert await room.step(house.app) == 0  # no hand is free, and nobody waits for one for ever
    assert len(house.channel.fetched) == AT_ONCE
    gate.set()
    await house.idle()
    assert await work(house, room) == 1


async def test_a_channel_that_is_off_is_said(house: House) -> None:
    contact = Contact("instagram", "shop", ("anna",))
    event = Media((Attachment("image", url="https://cdn.example/1"),))
    await house.accept(Arrival("instagram", "m", house.clock(), event, contact))
    await work(house)
    assert await state(house) == [("failed", "no_channel")]


async def test_a_process_that_starts_fetches_what_another_left(house: House) -> None:
    house.channel.files["p"] = MediaFile(picture())
    await send_file(house, "p")
    house.later(timedelta(days=2).total_seconds())
    assert await work(house) == 1


async def test_old_files_are_deleted_once_an_hour(make_house: MakeHouse) -> None:
    house = make_house(desk={"media_days": 2})
    house.channel.files["p"] = MediaFile(picture())
    await send_file(house, "p")
    room = MediaRoom()
    await work(house, room)
    house.later(timedelta(days=2, seconds=1).total_seconds())
    await work(house, room)
    assert await state(house) == [("gone", "expired")]
    assert await house.rows(MediaRow) == []


# -- out


async def uploaded(house: House, body: bytes = b"", name: str = "bild.png") -> MediaRef:
    """A file of an agent's."""
    house.app.home = "https://shop.example"
    return await store_upload(house.app, body or picture(), name, conversation_id=1, by="account:1")


async def test_a_message_names_a_file_for_good_and_is_sent_with_an_address_for_now(house: House) -> None:
    ref = await uploaded(house)
    assert (ref.kind, ref.mime, ref.name, media_id_of(ref.url)) == ("image", "image/png", "bild.png", ref.id)
    outgoing = Outgoing("media", picture=ref.picture("Ein Muster"))
    house.later(10**7)
    ready = await sendable(house.app, outgoing)
    assert ready is not None
    assert ready.picture is not None
    assert ready.picture.alt == "Ein Muster"
    assert ready.picture.url.startswith("https://shop.example/media/")
    assert named_by(SECRET, ready.picture.url.rpartition("/")[2], house.clock()) == ref.id


async def test_other_addresses_stay_as_they_are(house: House) -> None:
    plain = Outgoing("text", "hallo")
    elsewhere = Outgoing("media", picture=Picture("image", "https://shop.example/a.png"))
    assert await sendable(house.app, plain) is plain
    assert await sendable(house.app, elsewhere) is elsewhere
    assert media_id_of("media:") is media_id_of("media:١") is media_id_of("https://media:1") is None


async def carry(house: House, file: Picture) -> None:
    """The message that waits carries a file."""
    carried = OUTGOING.dump_json(Outgoing("media", picture=file)).decode()
    await change(house.app.store, OutboxRow, outgoing=carried)


async def test_the_sender_resolves_the_name(house: House) -> None:
    ref = await uploaded(house)
    await house.speak("Hier ein Bild")
    await carry(house, ref.picture())
    assert (await house.send_head()).fate == "sent"
    [sent] = house.channel.sent
    assert sent.outgoing.picture is not None
    assert sent.outgoing.picture.url.startswith("https://shop.example/media/")


async def test_a_message_whose_file_is_gone_fails_in_words(house: House) -> None:
    ref = await uploaded(house)
    await house.speak("Hier ein Bild")
    await carry(house, replace(ref.picture(), url=f"{ref.url}9"))
    settled = await house.send_head()
    assert (settled.fate, settled.code) == ("failed", "media_gone")
    assert house.channel.sent == []


async def test_an_upload_loses_the_place_too(house: House) -> None:
    ref = await uploaded(house, phone_photo(), "IMG_1.heic")
    assert (ref.mime, ref.name) == ("image/jpeg", "IMG_1.heic.jpg")
    body = await house.app.store.media.read(ref.id)
    assert body is not None
    assert b"Phone of Lena" not in body


@pytest.mark.parametrize(
    ("body", "why"),
    [(b"", "empty"), (b"\x89PNG\r\n\x1a\n" + b"x" * 9, "unreadable"), (b"x" * 1_000_001, "too_large")],
)
async def test_an_upload_that_cannot_be_sent_is_refused(make_house: MakeHouse, body: bytes, why: str) -> None:
    house = make_house(desk={"media_mb": 1})
    house.app.home = "https://shop.example"
    with pytest.raises(UploadRefused) as caught:
        await store_upload(house.app, body, "a.png")
    assert caught.value.why == why


async def test_without_an_address_nothing_can_be_sent_and_the_owner_is_told_what_to_do(house: House) -> None:
    with pytest.raises(UploadRefused, match=r"entry\.public_url") as caught:
        await store_upload(house.app, picture(), "a.png")
    assert caught.value.why == "no_address"


KEPT = KeptMedia(7, "image", "image/png", "00", 5, "a.png", None, None, None, T0)


def test_a_kept_file_can_be_sent_again() -> None:
    assert ref_of(KEPT).url == "media:7"


def test_a_signed_name_is_good_for_its_file_and_its_time() -> None:
    name = signed_name(SECRET, KEPT, T0 + LIFETIME)
    assert name.endswith(".png")
    assert named_by(SECRET, name, T0) == 7
    assert named_by(SECRET, name, T0 + LIFETIME) is None
    assert named_by(b"another secret", name, T0) is None
    other = signed_name(SECRET, replace(KEPT, id=8), T0 + LIFETIME)
    assert named_by(SECRET, "8" + name[1:], T0) is None
    assert named_by(SECRET, name.replace(name.split("-")[1], "ffffffff"), T0) is None
    assert named_by(SECRET, other, T0) == 8


@given(st.text(max_size=60))
def test_no_other_name_means_a_file(name: str) -> None:
    assert named_by(SECRET, name, T0) is None


@given(st.text(max_size=300))
def test_a_name_is_one_word_of_the_files_type(name: str) -> None:
    made = clean_name(name, "application/pdf")
    assert made == "" or made.endswith((".pdf", ".PDF"))
    assert len(made) <= 120
    assert not set(made) & set('/\\<>:"|?*\r\n\x00\u202e')


def test_a_name_cannot_look_like_another_type() -> None:
    assert clean_name("rechnung.pdf.exe", "application/octet-stream") == "rechnung.pdf.exe.bin"
    assert clean_name("C:\\fake\\bild.JPEG", "image/jpeg") == "bild.JPEG"
    assert clean_name("a\u202efdp.exe", "application/octet-stream") == "afdp.exe.bin"


# -- over HTTP


async def ask(server: Running, path: str, **more: Any) -> tuple[aiohttp.ClientResponse, bytes]:
    """An answer and its body."""
    async with server.client.get(server.url + path, allow_redirects=False, **more) as answer:
        return answer, await answer.read()


@pytest.mark.parametrize("channel", ["whatsapp", "instagram", "telegram"])
async def test_a_buyers_picture_reaches_the_desk(server: Running, channel: str) -> None:
    await server.sandbox("api/media", channel=channel, type="image")

    async def stored() -> list[Any]:
        return await server.rows(MessageMediaRow, status="stored")

    [row] = await until(stored)
    viewer = await sign_in(server.app, "viewer")
    answer, body = await ask(server, f"/desk/media/{row.media_id}", headers=viewer.headers)
    assert answer.status == 200
    assert body.startswith(b"\x89PNG")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"].startswith("inline")
    anonymous, _ = await ask(server, f"/desk/media/{row.media_id}")
    assert anonymous.status == 303
    again, _ = await ask(
        server,
        f"/desk/media/{row.media_id}",
        headers={**viewer.headers, "If-None-Match": answer.headers["ETag"]},
    )
    assert again.status == 304


async def test_a_taken_back_picture_is_gone_at_the_desk(server: Running) -> None:
    sent = await server.sandbox("api/media", channel="instagram", type="image")

    async def stored() -> list[Any]:
        return await server.rows(MessageMediaRow, status="stored")

    [row] = await until(stored)
    await server.sandbox("api/unsend", channel="instagram", message_id=sent["message"]["id"])

    async def gone() -> list[Any]:
        return await server.rows(MessageMediaRow, status="gone")

    await until(gone)
    viewer = await sign_in(server.app, "viewer")
    answer, _ = await ask(server, f"/desk/media/{row.media_id}", headers=viewer.headers)
    assert answer.status == 404


async def upload(server: Running, body: bytes, name: str = "bild.png", role: Any = "agent") -> Any:
    """Post a file as the composer does."""
    visitor = await sign_in(server.app, role)
    form = aiohttp.FormData(quote_fields=False)  # browsers send names as they are
    form.add_field("file", io.BytesIO(body), filename=name, content_type="image/png")
    url = f"{server.url}/desk/media?conversation=1"
    async with server.client.post(url, data=form, headers=visitor.headers, allow_redirects=False) as answer:
        return answer.status, await answer.json() if answer.content_type == "application/json" else None


async def test_an_agents_picture_is_handed_to_the_platform(server: Running) -> None:
    status, told = await upload(server, phone_photo(), "küche.jpg")
    assert status == 201
    assert (told["kind"], told["mime"], told["name"]) == ("image", "image/jpeg", "küche.jpg")
    url = await media_url(server.app, told["id"], server.app.clock())
    assert url is not None
    answer, body = await ask(server, url.removeprefix(server.url))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert body.startswith(b"\xff\xd8\xff")
    assert b"Lena" not in body
    assert "k%C3%BCche.jpg" in answer.headers["Content-Disposition"]
    wrong, _ = await ask(server, url.removeprefix(server.url).replace("-", "-0", 1))
    assert wrong.status == 404
    agent = await sign_in(server.app)
    shown, same = await ask(server, told["src"], headers=agent.headers)
    assert (shown.status, same) == (200, body)
    [row] = await server.rows(MediaRow)
    assert (row.conversation_id, row.uploaded_by) == (1, f"account:{agent.account.id}")


async def test_an_upload_larger_than_other_requests_may_be(server: Running) -> None:
    status, told = await upload(server, b"%PDF-1.7\n" + b"x" * 6_000_000, "a.pdf")
    assert (status, told["kind"], told["size"]) == (201, "document", 6_000_009)
    agent = await sign_in(server.app)
    answer, body = await ask(server, told["src"], headers=agent.headers)
    assert (answer.status, len(body)) == (200, 6_000_009)


async def test_uploads_that_are_refused_say_why(serve: Serve) -> None:
    async with serve(desk={"media_mb": 1}) as server:
        assert (await upload(server, b"x" * 1_000_001))[0] == 413
        assert await upload(server, b"") == (422, {"error": "empty", "largest": 1_000_000})
        assert (await upload(server, picture(), role="viewer"))[0] == 403
        agent = await sign_in(server.app)
        async with server.client.post(server.url + "/desk/media", headers=agent.headers) as answer:
            assert (answer.status, (await answer.json())["error"]) == (422, "no_file")
        without = {"Cookie": agent.headers["Cookie"]}
        async with server.client.post(server.url + "/desk/media", headers=without) as answer:
            assert answer.status == 403


async def test_what_a_browser_could_run_is_only_ever_saved(server: Running) -> None:
    agent = await sign_in(server.app)
    for body in HOSTILE.values():
        _, told = await upload(server, body, "seite.html")
        answer, same = await ask(server, told["src"], headers=agent.headers)
        assert same == body
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="seite.html.bin"')


async def test_films_are_played_from_anywhere(server: Running) -> None:
    _, told = await upload(server, film(), "film.mp4")
    agent, size = await sign_in(server.app), len(film())
    tag = (await ask(server, told["src"], headers=agent.headers))[0].headers["ETag"]
    cases: list[tuple[dict[str, str], int, bytes, str | None]] = [
        ({"Range": "bytes=0-99"}, 206, film()[:100], f"bytes 0-99/{size}"),
        ({"Range": "bytes=100-"}, 206, film()[100:], f"bytes 100-{size - 1}/{size}"),
        ({"Range": "bytes=-50"}, 206, film()[-50:], f"bytes {size - 50}-{size - 1}/{size}"),
        ({"Range": f"bytes=0-{size * 2}"}, 206, film(), f"bytes 0-{size - 1}/{size}"),
        ({"Range": f"bytes={size}-"}, 416, b"", f"bytes */{size}"),
        ({"Range": "bytes=0-1,5-6"}, 200, film(), None),
        ({"Range": "bytes=0-9", "If-Range": '"other"'}, 200, film(), None),
        ({"Range": "bytes=0-9", "If-Range": tag}, 206, film()[:10], f"bytes 0-9/{size}"),
    ]
    for headers, status, body, part in cases:
        answer, got = await ask(server, told["src"], headers={**agent.headers, **headers})
        assert (answer.status, got, answer.headers.get("Content-Range")) == (status, body, part), headers
    saved, _ = await ask(server, told["src"] + "?download", headers=agent.headers)
    assert saved.headers["Content-Disposition"].startswith("attachment")


async def test_a_picture_goes_from_an_agent_to_the_buyers_phone(serve: Serve) -> None:
    async with serve(desk={"undo_seconds": 0}) as server:
        await server.sandbox("api/say", channel="whatsapp", text="Ich möchte mit einem Menschen sprechen")
        await server.quiet()
        agent = await sign_in(server.app)
        ref = await store_upload(server.app, phone_photo(), "so.jpg", conversation_id=1)
        said = await handoff.say(
            server.app, 1, agent.account.id, text="So wird es geschlossen:", media=(ref,), over=True, key="k"
        )
        assert isinstance(said, handoff.Said)
        await server.quiet()
        sent = (await server.sandbox("api/sent?channel=whatsapp"))["messages"][-1]
        assert sent["text"] == "So wird es geschlossen:"
        [shown] = [
            one["media"]
            for one in (await server.sandbox("api/world"))["threads"]["whatsapp"]
            if one["id"] == sent["id"]
        ]
        answer, body = await ask(server, shown["url"].removeprefix(server.url))
        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
        assert b"Lena" not in body
