"""The composition root: settings in, a running application's parts out. Nothing else builds anything."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from pydantic import SecretStr

from bot.clock import Clock
from bot.config import Config, ConfigError
from bot.courtesies import Pauses
from bot.engines import Engine, make_engine
from bot.entry import entry_urls
from bot.metrics import Metrics
from bot.policy import policy_of
from bot.publishing import publish
from bot.understanding import engine_of
from dialogs.canned import default_replies
from dialogs.flow import Book
from dialogs.sensitivity import Policy
from dialogs.shop import Product
from dialogs.written import NO_ANSWERS, Answers
from integrations.base import Channel, DeskGroup, Mailer, Post, Source
from integrations.instagram import InstagramSettings
from integrations.mailer import MailSettings
from integrations.registry import Accounts, Connections, connect
from integrations.sandbox.settings import SandboxSettings
from integrations.signed_hook import HookSettings
from integrations.telegram import TelegramSettings
from integrations.whatsapp import WhatsAppSettings
from persistence.database import Database
from persistence.signals import LocalSignals, RedisSignals, Signals
from persistence.sorting import Burst
from persistence.store import Store

_log = structlog.get_logger(__name__)

_HEARING: Final = "webhooks_taken_since"


@dataclass(slots=True)
class App:
    """What every room is given. Parts are built once by `build`; only the rests of accounts change."""

    config: Config
    clock: Clock
    store: Store
    signals: Signals
    connections: Connections
    book: Book
    products: Mapping[str, Product]
    engine: Engine
    secret: bytes
    answers: Answers = NO_ANSWERS
    home: str = ""
    """The address under which platforms reach this server, without a slash at its end; empty: they cannot."""
    metrics: Metrics = field(default_factory=Metrics)
    triage: Policy = field(default_factory=Policy)
    pauses: Pauses = field(default_factory=Pauses)
    _rests: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _alarmed: set[tuple[str, str]] = field(default_factory=set)
    _background: set[asyncio.Task[None]] = field(default_factory=set)
    _timers: set[asyncio.TimerHandle] = field(default_factory=set)
    _burst_timer: asyncio.TimerHandle | None = None
    _started: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Note since when this process can have heard anything."""
        self._started = self.clock()

    @property
    def sources(self) -> Mapping[str, Source]:
        """Sources by name."""
        return self.connections.sources

    @property
    def channels(self) -> Mapping[tuple[str, str], Channel]:
        """Channels by (name, account)."""
        return self.connections.channels

    @property
    def mailer(self) -> Mailer | None:
        """What asks the shop for mails, where that is set up."""
        return self.connections.mailer

    @property
    def post(self) -> Post | None:
        """What mails the shop's own people, where that is set up."""
        return self.connections.post

    @property
    def groups(self) -> DeskGroup | None:
        """The groups in which agents answer, where there are any."""
        return self.connections.groups

    @property
    def busy(self) -> int:
        """How much runs beside the path right now."""
        return len(self._background)

    def rest(self, channel: str, account: str, until: datetime) -> None:
        """Let an account rest until then."""
        self._rests[channel, account] = max(until, self._rests.get((channel, account), until))

    def resting(self, channel: str, account: str, now: datetime) -> datetime | None:
        """Return when the account's rest ends, if it rests at ``now``."""
        until = self._rests.get((channel, account))
        return until if until is not None and until > now else None

    def alarm(self, channel: str, account: str, until: datetime, code: str) -> None:
        """Let an account rest that may not send, and tell the owner once until it may again."""
        if (channel, account) not in self._alarmed:
            self._alarmed.add((channel, account))
            _log.error("account_may_not_send", channel=channel, code=code)
            detail = {"channel": channel, "code": code}
            self.soon(self.store.notify("account_may_not_send", detail, self.clock()))
        self.rest(channel, account, until)

    async def open_ears(self) -> None:
        """Note that webhooks are taken from now on, for all processes that wait for one."""
        await self.store.remember(_HEARING, self.clock().isoformat())

    async def hearing_since(self) -> datetime:
        """Return since when webhooks have been taken without a break, as far as this process knows.

        What a platform told while nobody listened it tells again, but only a while after: silence means
        something only from here on.
        """
        noted = await self.store.recall(_HEARING)
        return max(self._started, datetime.fromisoformat(noted) if noted else self._started)

    def recovered(self, channel: str, account: str) -> None:
        """Note that an account has sent: the next time it may not, the owner is told again."""
        self._alarmed.discard((channel, account))

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the path, best effort; the process waits for it when it stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.metrics.errors.labels("background").inc()
            _log.warning("background_work_failed", error=type(error).__name__)

    def wake_later(self, topic: str, delay: timedelta) -> None:
        """Wake a topic after a pause."""

        def ring() -> None:
            self._timers.discard(timer)
            self.soon(self.signals.wake(topic))

        timer = asyncio.get_running_loop().call_later(max(delay.total_seconds(), 0), ring)
        self._timers.add(timer)

    def wake_turns_after_burst(self) -> None:
        """Texts that wait for more texts are due a little later; one timer serves all that come meanwhile."""
        if self._burst_timer is None:
            wait = self.config.settings.turns.burst_seconds + 0.005
            self._burst_timer = asyncio.get_running_loop().call_later(wait, self._burst_over)

    def _burst_over(self) -> None:
        self._burst_timer = None
        self.soon(self.signals.wake("turns"))

    async def close(self) -> None:
        """Finish what runs beside the path, then release everything. No timer rings after that."""
        for timer in self._timers | ({self._burst_timer} if self._burst_timer is not None else set()):
            timer.cancel()
        if self._background:
            _, late = await asyncio.wait(self._background, timeout=5)
            for task in late:
                task.cancel()
        await self.engine.aclose()
        await self.connections.aclose()
        await self.signals.aclose()
        await self.store.close()


def open_store(config: Config) -> Store:
    """Prepare the store that the settings name."""
    turns, sending = config.settings.turns, config.settings.sending
    return Store(
        Database(config.environment.database_url),
        burst=Burst(timedelta(seconds=turns.typing_seconds), timedelta(seconds=turns.burst_seconds)),
        turn_lease=timedelta(seconds=turns.lease_seconds),
        send_lease=timedelta(seconds=sending.lease_seconds),
    )


async def open_signals(config: Config) -> Signals:
    """Prepare the signals that the settings name."""
    if config.environment.redis_url is None:
        return LocalSignals()
    signals = RedisSignals(config.environment.redis_url)
    await signals.start()
    return signals


def accounts_of(config: Config, base_url: str) -> Accounts:
    """Return the accounts that are on: the real ones, or those of the sandbox under ``base_url``."""
    environment = config.environment
    shopify = tuple(map(_plain, environment.shopify_webhook_secret))
    orders = tuple(map(_plain, environment.orders_webhook_secret))
    if config.sandbox:
        return replace(
            _sandbox_accounts(SandboxSettings.default(), base_url),
            shopify=shopify,
            orders=(*orders, SandboxSettings.default().orders_secret),
            mail=_mail(config),
            requests=_requests(config),
            post=config.post,
            country=config.settings.brand.country,
        )
    choices = config.settings.channels
    return Accounts(
        instagram=_instagram(config) if "instagram" in config.live else None,
        whatsapp=WhatsAppSettings(
            app_secrets=tuple(map(_plain, environment.whatsapp_app_secret)),
            verify_token=_plain(environment.whatsapp_verify_token),
            access_token=_plain(environment.whatsapp_access_token),
            phone_number_id=environment.whatsapp_phone_number_id or "",
            waba_id=environment.whatsapp_business_account_id or "",
            number=_digits(choices.whatsapp.number),
            graph_url=environment.meta_graph_url,
            version=environment.meta_graph_version,
        )
        if "whatsapp" in config.live
        else None,
        telegram=TelegramSettings(
            token=_plain(environment.telegram_bot_token),
            secret=_plain(environment.telegram_webhook_secret),
            username=choices.telegram.username,
            api_url=environment.telegram_api_url,
            support_chats=config.support_chats,
        )
        if "telegram" in config.live
        else None,
        shopify=shopify,
        orders=orders,
        mail=_mail(config),
        requests=_requests(config),
        post=config.post,
        country=config.settings.brand.country,
    )


def channels_of(config: Config) -> tuple[Channel, ...]:
    """Return the configured channels, for commands that only need their links."""
    server = config.settings.server
    return tuple(connect(accounts_of(config, f"http://{server.host}:{server.port}")).channels.values())


async def build(config: Config, clock: Clock, store: Store, secret: bytes, base_url: str) -> App:
    """Put the application together. The store must be migrated.

    Raises:
        ConfigError: scripts, catalogue or answers cannot be used, or mails would have nothing to link to; the
            text says what is wrong where.

    """
    connections = connect(accounts_of(config, base_url))
    if connections.mailer is not None:
        _check_links(config, connections)
    shelf = await publish(config, store, clock())
    await store.canned.give(default_replies(config.settings.brand.language), clock())
    await store.corrections.forget(clock() - timedelta(days=config.settings.triage.keep_days))
    learnt = await store.corrections.lines()
    embedded = await asyncio.to_thread(engine_of, config, learnt, shelf.products)
    return App(
        config=config,
        clock=clock,
        store=store,
        signals=await open_signals(config),
        connections=connections,
        book=shelf.book,
        products=shelf.products,
        answers=shelf.answers,
        home=config.settings.entry.public_url.rstrip("/") or (base_url if config.sandbox else ""),
        engine=make_engine(config, embedded, clock),
        secret=secret,
        triage=await policy_of(config.settings.triage, store, embedded.model.notes, clock()),
    )


def _check_links(config: Config, connections: Connections) -> None:
    if not entry_urls(connections.channels.values(), config.settings.entry.public_url, "", ""):
        raise ConfigError(
            "the mail hand-over has nothing to link to: set entry.public_url in config.yml, or a channel's "
            "name (channels.instagram.handle, channels.whatsapp.number, channels.telegram.username)"
        )


def _mail(config: Config) -> MailSettings | None:
    url, secret = config.settings.mail.url, config.environment.mail_webhook_secret
    return MailSettings(url, _plain(secret)) if url and secret is not None else None


def _requests(config: Config) -> HookSettings | None:
    url, secret = config.settings.requests.url, config.environment.requests_webhook_secret
    return HookSettings(url, _plain(secret)) if url and secret is not None else None


def _instagram(config: Config) -> InstagramSettings:
    environment, choice = config.environment, config.settings.channels.instagram
    token = _plain(environment.instagram_access_token)
    login = choice.login
    if login == "auto":
        # Page tokens begin with EAA; tokens of Instagram Login begin with IG.
        login = "facebook" if token.startswith("EAA") else "instagram"
    return InstagramSettings(
        app_secrets=tuple(map(_plain, environment.instagram_app_secret)),
        verify_token=_plain(environment.instagram_verify_token),
        access_token=token,
        account_id=environment.instagram_account_id or "",
        handle=choice.handle,
        graph_url=environment.instagram_graph_url if login == "instagram" else environment.meta_graph_url,
        version=environment.meta_graph_version,
        login=login,
        app_id=choice.app_id,
    )


def _sandbox_accounts(sandbox: SandboxSettings, base_url: str) -> Accounts:
    graph, open_at = f"{base_url}/sandbox/graph", f"{base_url}/sandbox/open"
    return Accounts(
        instagram=InstagramSettings(
            app_secrets=(sandbox.instagram.app_secret,),
            verify_token=sandbox.instagram.app_secret,
            access_token=sandbox.instagram.access_token,
            account_id=sandbox.instagram.account_id,
            handle=sandbox.instagram.handle,
            graph_url=graph,
            link_base=f"{open_at}/instagram",
            app_id=sandbox.instagram.app_id,
        ),
        whatsapp=WhatsAppSettings(
            app_secrets=(sandbox.whatsapp.app_secret,),
            verify_token=sandbox.whatsapp.app_secret,
            access_token=sandbox.whatsapp.access_token,
            phone_number_id=sandbox.whatsapp.phone_number_id,
            waba_id=sandbox.whatsapp.waba_id,
            number=_digits(sandbox.whatsapp.number),
            graph_url=graph,
            link_base=f"{open_at}/whatsapp",
        ),
        telegram=TelegramSettings(
            token=sandbox.telegram.token,
            secret=sandbox.telegram.secret,
            username=sandbox.telegram.username,
            api_url=f"{base_url}/sandbox/telegram",
            link_base=f"{open_at}/telegram",
            support_chats=tuple(str(group.chat_id) for group in sandbox.groups),
        ),
    )


def _plain(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()


def _digits(number: str) -> str:
    return "".join(sign for sign in number if sign.isdigit())
