"""Meta and Telegram in a box: local platforms with the real rules, and a phone to play the buyer."""

from integrations.sandbox.app import SANDBOX, Sandbox, sandbox_app
from integrations.sandbox.settings import (
    ApprovedTemplate,
    DemoProduct,
    EntryLink,
    InstagramAccount,
    SandboxSettings,
    TelegramBot,
    TemplateButton,
    WhatsAppNumber,
)

__all__ = [
    "SANDBOX",
    "ApprovedTemplate",
    "DemoProduct",
    "EntryLink",
    "InstagramAccount",
    "Sandbox",
    "SandboxSettings",
    "TelegramBot",
    "TemplateButton",
    "WhatsAppNumber",
    "sandbox_app",
]
