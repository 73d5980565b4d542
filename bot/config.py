"""The shop's settings: ``config.yml`` for what owners choose, the environment for secrets and addresses.

A channel whose secrets are all set is on; one that is half set stops the start, naming what is missing, and
so does half a mail hand-over. With no channel set at all the sandbox takes their place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.settings import ChatId, Settings
from integrations.smtp import SmtpSettings, read_settings

_NAME: Final = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


class ConfigError(Exception):
    """The settings cannot be used; the text lists every problem with its place and what to do."""


Secrets = Annotated[tuple[SecretStr, ...], NoDecode]
Ids = Annotated[tuple[ChatId, ...], NoDecode]


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
    whatsapp_business_account_id: str | None = None
    telegram_bot_token: SecretStr | None = None
    telegram_webhook_secret: SecretStr | None = None
    telegram_api_url: str = "https://api.telegram.org"
    telegram_support_chat_id: Ids = ()
    shopify_webhook_secret: Secrets = ()
    woocommerce_webhook_secret: Secrets = ()
    orders_webhook_secret: Secrets = ()
    mail_webhook_secret: SecretStr | None = None
    requests_webhook_secret: SecretStr | None = None
    smtp_url: SecretStr | None = None
    smtp_from: str | None = None
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
        "telegram_support_chat_id",
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
    def support_chats(self) -> tuple[str, ...]:
        """The Telegram groups in which agents answer: those of the settings, then the environment's."""
        named = (*self.settings.channels.telegram.support_chats, *self.environment.telegram_support_chat_id)
        return tuple(dict.fromkeys(named))

    @property
    def post(self) -> SmtpSettings | None:
        """How the shop's own people are mailed, where that is set up."""
        url, sender = self.environment.smtp_url, self.environment.smtp_from
        return read_settings(url.get_secret_value(), sender) if url is not None and sender else None

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
    settings: Settings | None = None
    environment: Environment | None = None
    try:
        settings = _read_settings(path, environ)
    except ConfigError as error:
        problems.append(str(error))
    try:
        environment = _read_environment(environ)
    except ConfigError as error:
        problems.append(str(error))
    live: frozenset[str] = frozenset()
    if environment is not None:
        live, half = _live_channels(environment)
        problems += half
        problems += _half_post(environment)
        if settings is not None:
            problems += _half_hook("mail", settings.mail.url, environment.mail_webhook_secret)
            requests = environment.requests_webhook_secret
            problems += _half_hook("requests", settings.requests.url, requests)
    if settings is None or environment is None or problems:
        raise ConfigError("\n".join(problems))
    config = Config(settings=settings, environment=environment, live=live)
    if config.support_chats and "telegram" not in live and not config.sandbox:
        raise ConfigError(
            "environment: agents are to answer in a Telegram group (TELEGRAM_SUPPORT_CHAT_ID, or "
            "channels.telegram.support_chats), but there is no bot to write there: set TELEGRAM_BOT_TOKEN "
            "and TELEGRAM_WEBHOOK_SECRET."
        )
    return config


def _read_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    if path is None or not path.exists():
        return Settings()
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that there is not, and other bytes
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
        unread = "unreadable text" if isinstance(error, UnicodeDecodeError) else str(error)
        raise ConfigError(f"{where}: this is not YAML ({getattr(error, 'problem', unread)})") from error
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


def _half_post(environment: Environment) -> list[str]:
    url, sender = environment.smtp_url, environment.smtp_from
    if url is None and sender:
        return ["environment: mail is half set up: SMTP_URL is missing. Set it, or unset SMTP_FROM."]
    if url is None:
        return []
    if not sender:
        problem = (
            "environment: mail is half set up: SMTP_FROM is missing. Set the address that mails to agents "
            "come from, for example Desk <desk@shop.example>, or unset SMTP_URL."
        )
        return [problem]
    try:
        read_settings(url.get_secret_value(), sender)
    except ValueError as error:
        return [f"environment: {error}"]
    return []


def _half_hook(name: str, url: str, secret: SecretStr | None) -> list[str]:
    variable = f"{name.upper()}_WEBHOOK_SECRET"
    if url and secret is None:
        problem = (
            f"environment: the {name} hand-over is half set up: {variable} is missing. Make one with "
            f"`openssl rand -hex 32` and set it, or leave {name}.url empty."
        )
    elif secret is not None and not url:
        problem = (
            f"settings: the {name} hand-over is half set up: {name}.url is missing. Name the address that "
            f"takes the requests, or unset {variable}."
        )
    else:
        return []
    return [problem]
