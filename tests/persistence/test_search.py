"""What was written is found soon after, by whoever looks for it; what is gone is not."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from dialogs.messages import (
    Attachment,
    Echo,
    Edited,
    Media,
    OutCard,
    Outgoing,
    Picture,
    Reaction,
    Receipt,
    Tap,
    Template,
    Text,
)
from dialogs.shop import PrivacyRequest
from persistence import search
from persistence.database import Database
from persistence.privacy import redact
from persistence.records import Effects
from persistence.store import Store
from persistence.tables import BindingRow, Buyer, ContactRow, Conversation, InboxRow, OrderRow, OutboxRow
from persistence.tables_desk import AgentNoteRow
from persistence.tables_search import SearchDocRow, SearchPersonRow
from tests.persistence.conftest import Open
from tests.persistence.desk import came, put, said, thread
from tests.persistence.world import accept, at, change, event, person, rows, statements, take

LATER = at(3600)


async def found(store: Store, query: str) -> list[str]:
    """The keys of finds by words."""
    return [hit.key for hit in await store.search.find(query) if hit.key]


async def people(store: Store, query: str) -> list[int]:
    """The conversations of finds by person."""
    return [hit.conversation_id for hit in await store.search.find(query) if not hit.key]


async def take_in(store: Store, now: Any = LATER) -> None:
    while await store.search.index(now):
        pass


async def test_words_are_found_in_what_buyers_agents_and_notes_say(store: Store) -> None:
    place = await thread(store, name="Jörg")
    bought = await came(store, place, Text("Die Kaffeemühle läuft aus."), 1)
    sent = await came(store, place, Media((Attachment("file", title="Beleg.pdf"),), "Das Foto der Mühle"), 2)
    phone = await came(store, place, Echo("theirs", "Ich tausche die Mühle um"), 3)
    answer = await said(store, place, "Die Mühle kommt morgen", 4, speaker="agent")
    note = await put(
        store, AgentNoteRow, conversation_id=place, author="account:1", text="Mühle ist bestellt", at=at(5)
    )
    await said(store, place, "Wie läuft die Mühle?", 6)
    await came(store, place, Tap("a.b.c.1", "Mühle"), 7)
    await came(store, place, Reaction("x", "👍"), 8)
    await came(store, place, Receipt("x", "read"), 9, lane="receipt")
    assert await found(store, "mühle") == []
    await take_in(store)
    assert await found(store, "MUEHLE") == [f"n{note}", f"o{answer}", f"i{phone}", f"i{sent}"]
    assert await found(store, "kaffeemü") == [f"i{bought}"]
    assert await found(store, "beleg pdf") == [f"i{sent}"]
    assert await found(store, "mühle morgen") == [f"o{answer}"]
    assert await found(store, "mühle gestern") == []
    assert await found(store, "ühle") == []
    assert await store.search.conversations("mühle") == (place,)
    [hit] = await store.search.find("laeuft")
    assert (hit.conversation_id, hit.at, hit.name, hit.channel, hit.status) == (
        place, at(1), "Jörg", "instagram", "bot",
    )  # fmt: skip
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["läuft"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "%",
        "' OR 1=1 --",
        '"',
        "a*",
        "*",
        "(",
        "NEAR(a b)",
        "words:x",
        "-x",
        "x & y",
        "\x00",
        "😀",
        "\ud800",
    ],
)
async def test_no_query_is_more_than_words(store: Store, query: str) -> None:
    place = await thread(store)
    await came(store, place, Text("ganz normal"), 1)
    await take_in(store)
    assert await found(store, query) == []
    assert await store.search.conversations(query) == ()


async def test_people_are_found_by_all_that_names_them(store: Store) -> None:
    buyer = await put(
        store,
        Buyer,
        name="Lena Müller",
        email="lena.m@example.org",
        phone="+49 170 1234567",
        created_at=at(0),
    )
    place = await thread(store, name="lenchen", buyer_id=buyer, channel="whatsapp")
    other = await thread(store, name="Paul", heard_at=at(50))
    await put(
        store, ContactRow, channel="whatsapp", account="shop", external_id="436601112223",
        conversation_id=place, username="lena_kauft", created_at=at(0),
    )  # fmt: skip
    for number, whose in (("#1042", buyer), ("#1043", None)):
        await put(
            store, OrderRow, id=f"id{number[1:]}", number=number, currency="EUR", total=Decimal(1),
            placed_at=at(0), described_at=at(0), buyer_id=whose,
        )  # fmt: skip
    await put(store, BindingRow, conversation_id=place, order_id="id1043", bound_at=at(1))
    await came(store, place, Text("hallo"), 1)
    await came(store, other, Text("hallo"), 1)
    await take_in(store)
    for query in (
        "Müller", "mueller lena", "lena.m@example.org", "lenchen", "lena_kauft", "+49 170 1234567",
        "0170 1234567", "0049170/1234567", "+43 660 1112223", "0660 1112223", "#1042", "1043", "id1042",
        "len",
    ):  # fmt: skip
        assert await people(store, query) == [place], query
    assert await people(store, "paul") == [other]
    assert await people(store, "0171 1234567") == []
    assert await people(store, "1044") == []
    hit, *_ = await store.search.find("lenchen")
    assert (hit.snippet, hit.marks, hit.at) == ("lenchen", ((0, 7),), at(0))
    # Another name is known with the next message.
    await change(store, Buyer, name="Lena Vogel")
    await came(store, place, Text("noch was"), 2)
    await take_in(store)
    assert (await people(store, "vogel"), await people(store, "müller")) == ([place], [])


async def test_the_newest_comes_first_and_there_is_an_end(store: Store) -> None:
    place = await thread(store)
    made = [await came(store, place, Text("kaputt"), n) for n in range(40)]
    await take_in(store)
    assert await found(store, "kaputt") == [f"i{one}" for one in made[:-31:-1]]
    assert len(await store.search.find("kaputt", 5)) == 5


async def test_what_the_newest_texts_hold_too_little_of_is_found_by_the_index(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await thread(store)
    made = [await came(store, place, Text("kaputt" if n % 10 == 0 else "ganz"), n) for n in range(60)]
    await take_in(store)
    expected = [f"i{one}" for one in made[::10][::-1]]
    for newest in (1, 5, 11, 30, 1000):
        monkeypatch.setattr(search, "_NEWEST", newest)
        assert await found(store, "kap") == expected
        assert [hit.key for hit in await store.search.find("kaputt", 2)] == expected[:2]
        assert len(await found(store, "ganz")) == 30


async def test_nothing_is_taken_in_twice_or_left_out(store: Store, open_store: Open) -> None:
    place = await thread(store)
    made = [await came(store, place, Text(f"wort{n % 3}"), n, received_at=at(n)) for n in range(100)]
    stores = [store, open_store(), open_store()]
    for _ in range(40):
        await asyncio.gather(*(one.search.index(at(200), 7) for one in stores))
    docs = await rows(store, SearchDocRow)
    assert sorted((doc.kind, doc.ref) for doc in docs) == sorted(("i", one) for one in made)
    with statements(store) as idle:
        assert not await store.search.index(at(201))
    assert not any(statement.startswith(("INSERT", "UPDATE")) for statement, _ in idle)


async def test_a_message_in_somebodys_hand_is_waited_for(store: Store) -> None:
    place = await thread(store)
    await came(store, place, Text("zuerst"), 0, received_at=at(100))
    waiting = await came(store, place, Text("wartet"), 1, status="waiting", received_at=at(100))
    behind = await came(store, place, Text("danach"), 2, received_at=at(100))
    await take_in(store, at(101))
    assert await found(store, "zuerst")
    assert await found(store, "wartet") == await found(store, "danach") == []
    await change(store, InboxRow, status="done")
    await take_in(store, at(102))
    assert (await found(store, "wartet"), await found(store, "danach")) == ([f"i{waiting}"], [f"i{behind}"])
    # One that nobody will ever answer does not hold up the others for ever.
    await came(store, place, Text("aufgehalten"), 3, status="new", conversation_id=None, received_at=at(103))
    after = await came(store, place, Text("dahinter"), 4, received_at=at(103))
    await take_in(store, at(104))
    assert await found(store, "dahinter") == []
    await take_in(store, at(103 + 61))
    assert await found(store, "dahinter") == [f"i{after}"]


async def test_a_row_that_shows_itself_behind_others_is_found_with_the_next_look_back(store: Store) -> None:
    """As when a transaction drew its id early and ended late."""
    place = await thread(store)
    first = await came(store, place, Text("erstes"), 0, received_at=at(100))
    await came(store, place, Text("drittes"), 0, received_at=at(100), id=first + 2)
    await take_in(store, at(101))
    between = await came(store, place, Text("zweites"), 0, received_at=at(100), id=first + 1)
    await take_in(store, at(102))
    assert await found(store, "zweites") == []
    await take_in(store, at(117))
    assert await found(store, "zweites") == [f"i{between}"]
    with statements(store) as idle:  # in the end there is nothing left to look back at
        for seconds in (200, 220, 240):
            await take_in(store, at(seconds))
    assert not any("INSERT INTO search" in statement for statement, _ in idle)
    with statements(store) as idle:
        await take_in(store, at(300))
    assert not any(statement.startswith(("INSERT", "UPDATE")) for statement, _ in idle)


async def test_what_an_agent_may_take_back_is_not_found_yet(store: Store) -> None:
    place = await thread(store)
    one = await said(store, place, "vorschnell", 100, speaker="agent", undo_until=at(130), status="waiting")
    await take_in(store, at(120))
    assert await found(store, "vorschnell") == []
    await take_in(store, at(131))
    assert await found(store, "vorschnell") == [f"o{one}"]
    taken_back = await said(store, place, "zurück", 140, speaker="agent", status="cancelled")
    await take_in(store, at(160))
    assert await found(store, "zurück") == []
    assert taken_back > one


async def test_what_never_went_out_is_not_shown(store: Store) -> None:
    place = await thread(store)
    await said(store, place, "abgelaufen", 1, speaker="agent")
    await take_in(store)
    assert await found(store, "abgelaufen")
    await change(store, OutboxRow, status="expired")
    assert await found(store, "abgelaufen") == []


async def test_all_that_can_be_read_in_a_message_of_ours_is_found(store: Store) -> None:
    place = await thread(store)
    await said(store, place, Outgoing("cards", cards=(OutCard("Tasse", "aus Ton"),)), 1, speaker="agent")
    await said(
        store,
        place,
        Outgoing("text", template=Template("t", "de", ("Versand", "morgen"))),
        2,
        speaker="agent",
    )
    picture = Picture("image", "https://x", "Bild der Tülle")
    await said(store, place, Outgoing("media", "hier", picture=picture), 3, speaker="agent")
    await take_in(store)
    for query in ("tasse", "ton", "versand", "tülle", "hier"):
        assert len(await found(store, query)) == 1, query


async def talked(store: Store, words: str = "geheim") -> tuple[int, str]:
    """Anna wrote, was answered, and it is found."""
    await accept(store, event(Text(words), "m1", 1), now=1)
    turn = await take(store, 2, "Danke")
    await take_in(store)
    [doc] = await rows(store, SearchDocRow)
    assert await found(store, words) == [f"i{doc.ref}"]
    return turn.conversation_id, f"i{doc.ref}"


async def test_what_is_taken_back_leaves_the_index_with_the_turn_that_says_so(store: Store) -> None:
    await talked(store)
    await accept(store, event(Text("weiter"), "m2", 3), now=3)
    await take(store, 4, effects=Effects(unsent=("m1",)))
    assert [doc.words for doc in await rows(store, SearchDocRow)] == []
    assert await found(store, "geheim") == []
    await take_in(store)
    assert (await found(store, "geheim"), len(await found(store, "weiter"))) == ([], 1)


async def test_what_is_edited_is_found_by_what_it_says_now(store: Store) -> None:
    _, key = await talked(store)
    await accept(store, event(Text("weiter"), "m2", 3), now=3)
    await take(store, 4, effects=Effects(edited=(Edited("m1", "Öffentlich"),)))
    assert (await found(store, "geheim"), await found(store, "oeffentlich")) == ([], [key])
    await take_in(store)
    assert (await found(store, "geheim"), await found(store, "oeffentlich")) == ([], [key])


async def test_the_erased_leave_the_index_at_once(store: Store) -> None:
    place, _ = await talked(store)
    buyer = await put(store, Buyer, name="Anna Geheim", email="anna@example.org", created_at=at(0))
    await change(store, Conversation, buyer_id=buyer)
    await accept(store, event(Text("noch mehr"), "m2", 3), now=3)
    await take(store, 4)
    await take_in(store, LATER + timedelta(hours=1))
    assert await people(store, "anna geheim") == [place]

    erased = await store.database.write(redact, PrivacyRequest("redact", email="anna@example.org"))
    assert erased == 1
    assert await rows(store, SearchDocRow) == await rows(store, SearchPersonRow) == []
    await accept(store, event(Text("bin wieder da"), "m3", 5, person("bert")), now=5)
    await take(store, 6)
    await take_in(store, LATER + timedelta(hours=2))
    assert await store.search.find("geheim") == await store.search.find("anna") == ()
    assert len(await found(store, "wieder da")) == 1


def _run(connection: Any, statement: str) -> None:
    connection.exec_driver_sql(statement)


async def test_the_words_of_the_index_are_those_of_its_texts(store: Store) -> None:
    """After all that can happen to a text the engine's own index agrees with the table."""
    await talked(store)
    place = await thread(store)
    for number in range(20):
        await came(store, place, Text(f"wort{number} gemeinsam"), number)
    await take_in(store)
    for change_by_hand in (
        "UPDATE search_docs SET words = 'anders' WHERE ref % 3 = 0",
        "DELETE FROM search_docs WHERE ref % 4 = 0",
    ):
        await store.database.write(_run, change_by_hand)
    docs = {f"i{doc.ref}": doc.words for doc in await rows(store, SearchDocRow)}
    for word in ("anders", "gemeinsam"):
        assert set(await found(store, word)) == {key for key, words in docs.items() if word in words.split()}
    if store.database.is_sqlite:
        check = "INSERT INTO search_docs_words (search_docs_words, rank) VALUES ('integrity-check', 1)"
        await store.database.write(_run, check)


async def test_an_edit_under_way_is_waited_for(postgres_store_url: str) -> None:
    """What was read before the edit must not be written after it."""
    store = Store(Database(postgres_store_url))
    place = await thread(store)
    row = await came(store, place, Text("geheim"), 1)
    editor = await asyncpg.connect(postgres_store_url)
    async with editor.transaction():
        await editor.execute("UPDATE inbox SET event = $1 WHERE id = $2", '{"text":"neu","kind":"text"}', row)
        indexing = asyncio.create_task(store.search.index(LATER))
        watcher = await asyncpg.connect(postgres_store_url)
        while not await watcher.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110 - only the server knows
            await asyncio.sleep(0.01)
        await watcher.close()
        assert not indexing.done()
    await indexing
    await editor.close()
    assert await found(store, "geheim") == []
    assert await found(store, "neu") == [f"i{row}"]
    await store.close()
