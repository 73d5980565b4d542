"""What the settings accept, and how they say what is wrong: every name, every place, at once."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from bot.config import CHANNEL_SECRETS, Config, ConfigError, Environment, load
from bot.metrics import Metrics
from bot.settings import Journeys, Settings
from integrations import whatsapp_events

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")

INSTAGRAM = {
    "INSTAGRAM_APP_SECRET": "one",
    "INSTAGRAM_VERIFY_TOKEN": "two",
    "INSTAGRAM_ACCESS_TOKEN": "three",
    "INSTAGRAM_ACCOUNT_ID": "17841",
}
TELEGRAM = {"TELEGRAM_BOT_TOKEN": "1:a", "TELEGRAM_WEBHOOK_SECRET": "b"}


def file(folder: Path, text: str) -> Path:
    path = folder / "config.yml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path | None, environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, environ)
    return str(caught.value)


def fields(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """Every setting as ``section.name``."""
    for name, info in model.model_fields.items():
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from fields(inner, f"{before}{name}.")
        else:
            yield f"{before}{name}"


SETTINGS = list(fields(Settings))
VARIABLES = [name.upper() for name in Environment.model_fields]


def value_of(values: Any, setting: str) -> Any:
    for name in setting.split("."):
        values = values[name]
    return values


# -- channels


@pytest.mark.parametrize("channel", list(CHANNEL_SECRETS))
def test_a_channel_with_all_its_secrets_is_on(channel: str) -> None:
    config = load(None, {name.upper(): "x" for name in CHANNEL_SECRETS[channel]})
    assert config.live == {channel}
    assert not config.sandbox


@pytest.mark.parametrize(
    ("channel", "given"),
    [
        (channel, names[:count])
        for channel, names in CHANNEL_SECRETS.items()
        for count in range(1, len(names))
    ],
)
def test_a_half_set_channel_stops_the_start_with_every_missing_name(
    channel: str, given: tuple[str, ...]
) -> None:
    told = refusal(None, {name.upper(): "x" for name in given})
    missing = [name.upper() for name in CHANNEL_SECRETS[channel] if name not in given]
    assert channel in told
    assert all(name in told for name in missing)
    assert not any(name.upper() in told for name in given)


def test_an_empty_variable_is_a_missing_one() -> None:
    assert "TELEGRAM_WEBHOOK_SECRET is missing" in refusal(None, TELEGRAM | {"TELEGRAM_WEBHOOK_SECRET": ""})
    assert "INSTAGRAM_APP_SECRET is missing" in refusal(None, INSTAGRAM | {"INSTAGRAM_APP_SECRET": " , "})


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    path = file(tmp_path, "brand: {voice: ihr}\nturns: {tries: 0}\n")
    told = refusal(path, {"TELEGRAM_BOT_TOKEN": "1:a", "WHATSAPP_APP_SECRET": "x"})
    assert "brand.voice" in told
    assert "turns.tries" in told
    assert "TELEGRAM_WEBHOOK_SECRET" in told
    assert "WHATSAPP_PHONE_NUMBER_ID" in told


@pytest.mark.parametrize(
    ("choice", "environ", "expected"),
    [
        ("auto", {}, True),
        ("auto", TELEGRAM, False),
        ("always", TELEGRAM, True),
        ("never", {}, False),
        ("never", TELEGRAM, False),
    ],
)
def test_whether_the_sandbox_plays_the_channels(
    tmp_path: Path, choice: str, environ: dict[str, str], expected: bool
) -> None:
    assert load(file(tmp_path, f"channels: {{sandbox: {choice}}}"), environ).sandbox is expected


def test_orders_alone_leave_the_sandbox_on() -> None:
    assert load(None, {"ORDERS_WEBHOOK_SECRET": "x", "SHOPIFY_WEBHOOK_SECRET": "y"}).sandbox


def test_several_secrets_may_be_set_while_they_are_changed() -> None:
    environment = load(None, INSTAGRAM | {"INSTAGRAM_APP_SECRET": "new , old,"}).environment
    assert [one.get_secret_value() for one in environment.instagram_app_secret] == ["new", "old"]


def test_no_secret_can_be_printed() -> None:
    secrets = {
        name: f"hush-{number}" for number, name in enumerate((*INSTAGRAM, *TELEGRAM, "NACHKLANG_SECRET"))
    }
    config = load(None, secrets)
    printed = repr(config) + str(config.environment) + config.model_dump_json()
    hidden = {secrets[name] for name in secrets if name != "INSTAGRAM_ACCOUNT_ID"}
    assert not [one for one in hidden if one in printed]


def test_only_the_environment_that_is_handed_in_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///another.db")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:a")
    assert load(None, {}).environment.database_url == "sqlite:///nachklang.db"
    with pytest.raises(ConfigError, match="TELEGRAM_WEBHOOK_SECRET"):
        load(None)


# -- the file


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load(None, {}).settings == load(tmp_path / "none.yml", {}).settings == Settings()
    assert load(file(tmp_path, "# nothing\n"), {}).settings == Settings()


def test_names_are_filled_in_from_the_environment(tmp_path: Path) -> None:
    path = file(tmp_path, "brand: {name: 'Café ${SHOP}'}\nchannels: {whatsapp: {number: '${NUMBER}'}}\n")
    settings = load(path, {"SHOP": "Nord", "NUMBER": "+49 30 1"}).settings
    assert settings.brand.name == "Café Nord"
    assert settings.channels.whatsapp.number == "+49 30 1"


def test_a_name_that_is_not_set_is_told(tmp_path: Path) -> None:
    told = refusal(file(tmp_path, "brand: {name: '${SHOP} ${CITY} ${SHOP}'}\n"), {})
    assert told.count("${SHOP}") == 1
    assert "${CITY}" in told


@pytest.mark.parametrize(
    ("text", "place"),
    [("brand:\n  name: [a\nhuman: 1\n", "line 3, column 6"), ("brand: {\n\tname: a}\n", "line 2, column 1")],
)
def test_what_is_no_yaml_is_told_with_line_and_column(tmp_path: Path, text: str, place: str) -> None:
    told = refusal(file(tmp_path, text), {})
    assert f"config.yml, {place}: this is not YAML" in told


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_bytes(b"brand: {name: \xff\xfe}")
    assert "config.yml: this is not YAML" in refusal(path, {})


@pytest.mark.parametrize("text", ["- brand", "just words", "42"])
def test_another_shape_than_sections_is_refused(tmp_path: Path, text: str) -> None:
    assert "expected sections" in refusal(file(tmp_path, text), {})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("brnad: {}", "brnad"),
        ("brand: {nmae: x}", "brand.nmae"),
        ("channels: {whatsapp: {nummer: 1}}", "channels.whatsapp.nummer"),
        ("brand: {timezone: Europe/Atlantis}", "brand.timezone"),
        ("brand: {country: Deutschland}", "brand.country"),
        ("brand: {language: fr}", "brand.language"),
        ("human: {answer_within_hours: 0}", "human.answer_within_hours"),
        ("human: {hours: {fr: du lundi}}", "human.hours.fr"),
        ("human: {opening: {mon: 17-9}}", "human.opening.mon"),
        ("human: {opening: {mon: morgens}}", "human.opening.mon"),
        ("human: {opening: {mon: 9}}", "human.opening.mon"),
        ("human: {opening: {montag: 9-17}}", "human.opening.montag"),
        ("human: {opening: {holidays: [25.12.]}}", "human.opening.holidays.0"),
        ("human: {opening: {holidays: ['2026-02-30']}}", "human.opening.holidays.0"),
        ("human: {opening: {holidays: [02-30]}}", "human.opening.holidays.0"),
        ("journeys: {quiet_from: evening}", "journeys.quiet_from"),
        ("journeys: {at: 24:00}", "journeys.at"),
        ("journeys: {at: true}", "journeys.at"),
        ("journeys: {at: 22:00}", "journeys"),
        ("journeys: {quiet_from: '12:00', quiet_to: '13:00', at: '12:30'}", "journeys"),
        ("journeys: {per_week: -1}", "journeys.per_week"),
        ("mail: {url: shop.example/hooks}", "mail.url"),
        ("mail: {url: 'https://'}", "mail.url"),
        ("server: {port: 70000}", "server.port"),
        ("sending: {tries: many}", "sending.tries"),
        ("turns:", "turns"),
        ("brand: Morgenrot", "brand"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    assert f"config.yml: {place}: " in refusal(file(tmp_path, text), {})


@pytest.mark.parametrize(
    ("written", "read"),
    [("20:00", "20:00"), ("'20:00'", "20:00"), ("8:30", "08:30"), ("'8:30'", "08:30"), ("0:00", "00:00")],
)
def test_a_time_of_day_may_be_written_as_people_do(tmp_path: Path, written: str, read: str) -> None:
    """Without quotes YAML takes 20:00 for twelve hundred."""
    journeys = load(
        file(tmp_path, f"journeys: {{quiet_from: {written}, quiet_to: {written}}}"), {}
    ).settings.journeys
    assert journeys.quiet_from == read
    assert journeys.clock("quiet_from").strftime("%H:%M") == read


@pytest.mark.parametrize(
    ("night", "usual"),
    [(("20:00", "09:00"), "09:00"), (("20:00", "09:00"), "19:59"), (("00:00", "00:00"), "03:00")],
)
def test_the_usual_time_is_by_day(night: tuple[str, str], usual: str) -> None:
    assert Journeys(quiet_from=night[0], quiet_to=night[1], at=usual).at == usual


# -- the shop's mail


MAIL = "mail: {url: 'https://shop.example/hooks/mail'}"


def test_the_mail_hand_over_needs_an_address_and_a_secret(tmp_path: Path) -> None:
    config = load(file(tmp_path, MAIL), {"MAIL_WEBHOOK_SECRET": "x"})
    assert config.settings.mail.url == "https://shop.example/hooks/mail"
    assert "MAIL_WEBHOOK_SECRET is missing" in refusal(file(tmp_path, MAIL), {})
    assert "mail.url is missing" in refusal(None, {"MAIL_WEBHOOK_SECRET": "x"})
    assert "hush" not in repr(load(file(tmp_path, MAIL), {"MAIL_WEBHOOK_SECRET": "hush"}))


def test_nothing_is_said_to_be_missing_that_only_could_not_be_read(tmp_path: Path) -> None:
    told = refusal(file(tmp_path, "mail: {url: nowhere}"), {"MAIL_WEBHOOK_SECRET": "x"})
    assert "mail.url: Value error" in told
    assert "missing" not in told


# -- mails to the team


def test_mails_to_the_team_need_a_server_and_a_sender() -> None:
    both = {"SMTP_URL": "smtp://desk:hush@mail.example.org", "SMTP_FROM": "Desk <desk@shop.example>"}
    config = load(None, both)
    assert config.post is not None
    assert (config.post.host, config.post.tls) == ("mail.example.org", "demanded")
    assert "hush" not in repr(config)
    assert "hush" not in repr(config.post)
    assert load(None, {}).post is None
    assert "SMTP_FROM is missing" in refusal(None, {"SMTP_URL": both["SMTP_URL"]})
    assert "SMTP_URL is missing" in refusal(None, {"SMTP_FROM": both["SMTP_FROM"]})
    told = refusal(None, {**both, "SMTP_URL": "desk:hush@mail.example.org"})
    assert "smtp://user:password@" in told
    assert "hush" not in told
    assert "SMTP_FROM is no address" in refusal(None, {**both, "SMTP_FROM": "desk"})


# -- what the documents say


def test_the_shipped_file_says_nothing_but_defaults() -> None:
    assert load(ROOT / "config.yml", {}) == load(None, {})


def test_a_day_that_there_is_not_is_told(tmp_path: Path) -> None:
    """Without quotes it is YAML itself that stumbles over it."""
    told = refusal(file(tmp_path, "human: {opening: {holidays: [2026-02-30]}}"), {})
    assert "config.yml: this is not YAML (day is out of range for month)" in told


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_stands_in_the_shipped_file(setting: str) -> None:
    shipped = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    assert value_of(shipped, setting) == value_of(Settings().model_dump(), setting)


def rows(heading: str) -> dict[str, list[str]]:
    """The table below a heading of docs/operations.md: name in backticks → cells."""
    section = OPERATIONS.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    table = [line.strip().strip("|").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip().strip("`"): [cell.strip() for cell in row] for row in table}


def test_every_setting_is_documented_with_its_default() -> None:
    documented = rows("## Settings: config.yml")
    assert sorted(documented) == sorted(SETTINGS)
    defaults = Settings().model_dump()
    for setting, cells in documented.items():
        default = value_of(defaults, setting)
        plain = str(default).lower() if isinstance(default, bool) else str(default).removesuffix(".0")
        assert cells[1] == "`" + (plain or '""') + "`", setting


def test_every_variable_is_documented() -> None:
    documented = rows("## Environment")
    assert sorted(documented) == sorted(VARIABLES)
    for name, cells in documented.items():
        default = Environment.model_fields[name.lower()].default
        assert cells[1] == (f"`{default}`" if isinstance(default, str) else "–"), name


def test_every_figure_is_documented() -> None:
    kept = {family.name for family in Metrics().registry.collect()}
    documented = rows("## Metrics")
    shown = {name.removesuffix("_total") for name in documented}
    assert shown == kept


def test_every_notice_is_explained() -> None:
    """A notice is written as a literal topic beside `notify`, `add_notice` or `Notice`."""
    told = set(whatsapp_events._NOTICES)
    calls = re.compile(
        r"""\b(?:notify|add_notice|Notice)\(\s*(?:connection,\s*)?"([a-z_]+)"|^\s+\("([a-z_]+)", \{"conv""",
        re.MULTILINE,
    )
    for folder in ("bot", "persistence", "integrations"):
        for path in (ROOT / folder).rglob("*.py"):
            told |= {one or two for one, two in calls.findall(path.read_text(encoding="utf-8"))}
    assert {"message_failed", "turn_set_aside", "account_may_not_send", "erased"} <= told
    explained = {part.strip("`") for name in rows("## Notices") for part in re.split(r",\s*", name)}
    assert told <= explained, told - explained


def test_the_entry_lifetime_is_in_days(tmp_path: Path) -> None:
    config: Config = load(file(tmp_path, "entry: {valid_days: 30}"), {})
    assert config.entry_lifetime.days == 30
