"""The shop's settings: ``config.yml`` for what owners choose, the environment for secrets and addresses.

A channel whose secrets are all set is on; one that is half set stops the start, naming what is missing. With
no channel set at all the sandbox takes their place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

_NAME: Final = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


class ConfigError(Exception):
    """The settings cannot be used; the text lists every problem with its place and what to do."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Brand(_Section):
    """Who the shop is and how it speaks."""

    name: str = "Rösterei Morgenrot"
    language: Literal["de", "en"] = "de"
    voice: Literal["du", "sie"] = "du"
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


class Human(_Section):
    """What buyers are promised when a person takes over."""

    answer_within_hours: int = Field(default=24, ge=1, le=168)


class InstagramChoice(_Section):
    """``login``: which kind of token ``INSTAGRAM_ACCESS_TOKEN`` is; ``auto`` goes by how it begins."""

    login: Literal["auto", "instagram", "facebook"] = "auto"
    handle: str = ""
    app_id: str = ""


class WhatsAppChoice(_Section):
    """``number`` is the business number as buyers see it; entry links need it."""

    number: str = ""


class TelegramChoice(_Section):
    """``username`` is the bot's name; entry links need it."""

    username: str = ""


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


class Settings(_Section):
    """The whole of ``config.yml``."""

    brand: Brand = Brand()
    human: Human = Human()
    channels: Channels = Channels()
    entry: Entry = Entry()
    turns: Turns = Turns()
    sending: Sending = Sending()
    server: Server = Server()


Secrets = Annotated[tuple[SecretStr, ...], NoDecode]


class Environment(BaseSettings):
    """The environment, by the names of the outside contract. Secrets live only here."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    database_url: str = "sqlite:///nachklang.db"
    redis_url: str | None = None
    nachklang_secret: SecretStr | None = None
    meta_graph_url: str = "https://graph.facebook.com"
    instagram_graph_url: str = "https://graph.instagram.com"
    meta_graph_version: str = "v25.0"
    instagram_app_secret: Secrets = ()
    instagram_verify_token: SecretStr | None = None
    instagram_access_token: SecretStr | None = None
    instagram_account_id: str | None = None
    whatsapp_app_secret: Secrets = ()
    whatsapp_verify_token: SecretStr | None = None
    whatsapp_access_token: SecretStr | None = None
    whatsapp_phone_number_id: str | None = None
    telegram_bot_token: SecretStr | None = None
    telegram_webhook_secret: SecretStr | None = None
    telegram_api_url: str = "https://api.telegram.org"
    telegram_support_chat_id: str | None = None
    shopify_webhook_secret: Secrets = ()
    woocommerce_webhook_secret: Secrets = ()
    orders_webhook_secret: Secrets = ()
    rasa_url: str | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the names are the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what `load` hands in: it alone knows which environment is meant."""
        return (init_settings,)

    @field_validator(
        "instagram_app_secret",
        "whatsapp_app_secret",
        "shopify_webhook_secret",
        "woocommerce_webhook_secret",
        "orders_webhook_secret",
        mode="before",
    )
    @classmethod
    def _several(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value


CHANNEL_SECRETS: Final[Mapping[str, tuple[str, ...]]] = {
    "instagram": (
        "instagram_app_secret",
        "instagram_verify_token",
        "instagram_access_token",
        "instagram_account_id",
    ),
    "whatsapp": (
        "whatsapp_app_secret",
        "whatsapp_verify_token",
        "whatsapp_access_token",
        "whatsapp_phone_number_id",
    ),
    "telegram": ("telegram_bot_token", "telegram_webhook_secret"),
}
"""What each channel needs before it is on."""


class Config(BaseModel):
    """Settings and environment together, checked."""

    model_config = ConfigDict(frozen=True)

    settings: Settings
    environment: Environment
    live: frozenset[str]
    """The channels whose secrets are set."""

    @property
    def sandbox(self) -> bool:
        """Whether the sandbox stands in for the channels."""
        choice = self.settings.channels.sandbox
        return choice == "always" or (choice == "auto" and not self.live)

    @property
    def entry_lifetime(self) -> timedelta:
        """How long an entry code may be used."""
        return timedelta(days=self.settings.entry.valid_days)


def load(path: Path | None, environ: Mapping[str, str] | None = None) -> Config:
    """Read ``path`` (None or absent: defaults) and the environment.

    Raises:
        ConfigError: listing every problem of file and environment at once.

    """
    environ = os.environ if environ is None else environ
    problems: list[str] = []
    settings, environment = Settings(), Environment()
    try:
        settings = _read_settings(path, environ)
    except ConfigError as error:
        problems.append(str(error))
    try:
        environment = _read_environment(environ)
    except ConfigError as error:
        problems.append(str(error))
    live, half = _live_channels(environment)
    if problems or half:
        raise ConfigError("\n".join([*problems, *half]))
    return Config(settings=settings, environment=environment, live=live)


def _read_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    if path is None or not path.exists():
        return Settings()
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
        raise ConfigError(
            f"{where}: this is not YAML ({getattr(error, 'problem', 'unreadable text')})"
        ) from error
    if not isinstance(raw, dict):
        raise ConfigError(
            f"{path}: expected sections such as `brand:` at the left margin, found {type(raw).__name__}"
        )
    missing: list[str] = []
    filled = _fill(raw, environ, missing)
    if missing:
        raise ConfigError(
            "\n".join(f"{path}: ${{{name}}} is used here but not set in the environment" for name in missing)
        )
    try:
        return Settings.model_validate(filled)
    except ValidationError as error:
        raise ConfigError(_in_words(str(path), error)) from error


def _fill(value: Any, environ: Mapping[str, str], missing: list[str]) -> Any:
    """Put the environment's values in the place of ``${NAME}``."""
    if isinstance(value, dict):
        return {key: _fill(inner, environ, missing) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner, environ, missing) for inner in value]
    if not isinstance(value, str):
        return value
    unset = (name for name in dict.fromkeys(_NAME.findall(value)) if name not in environ)
    missing += [name for name in unset if name not in missing]
    return _NAME.sub(lambda match: environ.get(match[1], ""), value)


def _read_environment(environ: Mapping[str, str]) -> Environment:
    known = {name: environ[name.upper()] for name in Environment.model_fields if environ.get(name.upper())}
    try:
        return Environment.model_validate(known)
    except ValidationError as error:
        raise ConfigError(_in_words("environment", error)) from error


def _in_words(where: str, error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        place = ".".join(str(part) for part in problem["loc"])
        lines.append(f"{where}: {place}: {problem['msg']}")
    return "\n".join(lines)


def _live_channels(environment: Environment) -> tuple[frozenset[str], list[str]]:
    live: set[str] = set()
    problems: list[str] = []
    for channel, names in CHANNEL_SECRETS.items():
        unset = [name.upper() for name in names if not getattr(environment, name)]
        if not unset:
            live.add(channel)
        elif len(unset) < len(names):
            problems.append(
                f"environment: {channel} is half set up: {', '.join(unset)} "
                f"{'is' if len(unset) == 1 else 'are'} missing. Set {'it' if len(unset) == 1 else 'them'}, "
                f"or unset the channel's other variables."
            )
    return frozenset(live), problems
