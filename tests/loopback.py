"""No test talks to anybody but this machine.

An audit hook sees every socket that Python makes in this process, whichever library asked for it, and refuses
addresses that are not loopback. It sees neither a child process nor uvloop's own sockets: servers that tests
start are given loopback addresses, and the browser resolves nothing else (`services.CHROMIUM_FLAGS`).
"""

import contextlib
import ipaddress
import sys
from collections.abc import Iterator

ATTEMPTS: list[str] = []
"""What was refused since `nobody_leaves` began. A test that means to be refused clears it."""

_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})


class OutsideNetworkUsed(RuntimeError):
    """A test tried to leave this machine. Not an OSError, so that no retry takes it for a bad connection."""


def watch() -> None:
    """From here on, for the life of the process, outside addresses are refused. Call once."""
    sys.addaudithook(_refuse_outside)


@contextlib.contextmanager
def nobody_leaves() -> Iterator[None]:
    """Fails at its end when something was refused and the code under test swallowed the error."""
    ATTEMPTS.clear()
    yield
    hidden = list(ATTEMPTS)
    ATTEMPTS.clear()
    if hidden:
        raise OutsideNetworkUsed(
            f"the code under test tried to leave this machine and hid the refusal: {hidden}"
        )


def is_loopback(host: object) -> bool:
    """Whether traffic to `host` stays on this machine; what is no host at all does."""
    if isinstance(host, bytes | bytearray):
        host = bytes(host).decode(errors="replace")
    if not isinstance(host, str) or host in {"", "localhost"} or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    # Linux takes 0.0.0.0 and :: for itself.
    return bool(mapped.is_loopback or mapped.is_unspecified)


def _refuse_outside(event: str, arguments: tuple[object, ...]) -> None:
    if not event.startswith("socket."):
        return
    if event in _CONNECTS:
        address = arguments[1]
        # A path is a unix socket, None an already connected one.
        host = address[0] if isinstance(address, tuple) and address else None
        outside = not is_loopback(host)
    elif event in _LOOKUPS:
        host = arguments[0]
        outside = not is_loopback(host) and not _is_number(host)
    else:
        return
    if outside:
        ATTEMPTS.append(f"{event} {host!r}")
        raise OutsideNetworkUsed(f"{event}: a test may only talk to this machine, not to {host!r}")


def _is_number(host: object) -> bool:
    """Whether looking `host` up asks nobody. Connecting to it is another question."""
    try:
        ipaddress.ip_address(host.partition("%")[0] if isinstance(host, str) else "")
    except ValueError:
        return False
    return True
