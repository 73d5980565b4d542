"""The commands, in this process and once as a real one: results, exit codes, words and no tracebacks."""

import asyncio
import io
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import pytest
import zxingcpp
from PIL import Image
from typer.testing import CliRunner

from bot.commands import app
from bot.config import CHANNEL_SECRETS, Config, Environment
from bot.entry import is_genuine
from dialogs.entry import find_code
from dialogs.messages import Arrival, Contact, HandedBack, Tagged, Text
from dialogs.records import Preferred
from persistence.database import Database
from persistence.identity import Bond, bind
from persistence.inbox import Intake
from persistence.records import Effects, NewHandoff
from persistence.sorting import sort
from persistence.store import Store
from persistence.turns import Outcome

ROOT = Path(__file__).parent.parent.parent
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
SECRET = "0123456789abcdef"
CSV = """Bestellnummer;Bestelldatum;Kunde;E-Mail;Artikel;Menge;Preis;Status;Sprache
1001;02.11.2026;Ada Beispiel;ada@example.com;Espresso;2;12,90;bezahlt;de
1002;03.11.2026;Ben Muster;ben@example.com;Filter;1;9,90;bezahlt;en
1003;20.10.2026;Cem Probe;cem@example.com;Mühle;1;89,00;storniert;de
"""
CONFIG = """
brand: {name: Rösterei Morgenrot}
channels:
  instagram: {handle: roesterei.morgenrot}
  whatsapp: {number: "+49 170 1234567"}
"""
LIVE = {
    name.upper(): f"value-of-{name}" for one in ("instagram", "whatsapp") for name in CHANNEL_SECRETS[one]
}

T = TypeVar("T")


class Shop:
    """A shop in a folder of its own, and its command line."""

    def __init__(self, folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.database_url = database_url
        self.monkeypatch = monkeypatch
        self.config = folder / "shop.yml"
        self.orders = folder / "orders.csv"
        self.config.write_text(CONFIG, encoding="utf-8")
        self.orders.write_text(CSV, encoding="utf-8")
        for name in Environment.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        self.set(DATABASE_URL=database_url, NACHKLANG_SECRET=SECRET, **LIVE)

    def set(self, **environment: str) -> None:
        for name, value in environment.items():
            self.monkeypatch.setenv(name, value)

    def run(self, *words: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(app, [*words, "--config", str(self.config)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    def ok(self, *words: str) -> str:
        code, out, err = self.run(*words)
        assert code == 0, out + err
        return out

    def fails(self, code: int, *words: str) -> str:
        found, out, err = self.run(*words)
        assert found == code, out + err
        assert out == ""
        assert "Traceback" not in err
        return err

    def store(self, work: Callable[[Store], Awaitable[T]]) -> T:
        async def inside() -> T:
            store = Store(Database(self.database_url))
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(inside())

    def order_of(self, code: str) -> str | None:
        return self.store(lambda store: store.identity.link(code, datetime.now(UTC)))


@pytest.fixture
def shop(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(tmp_path, sqlite_url, monkeypatch)


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    shop.ok("import-orders", str(shop.orders))
    return shop


def test_orders_are_imported_once(shop: Shop) -> None:
    assert shop.ok("import-orders", str(shop.orders)) == "3 orders read: 3 new or changed, 0 known already.\n"
    assert shop.ok("import-orders", str(shop.orders)) == "3 orders read: 0 new or changed, 3 known already.\n"
    order = shop.store(lambda store: store.orders.find("1001"))
    assert order is not None
    assert (order.buyer_name, order.status, order.items[0].quantity) == ("Ada Beispiel", "paid", 2)
    assert shop.store(lambda store: store.orders.apply(datetime.now(UTC))) == 0


def test_bad_lines_are_named_and_nothing_else_is_lost(shop: Shop) -> None:
    shop.orders.write_text(
        CSV + "1004;gestern;Dan;;Tasse;1;5,00;;\n;;;;;;;;\n1005;04.11.2026;Eva;;Tasse;x;5,00;;\n"
    )
    code, out, err = shop.run("import-orders", str(shop.orders))
    assert code == 1
    assert out == "4 orders read: 4 new or changed, 0 known already.\n"
    assert "orders.csv, line 5, Bestelldatum:" in err
    assert "orders.csv, line 7, Menge:" in err
    assert shop.store(lambda store: store.orders.find("1005")) is not None
    assert shop.store(lambda store: store.orders.find("1004")) is None


@pytest.mark.parametrize("text", ["", "nothing;that;we;know\n1;2;3;4\n"])
def test_a_file_without_orders_is_a_problem(shop: Shop, text: str) -> None:
    shop.orders.write_text(text)
    code, out, err = shop.run("import-orders", str(shop.orders))
    assert code == 1
    assert out.startswith("0 orders read")
    assert "line 1" in err


def test_switzerland_pays_in_francs(shop: Shop) -> None:
    shop.config.write_text("brand: {country: CH, timezone: Europe/Zurich}")
    shop.ok("import-orders", str(shop.orders))
    order = shop.store(lambda store: store.orders.find("1001"))
    assert order is not None
    assert order.currency == "CHF"
    assert order.placed_at == datetime(2026, 11, 1, 23, tzinfo=UTC)


def test_links_for_every_channel(stocked: Shop) -> None:
    lines = dict(line.split() for line in stocked.ok("entry-link", "--order", "1001").splitlines())
    assert list(lines) == ["instagram", "whatsapp"]
    code = lines["instagram"].rpartition("ref=")[2]
    assert lines["instagram"] == f"https://ig.me/m/roesterei.morgenrot?ref={code}"
    assert lines["whatsapp"].startswith("https://wa.me/491701234567?text=Hallo")
    assert lines["whatsapp"].endswith(code)
    assert is_genuine(SECRET.encode(), code)
    assert stocked.order_of(code) == "1001"


def test_the_short_link_comes_first(stocked: Shop) -> None:
    stocked.config.write_text(CONFIG + "entry: {public_url: https://morgenrot.example/}")
    lines = stocked.ok("entry-link", "--order", "#1001").splitlines()
    assert re.fullmatch(r"link +https://morgenrot\.example/go/NK[A-Z2-7]{22}", lines[0])
    assert len(lines) == 3


def test_one_channel_is_one_bare_line_in_the_buyers_language(stocked: Shop) -> None:
    out = stocked.ok("entry-link", "--order", "1002", "--channel", "whatsapp")
    assert re.fullmatch(r"https://wa\.me/491701234567\?text=Hi\S+\n", out)


@pytest.mark.parametrize("kind", ["svg", "png", "PNG"])
def test_the_qr_code_holds_the_printed_link(stocked: Shop, kind: str) -> None:
    file = stocked.folder / f"code.{kind}"
    out = stocked.ok("entry-link", "--order", "1001", "--channel", "instagram", "--qr", str(file))
    if kind == "svg":
        assert file.read_text().startswith("<svg ")
    else:
        (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(file.read_bytes())))
        assert found.text == out.strip()


def test_in_the_sandbox_links_lead_to_the_sandbox(stocked: Shop) -> None:
    for name in LIVE:
        stocked.monkeypatch.delenv(name)
    stocked.config.write_text("server: {port: 8099}")
    lines = stocked.ok("entry-link", "--order", "1001").splitlines()
    assert [line.split()[0] for line in lines] == ["instagram", "whatsapp", "telegram"]
    assert all(line.split()[1].startswith("http://127.0.0.1:8099/sandbox/") for line in lines)


def test_a_secret_is_made_where_none_is_set(stocked: Shop) -> None:
    stocked.monkeypatch.delenv("NACHKLANG_SECRET")
    code = find_code(stocked.ok("entry-link", "--order", "1001"))
    kept = stocked.store(lambda store: store.recall("secret"))
    assert code is not None
    assert kept is not None
    assert is_genuine(kept.encode(), code)


def test_a_sheet_since_a_day(stocked: Shop) -> None:
    file = stocked.folder / "sheet.svg"
    out = stocked.ok("entry-sheet", "--since", "2026-10-01", "--out", str(file))
    assert out == f"{file}\n"
    page = file.read_text()
    assert "Bestellung 1001" in page
    assert "Order 1002" in page  # she reads English
    assert "1003" not in page  # cancelled: no parcel
    assert "Rösterei" in page
    assert not re.search(r"Ada|Ben|Cem|example\.com", page)


def test_a_day_begins_at_the_shops_midnight(stocked: Shop) -> None:
    file = stocked.folder / "sheet.svg"
    stocked.ok("entry-sheet", "--since", "2026-11-03", "--out", str(file))
    assert "1001" not in file.read_text()
    assert "1002" in file.read_text()
    assert "no orders since 2026-11-04" in stocked.fails(
        1, "entry-sheet", "--since", "2026-11-04", "--out", str(file)
    )


def test_a_sheet_of_named_orders_as_pdf(stocked: Shop) -> None:
    file = stocked.folder / "sheet.pdf"
    stocked.ok("entry-sheet", "--order", "1003", "--order", "1001", "--order", "1003", "--out", str(file))
    assert file.read_bytes().startswith(b"%PDF-")


def test_many_orders_fill_several_pages(shop: Shop) -> None:
    rows = "".join(f"{number};05.11.2026;;;Kaffee;1;9,90;;\n" for number in range(2000, 2009))
    shop.orders.write_text(CSV.splitlines(keepends=True)[0] + rows)
    shop.ok("import-orders", str(shop.orders))
    file = shop.folder / "sheet.svg"
    out = shop.ok("entry-sheet", "--since", "2026-11-01", "--per-page", "8", "--out", str(file))
    assert out.splitlines() == [str(shop.folder / "sheet-1.svg"), str(shop.folder / "sheet-2.svg")]
    assert "2008" in (shop.folder / "sheet-2.svg").read_text()
    assert not file.exists()


def test_a_wrong_binding_is_undone(stocked: Shop) -> None:
    code = find_code(stocked.ok("entry-link", "--order", "1001", "--channel", "instagram"))
    assert code is not None

    async def tie(store: Store) -> bool:
        contact = Contact("instagram", "17841", ("person",))
        await store.inbox.accept(
            Intake([Arrival("instagram", "m", NOW, Text("Hi"), contact=contact)], (), NOW)
        )
        await store.database.write(sort, store.burst)
        return await store.database.write(bind, 1, Bond(code, "1001"), NOW)

    assert stocked.store(tie)
    assert list(stocked.store(lambda store: store.orders.of_conversations([1]))) == [1]
    assert stocked.ok("unlink", "--order", "1001") == "Order 1001 is no longer tied to 1 chat.\n"
    assert stocked.store(lambda store: store.orders.of_conversations([1])) == {}
    assert "nothing changed" in stocked.ok("unlink", "--order", "1001")


def test_a_human_gives_the_floor_back(stocked: Shop) -> None:
    async def take(store: Store) -> None:
        contact = Contact("instagram", "17841", ("person",))
        await store.inbox.accept(
            Intake([Arrival("instagram", "m", NOW, Text("Hi"), contact=contact)], (), NOW)
        )
        [turn] = await store.turns.claim(NOW, 1)
        case = Effects(handoff=NewHandoff("complaint"))
        assert await store.turns.commit(Outcome(turn, NOW, "{}", effects=case))

    stocked.store(take)
    words = ("hand-back", "--conversation", "1")
    said = stocked.ok(*words)
    assert said.startswith("The bot has the floor in conversation 1 again, and its case stays open")
    assert "with --solved" in stocked.fails(1, *words)
    assert stocked.ok(*words, "--solved").endswith("and its case is closed.\n")
    assert "no case is open" in stocked.fails(1, *words, "--solved")
    assert "conversation 9: it does not exist" in stocked.fails(1, "hand-back", "--conversation", "9")
    [turn] = stocked.store(lambda store: store.turns.claim(datetime.now(UTC), 1))
    assert [heard.event for heard in turn.events] == [
        HandedBack(solved=False, reason="back"),
        HandedBack(solved=True, reason="solved"),
    ]
    assert (turn.floor, turn.status) == ("bot", "resolved")


def test_a_tag_reaches_a_chat_now_or_once_it_is_tied(stocked: Shop) -> None:
    words = ("tag", "gift", "--order", "#1001")
    assert "no chat is tied to order 1001 yet" in stocked.ok(*words)
    code = find_code(stocked.ok("entry-link", "--order", "1001", "--channel", "instagram"))
    assert code is not None

    async def scan(store: Store) -> None:
        contact = Contact("instagram", "17841", ("person",))
        await store.inbox.accept(
            Intake([Arrival("instagram", "m", NOW, Text("Hi"), contact=contact)], (), NOW)
        )
        [turn] = await store.turns.claim(NOW, 1)
        waits = Effects(bound=(Bond(code, "1001"),), preferences=(Preferred("wanted", "KANNE"),))
        assert await store.turns.commit(Outcome(turn, datetime.now(UTC), "{}", effects=waits))

    stocked.store(scan)
    assert stocked.ok(*words) == "gift: 1 chat hears of it.\n"
    assert stocked.ok("tag", "back", "--waiting-for", "KANNE") == "back: 1 chat hears of it.\n"
    assert "nobody is waiting for TASSE" in stocked.ok("tag", "back", "--waiting-for", "TASSE")
    [turn] = stocked.store(lambda store: store.turns.claim(datetime.now(UTC), 1))
    gift = Tagged("gift", "1001")
    assert [heard.event for heard in turn.events] == [gift, gift, Tagged("back", wanted="KANNE")]


@pytest.mark.parametrize(
    "words",
    [
        ("tag", "vip", "--order", "9"),
        ("entry-link", "--order", "9"),
        ("unlink", "--order", "9"),
        ("entry-sheet", "--order", "9", "--out", "x.pdf"),
    ],
)
def test_an_unknown_order_is_said_in_a_sentence(
    stocked: Shop, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stocked.folder)
    assert stocked.fails(1, *words) == "There is no order with the id or number '9'.\n"
    assert not (stocked.folder / "x.pdf").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("entry-link",), "--order"),
        (("entry-link", "--order", "1", "--qr", "code.gif"), ".svg or .png"),
        (("entry-link", "--order", "1", "--qr", "no/such/code.svg"), "folder"),
        (("entry-link", "--order", "1", "--channel", "signal"), "instagram, whatsapp"),
        (("entry-sheet", "--order", "1", "--out", "x.docx"), ".pdf or .svg"),
        (("entry-sheet", "--out", "x.pdf"), "--since"),
        (("entry-sheet", "--out", "x.pdf", "--order", "1", "--since", "2026-11-01"), "--since"),
        (("entry-sheet", "--out", "x.pdf", "--since", "yesterday"), "--since"),
        (("entry-sheet", "--out", "x.pdf", "--order", "1", "--per-page", "9"), "10 or 8"),
        (("import-orders", "no-such-file.csv"), "no-such-file.csv"),
        (("tag", "vip"), "--waiting-for"),
        (("tag", "vip", "--order", "1", "--waiting-for", "X"), "--waiting-for"),
        (("tag", "VIP!", "--order", "1"), "small letters"),
        (("hand-back",), "--conversation"),
        (("hand-back", "--conversation", "anna"), "--conversation"),
        (("serve", "--only", "both"), "--only"),
        (("serve", "--port", "70000"), "--port"),
        (("no-such-command",), "no-such-command"),
    ],
)
def test_wrong_usage_exits_with_2(shop: Shop, words: tuple[str, ...], said: str) -> None:
    assert said in re.sub(r"[│\s]+", " ", shop.fails(2, *words))


@pytest.mark.parametrize(
    ("config", "environment", "said"),
    [
        ("brand: {naem: X}", {}, "brand.naem"),
        ("brand: [", {}, "line 1"),
        ("", {"TELEGRAM_BOT_TOKEN": "1:a"}, "TELEGRAM_WEBHOOK_SECRET"),
        (CONFIG, {"NACHKLANG_SECRET": "short"}, "NACHKLANG_SECRET"),
        (CONFIG, {"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL"),
        ("", {}, "channels.instagram.handle or channels.whatsapp.number"),
    ],
)
def test_wrong_settings_exit_with_2(
    stocked: Shop, config: str, environment: dict[str, str], said: str
) -> None:
    stocked.config.write_text(config)
    stocked.set(**environment)
    assert said in stocked.fails(2, "entry-link", "--order", "1001")


def test_a_channel_whose_links_lead_nowhere_is_told(stocked: Shop) -> None:
    stocked.config.write_text("channels: {instagram: {handle: morgenrot}}")
    code, out, err = stocked.run("entry-link", "--order", "1001")
    assert (code, len(out.splitlines())) == (0, 1)
    assert "No whatsapp link: set channels.whatsapp.number" in err
    assert "channels.whatsapp.number" in stocked.fails(
        2, "entry-link", "--order", "1001", "--channel", "whatsapp"
    )


def test_another_config_must_exist_and_the_default_need_not(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.config.unlink()
    assert "shop.yml: there is no such file" in shop.fails(2, "migrate")
    monkeypatch.chdir(shop.folder)
    assert CliRunner().invoke(app, ["migrate"]).exit_code == 0


def test_a_database_that_does_not_answer_is_said_without_its_password(shop: Shop) -> None:
    shop.set(DATABASE_URL="postgresql://nachklang:top-secret@127.0.0.1:1/shop")
    for words in (("migrate",), ("unlink", "--order", "1")):
        said = shop.fails(1, *words)
        assert "127.0.0.1:1/shop" in said
        assert "top-secret" not in said


def test_a_file_that_cannot_be_written(stocked: Shop) -> None:
    (stocked.folder / "taken.pdf").mkdir()
    assert "taken.pdf" in stocked.fails(
        1, "entry-sheet", "--order", "1001", "--out", str(stocked.folder / "taken.pdf")
    )


def test_on_postgresql_the_schema_is_asked_for(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path, postgres_url, monkeypatch)
    assert "run `python -m bot migrate` first" in shop.fails(1, "import-orders", str(shop.orders))
    assert "newest schema" in shop.ok("migrate")
    assert "newest schema" in shop.ok("migrate")
    assert "3 new" in shop.ok("import-orders", str(shop.orders))
    code = find_code(shop.ok("entry-link", "--order", "1001"))
    assert code is not None
    assert shop.order_of(code) == "1001"
    assert "nothing changed" in shop.ok("unlink", "--order", "1001")


def test_serve_is_given_settings_and_half(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[Config, str | None]] = []

    def serve(config: Config, only: str | None) -> int:
        called.append((config, only))
        return 7

    server = ModuleType("bot.server")
    vars(server)["serve"] = serve
    monkeypatch.setitem(sys.modules, "bot.server", server)
    code, _, _ = shop.run("serve", "--host", "::1", "--port", "0", "--only", "web")
    ((config, only),) = called
    assert (code, only) == (7, "web")
    assert (config.settings.server.host, config.settings.server.port) == ("::1", 0)
    assert config.settings.brand.name == "Rösterei Morgenrot"
    shop.run("serve")
    assert called[1][1] is None
    assert called[1][0].settings.server.port == 8080


def test_as_a_real_process(tmp_path: Path, sqlite_url: str) -> None:
    names = {name.upper() for name in Environment.model_fields}
    environment = {name: value for name, value in os.environ.items() if name not in names}
    environment |= {"DATABASE_URL": sqlite_url, "NACHKLANG_SECRET": SECRET, **LIVE}
    (tmp_path / "config.yml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "orders.csv").write_text(CSV, encoding="utf-8")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot", *words, "--config", str(tmp_path / "config.yml")],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=50,
        )  # fmt: skip

    imported = run("import-orders", str(tmp_path / "orders.csv"))
    assert (imported.returncode, imported.stderr) == (0, ""), imported.stderr
    unknown = run("unlink", "--order", "nobody")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr == "There is no order with the id or number 'nobody'.\n"


def test_help_loads_neither_database_nor_server() -> None:
    code = "import sys, bot.commands; print(sorted({'sqlalchemy', 'aiohttp', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=50
    )
    assert done.stdout == "[]\n"
