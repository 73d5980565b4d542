"""Mails to the shop's own people, handed to a mail server by SMTP (RFC 5321), always as plain text.

Nothing of a letter can become a header: headers are one line of harmless text, and the body is encoded. A
letter that is handed over twice has the same Message-ID, by which mailboxes recognise it.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from email.utils import format_datetime
from hashlib import sha256
from typing import Final
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from dialogs.harmless import harmless
from integrations.base import (
    IntegrationError,
    Letter,
    Refused,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unreachable,
)

TIMEOUT: Final = 20.0
"""Seconds for each step of the conversation with the server."""

_PORTS: Final = {"smtp": 587, "smtps": 465}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([^\s@<>,;:\"()\[\]\\]{1,253})")
_FROM: Final = re.compile(r"\s*(?:(?P<name>[^<>\r\n]*?)\s*<(?P<inner>[^<>\s]+)>|(?P<bare>[^<>\s]+))\s*")
_LONGEST_SUBJECT: Final = 200


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where mails are handed over, and from whom they come.

    ``tls`` is ``wrapped`` from the first byte (smtps), ``demanded`` by STARTTLS, or ``offered``: used where
    the server can. Without a ``user`` nobody signs in.
    """

    host: str
    port: int
    tls: str
    sender_name: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


def read_settings(url: str, sender: str) -> SmtpSettings:
    """Read ``SMTP_URL`` (``smtp://user:password@host:587`` or ``smtps://…``) and ``SMTP_FROM``.

    A password never goes over an open line, except to this machine itself.

    Raises:
        ValueError: which of them cannot be read, and how it is written; without the password.

    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.hostname or ""
    if parts.scheme not in _PORTS or not host or parts.path not in {"", "/"} or parts.query:
        raise ValueError(
            "SMTP_URL cannot be read: write smtp://user:password@mail.example.org:587 or smtps://…, with "
            "signs such as @ : / in user and password written as %40 %3A %2F"
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ValueError("SMTP_URL names a user without a password, or a password without a user")
    tls = "offered"
    if parts.scheme == "smtps":
        tls = "wrapped"
    elif user and host not in _LOOPBACK:
        tls = "demanded"
    name, address = _sender(sender)
    return SmtpSettings(host, port or _PORTS[parts.scheme], tls, name, address, user, password)


def _sender(text: str) -> tuple[str, str]:
    found = _FROM.fullmatch(text)
    address = "" if found is None else found["inner"] or found["bare"]
    try:
        plain = mailbox(address)
    except Unreachable:
        raise ValueError(
            "SMTP_FROM is no address: write desk@shop.example or Shop name <desk@shop.example>"
        ) from None
    name = "" if found is None or not found["name"] else found["name"].strip().strip('"')
    return one_line(name), plain


class SmtpPost:
    """Hands letters over one at a time, each on a connection of its own: they are few."""

    def __init__(
        self, settings: SmtpSettings, *, tls: ssl.SSLContext | None = None, patience: float = TIMEOUT
    ) -> None:
        """Send as ``settings`` say; ``tls`` says whose certificates are good (by default the system's)."""
        self._settings = settings
        self._tls = tls
        self._patience = patience

    async def send(self, letter: Letter) -> None:
        """Hand one letter over.

        Raises:
            IntegrationError: see `Post.send`.

        """
        to = mailbox(letter.to)
        body = written(letter, to, self._settings)
        settings = self._settings
        server = SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=self._patience,
            use_tls=settings.tls == "wrapped",
            start_tls={"wrapped": False, "demanded": True}.get(settings.tls),
            tls_context=self._tls,
            local_hostname=settings.sender.rpartition("@")[2],  # this machine's own name is nobody's business
        )
        handed = False
        try:
            await server.connect()
            if settings.user:
                await server.login(settings.user, settings.password)
            await server.mail(settings.sender)
            await server.rcpt(to)
            handed = True
            await server.data(body)
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            raise _failure(error, handed=handed) from None
        finally:
            await _leave(server)

    async def aclose(self) -> None:
        """Nothing is kept open."""


async def _leave(server: SMTP) -> None:
    """Say goodbye, for at most a moment: the letter is taken or refused by now."""
    try:
        async with asyncio.timeout(2):
            await server.quit()
    except (SMTPException, OSError, TimeoutError):
        server.close()


def written(letter: Letter, to: str, settings: SmtpSettings) -> bytes:
    """Return the mail as it goes over the line.

    Source of the headers that keep robots from answering: RFC 3834, and Microsoft's X-Auto-Response-Suppress.

    Raises:
        Refused: it cannot be written as a mail.

    """
    domain = settings.sender.rpartition("@")[2]
    try:
        mail = EmailMessage(policy=SMTP_LINES)
        mail["From"] = Address(settings.sender_name, addr_spec=settings.sender)
        mail["To"] = Address(addr_spec=to)
        mail["Subject"] = one_line(letter.subject)
        mail["Date"] = format_datetime(letter.at)
        mail["Message-ID"] = f"<{sha256(letter.id.encode()).hexdigest()[:32]}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        # Encoded, no line of the text can end the mail or begin with what servers treat as their own.
        mail.set_content(harmless(letter.text), cte="quoted-printable")
        mail["Content-Language"] = "de" if letter.language == "de" else "en"
        return mail.as_bytes()
    except (MessageError, ValueError, IndexError) as error:
        raise Refused(f"The letter cannot be written as a mail ({type(error).__name__}).") from None


def one_line(text: str) -> str:
    """Return harmless text as one line of a header, cut where it is long."""
    return " ".join(harmless(text).split())[:_LONGEST_SUBJECT]


def mailbox(address: str) -> str:
    """Return one address as it goes over the line, its host in ASCII.

    Raises:
        Unreachable: it is none, or more than one.

    """
    found = _ADDRESS.fullmatch(address.strip())
    try:
        host = "" if found is None else found[1].encode("idna").decode("ascii").lower()
    except UnicodeError:
        host = ""
    if not host or not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", host):
        raise Unreachable("This is no mail address.")
    return f"{address.strip().rpartition('@')[0]}@{host}"


def _failure(error: Exception, *, handed: bool) -> IntegrationError:
    """Say what comes next. A server's own sentences may quote addresses: they are not repeated."""
    kind = type(error).__name__
    if isinstance(error, SMTPAuthenticationError):
        return Unauthorized(
            "The mail server refuses the sign-in: check user and password in SMTP_URL.", code=str(error.code)
        )
    if isinstance(error, SMTPNotSupported | ssl.SSLError | SMTPHeloError):
        return Unauthorized(
            f"The mail server does not talk as SMTP_URL says ({kind}): check its port, smtp:// or smtps://, "
            "its certificate, and whether it wants a user."
        )
    if isinstance(error, SMTPResponseException):
        return _refusal(error, handed=handed)
    if handed:
        return Uncertain(f"The mail server fell silent after it had the letter ({kind}).")
    return Unavailable(f"The mail server cannot be reached or does not answer ({kind}).")


def _refusal(error: SMTPResponseException, *, handed: bool) -> IntegrationError:
    code = str(error.code)
    if 400 <= error.code < 500 or error.code < 200:
        return Unavailable(f"The mail server wants it later ({code}).", code=code)
    if error.code in {530, 535, 538}:
        return Unauthorized(f"The mail server wants a sign-in ({code}): put it into SMTP_URL.", code=code)
    if isinstance(error, SMTPSenderRefused):
        return Unauthorized(f"The mail server does not take mails from SMTP_FROM ({code}).", code=code)
    if isinstance(error, SMTPRecipientRefused):
        return Unreachable(f"The mail server does not take mails to this address ({code}).", code=code)
    what = "this letter" if handed else "the conversation"
    return Refused(f"The mail server refuses {what} ({code}).", code=code)
