"""What happens on a data link, as the stations report it to what stands above them.

Instants are integer nanoseconds on the clock of whoever drives the station.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from bench.core.trace import Problem
from bench.protocols.hdlc.address import Address
from bench.protocols.hdlc.deframer import FrameOctets, Piece
from bench.protocols.hdlc.frame import HdlcFrame
from bench.protocols.hdlc.frame_reject import FrameReject
from bench.protocols.hdlc.parameters import LinkParameters, ParameterField


class LinkKey(NamedTuple):
    """Who talks to whom; the server as it is addressed."""

    client: Address
    server: Address

    def __str__(self) -> str:
        return f"client {self.client}, server {self.server}"


class Ending(StrEnum):
    """Why a link is no longer connected."""

    REQUESTED = "requested"  # DISC and its UA or DM
    REPLACED = "replaced"  # SNRM while connected: a new link, the associations are gone
    REFUSED = "refused"  # DM in answer to SNRM
    PEER = "peer"  # DM from a server that was connected
    REJECTED = "rejected"  # FRMR; SNRM is needed
    INACTIVE = "inactive"  # no frame for the inactivity time-out
    OVERLONG = "overlong"  # segments without end
    NO_ANSWER = "no answer"  # not after all repetitions either


@dataclass(frozen=True, slots=True)
class Connected:
    """The link is up; `parameters` are this station's after negotiation, `field` the peer's."""

    at_ns: int
    link: LinkKey
    parameters: LinkParameters
    field: ParameterField


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The link is down, and with it every association on it."""

    at_ns: int
    link: LinkKey
    why: Ending


@dataclass(frozen=True, slots=True)
class Received:
    """A whole APDU arrived in I frames; `problems` are those of its LLC header."""

    at_ns: int
    link: LinkKey
    apdu: bytes
    segments: int = 1
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Unnumbered:
    """An APDU arrived in an UI frame, which needs no link and gets no answer."""

    at_ns: int
    source: Address
    destination: Address
    apdu: bytes
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """An FRMR was received, or sent where `own`."""

    at_ns: int
    link: LinkKey
    reject: FrameReject
    own: bool = False


@dataclass(frozen=True, slots=True)
class Ignored:
    """A frame that changed nothing: invalid, for somebody else, or not expected."""

    at_ns: int
    piece: Piece
    why: str
    frame: HdlcFrame | None = None


@dataclass(frozen=True, slots=True)
class Overlong:
    """More segments than any unit may have; `octets` of it were dropped so far."""

    at_ns: int
    link: LinkKey
    octets: int


Event = Connected | Disconnected | Received | Unnumbered | Rejected | Ignored | Overlong

#: is shown each frame with its octets and stamps
Watch = Callable[[FrameOctets, HdlcFrame], None]
