"""One application association, from the AARQ to its end: what was agreed on and what is pending."""

from enum import Enum, auto

from bench.protocols.dlms.initiate import DLMS_VERSION, Conformance
from bench.simulator.wan.clients import Client
from bench.simulator.wan.key_ring import Counters


class State(Enum):
    """Where an association stands (IEC 62056-5-3 cl. 7)."""

    IDLE = auto()
    PENDING = auto()  # accepted, and the client has yet to prove that it has the secret
    OPEN = auto()


NO_LIMIT = 0xFFFF
"""Octets of an APDU for a client that does not limit them."""


class Association:
    """The association of one client on one connection.

    `limit` is the longest APDU, in octets, that the client takes. Titles, challenges and the
    dedicated key are those of the running association.
    """

    __slots__ = (
        "client",
        "client_challenge",
        "client_title",
        "conformance",
        "dedicated_counters",
        "dedicated_key",
        "limit",
        "meter_challenge",
        "proposed",
        "state",
        "version",
    )

    def __init__(self, client: Client) -> None:
        self.client = client
        self.state = State.IDLE
        self.forget()

    def forget(self) -> None:
        """End the association: nothing of it is left."""
        self.state = State.IDLE
        self.conformance = Conformance(0)
        self.proposed = Conformance(0)
        self.version = DLMS_VERSION
        self.limit = NO_LIMIT
        self.client_title = b""
        self.client_challenge = b""
        self.meter_challenge = b""
        self.dedicated_key = b""
        self.dedicated_counters = Counters(0, 0)

    def has(self, bit: int) -> bool:
        """Return whether a conformance bit was agreed on."""
        return bool(int(self.conformance) & bit)
