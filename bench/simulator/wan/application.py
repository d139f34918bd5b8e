"""The application process of a simulated meter: its channels and the APDUs that it sends unasked.

One per device. A channel is a client that reached a logical device over some link; the
application knows nothing of links.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from bench.protocols.dlms.acse import Mechanism
from bench.protocols.dlms.cosem_types import SelectiveAccess
from bench.protocols.dlms.data_types import Data, double_long_unsigned, long_unsigned
from bench.protocols.dlms.results import DataAccessResult
from bench.protocols.dlms.security import ecdsa
from bench.protocols.dlms.security.suite import SUITES, Curve
from bench.simulator.cosem.access import Asker
from bench.simulator.cosem.data import DataObject
from bench.simulator.cosem.device import LogicalDevice
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.reference import reference_objects
from bench.simulator.cosem.truth import Moment, Truth
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.wan.association import Association, State
from bench.simulator.wan.association_ln import AssociationLn
from bench.simulator.wan.authentication import Authentication
from bench.simulator.wan.challenges import Challenges
from bench.simulator.wan.channel import Channel
from bench.simulator.wan.ciphering import ChannelCiphering
from bench.simulator.wan.clients import UNKNOWN, Client, clients_with
from bench.simulator.wan.general import GeneralAgent
from bench.simulator.wan.key_ring import KeyRing
from bench.simulator.wan.keys import CLIENT_TITLE, server_title, wan_secret
from bench.simulator.wan.names import CLOCK, LOGICAL_DEVICE_NAME, counter_name
from bench.simulator.wan.opening import Opening
from bench.simulator.wan.options import PushPlan, Refusal, WanOptions
from bench.simulator.wan.push import Pushes
from bench.simulator.wan.sap_assignment import SapAssignment
from bench.simulator.wan.security_setup import SecuritySetup

_SECOND = 1_000_000_000
_REBOOT_NS = 30 * _SECOND
_WRONG_BY = 1000
_OBJECTS = "objects"  # the stage at which the objects of the meter can be altered


class Stages(Protocol):
    """What a fault or variation makes of what passes a stage."""

    def altered(self, stage: str, value: Any, index: int = 0) -> Any:
        """Return `value` after the alterations of a stage."""
        ...


@dataclass(frozen=True, slots=True)
class Push:
    """An APDU that the meter sends unasked."""

    client_sap: int
    server_sap: int
    apdu: bytes


class Application:
    """Everything above the links of one simulated meter.

    `system` is the household whose truth the objects show; instants are nanoseconds on its clock.
    `on_crash` is called with the instant when a broken meter crashes.
    """

    def __init__(
        self,
        system: MeteringSystem,
        options: WanOptions | None = None,
        stages: Stages | None = None,
    ) -> None:
        self.system = system
        self.options = options or WanOptions()
        self.title = server_title(system.seed)
        self.client_title = CLIENT_TITLE
        self.on_crash: Callable[[int], None] | None = None
        self._secrets: dict[str, bytes] = {}
        self.clients = clients_with(self.options.saps)
        self._by_sap = {client.sap: client for client in self.clients}
        self._rings: dict[int, KeyRing] = {}
        self._agents: dict[int, GeneralAgent] = {}
        self._channels: dict[int, list[Channel]] = {}
        self._failures: dict[int, int] = {}
        self._locked_until: dict[int, int] = {}
        self._down_until = 0
        self._drawn = 0
        self.device = self._built(stages)
        self._ticking = [one for one in self.device if type(one).due is not CosemObject.due]
        self._pushes = Pushes(self.device, self.options)
        self.opening = Opening(
            self.options, self.title, self.secret, Challenges(system.seed, self.options)
        )
        self.authentication = Authentication(self.title, self.secret, self.options.breaks)

    def channel(self, client_sap: int, server_sap: int) -> Channel | None:
        """Return a new channel for a client, None if nobody is there who would answer it."""
        if server_sap != self.options.server_sap:
            return None
        client = self._by_sap.get(client_sap)
        if client is None:
            if self.options.unknown_client is Refusal.SILENCE:
                return None
            client = Client(UNKNOWN, client_sap, Mechanism.LOWEST)
        return Channel(self, client, server_sap)

    def next_event(self) -> int | None:
        """Return the instant at which `advance` has something to do, None while it has nothing."""
        due = [at for one in self._ticking if (at := one.due()) is not None]
        push = self._pushes.next_event()
        if push is not None:
            due.append(push)
        return min(due) if due else None

    def advance(self, now: int) -> list[Push]:
        """Do what is due by `now` and return the APDUs that the meter sends unasked."""
        self.device.advance(now)
        pushed = [self._push(plan, now) for plan in self._pushes.due(now)]
        return [push for push in pushed if push is not None and not self.is_down(now)]

    def _push(self, plan: PushPlan, now: int) -> Push | None:
        client = next((one for one in self.clients if one.name == plan.client), None)
        if client is None:
            return None
        association = self.association_of(client)
        if association is None or association.state is not State.OPEN:
            if not plan.always:
                return None
            association = Association(client)
            association.client_title = self.client_title
        apdu = self._pushes.notification(now)
        if plan.event:
            apdu = self._pushes.event(8, CLOCK, 2, now) or apdu
        ring = self.ring(client)
        if ring is not None:
            agent = self.agent(ring)
            ciphering = ChannelCiphering(ring, association, self.title, self.options, agent)
            apdu = ciphering.notification(apdu)
        if len(apdu) > association.limit:
            return None
        return Push(client.sap, self.options.server_sap, apdu)

    # -- secrets and keys

    def secret(self, name: str) -> bytes:
        """Return the secret of this device that is called `name`."""
        changed = self._secrets.get(name)
        return wan_secret(self.system.seed, name) if changed is None else changed

    def change_secret(self, name: str, secret: bytes) -> None:
        """Replace a secret from the next association on."""
        self._secrets[name] = secret

    def ring(self, client: Client) -> KeyRing | None:
        """Return the keys that protect what a client sends, None without ciphering."""
        if client.suite is None:
            return None
        return self.ring_of(client.suite)

    def ring_of(self, suite: int) -> KeyRing:
        """Return the keys of a suite."""
        if suite not in self._rings:
            self._rings[suite] = KeyRing(suite, self.secret, self.options)
        return self._rings[suite]

    def agent(self, ring: KeyRing) -> GeneralAgent:
        """Return the meter as a party of general APDUs under the keys of a suite."""
        number = ring.suite.number
        if number not in self._agents:
            self._agents[number] = GeneralAgent(
                ring, self.title, self.secret, self._ephemeral, self.options
            )
        return self._agents[number]

    # -- associations

    def may_open(self, channel: Channel, now: int) -> bool:
        """Whether a client may open an association besides those that it has on other channels.

        A client that failed to prove itself too often may not for a while.
        """
        if now < self._locked_until.get(channel.client.sap, 0):
            return False
        others = [one for one in self._channels.get(channel.client.sap, ()) if one is not channel]
        return len(others) < self.options.clients_at_once

    def hold(self, channel: Channel) -> None:
        """Note whether a channel has an association."""
        held = self._channels.setdefault(channel.client.sap, [])
        active = channel.association.state is not State.IDLE
        if active and channel not in held:
            held.append(channel)
        elif not active and channel in held:
            held.remove(channel)

    def ended(self, channel: Channel, now: int) -> None:  # noqa: ARG002
        """Note that an association ended: keys that were to change then do."""
        self.hold(channel)
        suite = channel.client.suite
        held = (one.client for channels in self._channels.values() for one in channels)
        if suite is not None and all(client.suite != suite for client in held):
            self.ring_of(suite).settle()

    def note_failure(self, client: Client, now: int) -> None:
        """Count a client that failed to prove itself; too many in a row lock it out."""
        failures = self._failures.get(client.sap, 0) + 1
        allowed = self.options.hls_failures_until_lock
        if allowed and failures >= allowed:
            self._locked_until[client.sap] = now + round(self.options.hls_lock_s * _SECOND)
            failures = 0
        self._failures[client.sap] = failures

    def failures(self, client: Client) -> int:
        """Return how often in a row a client failed to prove itself."""
        return self._failures.get(client.sap, 0)

    def note_success(self, client: Client) -> None:
        """Forget the failures of a client that proved itself."""
        self._failures.pop(client.sap, None)

    def association_of(self, client: Client) -> Association | None:
        """Return the association that a client has now, None without one."""
        held = self._channels.get(client.sap)
        return held[-1].association if held else None

    # -- a meter that breaks down

    def crash(self, now: int) -> None:
        """Lose all associations and hear nothing until the meter is there again."""
        self._down_until = now + _REBOOT_NS
        for held in list(self._channels.values()):
            for channel in list(held):
                channel.close(now)
        if self.on_crash is not None:
            self.on_crash(now)

    def supply_cut(self) -> None:
        """Note that the supply is cut: a meter keeps its counters, a broken one does not."""
        for ring in self._rings.values():
            ring.supply_cut()

    def is_down(self, now: int) -> bool:
        """Whether the meter has crashed and is not there again."""
        return now < self._down_until

    # -- objects

    def object_list(
        self, asker: Asker, selection: SelectiveAccess | None
    ) -> Data | DataAccessResult:
        """Return the objects that a client sees."""
        return self.device.object_list(asker, selection)

    def _built(self, stages: Stages | None) -> LogicalDevice:
        truth = Truth(self.system)
        objects: list[CosemObject] = [
            *reference_objects(truth),
            SapAssignment(self._devices),
            AssociationLn(self, self.clients),
            *[AssociationLn(self, self.clients, client) for client in self.clients],
            *[self._security_setup(suite) for suite in SUITES],
            *[self._counter(suite) for suite in SUITES],
        ]
        if stages is not None:
            objects = stages.altered(_OBJECTS, objects)
        return LogicalDevice(self.system, objects, self.options.breaks, truth=truth)

    def _security_setup(self, suite: int) -> SecuritySetup:
        ring = self.ring_of(suite)
        return SecuritySetup(ring, self.title, self.secret, self._ephemeral, self.options)

    def _ephemeral(self, curve: Curve) -> bytes:
        """Return a private key that was never returned before."""
        self._drawn += 1
        text = b"meterbench simulated ephemeral %d %d" % (self.system.seed, self._drawn)
        return ecdsa.private_key_of(curve, hashlib.sha512(text).digest())

    def _counter(self, suite: int) -> CosemObject:
        """Return the object that shows the counter which the meter expects next."""
        counters = self.ring_of(suite).unicast
        wrong = "ic-object-wrong" in self.options.breaks

        def expected(_moment: Moment) -> Data:
            shown = counters.expected + (_WRONG_BY if wrong else 0)
            if "ic-object-u16" in self.options.breaks:
                return long_unsigned(shown & 0xFFFF)
            return double_long_unsigned(min(shown, 0xFFFFFFFF))

        return DataObject(counter_name(suite), expected, public=True)

    def _devices(self, moment: Moment) -> list[tuple[int, bytes]]:
        found = self.device.find(1, LOGICAL_DEVICE_NAME)
        name = b"" if found is None else found.value(2, moment).value
        wrong = 1 if "sap-mismatch" in self.options.breaks else 0
        return [(self.options.server_sap + wrong, name)]
