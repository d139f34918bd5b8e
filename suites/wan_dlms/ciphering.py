"""The client's side of ciphering: keys, counters, how a request is protected, what opens."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from suites.wan_dlms.answer import Reply


class Wrapping(StrEnum):
    """Which kind of APDU carries a protected one."""

    PLAIN = "plain"  # none: the APDU is sent as it is
    GLO = "glo"  # service-specific, global key
    DED = "ded"  # service-specific, dedicated key
    GENERAL_GLO = "general-glo"
    GENERAL_DED = "general-ded"
    GENERAL = "general"  # general-ciphering, identified key


@dataclass(frozen=True, slots=True)
class Protection:
    """How an APDU is protected; `title` and `suite` replace the right ones, to be wrong."""

    wrapping: Wrapping = Wrapping.GLO
    authenticated: bool = True
    encrypted: bool = True
    broadcast: bool = False
    title: bytes | None = None
    suite: int | None = None

    def but(self, **changes: Any) -> "Protection":
        """Return the same with other fields."""
        return replace(self, **changes)


PLAIN = Protection(Wrapping.PLAIN, authenticated=False, encrypted=False)
GLO = Protection()
DED = Protection(Wrapping.DED)
GENERAL_GLO = Protection(Wrapping.GENERAL_GLO)
GENERAL_DED = Protection(Wrapping.GENERAL_DED)
GENERAL = Protection(Wrapping.GENERAL)


@dataclass(slots=True)
class Counters:
    """The client's next invocation counters by system title and key; kept for the whole run."""

    next: dict[tuple[bytes, bytes], int] = field(default_factory=dict)

    def known(self, title: bytes, key: bytes) -> bool:
        """Whether the counter of this title under this key has been read or used."""
        raise NotImplementedError

    def take(self, title: bytes, key: bytes) -> int:
        """Return the next counter, and count on."""
        raise NotImplementedError

    def start(self, title: bytes, key: bytes, counter: int) -> None:
        """Say which counter is next, if a later one is not known already."""
        raise NotImplementedError


@dataclass(slots=True)
class ClientSecurity:
    """What the client needs to protect requests and to open answers."""

    suite: int
    title: bytes
    counters: Counters
    server_title: bytes = b""
    dedicated: bytes = b""

    def protect(self, apdu: bytes, how: Protection, counter: int | None = None) -> bytes:
        """Return the protected APDU; takes the next counter unless one is given."""
        raise NotImplementedError

    def open(self, reply: Reply) -> Reply:
        """Return the reply deciphered; unprotected ones as they are."""
        raise NotImplementedError
