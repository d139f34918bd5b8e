"""How the two stations of a data link behave where the standard leaves it open."""

from dataclasses import dataclass
from enum import StrEnum

from bench.protocols.hdlc.address import Address
from bench.protocols.hdlc.parameters import LinkParameters

LONGEST_APDU = 65536
#: all that HDLC allows; each side then gives way to the other
WIDEST = LinkParameters(2030, 2030, 7, 7)


class Answer(StrEnum):
    """What a server does with a frame that it cannot take up."""

    REPLY = "reply"  # FRMR, or DM while disconnected
    SILENCE = "silence"


class NotYet(StrEnum):
    """What a server answers while the answer to a request is being made."""

    NOTHING = "nothing"  # the client waits for the answer
    READY = "ready"  # RR: the turn goes back, the answer waits for the next poll
    NOT_READY = "not-ready"  # RNR, which also says that nothing else can be taken now


class ParameterAnswer(StrEnum):
    """When the UA names the link parameters."""

    WHEN_PROPOSED = "when-proposed"  # or when they are not the defaults
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class SecondaryOptions:
    """How a server is addressed, what it can do, and how it does what the standard leaves open.

    `uppers` are the logical devices, `lower` the physical one (None: any), `sizes` the lengths of
    server addresses that it listens to. A client beyond `links` is refused with DM, or takes the
    place of the one that was silent longest (`replaces`).
    """

    uppers: frozenset[int] = frozenset({1})
    lower: int | None = 0x11
    sizes: frozenset[int] = frozenset({1, 2, 4})
    parameters: LinkParameters = WIDEST
    inactivity_ns: int | None = 120_000_000_000
    inter_octet_ns: int | None = 25_000_000
    octet_ns: float = 0
    links: int = 1
    replaces: bool = False
    longest_apdu: int = LONGEST_APDU
    not_yet: NotYet = NotYet.NOTHING
    parameter_answer: ParameterAnswer = ParameterAnswer.WHEN_PROPOSED
    window_octets: int = 4  # width of a window in the UA
    on_undefined: Answer = Answer.REPLY
    on_too_long: Answer = Answer.REPLY
    on_bad_number: Answer = Answer.REPLY
    on_information_when_down: Answer = Answer.REPLY  # an I frame while disconnected
    #: codes of frame problems that the server does not notice; a conforming one notices all
    overlooks: frozenset[str] = frozenset()


class Recovery(StrEnum):
    """What a client does when an answer does not come."""

    REPEAT = "repeat"  # send the same frames again, as most clients do
    POLL = "poll"  # ask with RR what arrived, send again what did not


@dataclass(frozen=True, slots=True)
class PrimaryOptions:
    """Whom a client talks to, what it proposes, and how long it waits.

    `parameters` None sends SNRM without information. `response_ns` is how long an answer may take,
    `retries` how often a frame is repeated. A server that says "nothing yet" is polled again after
    `poll_ns`, at most `polls` times.
    """

    client: Address
    server: Address
    parameters: LinkParameters | None = None
    response_ns: int = 1_000_000_000
    retries: int = 3
    poll_ns: int = 100_000_000
    polls: int = 100
    recovery: Recovery = Recovery.REPEAT
    inter_octet_ns: int | None = None
    octet_ns: float = 0
    longest_apdu: int = LONGEST_APDU
