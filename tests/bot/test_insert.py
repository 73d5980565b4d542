"""Parcel inserts: what is printed can be scanned, read, cut, and says nothing about the buyer."""

import base64
import io
import re
import zlib
from collections.abc import Sequence
from itertools import pairwise

import pytest
import zxingcpp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from playwright.async_api import Browser

from bot.insert import SHEETS, Card, Sheet, _pages, sheet_pdf, sheet_svg
from bot.insert_ink import HEIGHT, WIDTH, Bubble, Ink, Line, Modules, Words, width_of
from bot.qr import qr, qr_png, qr_svg

SHOP = "Rösterei Morgenrot"
SHORT = "https://morgenrot.example/go/NKAAAQEAYEAUDA4LTSNB45PD"
LONG = (
    "https://wa.me/491701234567?text=Hallo%21%20%F0%9F%91%8B%20Mein%20Paket%20ist%20da%2C%20hier%20ist%20"
    "mein%20Code%3A%20NKAAAQEAYEAUDA4LTSNB45PD"
)


def cards(count: int) -> list[Card]:
    return [
        Card(f"{SHORT}?n={number}", f"#{1000 + number}", "en" if number % 3 else "de")
        for number in range(count)
    ]


def scan(image: Image.Image) -> list[str]:
    return sorted(found.text for found in zxingcpp.read_barcodes(image))


@pytest.mark.parametrize("url", [SHORT, LONG])
def test_a_png_can_be_scanned(url: str) -> None:
    image = Image.open(io.BytesIO(qr_png(url)))
    assert scan(image) == [url]
    assert min(image.size) > 500


@pytest.mark.parametrize("url", [SHORT, LONG])
async def test_an_svg_can_be_scanned(browser: Browser, url: str) -> None:
    assert scan(await drawn(browser, qr_svg(url).replace("<svg ", '<svg width="400" ', 1))) == [url]


def test_the_quiet_zone_is_kept() -> None:
    image = Image.open(io.BytesIO(qr_png(SHORT))).convert("L")
    box = image.point(lambda light: 255 - light).getbbox()
    assert box is not None
    assert box[:2] == (64, 64)
    assert box[2:] == (image.width - 64, image.height - 64)


def test_short_links_get_the_stronger_correction_and_long_ones_stay_coarse() -> None:
    assert qr(SHORT).error in {"Q", "H"}
    assert int(qr(LONG).version) <= 11


@pytest.mark.parametrize("per_page", [8, 10])
async def test_every_card_of_a_drawn_sheet_can_be_scanned(browser: Browser, per_page: int) -> None:
    wanted = cards(per_page + 3)
    pages = sheet_svg(wanted, SHOP, per_page=per_page)
    assert len(pages) == 2
    first, second = [scan(await drawn(browser, page)) for page in pages]
    assert first == sorted(card.url for card in wanted[:per_page])
    assert second == sorted(card.url for card in wanted[per_page:])


@pytest.mark.parametrize("per_page", [8, 10])
def test_every_card_of_a_pdf_can_be_scanned(per_page: int) -> None:
    """The page is drawn anew from the rectangles in the file, 12 pixels to the millimetre."""
    wanted = cards(per_page + 1)
    contents = streams(sheet_pdf(wanted, SHOP, per_page=per_page))
    assert [len(scan(painted(content))) for content in contents] == [per_page, 1]
    assert scan(painted(contents[0])) == sorted(card.url for card in wanted[:per_page])


def test_a_pdf_holds_its_words_as_text() -> None:
    (content,) = streams(sheet_pdf([Card(SHORT, "#1001", "de")], SHOP))
    assert b"(Bestellung #1001) Tj" in content
    assert "(Rösterei) Tj".encode("cp1252") in content.replace(rb"\366", b"\xf6")


def test_the_same_sheet_is_the_same_file() -> None:
    assert sheet_pdf(cards(3), SHOP) == sheet_pdf(cards(3), SHOP)


def test_a_card_speaks_the_buyers_language_and_the_shops_voice() -> None:
    def words(language: str, formal: bool) -> str:
        (page,) = sheet_svg([Card(SHORT, "#1001", language)], SHOP, "sie" if formal else "du")
        return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", page))

    assert "findest du" in words("de", formal=False)
    assert "finden Sie" in words("de", formal=True)
    assert "du " not in words("de", formal=True)
    assert "Order #1001" in words("en", formal=False)
    assert "Bestellung #1001" in words("de", formal=True)


def test_markup_in_a_name_stays_text() -> None:
    (page,) = sheet_svg([Card(SHORT, "<b>&", "de")], "A<i>&B", "du")
    assert "&lt;b&gt;&amp;" in page
    assert "<i>" not in page


names = st.text(min_size=1, max_size=80).filter(str.strip) | st.sampled_from(
    [
        SHOP,
        "X" * 60,
        "Łódzka Palarnia Żółta",
        "☕☕☕",
        "Manufaktur für außergewöhnliche Kaffeespezialitäten & mehr",
    ]
)


@settings(max_examples=60)
@example(SHOP, "#1001", "de", "du", 10)
@example(SHOP, "#1001", "de", "sie", 10)
@example(SHOP, "#1001", "en", "sie", 8)
@given(names, names, st.sampled_from(["de", "en"]), st.sampled_from(["du", "sie"]), st.sampled_from([8, 10]))
def test_nothing_overlaps_and_nothing_leaves_its_card(
    shop: str, number: str, language: str, voice: str, per_page: int
) -> None:
    sheet = SHEETS[per_page]
    (page,) = _pages([Card(SHORT, number, language)], shop, voice, sheet)
    left, top = sheet.lefts[0], sheet.tops[0]
    inside = [ink for ink in page if not (isinstance(ink, Line) and ink.width < 0.2)]
    (bubble,) = [ink for ink in inside if isinstance(ink, Bubble)]
    words = [ink for ink in inside if isinstance(ink, Words)]
    for word in words:
        assert word.x + width_of(word.text, word.size, word.weight) <= bubble.x - 1
        assert left + 5 < word.x
        assert top + 2 < word.y < top + sheet.height - 2
    for upper, lower in pairwise(words):
        assert lower.y - upper.y > lower.size * 25.4 / 72 * 0.95
    assert bubble.x + bubble.width < left + sheet.width - 4
    assert top + 3 < bubble.y
    assert bubble.y + bubble.height + bubble.tail < top + sheet.height - 3
    sheet_pdf([Card(SHORT, number, language)], shop, "sie" if voice == "sie" else "du", per_page)


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=str)
def test_cut_marks_meet_the_edges_and_touch_no_card(sheet: Sheet) -> None:
    (page,) = _pages(cards(sheet.per_page), SHOP, "du", sheet)
    marks = [ink for ink in page if isinstance(ink, Line) and ink.width < 0.2]
    edges = {round(left + more, 3) for left in sheet.lefts for more in (0, sheet.width)}
    levels = {round(top + more, 3) for top in sheet.tops for more in (0, sheet.height)}
    assert {round(mark.x1, 3) for mark in marks if mark.x1 == mark.x2} == edges
    assert {round(mark.y1, 3) for mark in marks if mark.y1 == mark.y2} == levels
    for mark in marks:
        assert 0 <= mark.x1 <= mark.x2 <= WIDTH
        assert 0 <= mark.y1 <= mark.y2 <= HEIGHT
        assert not any(_touches(mark, left, top, sheet) for left in sheet.lefts for top in sheet.tops)


def _touches(mark: Line, left: float, top: float, sheet: Sheet) -> bool:
    beside = mark.x2 < left or mark.x1 > left + sheet.width
    return not (beside or mark.y2 < top or mark.y1 > top + sheet.height)


def test_modules_are_runs_without_a_gap() -> None:
    rows = [[bool(module) for module in row] for row in qr(SHORT).matrix]
    drawn_again = [[False] * len(rows) for _ in rows]
    for column, row, length in Modules(0, 0, 1, rows, "#000").runs():
        for place in range(column, column + length):
            drawn_again[row][place] = True
    assert drawn_again == rows


def test_no_cards_no_pages() -> None:
    no_cards: Sequence[Card] = []
    assert sheet_svg(no_cards, SHOP) == []
    inks: list[list[Ink]] = list(_pages(no_cards, SHOP, "du", SHEETS[10]))
    assert inks == []


async def drawn(browser: Browser, svg: str) -> Image.Image:
    """The page as Chromium draws it, at twice the pixels of a screen."""
    page = await browser.new_page(viewport={"width": 800, "height": 1130}, device_scale_factor=2)
    await page.set_content(f'<body style="margin:0">{svg}')
    picture = await page.screenshot()
    await page.close()
    return Image.open(io.BytesIO(picture))


def streams(pdf: bytes) -> list[bytes]:
    """The drawing of each page. Fonts, if there are any inside, are streams without a colour."""
    found = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    contents = [zlib.decompress(ascii85(data)) for data in found]
    return [content for content in contents if b" rg" in content]


def ascii85(data: bytes) -> bytes:
    return base64.a85decode(data.strip().removesuffix(b"~>"))


def painted(content: bytes) -> Image.Image:
    scale = 12
    image = Image.new("L", (round(WIDTH * scale), round(HEIGHT * scale)), 255)
    pen = ImageDraw.Draw(image)
    for found in re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re\b", content):
        x, y, width, height = (float(number) * scale for number in found)
        top = image.height - y - height
        pen.rectangle((x, top, x + width - 1, top + height - 1), fill=0)
    return image
