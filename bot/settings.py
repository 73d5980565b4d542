"""What owners choose: every section of ``config.yml``, with its defaults and its bounds."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from dialogs.facts import Pacing
from dialogs.handoff import Times
from dialogs.opening import DAYS, Opening, OpeningError, parse_hours


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Brand(_Section):
    """Who the shop is and how it speaks; ``mirror_voice``: du or Sie as the buyer says to the shop."""

    name: str = "Rösterei Morgenrot"
    language: Literal["de", "en"] = "de"
    voice: Literal["du", "sie"] = "du"
    mirror_voice: bool = False
    timezone: str = "Europe/Berlin"
    country: str = Field(default="DE", pattern="^[A-Z]{2}$")

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(
                f"{value!r} is no time zone; write for example Europe/Berlin, Europe/Vienna, Europe/Zurich"
            )
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.timezone)


class Hours(_Section):
    """When somebody is at the desk, in words of each language; empty: nothing is said about it."""

    de: str = ""
    en: str = ""

    @property
    def words(self) -> dict[str, str]:
        """What is said in each language in which something is."""
        return {language: text for language, text in (("de", self.de), ("en", self.en)) if text}


def _hours_of_a_day(value: object) -> object:
    """Check the hours of one day as YAML gives them: ``no``, ``closed`` and nothing mean the same."""
    if value is None or value is False:
        return "closed"
    if isinstance(value, str):
        try:
            parse_hours(value)
        except OpeningError as error:
            raise ValueError(str(error)) from None
    return value


def _holiday(value: object) -> object:
    """Read a day without anybody at the desk: ``2026-12-25``, or ``12-25`` for every year."""
    if isinstance(value, date):
        return value.isoformat()
    found = re.fullmatch(r"(?:(\d{4})-)?(\d{2})-(\d{2})", value, re.ASCII) if isinstance(value, str) else None
    try:
        if found is not None:
            date(int(found[1] or 2000), int(found[2]), int(found[3]))
            return value
    except ValueError:
        pass
    raise ValueError(f'{value!r} is no day; write for example 2026-12-25, or "12-25" for every year')


HoursOfADay: TypeAlias = Annotated[str, BeforeValidator(_hours_of_a_day)]
Holiday: TypeAlias = Annotated[str, BeforeValidator(_holiday)]


class OpeningHours(_Section):
    """When somebody is at the desk: by them is reckoned what buyers are promised, and the desk's goals.

    Each day's hours are like ``9-17``, ``9:00-12:00, 13:00-17:30`` or ``closed``, by the shop's clocks.
    """

    mon: HoursOfADay = "9-17"
    tue: HoursOfADay = "9-17"
    wed: HoursOfADay = "9-17"
    thu: HoursOfADay = "9-17"
    fri: HoursOfADay = "9-17"
    sat: HoursOfADay = "closed"
    sun: HoursOfADay = "closed"
    holidays: list[Holiday] = Field(default=[], max_length=400)

    def at(self, zone: ZoneInfo) -> Opening:
        """The hours as the dialogs take them, by the clocks of the shop's ``zone``."""
        days = [parse_hours(getattr(self, day)) for day in DAYS]
        dated = frozenset(date.fromisoformat(day) for day in self.holidays if len(day) == _LONG_DATE)
        yearly = frozenset((int(day[:2]), int(day[3:])) for day in self.holidays if len(day) != _LONG_DATE)
        mon, tue, wed, thu, fri, sat, sun = days
        return Opening((mon, tue, wed, thu, fri, sat, sun), dated, yearly, zone)


_LONG_DATE = len("2026-12-25")


class Human(_Section):
    """What buyers are promised when a person takes over; how it is reckoned says `Opening.promised`."""

    answer_within_hours: int = Field(default=24, ge=1, le=168)
    opening: OpeningHours = OpeningHours()
    hours: Hours = Hours()


def _time_of_day(value: object) -> object:
    """Read a time as YAML gives it: ``20:00`` without quotes is, by its old rules, the number 1200."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return value
    text = f"{value // 60}:{value % 60:02}" if isinstance(value, int) else value.strip()
    found = re.fullmatch(r"(\d|[01]\d|2[0-3]):([0-5]\d)", text, re.ASCII)
    if found is None:
        raise ValueError(f'{value!r} is no time of day; write for example "09:00" or "20:30"')
    return f"{int(found[1]):02}:{found[2]}"


TimeOfDay: TypeAlias = Annotated[str, BeforeValidator(_time_of_day)]


class Journeys(_Section):
    """When and how often the shop begins by itself, over all flows and chats of a buyer.

    Nothing is begun between ``quiet_from`` and ``quiet_to``, the buyer's night; ``at`` is the usual time. Two
    things lie ``apart_hours`` apart at least, there are no more than ``per_week`` in seven days, and
    ``offers_apart_days`` lie between two that offer something. After a bad mood without a case ratings and
    offers rest for ``calm_days``. A parcel counts as late ``late_days`` after it was shipped.
    """

    quiet_from: TimeOfDay = "20:00"
    quiet_to: TimeOfDay = "09:00"
    at: TimeOfDay = "10:00"
    apart_hours: int = Field(default=20, ge=0, le=720)
    per_week: int = Field(default=3, ge=1, le=21)
    offers_apart_days: int = Field(default=14, ge=0, le=365)
    calm_days: int = Field(default=14, ge=0, le=365)
    late_days: int = Field(default=7, ge=1, le=90)

    @model_validator(mode="after")
    def _by_day(self) -> Self:
        night, morning, usual = self.quiet_from, self.quiet_to, self.at
        quiet = night <= usual < morning if night <= morning else usual >= night or usual < morning
        if quiet:
            raise ValueError(
                f"at: {usual} lies in the buyer's night ({night} to {morning}); choose a time of the day, "
                "or a shorter night"
            )
        return self

    def clock(self, name: Literal["quiet_from", "quiet_to", "at"]) -> time:
        """Return one of the times of day."""
        return time.fromisoformat(getattr(self, name))

    @property
    def pacing(self) -> Pacing:
        """All of it as the dialogs take it."""
        return Pacing(
            quiet_from=self.clock("quiet_from"),
            quiet_to=self.clock("quiet_to"),
            at=self.clock("at"),
            apart=timedelta(hours=self.apart_hours),
            per_week=self.per_week,
            offers_apart=timedelta(days=self.offers_apart_days),
            calm=timedelta(days=self.calm_days),
            late=timedelta(days=self.late_days),
        )


class Dialogs(_Section):
    """Where the shop's own scripts, catalogue and written answers are; empty: those of the house."""

    folder: str = ""
    catalogue: str = ""
    answers: str = ""


class Understanding(_Section):
    """How buyers are understood.

    ``engine`` is the one that ships with the program, or a Rasa server (`RASA_URL`) with that one behind
    it. ``training`` is a folder of the shop's own messages beside the house's, ``cache`` where trained
    models are kept (empty: the user's cache folder). A Rasa server that does not answer within
    ``rasa_seconds`` is passed over.
    """

    engine: Literal["embedded", "rasa"] = "embedded"
    training: str = ""
    cache: str = ""
    rasa_seconds: float = Field(default=1.0, gt=0, le=10)


class Triage(_Section):
    """When a human is called instead of the bot answering.

    The probability from which one is called follows from how many ``false_alarms_per_day`` are fine, at so
    many ``messages_per_day`` (0: as measured, and 50 until enough is). Buyers with an order of
    ``valued_order`` or more, or with one of ``valued_tags``, come first. ``words`` always call a human.
    Judgements of messages are kept for ``keep_days``.
    """

    false_alarms_per_day: float = Field(default=3, ge=0, le=10_000)
    messages_per_day: float = Field(default=0, ge=0, le=1_000_000)
    valued_order: Decimal = Field(default=Decimal(0), ge=0)
    valued_tags: list[str] = ["vip"]
    words: list[Annotated[str, Field(min_length=2, max_length=60)]] = Field(default=[], max_length=100)
    keep_days: int = Field(default=730, ge=1, le=3650)


def _web_address(value: str, example: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/]\S*", value):
        raise ValueError(f"{value!r} is no web address; write for example {example}")
    return value


class Mail(_Section):
    """Where the shop is asked to mail a buyer an entry link, when no chat may be written to; empty: never."""

    url: str = ""
    tries: int = Field(default=8, ge=1, le=50)

    @field_validator("url")
    @classmethod
    def _web(cls, value: str) -> str:
        return _web_address(value, "https://shop.example/hooks/mail")


class RequestsHook(_Section):
    """Where the shop's own programs are told what agents ask for (`/desk/requests`); empty: nowhere."""

    url: str = ""
    tries: int = Field(default=12, ge=1, le=50)

    @field_validator("url")
    @classmethod
    def _web(cls, value: str) -> str:
        return _web_address(value, "https://shop.example/hooks/requests")


class InstagramChoice(_Section):
    """``login``: which kind of token ``INSTAGRAM_ACCESS_TOKEN`` is; ``auto`` goes by how it begins.

    ``token_ends``: the day on which it does, for a reminder; not needed where the program renews it.
    """

    login: Literal["auto", "instagram", "facebook"] = "auto"
    handle: str = ""
    app_id: str = ""
    token_ends: date | Literal[""] = ""


class WhatsAppChoice(_Section):
    """``number`` is the business number as buyers see it; entry links need it.

    ``token_ends``: the day on which the access token does, for a reminder; empty: it does not.
    """

    number: str = ""
    token_ends: date | Literal[""] = ""


def _chat_id(value: object) -> object:
    """Read the id of a Telegram group as YAML gives it: a number."""
    text = str(value).strip()
    if isinstance(value, bool) or re.fullmatch(r"-\d{5,20}", text, re.ASCII) is None:
        raise ValueError(
            f"{value!r} is no group's id: it is a number that begins with -100; the group's own link in "
            "Telegram for the web shows it"
        )
    return text


ChatId: TypeAlias = Annotated[str, BeforeValidator(_chat_id)]


class TelegramChoice(_Section):
    """``username`` is the bot's name; entry links need it.

    In the groups ``support_chats`` agents answer buyers, in one topic for each; the bot must be an
    administrator there who may manage topics.
    """

    username: str = ""
    support_chats: list[ChatId] = Field(default=[], max_length=20)


class Channels(_Section):
    """Which channels, and whether the sandbox stands in for them."""

    sandbox: Literal["auto", "always", "never"] = "auto"
    instagram: InstagramChoice = InstagramChoice()
    whatsapp: WhatsAppChoice = WhatsAppChoice()
    telegram: TelegramChoice = TelegramChoice()


class Entry(_Section):
    """Entry links: how long a code may be used, and under which address ``/go/`` is reached from outside."""

    valid_days: int = Field(default=365, ge=1, le=3650)
    public_url: str = ""


class Turns(_Section):
    """How turns are made.

    A text that follows another within ``typing_seconds`` waits ``burst_seconds`` for the next. A turn that
    fails ``tries`` times is set aside and a human gets the conversation.
    """

    typing_seconds: float = Field(default=4.0, ge=0, le=30)
    burst_seconds: float = Field(default=0.7, ge=0, le=10)
    tries: int = Field(default=8, ge=1, le=50)
    lease_seconds: float = Field(default=30.0, ge=1, le=600)
    at_once: int = Field(default=64, ge=1, le=500)


class Sending(_Section):
    """How messages go out.

    A message whose answer was lost is looked for during ``doubt_seconds`` before it is sent again.
    ``show_typing`` marks incoming messages as read and shows that an answer is being written.
    """

    tries: int = Field(default=8, ge=1, le=50)
    lease_seconds: float = Field(default=30.0, ge=1, le=600)
    doubt_seconds: float = Field(default=45.0, ge=1, le=3600)
    at_once: int = Field(default=64, ge=1, le=500)
    show_typing: bool = True


class Server(_Section):
    """Where the server listens, and how large a request may be (WhatsApp sends up to 3 MB)."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    max_body_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
    poll_seconds: float = Field(default=1.0, gt=0, le=60)


class Desk(_Section):
    """How the desk works.

    A conversation in which nobody has said anything for ``quiet_hours`` after a human did goes back to the
    bot. Buyers who write to a human get an answer within ``answer_goal_minutes`` of the opening hours
    (`Human.opening`), if they were promised nothing else; ``alarm_minutes`` before that, or a promise,
    breaks, the first alarm rings. What an agent sends can be taken back for ``undo_seconds``. Files of
    messages are kept for ``media_days`` and may have ``media_mb`` million bytes each.
    """

    quiet_hours: float = Field(default=12, ge=0.1, le=24 * 14)
    answer_goal_minutes: int = Field(default=120, ge=1, le=60 * 24 * 7)
    alarm_minutes: int = Field(default=30, ge=0, le=60 * 24)
    undo_seconds: float = Field(default=5, ge=0, le=60)

    media_days: int = Field(default=365, ge=1, le=3650)
    media_mb: int = Field(default=25, ge=1, le=100)


class Retention(_Section):
    """How many days each class of data is kept; 0: for ever. What is forgotten are words, never figures.

    ``messages`` are what buyers, bot and agents said, with files' names, the quotes of cases, and words of
    ratings; ``notes`` those beside a thread; ``search`` what the search finds in; ``events`` the words with
    which agents did something; ``requests`` what was asked of the shop, counted from when it is finished.
    Nothing is taken from a conversation that somebody is busy with.
    """

    messages: int = Field(default=730, ge=0, le=36500)
    notes: int = Field(default=730, ge=0, le=36500)
    search: int = Field(default=730, ge=0, le=36500)
    events: int = Field(default=730, ge=0, le=36500)
    requests: int = Field(default=1095, ge=0, le=36500)
    alarms: int = Field(default=90, ge=0, le=36500)
    drafts: int = Field(default=30, ge=0, le=36500)
    presence: int = Field(default=1, ge=0, le=36500)


class Healing(_Section):
    """What no webhook has told is looked for every ``minutes`` (0: never), where the platform can be asked.

    A message that is found later than ``answer_minutes`` after it was written is shown, not answered.
    """

    minutes: int = Field(default=15, ge=0, le=24 * 60)
    answer_minutes: int = Field(default=60, ge=0, le=24 * 60)


class Settings(_Section):
    """The whole of ``config.yml``."""

    brand: Brand = Brand()
    human: Human = Human()
    journeys: Journeys = Journeys()
    dialogs: Dialogs = Dialogs()
    nlu: Understanding = Understanding()
    triage: Triage = Triage()
    channels: Channels = Channels()
    entry: Entry = Entry()
    mail: Mail = Mail()
    requests: RequestsHook = RequestsHook()
    turns: Turns = Turns()
    sending: Sending = Sending()
    desk: Desk = Desk()
    retention: Retention = Retention()
    healing: Healing = Healing()
    server: Server = Server()

    def times_at(self, now: datetime) -> Times:
        """What follows for who has a conversation, were something to happen there at ``now``."""
        goal = timedelta(minutes=self.desk.answer_goal_minutes)
        opening = self.human.opening.at(self.brand.zone)
        return Times(
            now,
            goal=opening.add_open_time(now, goal) or now + goal,
            quiet=now + timedelta(hours=self.desk.quiet_hours),
            lead=timedelta(minutes=self.desk.alarm_minutes),
        )
