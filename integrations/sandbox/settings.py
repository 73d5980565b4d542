"""Who the sandbox pretends to be: the shop, its accounts, its products and its approved templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

ChannelName: TypeAlias = Literal["instagram", "whatsapp", "telegram"]
CHANNELS: tuple[ChannelName, ...] = ("instagram", "whatsapp", "telegram")


@dataclass(frozen=True, slots=True)
class InstagramAccount:
    """The shop's professional account and the app that was given access to it."""

    account_id: str
    handle: str
    app_id: str
    app_secret: str
    access_token: str


@dataclass(frozen=True, slots=True)
class WhatsAppNumber:
    """The shop's business number. ``number`` is E.164 with the plus."""

    phone_number_id: str
    waba_id: str
    number: str
    app_secret: str
    access_token: str
    country_code: str = "49"
    """Put in front of a ``to`` without plus, as the platform does."""


@dataclass(frozen=True, slots=True)
class TelegramBot:
    """The shop's bot. ``token`` is ``<bot id>:<secret>``; ``secret`` is the webhook's secret token."""

    token: str
    secret: str
    username: str

    @property
    def id(self) -> int:
        """The bot's own user id, which is the first part of its token."""
        return int(self.token.partition(":")[0])


@dataclass(frozen=True, slots=True)
class SupportGroup:
    """A supergroup with topics in which the bot is an administrator; ``agents`` are its people's keys."""

    chat_id: int
    title: str
    agents: tuple[str, ...] = ("eva", "tom")


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """Something that the phone page can buy. ``image`` may be empty."""

    sku: str
    title: str
    price: Decimal
    image: str = ""


@dataclass(frozen=True, slots=True)
class TemplateButton:
    """A button of an approved template; a ``url`` ending in ``{{1}}`` takes a suffix at sending time."""

    type: Literal["quick_reply", "url"]
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class ApprovedTemplate:
    """A WhatsApp template as Meta has approved it. ``body`` holds ``{{1}}``, ``{{2}}`` … in any order."""

    name: str
    language: str
    body: str
    buttons: tuple[TemplateButton, ...] = ()
    footer: str = ""
    category: Literal["utility", "marketing", "authentication"] = "utility"


@dataclass(frozen=True, slots=True)
class EntryLink:
    """An address that opens the chat already tied to an order, and the same as a QR code."""

    url: str
    qr_svg: str = ""


_INSTAGRAM = InstagramAccount(
    account_id="17841400000000042",
    handle="nachklang.demo",
    app_id="1067400000000042",
    app_secret="sandbox-instagram-app-secret",  # noqa: S106 - a demo value, valid nowhere else
    access_token="sandbox-instagram-token",  # noqa: S106 - as above
)
_WHATSAPP = WhatsAppNumber(
    phone_number_id="106500000000042",
    waba_id="102200000000042",
    number="+493023125042",
    app_secret="sandbox-whatsapp-app-secret",  # noqa: S106 - as above
    access_token="sandbox-whatsapp-token",  # noqa: S106 - as above
)
_TELEGRAM = TelegramBot(
    token="7000000042:sandbox-telegram-token",  # noqa: S106 - as above
    secret="sandbox-telegram-secret",  # noqa: S106 - as above
    username="nachklang_demo_bot",
)
_GROUPS = (SupportGroup(-1001000000001, "Nachklang Support"),)
_PRODUCTS = (
    DemoProduct("KLANG-01", "Bluetooth-Lautsprecher „Klang“", Decimal("89.00")),
    DemoProduct("LICHT-02", "Stehlampe „Abendlicht“", Decimal("129.00")),
    DemoProduct("KAFFEE-03", "Espresso „Morgenrot“, 500 g", Decimal("14.90")),
)
_TEMPLATES = (
    ApprovedTemplate(
        "order_checkin",
        "de",
        "Hallo {{1}}, wie läuft es mit {{2}}? Wenn etwas klemmt, sind wir gerne für dich da.",
        (
            TemplateButton("quick_reply", "Alles bestens"),
            TemplateButton("quick_reply", "Ich habe eine Frage"),
        ),
    ),
    ApprovedTemplate(
        "order_checkin",
        "en",
        "Hello {{1}}, how are you getting on with {{2}}? If anything is not right, we are here for you.",
        (TemplateButton("quick_reply", "All good"), TemplateButton("quick_reply", "I have a question")),
    ),
    ApprovedTemplate(
        "order_shipped",
        "de",
        "Hallo {{1}}, deine Bestellung {{2}} ist unterwegs. Wir freuen uns mit dir!",
        (TemplateButton("url", "Sendung verfolgen", "https://shop.example/track/{{1}}"),),
    ),
)


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """All that the sandbox must be told. `default` needs nothing else.

    ``webhook_base`` is where webhooks go (``/webhooks/<source>`` is added); empty means that they wait until
    `Sandbox.connect` names it.
    """

    instagram: InstagramAccount = _INSTAGRAM
    whatsapp: WhatsAppNumber = _WHATSAPP
    telegram: TelegramBot = _TELEGRAM
    groups: tuple[SupportGroup, ...] = _GROUPS
    orders_secret: str = "sandbox-orders-secret"  # noqa: S105 - a demo value, valid nowhere else
    shop_name: str = "Nachklang Demo"
    shop_logo: str = ""
    language: str = "de"
    currency: str = "EUR"
    products: tuple[DemoProduct, ...] = _PRODUCTS
    templates: tuple[ApprovedTemplate, ...] = field(default=_TEMPLATES)
    webhook_base: str = ""
    webhook_timeout: float = 5.0
    """Seconds that an answer to a webhook may take before it counts as failed; Meta gives five."""
    webhook_patience: float = 600.0
    """Seconds over which a webhook is tried again before it is given up."""
    parallel_webhooks: int = 16
    """How many POSTs per source may be under way at once."""

    @classmethod
    def default(cls) -> SandboxSettings:
        """Return the demo shop: fixed ids and secrets, so that restarts fit together."""
        return cls()
