"""Fetching the files of people's messages, from nobody but the platform.

The address of a file stands in a message, or comes in an answer: it is a stranger's word. It is followed only
to machines that are the platform's own, and so is every redirect; a token never goes along to another host.
"""

from __future__ import annotations

from typing import Final

from yarl import URL

from integrations.base import MediaFile, MediaGone, Refused, Unavailable
from integrations.http import Answer, Http, redacted

META_HOSTS: Final = ("fbcdn.net", "fbsbx.com", "cdninstagram.com", "whatsapp.net")
"""Where Meta keeps the files of messages; hosts below these count, too."""

TIMEOUT: Final = 60.0
"""Seconds for one file: a film of 25 MB over a slow line."""

_REDIRECTS: Final = 3
_GONE: Final = frozenset({401, 403, 404, 410})
"""A signed address whose time is over is answered with any of these."""
_LATER: Final = frozenset({408, 425, 429})


class Downloads:
    """One account's way to files: of ``hosts`` (over HTTPS), and of whatever stands beside ``base``.

    ``base`` is the address of the platform's API in the settings: who named it trusts it.
    """

    def __init__(self, http: Http, *, service: str, base: str, hosts: tuple[str, ...] = ()) -> None:
        self._http = http
        self._service = service
        self._hosts = hosts
        api = URL(base.rstrip("/"))
        self._origin = api.origin()
        self._beside = api.path.rpartition("/")[0] + "/"
        # The sandbox stands in a folder of our own server, whose name in the buyer's browser may be another.
        self._own_folder = self._beside != "/"

    async def get(self, url: str, *, largest: int, token: str = "", name: str = "") -> MediaFile:
        """Return the file at ``url``, of at most ``largest`` bytes. ``token`` goes only to the first host.

        Raises:
            MediaGone: it is no longer there, or its address has run out.
            MediaTooLarge: it is larger.
            Refused: the address leads elsewhere.
            Unavailable: not now.

        """
        address = first = self._checked(url)
        for _ in range(_REDIRECTS + 1):
            along = token and address.origin() == first.origin()
            headers = {"Authorization": f"Bearer {token}"} if along else {}
            answer = await self._http.download(
                str(address), largest=largest, headers=headers, timeout=TIMEOUT
            )
            if not 300 <= answer.status < 400:
                return self._read(answer, address, name)
            address = self._checked(answer.headers.get("Location", ""), address)
        raise Refused(f"{self._service}: a file's address leads on and on ({redacted(url)}).")

    def allows(self, url: URL) -> bool:
        """Whether an address leads to the platform."""
        if url.scheme not in {"http", "https"} or not url.host or url.user or url.password:
            return False
        if url.origin() == self._origin:
            return url.path.startswith(self._beside) and ".." not in url.path
        if url.scheme != "https" or url.port != 443:
            return False
        return any(url.host == host or url.host.endswith(f".{host}") for host in self._hosts)

    def _checked(self, url: str, base: URL | None = None) -> URL:
        try:
            address = URL(url) if base is None else base.join(URL(url))
            if self._own_folder and address.path.startswith(self._beside):
                address = self._origin.with_path(address.raw_path, encoded=True)
            allowed = bool(url) and self.allows(address)
        except ValueError:
            allowed = False
        if not allowed:
            raise Refused(f"{self._service}: a file is not on the platform's own machines; it is left there.")
        return address

    def _read(self, answer: Answer, address: URL, name: str) -> MediaFile:
        if answer.ok:
            mime = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return MediaFile(answer.body, mime, name)
        text = f"{self._service} answered {answer.status} to {redacted(str(address))}"
        if answer.status in _GONE:
            raise MediaGone(f"{text}: the file is no longer there.", code=str(answer.status))
        if answer.status >= 500 or answer.status in _LATER:
            raise Unavailable(f"{text}; it can be asked for again.", code=str(answer.status))
        raise Refused(f"{text}.", code=str(answer.status))
