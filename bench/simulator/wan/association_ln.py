"""Class 15, association LN, version 3: what a client may know and do of its association.

The instance 0 is the association in which it is read; the others are each that of one client, for
the management to look at (IEC 62056-6-2).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from bench.protocols.dlms.acse import Mechanism
from bench.protocols.dlms.cosem_types import SelectiveAccess
from bench.protocols.dlms.data_types import (
    Data,
    array,
    bits,
    enum,
    integer,
    long_unsigned,
    octet_string,
    structure,
    unsigned,
    visible_string,
)
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem import shape
from bench.simulator.cosem.access import Access, Asker, Grants, Role
from bench.simulator.cosem.object import CosemObject, Outcome
from bench.simulator.cosem.truth import Moment
from bench.simulator.wan.association import Association, State
from bench.simulator.wan.clients import Client
from bench.simulator.wan.names import association_name, security_setup_name
from bench.simulator.wan.options import WanOptions

_STATUS = {State.IDLE: 0, State.PENDING: 1, State.OPEN: 2}
_SECRET_OCTETS = range(8, 65)
_OID_HEAD = (
    unsigned(2),
    unsigned(16),
    long_unsigned(756),
    unsigned(5),
    unsigned(8),
)
_SECRETS = {
    Mechanism.LLS: "lls_password",
    Mechanism.HLS: "hls2_secret",
    Mechanism.HLS_MD5: "hls3_secret",
    Mechanism.HLS_SHA1: "hls4_secret",
    Mechanism.HLS_SHA256: "hls6_secret",
}
"""The secret of each mechanism that has one of its own; the others use the keys of a suite."""


class Session(Protocol):
    """The connection in which something is asked."""

    @property
    def client(self) -> Client:
        """The client."""
        ...

    @property
    def association(self) -> Association:
        """Its association."""
        ...

    def prove(self, response: bytes) -> bytes | None:
        """Judge the client's response to the challenge; return the meter's own, None if wrong."""
        ...


class Associations(Protocol):
    """What the objects need of the application process."""

    options: WanOptions

    def association_of(self, client: Client) -> Association | None:
        """Return the association that a client has now, None without one."""
        ...

    def object_list(
        self, asker: Asker, selection: SelectiveAccess | None
    ) -> Data | DataAccessResult:
        """Return what a client sees."""
        ...

    def change_secret(self, name: str, secret: bytes) -> None:
        """Replace a secret from the next association on."""
        ...


class AssociationLn(CosemObject):
    """2 object_list 3 partners 4 context 5 xDLMS context 6 mechanism 7 secret 8 status ...

    `client` None is the association in which it is read.
    """

    class_id = 15
    version = 3

    def __init__(
        self, associations: Associations, clients: tuple[Client, ...], client: Client | None = None
    ) -> None:
        super().__init__(association_name(client.instance if client else 0), public=client is None)
        self._associations = associations
        self._client = client
        self.read(2, self._objects, select=self._selected, selectors=(1, 2, 3, 4))
        self.read(3, self._partners)
        self.read(4, self._of_client(lambda one: _oid(1, int(one.context))))
        self.read(5, self._context_info)
        self.read(6, self._of_client(self._mechanism))
        self._secret()
        self.read(8, self._status)
        self.read(9, self._of_client(_security_setup))
        self.read(10, lambda _moment: array())
        self.read(11, lambda _moment: structure(unsigned(0), visible_string("")))
        if client is None:
            by_hls = [one.name for one in clients if one.mechanism >= Mechanism.HLS]
            proving: Grants = dict.fromkeys(by_hls, Access.USE)
            own = [one.name for one in clients if one.mechanism in _SECRETS]
            changing: Grants = {name: Access.USE for name in own if name in by_hls}
            self.method(1, self._reply, shape.OCTETS, grants=proving)
            self.method(2, self._change, shape.OCTETS, grants=changing)

    def _secret(self) -> None:
        """7 secret: that of LLS can be written by the management, and never read."""
        client = self._client
        if client is None or client.mechanism is not Mechanism.LLS:
            return
        self.read(
            7,
            lambda _moment: octet_string(b""),
            self._write_secret,
            shape.OCTETS,
            grants={Role.MANAGEMENT: Access.WRITE},
        )

    # -- whose association it is

    def _whose(self, moment: Moment) -> Client | None:
        if self._client is not None or moment.asker is None:
            return self._client
        session: Session = moment.asker.session  # type: ignore[assignment]
        return session.client

    def _association(self, moment: Moment) -> Association | None:
        if self._client is not None:
            return self._associations.association_of(self._client)
        if moment.asker is None:
            return None
        session: Session = moment.asker.session  # type: ignore[assignment]
        return session.association

    def _of_client(self, shown: Callable[[Client], Data]) -> Callable[[Moment], Data]:
        def read(moment: Moment) -> Data:
            client = self._whose(moment)
            return octet_string(b"") if client is None else shown(client)

        return read

    # -- attributes

    def _asker(self, moment: Moment) -> Asker:
        client = self._whose(moment)
        name = client.name if client else ""
        asker = moment.asker or Asker(name, moment.now)
        return asker if asker.association == name else replace(asker, association=name)

    def _objects(self, moment: Moment) -> Data:
        listed = self._associations.object_list(self._asker(moment), None)
        return listed if isinstance(listed, Data) else array()

    def _selected(self, moment: Moment, selection: SelectiveAccess) -> Data | DataAccessResult:
        return self._associations.object_list(self._asker(moment), selection)

    def _partners(self, moment: Moment) -> Data:
        client = self._whose(moment)
        sap = client.sap if client else 0
        return structure(integer(sap), long_unsigned(self._associations.options.server_sap))

    def _context_info(self, moment: Moment) -> Data:
        association = self._association(moment)
        options = self._associations.options
        conformance = options.conformance
        limit = 0
        if association is not None and association.state is not State.IDLE:
            conformance, limit = association.conformance, association.limit
        return structure(
            bits(f"{int(conformance):024b}"),
            long_unsigned(options.max_pdu),
            long_unsigned(limit),
            unsigned(6),
            integer(0),
            octet_string(b""),
        )

    def _mechanism(self, client: Client) -> Data:
        mechanism = int(client.mechanism)
        if "assoc-mechanism-lie" in self.breaks:
            mechanism ^= 1
        return _oid(2, mechanism)

    def _status(self, moment: Moment) -> Data:
        if self._client is not None and self._client.pre_established:
            return enum(_STATUS[State.OPEN])
        association = self._association(moment)
        return enum(_STATUS[association.state] if association else 0)

    def _write_secret(self, _moment: Moment, value: Data) -> DataAccessResult:
        if not 1 <= len(value.value) <= 64:
            return DataAccessResult.OTHER_REASON
        self._associations.change_secret("lls_password", value.value)
        return DataAccessResult.SUCCESS

    # -- methods

    def _reply(self, moment: Moment, parameter: Data) -> Outcome:
        if moment.asker is None:
            return ActionResult.OTHER_REASON, None
        session: Session = moment.asker.session  # type: ignore[assignment]
        own = session.prove(parameter.value)
        if own is None:
            return ActionResult.READ_WRITE_DENIED, None
        return ActionResult.SUCCESS, octet_string(own)

    def _change(self, moment: Moment, parameter: Data) -> ActionResult:
        client = self._whose(moment)
        if client is None or len(parameter.value) not in _SECRET_OCTETS:
            return ActionResult.OTHER_REASON
        self._associations.change_secret(_SECRETS[client.mechanism], parameter.value)
        return ActionResult.SUCCESS


def _oid(arc: int, number: int) -> Data:
    return structure(*_OID_HEAD, unsigned(arc), unsigned(number))


def _security_setup(client: Client) -> Data:
    if client.suite is None:
        return octet_string(bytes(6))
    return octet_string(security_setup_name(client.suite).octets)
