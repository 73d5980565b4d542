"""Orders from spreadsheets: every way in which shops save them, and what is said about the wrong cells."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.shop import SHOP_EVENTS, Item, OrderChange, OrderSnapshot, Parcel, Person
from integrations.order_csv import Defaults, Imported, read_orders
from integrations.spreadsheets import moment, money

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

ENGLISH = (
    "id,number,currency,total,placed_at,updated_at,status,name,email,phone,country,language,"
    "sku,title,quantity,price,tracking,carrier,tracking_url,codes\n"
    "1001,#EU-1001,EUR,72.00,2026-11-02T10:15:00+01:00,2026-11-05 08:00,shipped,"
    "Mia Sommer,mia@example.com,0664 1234567,AT,de-AT,"
    'KAFFEE-250,Kaffee,2,29.90,RR1,Post AT,https://post.example/RR1,"TEN, FREE"\n'
    '1001,,,,,,,,,,,,TASSE,"Tasse, blau",1,12.20,RR2,,,\n'
    "1002,,CHF,20.00,2026-11-03,,,,,,,,,,,,,,,\n"
)

GERMAN = (
    "Bestellnummer;Bestelldatum;Status;Kunde;Telefon;Land;"
    "Artikelnummer;Artikel;Menge;Einzelpreis;Summe;Währung;Sendungsnummer\n"
    "2001;02.11.2026 10:15;Versendet;Jörg Groß;0170/1234567;Deutschland;"
    "T-1;Teekanne;1;1.249,90 €;1.262,10;EUR;00340434\n"
    "2001;;;;;;T-2;Löffel;2;6,10;;;\n"
)


def read(text: str, defaults: Defaults | None = None) -> Imported:
    return read_orders(text.encode(), NOW, defaults)


def change(imported: Imported, position: int = 0) -> OrderChange:
    event = imported.arrivals[position].event
    assert isinstance(event, OrderChange)
    return event


def order(imported: Imported, position: int = 0) -> OrderSnapshot:
    snapshot = change(imported, position).order
    assert snapshot is not None
    return snapshot


def told(imported: Imported) -> list[tuple[int, str | None]]:
    return [(problem.line, problem.column) for problem in imported.problems]


def test_several_rows_are_one_order() -> None:
    imported = read(ENGLISH)

    assert imported.problems == ()
    assert len(imported.arrivals) == 2
    at = datetime(2026, 11, 5, 8, tzinfo=UTC)
    parcels = (Parcel("RR1", "Post AT", "https://post.example/RR1"), Parcel("RR2"))
    assert change(imported) == OrderChange(
        order_id="1001",
        what="shipped",
        at=at,
        parcels=parcels,
        order=OrderSnapshot(
            id="1001",
            number="EU-1001",
            currency="EUR",
            total=Decimal("72.00"),
            placed_at=datetime(2026, 11, 2, 9, 15, tzinfo=UTC),
            updated_at=at,
            buyer=Person(
                name="Mia Sommer",
                email="mia@example.com",
                phone="+436641234567",
                language="de",
                country="AT",
            ),
            items=(
                Item("KAFFEE-250", "Kaffee", 2, Decimal("29.90")),
                Item("TASSE", "Tasse, blau", 1, Decimal("12.20")),
            ),
            parcels=parcels,
            codes=("TEN", "FREE"),
            status="shipped",
        ),
    )


def test_an_order_needs_no_more_than_id_and_date() -> None:
    imported = read(ENGLISH)

    assert (change(imported, 1).what, order(imported, 1).status) == ("placed", None)
    assert change(imported, 1).at == datetime(2026, 11, 3, tzinfo=UTC)
    assert order(imported, 1).updated_at == NOW


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
def test_a_german_export_is_read_in_every_encoding(encoding: str) -> None:
    text = GERMAN if encoding != "latin-1" else GERMAN.replace(" €", "")
    berlin = Defaults(zone=ZoneInfo("Europe/Berlin"))

    imported = read_orders(text.encode(encoding), NOW, berlin)

    assert imported.problems == ()
    snapshot = order(imported)
    assert (snapshot.id, snapshot.number, snapshot.status) == ("2001", "2001", "shipped")
    assert snapshot.placed_at == datetime(2026, 11, 2, 9, 15, tzinfo=UTC)
    assert snapshot.total == Decimal("1262.10")
    assert snapshot.buyer == Person(name="Jörg Groß", phone="+491701234567", country="DE")
    assert snapshot.items == (
        Item("T-1", "Teekanne", 1, Decimal("1249.90")),
        Item("T-2", "Löffel", 2, Decimal("6.10")),
    )
    assert snapshot.parcels == (Parcel("00340434"),)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("hint", ["", "sep={}\n"])
def test_the_separator_is_found(separator: str, end: str, hint: str) -> None:
    rows = [["id", "placed_at", "title", "price"], ["1", "2026-11-02", '"a,b;c\td"', '"1,50"']]
    text = hint.format(separator) + end.join(separator.join(row) for row in rows)

    imported = read(text)

    assert imported.problems == ()
    assert order(imported).items == (Item("", "a,b;c\td", 1, Decimal("1.50")),)


def test_without_a_total_the_items_are_summed() -> None:
    text = "id;placed_at;sku;quantity;price\n1;2026-11-02;A;3;1,10\n1;;B;1;2\n"

    assert order(read(text)).total == Decimal("5.30")


def test_defaults_fill_what_the_file_leaves_open() -> None:
    text = "id;placed_at;phone\n1;2026-11-02;079 123 45 67\n"

    snapshot = order(read(text, Defaults(currency="CHF", country="CH")))

    assert (snapshot.currency, snapshot.buyer.phone, snapshot.buyer.country) == ("CHF", "+41791234567", None)


def test_importing_twice_changes_nothing() -> None:
    later = NOW.replace(year=2027)

    first, second = read_orders(ENGLISH.encode(), NOW), read_orders(ENGLISH.encode(), later)

    assert [arrival.external_id for arrival in first.arrivals] == [
        arrival.external_id for arrival in second.arrivals
    ]


def test_an_order_that_changed_arrives_again_and_its_neighbours_do_not() -> None:
    before, after = read(ENGLISH), read(ENGLISH.replace("shipped", "delivered"))

    assert before.arrivals[0].external_id != after.arrivals[0].external_id
    assert before.arrivals[1].external_id == after.arrivals[1].external_id
    assert change(after).what == "delivered"


HEADER = "id;placed_at;status;Anzahl;price;sku;phone;email;currency;Land;total\n"
GOOD = "1;2026-11-02;paid;1;2,00;A;;;EUR;DE;\n"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (";2026-11-02;;1;2;A;;;;;", "id"),
        ("2;gestern;;1;2;A;;;;;", "placed_at"),
        ("2;31.02.2026;;1;2;A;;;;;", "placed_at"),
        ("2;11/02/2026;;1;2;A;;;;;", "placed_at"),
        ("2;2026-11-02;lost;1;2;A;;;;;", "status"),
        ("2;2026-11-02;;0;2;A;;;;;", "Anzahl"),
        ("2;2026-11-02;;viele;2;A;;;;;", "Anzahl"),
        ("2;2026-11-02;;1;gratis;A;;;;;", "price"),
        ("2;2026-11-02;;1;-2;A;;;;;", "price"),
        ("2;2026-11-02;;1;2;A;siehe oben;;;;", "phone"),
        ("2;2026-11-02;;1;2;A;;nobody;;;", "email"),
        ("2;2026-11-02;;1;2;A;;;Taler;;", "currency"),
        ("2;2026-11-02;;1;2;A;;;;Atlantis;", "Land"),
        ("2;2026-11-02;;1;2;A;;;;;viel", "total"),
        ("2;2026-11-02;;1;2;A;;;;;;zu;viel", None),
    ],
)
def test_a_wrong_cell_is_named_and_costs_no_other_order(row: str, column: str | None) -> None:
    imported = read(f"{HEADER}{GOOD}{row}\n3;2026-11-02;;;;;;;;;\n")

    assert (3, column) in told(imported)
    assert all(problem.what and problem.hint for problem in imported.problems)
    kept = [arrival.event.order_id for arrival in imported.arrivals if isinstance(arrival.event, OrderChange)]
    assert [id_ for id_ in kept if id_ != "2"] == ["1", "3"]
    left_out = column in {"id", "placed_at", None}
    assert ("2" in kept) is not left_out


def test_a_wrong_item_costs_only_itself() -> None:
    imported = read("id;placed_at;sku;quantity;price\n1;2026-11-02;A;1;1\n1;;B;?;1\n1;;C;1;1\n")

    assert [item.sku for item in order(imported).items] == ["A", "C"]
    assert told(imported) == [(3, "quantity")]


def test_rows_that_contradict_each_other_are_reported() -> None:
    imported = read("id;placed_at;currency\n1;2026-11-02;EUR\n1;;CHF\n1;;EUR\n")

    assert order(imported).currency == "EUR"
    assert told(imported) == [(3, "currency")]


def test_a_problem_names_the_line_where_its_row_begins() -> None:
    imported = read('id;placed_at;title\n1;2026-11-02;"two\nlines"\n\n2;never;x\n')

    assert (5, "placed_at") in told(imported)


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_a_problem(text: str) -> None:
    imported = read(text)

    assert imported.arrivals == ()
    assert [problem.what for problem in imported.problems] == ["The file is empty."]


def test_a_file_without_the_needed_columns_says_which() -> None:
    imported = read("Name;Ort\nMia;Wien\n")

    assert imported.arrivals == ()
    assert [problem.what for problem in imported.problems] == [
        "There is no column id.",
        "There is no column placed_at.",
    ]


def test_two_columns_of_one_meaning_are_reported() -> None:
    imported = read("id;placed_at;Preis;price;sku\n1;2026-11-02;;2;A\n")

    assert order(imported).items[0].price == Decimal(2)
    assert len(imported.problems) == 1


def test_a_quotation_mark_that_is_never_closed_is_reported_and_costs_nothing_above() -> None:
    imported = read(f'id;placed_at;title\n1;2026-11-02;x\n2;2026-11-02;"{"y" * 200_000}\n')

    assert [order(imported, n).id for n in range(len(imported.arrivals))] == ["1"]
    assert [problem.line for problem in imported.problems] == [3]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("49.90", "49.90"),
        ("49,90", "49.90"),
        ("49,9", "49.9"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("1 234,50 €", "1234.50"),
        ("1\u202f234,50", "1234.50"),
        ("CHF 12.00", "12.00"),
        ("12,00 EUR", "12.00"),
        ("1.234", "1234"),
        ("1.234.567", "1234567"),
        ("0,125", "0.125"),
        ("49,-", "49"),
        ("7", "7"),
        ("0", "0"),
        ("49.9000", "49.9000"),
        ("", None),
        ("-5", None),
        ("5-", None),
        ("1.23.4", None),
        ("zehn", None),
        ("1e5", None),
        ("١٢", None),
        (".", None),
        ("9" * 40, None),
    ],
)
def test_money_is_read_in_every_neighbours_way(text: str, amount: str | None) -> None:
    assert money(text) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-02", datetime(2026, 11, 1, 23, tzinfo=UTC)),
        ("2026-11-02 10:15", datetime(2026, 11, 2, 9, 15, tzinfo=UTC)),
        ("2026-07-02T10:15:00Z", datetime(2026, 7, 2, 10, 15, tzinfo=UTC)),
        ("2026-07-02 10:15:00 +0200", datetime(2026, 7, 2, 8, 15, tzinfo=UTC)),
        ("02.07.2026 10:15", datetime(2026, 7, 2, 8, 15, tzinfo=UTC)),
        ("2.7.26", datetime(2026, 7, 1, 22, tzinfo=UTC)),
        ("31.02.2026", None),
        ("0001-01-01", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("07/02/2026", None),
        ("", None),
    ],
)
def test_times_are_read_in_the_shops_zone(text: str, expected: datetime | None) -> None:
    assert moment(text, ZoneInfo("Europe/Berlin")) == expected


CELLS = st.text(alphabet='ab1290.,;"\n\r\t€ÄÖ-:\x00 ', max_size=12)


@given(st.lists(st.lists(CELLS, max_size=6), max_size=6), st.sampled_from([",", ";"]))
@settings(max_examples=150)
def test_no_file_raises(rows: list[list[str]], separator: str) -> None:
    head = separator.join(["id", "placed_at", "total", "sku", "quantity", "price"])
    text = head + "\n" + "\n".join(separator.join(["1", "2026-11-02", *row]) for row in rows)

    for arrival in read(text).arrivals:
        assert SHOP_EVENTS.validate_json(SHOP_EVENTS.dump_json(arrival.event)) == arrival.event


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_no_bytes_raise(data: bytes) -> None:
    read_orders(data, NOW)
    read_orders(b"id;placed_at\n" + data, NOW)
