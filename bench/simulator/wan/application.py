"""The application process of a simulated meter: its channels and the APDUs that it sends unasked.

One per device. A channel is a client that reached a logical device over some link; the
application knows nothing of links.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from bench.simulator.metering_system import MeteringSystem
from bench.simulator.wan.channel import Channel
from bench.simulator.wan.clients import clients_with
from bench.simulator.wan.device import Device
from bench.simulator.wan.keys import server_title, wan_secret
from bench.simulator.wan.opening import Opening
from bench.simulator.wan.options import WanOptions
from bench.simulator.wan.provisional import OneName

ALL_STATIONS = (0x7F, 0x3FFF)
"""Server SAPs that mean every logical device: broadcast, never answered."""


@dataclass(frozen=True, slots=True)
class Push:
    """An APDU that the meter sends unasked."""

    client_sap: int
    server_sap: int
    apdu: bytes


class Application:
    """Everything above the links of one simulated meter.

    `system` is the household whose truth the objects show; instants are nanoseconds on its clock.
    """

    def __init__(
        self,
        system: MeteringSystem,
        options: WanOptions | None = None,
        stages: object = None,  # noqa: ARG002
    ) -> None:
        self.system = system
        self.options = options or WanOptions()
        self.clients = {client.sap: client for client in clients_with(self.options.saps)}
        self.device: Device = OneName()
        self.title = server_title(system.seed)
        self._drawn = 0
        self.opening = Opening(self.options, self.title, self.secret, self.challenge)

    def channel(self, client_sap: int, server_sap: int) -> Channel | None:
        """Return a new channel for a client, None if nobody is there who would answer it."""
        client = self.clients.get(client_sap)
        if client is None or server_sap != self.options.server_sap:
            return None
        return Channel(self, client, server_sap)

    def next_event(self) -> int | None:
        """Return the instant at which `advance` has something to do, None while it has nothing."""
        return None

    def advance(self, now: int) -> Iterable[Push]:  # noqa: ARG002
        """Do what is due by `now` and return the APDUs that the meter sends unasked."""
        return []

    def secret(self, name: str) -> bytes:
        """Return the secret of this device that is called `name`."""
        return wan_secret(self.system.seed, name)

    def challenge(self, size: int) -> bytes:
        """Return `size` octets (64 at most) that were never returned before."""
        self._drawn += 1
        text = b"meterbench simulated challenge %d %d" % (self.system.seed, self._drawn)
        return hashlib.sha512(text).digest()[:size]
