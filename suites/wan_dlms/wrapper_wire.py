"""Wrapper units over one TCP connection as a case builds them: any octets out, all units in.

Nothing is hidden from the case: a unit with a wrong header, half a unit, and the end of the
connection are what was heard. What is heard is bounded in time and octets, whatever a device sends.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench.core.check import Place
from bench.core.clock import seconds
from bench.core.errors import AdapterError, ConnectionEnded
from bench.core.link import Capability
from bench.core.trace import Direction, Field
from bench.core.verdict import Reason
from bench.engine.connection import Connection
from bench.engine.context import CaseContext, Inconclusive
from bench.protocols.dlms.acse import Aare, Aarq, AssociationResult, Rlrq
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.cosem_types import AttributeDescriptor, LogicalName
from bench.protocols.dlms.exception_response import ExceptionResponse
from bench.protocols.dlms.get import GetRequestNormal, GetResponseNormal
from bench.protocols.dlms.initiate import ConfirmedServiceError, Conformance, InitiateRequest
from bench.protocols.dlms.results import Invocation
from bench.protocols.dlms.wrapper import (
    HEADER_OCTETS,
    VERSION,
    Wpdu,
    WpduOctets,
    WrapperStream,
    build_wpdu,
    decode_wpdu,
)
from suites.wan_dlms.declared import Declared

_PATIENCE = 8  # times the response limit: how long a device may go on talking
_MOST_OCTETS = 1 << 18  # more in one answer is a flood
_MOST_KEPT = 32  # units of one answer that are kept as evidence
_NOTIFICATIONS = frozenset({0x0F, 0xC2})  # sent unasked

PLAIN_RLRQ = encode_apdu(Rlrq())
OBJECT_LIST = AttributeDescriptor(15, LogicalName(0, 0, 40, 0, 0), 2)
_LDN = AttributeDescriptor(1, LogicalName(0, 0, 42, 0, 0), 2)
_PROPOSED = (
    Conformance.GET
    | Conformance.SELECTIVE_ACCESS
    | Conformance.BLOCK_TRANSFER_WITH_GET
    | Conformance.ACTION
    | Conformance.SET
)


def plain_aarq(max_pdu: int = 1024) -> bytes:
    """Return the AARQ of a client without authentication and ciphering (logical names)."""
    return encode_apdu(Aarq(user_information=InitiateRequest(_PROPOSED, max_pdu)))


def get_request(
    invoke_id: int = 1, attribute: AttributeDescriptor = _LDN, *, high_priority: bool = True
) -> bytes:
    """Return a confirmed GET of an attribute, by default of the logical device name."""
    invocation = Invocation(invoke_id, high_priority=high_priority)
    return encode_apdu(GetRequestNormal(invocation, attribute))


def accepts(apdu: bytes) -> bool:
    """Whether an APDU is an AARE that accepts the association."""
    value = decode_apdu(apdu).value
    return isinstance(value, Aare) and value.result == AssociationResult.ACCEPTED


def reads(apdu: bytes, invoke_id: int = 1) -> bool:
    """Whether an APDU answers the GET with this invoke id by data."""
    value = decode_apdu(apdu).value
    return (
        isinstance(value, GetResponseNormal)
        and value.invocation.invoke_id == invoke_id
        and not isinstance(value.result, int)
    )


def wpdu_fields(octets: bytes) -> tuple[Field, ...]:
    """Return the annotated octets of a unit, those of its APDU after those of its header."""
    unit = decode_wpdu(octets)
    inner = decode_apdu(unit.apdu).fields() if unit.apdu else ()
    return unit.fields() + tuple(
        replace(field, offset=field.offset + HEADER_OCTETS) for field in inner
    )


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that was heard, or what came instead of one; `frame` is its number as evidence."""

    wpdu: Wpdu
    at_ns: int
    frame: int | None

    @property
    def place(self) -> Place | None:
        """Where it is in the evidence; None for units beyond those that are kept."""
        return None if self.frame is None else Place(self.frame)

    @property
    def notification(self) -> bool:
        """Whether it is whole and carries what a meter sends unasked."""
        return self.wpdu.valid and self.wpdu.apdu[:1] in {bytes([tag]) for tag in _NOTIFICATIONS}

    def __str__(self) -> str:
        wpdu = self.wpdu
        if wpdu.problems:
            return "; ".join(problem.message for problem in wpdu.problems)
        return f"a unit from {wpdu.source} to {wpdu.destination} with {wpdu.apdu[:8].hex(' ')}"


@dataclass(frozen=True, slots=True)
class Heard:
    """What came in answer, notifications aside; `closed` says that the device hung up."""

    units: tuple[Unit, ...]
    closed: bool

    @property
    def answer(self) -> Unit | None:
        """The first unit, None for silence."""
        return self.units[0] if self.units else None

    @property
    def place(self) -> Place | None:
        """Where the first unit is in the evidence."""
        return self.units[0].place if self.units else None

    def accepts(self) -> bool:
        """Whether the first unit is right and accepts an association."""
        answer = self.answer
        return answer is not None and answer.wpdu.valid and accepts(answer.wpdu.apdu)

    def reads(self) -> bool:
        """Whether the first unit is right and answers a GET by data."""
        answer = self.answer
        return answer is not None and answer.wpdu.valid and reads(answer.wpdu.apdu)

    def refuses(self) -> bool:
        """Whether the first unit is right and tells an error."""
        answer = self.answer
        if answer is None or not answer.wpdu.valid:
            return False
        value = decode_apdu(answer.wpdu.apdu).value
        return isinstance(value, ExceptionResponse | ConfirmedServiceError) or (
            isinstance(value, Aare) and value.result != AssociationResult.ACCEPTED
        )

    def __str__(self) -> str:
        end = "the connection was closed" if self.closed else ""
        if not self.units:
            return end or "silence"
        more = f" and {len(self.units) - 1} more" if len(self.units) > 1 else ""
        return f"{self.units[0]}{more}" + (f"; {end}" if end else "")


class WrapperWire:
    """One connection with the wPorts of a client and a server; `closed` once the device hung up.

    `limit_s` is within which time the device answers, by its declaration.
    """

    def __init__(
        self,
        context: CaseContext,
        connection: Connection,
        *,
        client: int,
        server: int,
        limit_s: float,
    ) -> None:
        self.connection = connection
        self.client = client
        self.server = server
        self.limit_s = limit_s
        self.closed = False
        self._associated = False
        self._context = context
        self._stream = WrapperStream()

    @classmethod
    def fresh(cls, context: CaseContext, declared: Declared) -> "WrapperWire":
        """Return the case's connection made anew, for the public client.

        Raises Inconclusive when the device does not take it.
        """
        connection = context.connection
        wire = cls(
            context,
            connection,
            client=declared.associations["public"].client,
            server=declared.server_sap,
            limit_s=declared.response_limit_s,
        )
        context.at_end(wire.finish)
        if connection.has(Capability.CONNECTION) and not wire.reconnect():
            raise Inconclusive(Reason.PRECONDITION, "the device takes no connection")
        return wire

    def send(self, octets: bytes) -> None:
        """Send octets as they are; nothing is sent on a connection that the device closed."""
        if self.closed:
            return
        try:
            self.connection.send(octets)
        except ConnectionEnded:
            self.closed = True

    def unit(
        self,
        apdu: bytes,
        *,
        version: int = VERSION,
        destination: int | None = None,
        length: int | None = None,
    ) -> bytes:
        """Return a unit from this client, right in all that is not given."""
        to = self.server if destination is None else destination
        return build_wpdu(self.client, to, apdu, version=version, length=length)

    def hear(self, wanted: int | None = None) -> Heard:
        """Return what comes until `wanted` units are there, or nothing for the response limit."""
        units: list[Unit] = []
        octets = 0
        start = self.connection.now()
        latest = start + seconds(_PATIENCE * self.limit_s)
        until = start + seconds(self.limit_s)
        while not self.closed and octets < _MOST_OCTETS:
            if wanted is not None and len(units) >= wanted:
                return Heard(tuple(units), self.closed)
            try:
                chunk = self.connection.receive(min(until, latest))
            except ConnectionEnded:
                self.closed = True
                break
            if chunk is None:
                break
            until = self.connection.now() + seconds(self.limit_s)
            octets += len(chunk.octets)
            for piece in self._stream.feed(chunk):
                self._take(units, piece.octets, piece.at_ns, isinstance(piece, WpduOctets))
        for piece in self._stream.flush():
            self._take(units, piece.octets, piece.at_ns, complete=False)
        return Heard(tuple(units), self.closed)

    def _take(self, units: list[Unit], octets: bytes, at_ns: int, complete: bool) -> None:
        wpdu = decode_wpdu(octets)
        frame = None
        if len(units) < _MOST_KEPT:
            frame = self._context.keep(octets, at_ns, Direction.RECEIVED, wpdu_fields)
        found = Unit(wpdu, at_ns, frame)
        if not (complete and found.notification):
            units.append(found)

    def exchange(self, apdu: bytes) -> Heard:
        """Send an APDU in a right unit; return what comes up to the first answer."""
        self.send(self.unit(apdu))
        return self.hear(1)

    def associate(self) -> bool:
        """Open the association without authentication; return whether it was accepted."""
        self._associated = self.exchange(plain_aarq()).accepts()
        return self._associated

    def release(self) -> None:
        """Release the association, if this side has one."""
        if self._associated and not self.closed:
            self.exchange(PLAIN_RLRQ)
        self._associated = False

    def read_name(self) -> bool:
        """Read the logical device name in an open association; return whether data came."""
        return self.exchange(get_request()).reads()

    def reconnect(self, *, abrupt: bool = False) -> bool:
        """Make the connection anew; return whether the device took it."""
        self._stream = WrapperStream()
        self._associated = False
        try:
            self.connection.reconnect(abrupt=abrupt)
        except AdapterError:
            self.closed = True
            return False
        self.closed = False
        return True

    def serves(self) -> bool:
        """Return whether a client that comes on this connection can read the device's name."""
        served = self.associate() and self.read_name()
        self.release()
        return served

    def recovers(self) -> bool:
        """Return whether a client that comes on a new connection can read the device's name."""
        return self.reconnect() and self.serves()

    def finish(self) -> None:
        """Release what is open, and leave a connection that the next one can use."""
        self.closed = self.closed or self.connection.ended
        self.release()
        if self.connection.has(Capability.CONNECTION):
            self.reconnect()

    def another(self) -> "WrapperWire | None":
        """Return a further connection, None if the device does not take it."""
        try:
            connection = self.connection.another()
        except AdapterError:
            return None
        return WrapperWire(
            self._context,
            connection,
            client=self.client,
            server=self.server,
            limit_s=self.limit_s,
        )


def header_faults(units: tuple[Unit, ...], code: str) -> Iterator[tuple[Unit, str]]:
    """Yield the units whose header has a problem of this code, with what it says."""
    for unit in units:
        for problem in unit.wpdu.problems:
            if problem.code == code:
                yield unit, problem.message
