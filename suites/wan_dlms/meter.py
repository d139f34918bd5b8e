"""The meter under test as a case sees it (fixture `meter`): links, associations, a sign of life."""

from dataclasses import replace
from random import Random, SystemRandom
from typing import Any

from bench.core.clock import VirtualClock, seconds
from bench.core.errors import AdapterError, UsageError
from bench.core.link import Capability
from bench.core.trace import Direction, Frame
from bench.core.verdict import Reason
from bench.engine.connection import Connection
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.secrets import declared_secret
from bench.engine.session import Session
from bench.protocols.dlms.acse import Mechanism
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.security.general import AsymmetricKeys
from bench.protocols.dlms.security.keys import SymmetricKeys
from bench.protocols.dlms.security.suite import SUITES
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.ciphering import ClientSecurity, Counters, HeardNonce
from suites.wan_dlms.declared import PROPOSED, Declared, DeclaredAssociation, LinkLayer
from suites.wan_dlms.hdlc_transport import HdlcTransport
from suites.wan_dlms.opening import challenge_size
from suites.wan_dlms.survey import Survey, take_survey
from suites.wan_dlms.transport import Annotate, Transport, Wire
from suites.wan_dlms.udp_transport import UdpTransport
from suites.wan_dlms.vendor_functions import declared_function
from suites.wan_dlms.wrapper_transport import UnitLine, WrapperTransport

LOGICAL_DEVICE_NAME = (1, "0.0.42.0.0.255", 2)
OBJECT_LIST = (15, "0.0.40.0.0.255", 2)  # of the current association
_SURVEY_S = 1800.0
_SURVEY_TRIES = 2
_FRAMES_OF_ONE = 1_000_000  # numbers from here on are frames of the first survey, and so on
_COUNTER_ATTRIBUTE = 2
_RESERVE_LIMITS = 8  # response limits that are kept for the end of a case


class Meter:
    """Makes transports and associations over the case's connection and closes them at its end.

    `random` is where challenges come from: seeded by the case in virtual time, so that a run can
    be repeated, else by the system.
    """

    def __init__(self, session: Session, context: CaseContext, interface: str = "wan") -> None:
        self.session = session
        self.context = context
        self.interface = interface
        self.declared = Declared.of(context)
        virtual = isinstance(session.clock, VirtualClock)
        seed = f"{context.case.id} {context.number}"
        self.random: Random = Random(seed) if virtual else SystemRandom()
        self.judged_alive = False
        self._base = 0  # what is added to the numbers of frames
        self._counters = session.shared(interface, "counters", Counters)
        self._heard: list[HeardNonce] = session.shared(interface, "nonces", list[HeardNonce])
        self._transports: list[Transport] = []
        self._associations: list[Association] = []
        self._lines: dict[int, UnitLine] = {}
        self._surveyed: list[CaseContext] = session.shared(interface, "surveyed", list[CaseContext])
        context.frames_from(self._frame)

    @classmethod
    def of(cls, session: Session, context: CaseContext) -> "Meter":
        """Return the meter for one case, or for the known-good exchange around a group.

        Inconclusive (IXIT) when the declaration says what cannot be.
        """
        try:
            return cls(session, context)
        except UsageError as error:
            raise Inconclusive(Reason.IXIT, str(error)) from None

    # -- links

    def transport(
        self,
        client: int,
        server: int | None = None,
        *,
        connection: Connection | None = None,
        retries: int = 0,
        **options: Any,
    ) -> Transport:
        """Return a transport over the declared link layer, not yet opened.

        Options of HDLC: `parameters` (LinkParameters or None for SNRM without information) and
        `address_octets`; other link layers have no use for them.
        """
        made = self._transport(client, server, connection, retries, **options)
        self._transports.append(made)
        return made

    def _transport(
        self,
        client: int,
        server: int | None,
        connection: Connection | None,
        retries: int,
        **options: Any,
    ) -> Transport:
        declared = self.declared
        wire = self.wire(connection)
        limit_s = declared.response_limit_s
        if declared.link_layer is LinkLayer.HDLC:
            return HdlcTransport(
                wire,
                declared.client_address(client),
                declared.server_address(server, options.get("address_octets")),
                limit_s,
                parameters=options.get("parameters", declared.hdlc_parameters),
                retries=retries,
            )
        line = self._lines.get(id(wire.connection))
        if line is None:
            line = UnitLine(wire, datagrams=declared.link_layer is LinkLayer.UDP)
            self._lines[id(wire.connection)] = line
        kind = UdpTransport if line.datagrams else WrapperTransport
        return kind(line, client, declared.server_sap if server is None else server, limit_s)

    def wire(self, connection: Connection | None = None) -> Wire:
        """Return a connection, by default the case's, with the keeper of its frames."""
        connection = connection or self.context.connection
        line = self.session.preparation.target(self.interface).line
        on_line = connection.has(Capability.LINE_SPEED)
        return Wire(connection, self._keep, line.character_ns if on_line else 0.0)

    # -- associations

    def association(
        self,
        name: str,
        *,
        dedicated: bool = False,
        challenge: bytes | None = None,
        conformance: Conformance = PROPOSED,
        max_pdu: int | None = None,
        **options: Any,
    ) -> Association:
        """Return a declared association ("main", "reading" are roles), not yet opened.

        `dedicated` proposes a dedicated key, `challenge` replaces the random one, `conformance` and
        `max_pdu` (octets) the usual proposal; other options are those of `transport`. Inconclusive
        (IXIT) for one that is not declared, or lacks a key.
        """
        means = self._means(name)
        security = self._security(means, dedicated)
        octets = self.random.randbytes(challenge_size(means.mechanism))
        made = Association(
            self.declared,
            means,
            self.transport(means.client, **options),
            security=security,
            challenge=octets if challenge is None else challenge,
            conformance=conformance,
            max_pdu=max_pdu,
            password=lambda: self._password(means),
            prepare=lambda: self._prepare(means, security),
            hurry=self.hurry,
        )
        self._associations.append(made)
        return made

    def _means(self, name: str) -> DeclaredAssociation:
        try:
            return self.declared.association(name)
        except UsageError as error:
            raise Inconclusive(Reason.IXIT, str(error)) from None

    def connect(self, name: str, **options: Any) -> Association:
        """Return an association whose link is up and to which nothing was sent yet.

        Inconclusive (PRECONDITION) when the link cannot be set up.
        """
        made = self.association(name, **options)
        link = made.connect()
        if not link.up:
            raise Inconclusive(Reason.PRECONDITION, f"client {made.means.client}: {link}")
        return made

    def associate(self, name: str, **options: Any) -> Association:
        """Return an open association; Inconclusive (PRECONDITION) when it cannot be opened.

        The message names the step that failed and what the meter answered.
        """
        made = self.association(name, **options)
        opened = made.open()
        if not opened.established:
            made.close()
            raise Inconclusive(Reason.PRECONDITION, opened.failed)
        return made

    def secret(self, name: str) -> bytes:
        """Return a declared key or password; Inconclusive (IXIT) where none is declared."""
        try:
            found = declared_secret(self.session.preparation, self.interface, name)
        except UsageError as error:
            raise Inconclusive(Reason.IXIT, str(error)) from None
        if found is None:
            where = f'[{self.interface}.keys] {name} = "env:NAME"'
            raise Inconclusive(Reason.IXIT, f"the declaration names no {name}: add {where}")
        return found.reveal()

    def has_secret(self, name: str) -> bool:
        """Whether a key or password is declared."""
        interfaces = self.session.preparation.declaration.interfaces
        return name in interfaces[self.interface].keys

    @property
    def heard_nonces(self) -> list[HeardNonce]:
        """The nonces that the meter has used so far in the run."""
        return self._heard

    def hurry(self) -> bool:
        """Whether the case has little time left, so that nothing long may be begun."""
        left = self.context.bound_ns() - self.session.clock.now()
        return left < seconds(_RESERVE_LIMITS * self.declared.response_limit_s)

    def _security(self, means: DeclaredAssociation, dedicated: bool) -> ClientSecurity | None:
        if means.suite is None and means.mechanism < Mechanism.HLS:
            return None
        suite = means.suite or 0
        security = ClientSecurity(
            suite, self.declared.client_title, self._counters, heard=self._heard
        )
        if means.suite is not None:
            security.keys = self._keys(suite, dedicated)
            security.asymmetric = self._asymmetric(suite)
            security.options = self.declared.security_options()
        if means.secret and means.mechanism >= Mechanism.HLS:
            security.secret = self.secret(means.secret)
        if means.mechanism is Mechanism.HLS:
            security.vendor_function = declared_function(self.declared.values)
        if means.mechanism is Mechanism.HLS_ECDSA:
            end = "_p384" if suite == 2 else ""
            security.private_key = self.secret(f"client_signing{end}")
            security.peer_public_key = self.secret(f"meter_signing{end}")
        return security

    def _asymmetric(self, suite: int) -> AsymmetricKeys:
        """Return those key pairs of a suite that are declared."""
        end = "_p384" if suite == 2 else ""
        names = ("client_signing", "client_agreement", "meter_signing", "meter_agreement")
        found = [
            self.secret(name + end) if suite and self.has_secret(name + end) else b""
            for name in names
        ]
        return AsymmetricKeys(*found)

    def _keys(self, suite: int, dedicated: bool) -> SymmetricKeys:
        def optional(name: str) -> bytes:
            return self.secret(name) if self.has_secret(name) else b""

        made = self.random.randbytes(SUITES[suite].key_octets) if dedicated else b""
        self.context.conceal(made)
        return SymmetricKeys(
            self.secret(f"suite{suite}_encryption"),
            self.secret(f"suite{suite}_authentication"),
            broadcast=optional(f"suite{suite}_broadcast"),
            master=optional(f"suite{suite}_master"),
            dedicated=made,
        )

    def _password(self, means: DeclaredAssociation) -> bytes:
        password = self.secret(means.secret or "lls_password")
        self.context.conceal(password)
        return password

    def _prepare(self, means: DeclaredAssociation, security: ClientSecurity | None) -> None:
        """Learn the invocation counter before its first use, while no other link is open."""
        if security is None or means.suite is None or means.pre_established:
            return
        title, key = security.title, security.keys.encryption
        if not self._counters.known(title, key):
            self._counters.start(title, key, self.read_counter(means.suite))

    def read_counter(self, suite: int) -> int:
        """Return the client's next invocation counter as the public client reads it.

        Where the meter does not tell it, that of the declaration (`initial_counter`).
        """
        name = self.declared.counter_name(suite)
        if self.declared.initial_counter is not None:
            return self.declared.initial_counter
        with self.associate("public") as public:
            answer = public.get(1, name, _COUNTER_ATTRIBUTE)
        if not answer.ok or not isinstance(answer.value, int):
            raise Inconclusive(
                Reason.PRECONDITION,
                f"the invocation counter {name} cannot be read by the public client ({answer}); "
                "declare initial_counter",
            )
        return min(answer.value + 1, 0xFFFFFFFF)

    # -- a sign of life, and the end

    def logical_device_name(self) -> Answer:
        """Read the logical device name over a fresh link; Inconclusive if nobody may connect."""
        with self.associate(self.simplest()) as aa:
            return aa.get(*LOGICAL_DEVICE_NAME)

    def why_not_alive(self) -> str:
        """Return why the logical device name cannot be read now, "" if it can; closes all before.

        A link layer that was left out of step is started anew first.
        """
        self.close()
        try:
            answer = self.logical_device_name()
        except Inconclusive as found:
            if found.reason is Reason.BUDGET:
                raise
            return str(found)
        return "" if answer.ok else f"the logical device name was answered by {answer}"

    def alive(self) -> bool:
        """Whether the logical device name can be read now; closes what was open before."""
        return not self.why_not_alive()

    def survey(self, name: str = "main") -> Survey:
        """Return the object model as this association sees it; read once per run.

        Ask for it before anything is opened: it opens an association of its own. Inconclusive
        (PRECONDITION) when the object list cannot be read, (IXIT) when no such association is
        declared; after two failures it is not tried again in the run.
        """
        key = self._means(name).name
        shared = self.session.shared
        failures = shared(self.interface, f"failed surveys {key}", list[Inconclusive])
        if len(failures) >= _SURVEY_TRIES:
            raise Inconclusive(failures[-1].reason, str(failures[-1]))
        try:
            return shared(self.interface, f"survey {key}", lambda: self._survey(key))
        except Inconclusive as failure:
            failures.append(failure)
            raise

    def _survey(self, name: str) -> Survey:
        """Take the survey in a time of its own, which no case pays for."""
        aside = self.session.aside(self.interface, f"survey-{name}", _SURVEY_S)
        self._surveyed.append(aside)
        number = len(self._surveyed)
        meter = Meter(self.session, aside)
        meter._base = number * _FRAMES_OF_ONE
        began_ns = self.session.clock.now()
        try:
            with meter.associate(name) as aa:
                return take_survey(aa)
        finally:
            meter.close()
            aside.close()
            self.context.give_back(self.session.clock.now() - began_ns)

    def _keep(self, octets: bytes, at_ns: int, direction: Direction, annotate: Annotate) -> int:
        return self._base + self.context.keep(octets, at_ns, direction, annotate)

    def _frame(self, number: int) -> Frame:
        """Return a frame of the case, or of a survey that cases share."""
        survey, own = divmod(number, _FRAMES_OF_ONE)
        context = self._surveyed[survey - 1] if survey else self.context
        return replace(context.frame(own), number=number)

    def finish(self) -> None:
        """Close all, and look for a sign of life unless the case has done so itself."""
        if not self.judged_alive and (why := self.why_not_alive()):
            self.context.inconclusive(Reason.SURVIVAL, f"after the case: {why}")
        self.close()

    def close(self) -> None:
        """Release and disconnect all that is open, the last opened first."""
        for association in reversed(self._associations):
            association.close()
        for transport in reversed(self._transports):
            if transport.up:
                transport.close()
        self._associations.clear()
        self._transports.clear()

    def reconnect(self, *, abrupt: bool = False) -> bool:
        """End the case's connection and make it anew; return whether the meter took it."""
        try:
            self.context.connection.reconnect(abrupt=abrupt)
        except AdapterError:
            return False
        finally:
            line = self._lines.get(id(self.context.connection))
            if line is not None:
                line.renew()
        return True

    def simplest(self) -> str:
        """Return the association that needs least: public where there is one."""
        for name in ("public", "reading", "main"):
            if self.declared.has(name):
                return name
        raise Inconclusive(Reason.IXIT, "no association is declared that could read anything")
