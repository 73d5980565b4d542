"""Scripts are read at the start, kept in every version, and refused with all that is wrong with them."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import ConfigError
from bot.publishing import KEPT, Past, publish, read_answers, read_shelf, script_texts
from bot.server import running
from dialogs.catalogue import SAMPLE
from dialogs.messages import OUTGOING, Outgoing, Tap
from dialogs.script import SCRIPTS, load_book
from dialogs.state import STATE
from dialogs.written_reading import load_answers
from persistence.tables_journeys import ScriptRow
from tests.bot.conftest import MakeHouse
from tests.bot.house import House, config_for
from tests.bot.serving import settings_of
from tests.persistence import world

OLD = """
id: quiz
starts:
  - keyword: quizfrage
steps:
  - id: question
    ask: {de: "Bohne oder Pulver?", en: "Beans or powder?"}
    choices:
      - {id: beans, title: {de: "Bohne", en: "Beans"}, go: before}
      - {id: powder, title: {de: "Pulver", en: "Powder"}, go: end}
  - id: before
    say: {de: "So war es früher.", en: "That is how it was."}
"""
NEW = """
id: quiz
starts:
  - keyword: quizfrage
steps:
  - id: question
    ask: {de: "Heiß oder kalt?", en: "Hot or cold?"}
    choices:
      - {id: beans, title: {de: "Heiß", en: "Hot"}, go: now}
      - {id: cold, title: {de: "Kalt", en: "Cold"}, go: end}
  - id: now
    say: {de: "So ist es jetzt.", en: "That is how it is."}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop's own scripts: those of the house, and a quiz."""
    own = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, own)
    (own / "quiz.yml").write_text(OLD, encoding="utf-8")
    return own


@pytest.fixture
def start(make_house: MakeHouse, folder: Path) -> Any:
    """Starts the shop once more, on the same database."""

    async def begin(seconds: float = 0) -> House:
        house = make_house(dialogs={"folder": str(folder)})
        house.clock.to(seconds)
        house._numbers += [1] * int(seconds % 1000)  # nobody's message has the name of an earlier one
        shelf = await publish(house.app.config, house.app.store, house.clock())
        house.app.book, house.app.products = shelf.book, shelf.products
        return house

    return begin


async def last(house: House, who: str = "anna") -> Outgoing:
    """What was said to somebody last."""
    chat = (await house.conversation(who)).id
    return OUTGOING.validate_json((await house.outbox(conversation_id=chat))[-1].outgoing)


async def ask(house: House, who: str = "anna") -> Outgoing:
    """Somebody asks for the quiz."""
    await house.say("quizfrage", who)
    await house.turns()
    return await last(house, who)


# -- versions


async def test_who_is_in_the_middle_goes_on_in_the_version_they_began_with(start: Any, folder: Path) -> None:
    """The script is published anew over a restart, with another text and another way on."""
    house = await start()
    question = await ask(house)
    assert "Bohne oder Pulver?" in question.text
    state = STATE.validate_json((await house.conversation()).state)
    assert state.version == house.app.book.flows["quiz"].version

    (folder / "quiz.yml").write_text(NEW, encoding="utf-8")
    again = await start(60)
    assert again.app.book.flows["quiz"].version != state.version
    await again.accept(world.event(Tap(question.buttons[0].payload, "Bohne"), "tap-1", 60))
    await again.turns()
    assert "So war es früher." in (await last(again)).text

    assert "Heiß oder kalt?" in (await ask(again, "bert")).text  # who begins now begins with the new one


async def test_a_version_is_published_once_and_never_changed(start: Any, folder: Path) -> None:
    house = await start()
    first = {(row.flow, row.version): row for row in await house.rows(ScriptRow)}
    assert {flow for flow, _ in first} == set(house.app.book.flows)
    [quiz] = [row for row in first.values() if row.flow == "quiz"]
    assert quiz.text == OLD

    (folder / "quiz.yml").write_text(NEW, encoding="utf-8")
    await start(60)
    (folder / "quiz.yml").write_text(OLD, encoding="utf-8")
    again = await start(120)
    rows = {(row.flow, row.version): row for row in await again.rows(ScriptRow)}
    assert len(rows) == len(first) + 1
    assert {row.text for row in rows.values() if row.flow == "quiz"} == {OLD, NEW}
    assert rows["quiz", quiz.version].text == OLD


async def test_two_processes_may_start_at_once(start: Any) -> None:
    one, other = await start(), await start()
    assert one.app.book.flows["quiz"].version == other.app.book.flows["quiz"].version
    assert len(await one.rows(ScriptRow, flow="quiz")) == 1


async def test_what_has_been_gone_for_long_is_not_read_any_more(start: Any, folder: Path) -> None:
    versions = []
    for seconds, text in ((0, OLD), (60, NEW), (120, OLD.replace("Bohne", "Kapsel"))):
        (folder / "quiz.yml").write_text(text, encoding="utf-8")
        house = await start(seconds)
        versions.append(house.app.book.flows["quiz"].version)
    assert set(house.app.book.past) >= {("quiz", version) for version in versions}
    much_later = await start(KEPT.total_seconds() + 90)
    assert ("quiz", versions[0]) not in much_later.app.book.past
    assert ("quiz", versions[1]) in much_later.app.book.past
    assert much_later.app.book.find("quiz", versions[0]) is much_later.app.book.flows["quiz"]


# -- the past


class Watched(Mapping[tuple[str, str], str]):
    """Texts that note who was looked up."""

    def __init__(self, texts: dict[tuple[str, str], str]) -> None:
        self.texts = texts
        self.asked: list[tuple[str, str]] = []

    def __getitem__(self, key: tuple[str, str]) -> str:
        self.asked.append(key)
        return self.texts[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.texts)

    def __len__(self) -> int:
        return len(self.texts)


def test_an_old_version_is_read_when_it_is_asked_for_and_once() -> None:
    texts = Watched({("quiz", "v1"): OLD, ("quiz", "v2"): NEW})
    past = Past(texts)
    assert (len(past), set(past), texts.asked) == (2, {("quiz", "v1"), ("quiz", "v2")}, [])
    first = past["quiz", "v1"]
    assert (first.id, first.version, first.first) == ("quiz", "v1", "question")
    assert past["quiz", "v1"] is first
    assert texts.asked == [("quiz", "v1")]


@pytest.mark.parametrize("text", ["", "id: quiz", "- 1", "id: [", "id: quiz\nsteps: yes", "\x00"])
def test_an_old_version_that_cannot_be_read_is_passed_over(text: str, logged: list[dict[str, Any]]) -> None:
    past = Past({("quiz", "v1"): text})
    for _ in range(2):
        assert past.get(("quiz", "v1")) is None
    assert past.get(("quiz", "v2")) is None
    told = [(line["flow"], line["version"]) for line in logged if line["event"] == "old_script_unreadable"]
    assert told == [("quiz", "v1")]


# -- what is refused


def test_without_settings_the_houses_own_are_used() -> None:
    shelf, texts = read_shelf(config_for("sqlite://"))
    assert shelf.book.flows.keys() == load_book().flows.keys() == texts.keys()
    assert "HM-01" in shelf.products
    assert {version for version, _ in texts.values()} == {one.version for one in shelf.book.flows.values()}


def test_everything_that_is_wrong_is_told_at_once(folder: Path, tmp_path: Path) -> None:
    (folder / "quiz.yml").write_text(OLD.replace("go: before", "go: befor"), encoding="utf-8")
    (folder / "other.yml").write_text("id: other\nstps: []\n", encoding="utf-8")
    catalogue = tmp_path / "catalogue.yml"
    catalogue.write_text("- title: {de: x}\n")
    with pytest.raises(ConfigError) as caught:
        read_shelf(config_for("sqlite://", dialogs={"folder": str(folder), "catalogue": str(catalogue)}))
    told = str(caught.value)
    assert f"the scripts in {folder} cannot be used:" in told
    assert "quiz.yml:9" in told
    assert "befor" in told
    assert "other.yml:2" in told
    assert "the catalogue cannot be used: catalogue.yml" in told


ANSWERS = """\
- id: hours
  title: {de: "Offen", en: "Open"}
  questions: {de: ["Wann habt ihr offen?"], en: ["When are you open?"]}
  answer: {de: "Bis 18 Uhr.", en: "Until 6 p.m."}
"""


def test_answers_are_read_from_their_own_file_or_from_beside_the_catalogue(tmp_path: Path) -> None:
    assert len(read_answers(config_for("sqlite://"))) == len(load_answers()) >= 3
    catalogue, beside, own = (tmp_path / name for name in ("shop.yml", "answers.yml", "own.yml"))
    catalogue.write_text("[]", "utf-8")
    dialogs = {"catalogue": str(catalogue)}
    assert len(read_shelf(config_for("sqlite://", dialogs=dialogs))[0].answers) == 0
    beside.write_text(ANSWERS, "utf-8")
    assert set(read_shelf(config_for("sqlite://", dialogs=dialogs))[0].answers.entries) == {"hours"}
    own.write_text(ANSWERS.replace("hours", "mine"), "utf-8")
    config = config_for("sqlite://", dialogs={**dialogs, "answers": str(own)})
    assert set(read_shelf(config)[0].answers.entries) == {"mine"}


def test_answers_with_mistakes_stop_the_start(tmp_path: Path) -> None:
    wrong = tmp_path / "answers.yml"
    wrong.write_text(ANSWERS.replace("answer:", "anwser:"), "utf-8")
    with pytest.raises(ConfigError, match=r"answers\.yml:4:3: `anwser` is not known here\. Perhaps `answer`"):
        read_shelf(config_for("sqlite://", dialogs={"answers": str(wrong)}))
    wrong.write_bytes(b"- id: gr\xfc\xdfe")
    with pytest.raises(ConfigError, match=r"not a text in UTF-8 \(byte 8\)"):
        read_answers(config_for("sqlite://", dialogs={"answers": str(wrong)}))


@pytest.mark.parametrize(
    ("dialogs", "said"),
    [
        ({"folder": "no/such/folder"}, "dialogs.folder: there is no folder no/such/folder"),
        ({"catalogue": "no/such.yml"}, "dialogs.catalogue: no/such.yml cannot be read (No such file"),
        ({"answers": "no/such.yml"}, "dialogs.answers: no/such.yml cannot be read (No such file"),
    ],
)
def test_what_is_not_there_is_named(dialogs: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_shelf(config_for("sqlite://", dialogs=dialogs))
    assert said in str(caught.value)


def test_a_folder_without_scripts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there are no scripts"):
        script_texts(tmp_path)
    (tmp_path / "latin.yml").write_bytes(b"id: gr\xfc\xdfe")
    refused = r"latin\.yml: not a text in UTF-8 \(byte 6\)"
    with pytest.raises(ConfigError, match=refused):
        script_texts(tmp_path)
    with pytest.raises(ConfigError, match=refused):
        read_shelf(config_for("sqlite://", dialogs={"catalogue": str(tmp_path / "latin.yml")}))


async def test_the_program_does_not_start_with_them(store_url: str, folder: Path) -> None:
    (folder / "quiz.yml").write_text("id: quiz\n", encoding="utf-8")
    config = settings_of(store_url, {}, {"dialogs": {"folder": str(folder)}})
    with pytest.raises(ConfigError, match=r"quiz\.yml"):
        async with running(config):
            pass


async def test_a_mail_hand_over_without_a_link_is_refused(store_url: str) -> None:
    environ = {
        "TELEGRAM_BOT_TOKEN": "1:a",
        "TELEGRAM_WEBHOOK_SECRET": "b",
        "MAIL_WEBHOOK_SECRET": "c",
    }
    config = settings_of(store_url, environ, {"mail": {"url": "http://127.0.0.1:9/hooks"}})
    with pytest.raises(ConfigError, match=r"entry\.public_url"):
        async with running(config):
            pass


def test_the_kept_time_is_longer_than_a_year() -> None:
    """A flow that waits for a birthday waits for a year, and is played in its own version."""
    assert timedelta(days=366) < KEPT
    assert SAMPLE.exists()
