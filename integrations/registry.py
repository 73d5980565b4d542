"""The only file that names concrete adapters: which accounts are on, and the objects that speak for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.base import Channel, DeskGroup, Mailer, Post, RequestHook, Source
from integrations.http import Http
from integrations.instagram import Instagram, InstagramSettings
from integrations.mailer import MailSettings, WebhookMailer
from integrations.orders import Orders
from integrations.requests_hook import WebhookRequests
from integrations.shopify import Shopify
from integrations.signed_hook import HookSettings
from integrations.smtp import SmtpPost, SmtpSettings
from integrations.telegram import Telegram, TelegramSettings
from integrations.telegram_desk import TelegramGroups
from integrations.whatsapp import WhatsApp, WhatsAppSettings


@dataclass(frozen=True, slots=True)
class Accounts:
    """Every account that is switched on. None and empty mean off."""

    instagram: InstagramSettings | None = None
    whatsapp: WhatsAppSettings | None = None
    telegram: TelegramSettings | None = None
    shopify: tuple[str, ...] = field(default=(), repr=False)
    orders: tuple[str, ...] = field(default=(), repr=False)
    mail: MailSettings | None = None
    post: SmtpSettings | None = None
    requests: HookSettings | None = None
    country: str | None = None
    """The shop's country (ISO 3166), for phone numbers written without a country code."""


@dataclass(frozen=True, slots=True)
class Connections:
    """The live adapters: sources by the last part of their path, channels by (name, account), the mailer.

    ``groups`` are the support groups in which agents answer, where there are any. ``post`` mails the shop's
    own people, ``requests`` tells its programs what agents ask for, where that is set up.
    """

    sources: Mapping[str, Source]
    channels: Mapping[tuple[str, str], Channel]
    http: Http
    mailer: Mailer | None = None
    groups: DeskGroup | None = None
    post: Post | None = None
    requests: RequestHook | None = None

    async def aclose(self) -> None:
        """Release every connection."""
        for channel in self.channels.values():
            await channel.aclose()
        if self.post is not None:
            await self.post.aclose()
        await self.http.aclose()


def connect(accounts: Accounts) -> Connections:
    """Make the adapters of all accounts that are on; no network is touched yet."""
    http = Http()
    sources: dict[str, Source] = {}
    channels: dict[tuple[str, str], Channel] = {}
    groups: DeskGroup | None = None
    if accounts.instagram is not None:
        instagram = Instagram(accounts.instagram, http)
        sources[instagram.name] = instagram
        channels[instagram.name, instagram.account] = instagram
    if accounts.whatsapp is not None:
        whatsapp = WhatsApp(accounts.whatsapp, http)
        sources[whatsapp.name] = whatsapp
        channels[whatsapp.name, whatsapp.account] = whatsapp
    if accounts.telegram is not None:
        telegram = Telegram(accounts.telegram, http)
        if accounts.telegram.support_chats:
            groups = TelegramGroups(accounts.telegram, http)
        sources[telegram.name] = telegram
        channels[telegram.name, telegram.account] = telegram
    if accounts.shopify:
        sources["shopify"] = Shopify(accounts.shopify, country=accounts.country)
    if accounts.orders:
        sources["orders"] = Orders(accounts.orders, country=accounts.country)
    mailer = WebhookMailer(accounts.mail, http) if accounts.mail is not None else None
    post = SmtpPost(accounts.post) if accounts.post is not None else None
    hook = WebhookRequests(accounts.requests, http) if accounts.requests is not None else None
    return Connections(sources, channels, http, mailer, groups, post, hook)
