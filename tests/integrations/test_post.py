"""One suite for every way to mail the shop's people: SMTP against a real server, and the fake."""

from __future__ import annotations

import asyncio
import datetime as dt
import email
import ipaddress
import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from integrations.base import (
    IntegrationError,
    Letter,
    Post,
    Refused,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unreachable,
)
from integrations.fake import FakePost
from integrations.smtp import SmtpPost, SmtpSettings, mailbox, one_line, read_settings, written
from tests.integrations.test_http import silent, talking

AT = dt.datetime(2026, 11, 26, 9, 30, tzinfo=dt.UTC)
LETTER = Letter("alarm:1", "anna@shop.example", "Versprechen läuft ab", "Grüße\n.\nFrom here\n", AT)
SETTINGS = SmtpSettings("127.0.0.1", 0, "offered", "Der Desk", "desk@shop.example")


@dataclass
class Server:
    """What the mail server has got, and what it says to the next commands."""

    port: int = 0
    got: list[tuple[list[str], bytes]] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.refusals.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802 - as above
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" in self.refusals:
            return self.refusals["RCPT"]
        if address.startswith("nobody"):
            return "550 5.1.1 no such user nobody@shop.example"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as above
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if "DATA" in self.refusals:
            return self.refusals["DATA"]
        content = envelope.content
        assert isinstance(content, bytes)
        self.got.append((list(envelope.rcpt_tos), content))
        self.encrypted.append(session.ssl is not None)
        if self.refusals.get("after") == "silence":
            transport = cast("Any", server).transport
            transport.abort()
        return "250 OK"

    def sign_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password == b"geheim:@/"
        if good:
            self.users.append(data.login.decode())
        return AuthResult(success=good, handled=False)

    @property
    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(body, policy=default) for _, body in self.got]


@asynccontextmanager
async def mail_server(**choices: Any) -> AsyncIterator[Server]:
    """A real SMTP server on a free port of this machine."""
    box, wrap = Server(), choices.pop("wrap", None)
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(box, authenticator=box.sign_in, loop=loop, hostname="mail", **choices)

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=wrap)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()


class Side(ABC):
    """The other end of a way to mail."""

    post: Post

    @property
    @abstractmethod
    def arrived(self) -> list[tuple[str, str, str]]:
        """To whom, subject and text of all that was taken."""

    @abstractmethod
    def trouble(self, error: type[IntegrationError]) -> None:
        """Let the next letter meet with this."""


class FakeSide(Side):
    """The fake."""

    def __init__(self) -> None:
        self.fake = FakePost()
        self.post = self.fake

    @property
    def arrived(self) -> list[tuple[str, str, str]]:
        return [(one.to, one.subject, one.text) for one in self.fake.sent]

    def trouble(self, error: type[IntegrationError]) -> None:
        if error is Unreachable:
            self.fake.forget(LETTER.to)
        else:
            self.fake.fail(error("trouble"))


class SmtpSide(Side):
    """A mail server with the real adapter in front of it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.post = SmtpPost(replace(SETTINGS, port=server.port))

    @property
    def arrived(self) -> list[tuple[str, str, str]]:
        return [
            (mail["To"], mail["Subject"], mail.get_content().replace("\r\n", "\n"))
            for mail in self.server.mails
        ]

    def trouble(self, error: type[IntegrationError]) -> None:
        self.server.refusals |= {
            Unavailable: {"RCPT": "451 later"},
            Unauthorized: {"MAIL": "550 not you"},
            Refused: {"DATA": "554 spam"},
            Unreachable: {"RCPT": "550 nobody"},
            Uncertain: {"after": "silence"},
        }[error]


@pytest.fixture(params=["fake", "smtp"])
async def side(request: pytest.FixtureRequest) -> AsyncIterator[Side]:
    if request.param == "fake":
        yield FakeSide()
        return
    async with mail_server() as server:
        yield SmtpSide(server)


async def test_a_letter_arrives_as_it_was_written(side: Side) -> None:
    await side.post.send(LETTER)
    assert side.arrived == [(LETTER.to, LETTER.subject, LETTER.text)]


@pytest.mark.parametrize("error", [Unavailable, Unauthorized, Refused, Unreachable, Uncertain])
async def test_an_error_says_what_comes_next(side: Side, error: type[IntegrationError]) -> None:
    side.trouble(error)
    with pytest.raises(error) as caught:
        await side.post.send(LETTER)
    assert type(caught.value) is error
    assert LETTER.to not in str(caught.value)
    assert len(side.arrived) == (1 if error is Uncertain else 0)


@pytest.mark.parametrize("address", ["", "anna", "anna@", "a@b@c", "a b@c", "x@y\r\nRCPT TO:<z@y>"])
async def test_what_is_no_address_is_unreachable(side: Side, address: str) -> None:
    with pytest.raises(Unreachable):
        await side.post.send(replace(LETTER, to=address))
    assert side.arrived == []


async def test_many_letters_at_once(side: Side) -> None:
    letters = [replace(LETTER, id=f"l{n}", subject=f"Nr. {n}") for n in range(8)]
    await asyncio.gather(*map(side.post.send, letters))
    assert {subject for _, subject, _ in side.arrived} == {one.subject for one in letters}
    await side.post.aclose()
    await side.post.aclose()


# -- SMTP alone


async def test_a_mail_says_what_it_is() -> None:
    async with mail_server() as server:
        post = SmtpPost(replace(SETTINGS, port=server.port))
        await post.send(LETTER)
        await post.send(LETTER)
        await post.send(replace(LETTER, id="another", language="en"))
    first, again, other = server.mails
    assert str(first["From"]) == "Der Desk <desk@shop.example>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["X-Auto-Response-Suppress"] == "All"
    assert (first["Content-Language"], other["Content-Language"]) == ("de", "en")
    assert first["Date"].datetime == AT
    assert first.get_content_type() == "text/plain"
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]


async def test_nothing_of_a_letter_becomes_a_header_or_a_command() -> None:
    async with mail_server() as server:
        post = SmtpPost(replace(SETTINGS, port=server.port))
        evil = "Hallo\r\nBcc: eve@evil.example\r\n\r\n<b>"
        await post.send(replace(LETTER, subject=evil, text="a\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n.\n"))
    [mail] = server.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hallo Bcc: eve@evil.example <b>"
    assert mail.get_content().splitlines() == ["a", ".", "MAIL FROM:<eve@evil.example>", "."]
    assert server.got[0][0] == [LETTER.to]


@given(subject=st.text(max_size=80), text=st.text(max_size=200))
def test_any_words_can_be_written(subject: str, text: str) -> None:
    mail = email.message_from_bytes(
        written(replace(LETTER, subject=subject, text=text), LETTER.to, SETTINGS), policy=default
    )
    assert mail["Subject"] == one_line(subject)
    assert len(mail.keys()) == len(set(mail.keys()))
    assert not mail.is_multipart()


@pytest.mark.parametrize("password", ["geheim:@/", "wrong"])
async def test_the_password_is_asked_for(password: str, certificate: Path) -> None:
    async with mail_server(auth_required=True, tls_context=server_side(certificate)) as server:
        settings = replace(SETTINGS, port=server.port, user="desk", password=password)
        tls = trusting(certificate)
        if password == "wrong":
            with pytest.raises(Unauthorized, match="SMTP_URL") as caught:
                await SmtpPost(settings, tls=tls).send(LETTER)
            assert "wrong" not in str(caught.value)
        else:
            await SmtpPost(settings, tls=tls).send(LETTER)
            assert server.users == ["desk"]
        with pytest.raises(Unauthorized, match="SMTP_URL"):
            await SmtpPost(replace(settings, user=""), tls=tls).send(LETTER)


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    async with mail_server() as server:
        gone = server.port
    with pytest.raises(Unavailable):
        await SmtpPost(replace(SETTINGS, port=gone)).send(LETTER)


async def test_a_server_that_hangs_up_is_tried_again() -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with talking(hang_up) as port:
        with pytest.raises(Unavailable):
            await SmtpPost(replace(SETTINGS, port=port)).send(LETTER)


async def test_a_server_that_is_silent_is_given_up() -> None:
    async with talking(silent) as port:
        with pytest.raises(Unavailable):
            await SmtpPost(replace(SETTINGS, port=port), patience=0.1).send(LETTER)


# -- encryption


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of this machine, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "mail.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


@pytest.mark.parametrize("way", ["wrapped", "demanded", "offered"])
async def test_the_line_is_encrypted(certificate: Path, way: str) -> None:
    tls = server_side(certificate)
    choices = {"wrap": tls} if way == "wrapped" else {"tls_context": tls}
    async with mail_server(**choices) as server:
        post = SmtpPost(replace(SETTINGS, port=server.port, tls=way), tls=trusting(certificate))
        await post.send(LETTER)
    assert server.mails[0]["Subject"] == LETTER.subject
    if way != "wrapped":  # there the server's own protocol knows nothing of it
        assert server.encrypted == [True]


async def test_a_certificate_that_nobody_vouches_for_is_not_believed(certificate: Path) -> None:
    async with mail_server(tls_context=server_side(certificate)) as server:
        with pytest.raises((Unauthorized, Unavailable)):
            await SmtpPost(replace(SETTINGS, port=server.port, tls="demanded")).send(LETTER)
    assert server.got == []


async def test_a_password_never_goes_over_an_open_line() -> None:
    async with mail_server(auth_require_tls=False) as server:
        settings = replace(SETTINGS, port=server.port, tls="demanded", user="desk", password="geheim:@/")
        with pytest.raises((Unauthorized, Unavailable)):
            await SmtpPost(settings).send(LETTER)
    assert server.users == []


# -- settings


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "user", "password"),
    [
        ("smtp://mail.example.org", "mail.example.org", 587, "offered", "", ""),
        ("smtp://a%40b.de:p%3A%2F@mail.example.org:25", "mail.example.org", 25, "demanded", "a@b.de", "p:/"),
        ("smtp://a:b@localhost:1025", "localhost", 1025, "offered", "a", "b"),
        ("smtps://a:b@mail.example.org/", "mail.example.org", 465, "wrapped", "a", "b"),
    ],
)  # fmt: skip
def test_addresses_of_mail_servers(
    url: str, host: str, port: int, tls: str, user: str, password: str
) -> None:
    settings = read_settings(url, "Rösterei <desk@shop.example>")
    assert (settings.host, settings.port, settings.tls) == (host, port, tls)
    assert (settings.user, settings.password) == (user, password)
    assert (settings.sender_name, settings.sender) == ("Rösterei", "desk@shop.example")
    assert not password or password not in repr(settings)


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("mail.example.org:587", "a@b.example"),
        ("http://mail.example.org", "a@b.example"),
        ("smtp://", "a@b.example"),
        ("smtp://mail.example.org:port", "a@b.example"),
        ("smtp://mail.example.org/path", "a@b.example"),
        ("smtp://geheim@mail.example.org", "a@b.example"),
        ("smtp://mail.example.org", "desk"),
        ("smtp://mail.example.org", "Desk <desk>"),
        ("smtp://mail.example.org", "a@b.example\r\nBcc: c@d.example"),
    ],
)
def test_settings_that_cannot_be_read_say_how_to_write_them(url: str, sender: str) -> None:
    with pytest.raises(ValueError, match="SMTP_") as caught:
        read_settings(url, sender)
    assert "geheim" not in str(caught.value)


def test_hosts_with_umlauts_are_written_in_ascii() -> None:
    assert mailbox("lena@rösterei.example") == "lena@xn--rsterei-90a.example"
