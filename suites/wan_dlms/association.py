"""An application association as a case uses it: opened step by step or at once, then asked.

    with meter.associate("suite0") as aa:
        answer = aa.get(1, "0.0.42.0.0.255", 2)

Requests are ciphered as the association's `protection` says, answers deciphered, long answers
followed through their blocks. What the meter does is a value, never an exception.
"""

from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any

from bench.protocols.dlms.access import AccessSpecification
from bench.protocols.dlms.acse import Aarq, Mechanism, Rlrq
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.ciphered import CipheredApdu
from bench.protocols.dlms.cosem_types import SelectiveAccess
from bench.protocols.dlms.data_types import Data, DataType
from bench.protocols.dlms.initiate import Conformance, InitiateRequest
from bench.protocols.dlms.results import Invocation, LongInvocation
from suites.wan_dlms import opening, services
from suites.wan_dlms.answer import Answer, Ending, Reply
from suites.wan_dlms.ciphering import GLO, PLAIN, ClientSecurity, Protection, Wrapping
from suites.wan_dlms.declared import PROPOSED, Declared, DeclaredAssociation
from suites.wan_dlms.general_blocks import GeneralBlocks
from suites.wan_dlms.opening import Opened
from suites.wan_dlms.services import Name
from suites.wan_dlms.transport import LinkState, Transport

_GLO_INITIATE = 0x21
_GENERAL_OCTETS = 32  # what the longest protection adds: tag, title, lengths, header, tag


class Association:
    """One association of one client with one logical device.

    `conformance` and `max_pdu` are what the client proposes. `challenge` is CtoS, `peer_challenge`
    StoC; `protection` is how requests are protected. `replies` is all that came so far. `hurry()`
    is true when the case has little time left.
    """

    def __init__(
        self,
        declared: Declared,
        means: DeclaredAssociation,
        transport: Transport,
        *,
        security: ClientSecurity | None = None,
        challenge: bytes = b"",
        conformance: Conformance = PROPOSED,
        max_pdu: int | None = None,
        password: Callable[[], bytes] = lambda: b"",
        prepare: Callable[[], None] = lambda: None,
        hurry: Callable[[], bool] = lambda: False,
    ) -> None:
        self.declared = declared
        self.means = means
        self.transport = transport
        self.security = security
        self.protection: Protection = GLO if means.ciphered else PLAIN
        self.challenge = challenge
        self.conformance = conformance
        self.max_pdu = declared.client_max_pdu if max_pdu is None else max_pdu
        self.peer_challenge = b""
        self.opened: Opened | None = None
        self.link = LinkState(False, Ending.NOTHING_ASKED)
        self.replies: list[Reply] = []
        self.password = password
        self.hurry = hurry
        self._prepare = prepare
        self._invoke = 0

    # -- opening

    def open(self) -> Opened:
        """Connect the link, send the AARQ, prove who we are; return how far it went."""
        if not self.connect().up:
            text = f"association {self.means.name} (client {self.means.client}): {self.link}"
            self.opened = Opened(self.link, failed=text)
        elif self.means.pre_established:
            self.opened = Opened(self.link)
        else:
            opened = self.propose()
            if opened.accepted and self.means.mechanism >= Mechanism.HLS:
                opened = opening.authenticate(self, opened, None)
            self.opened = opened
        return self.opened

    def connect(self) -> LinkState:
        """Connect the link alone; counters that are needed are read before that."""
        self._prepare()
        self.link = self.transport.open()
        return self.link

    def initiate_request(self, **changes: Any) -> InitiateRequest:
        """Return the InitiateRequest that fits the declaration, with fields replaced."""
        return opening.initiate_request(self, **changes)

    def aarq(
        self, *, initiate: Any = None, protection: Protection | None = None, **changes: Any
    ) -> Aarq:
        """Return the AARQ that fits the declaration, with fields replaced.

        `initiate` replaces the InitiateRequest within (a record, or octets), `protection` how that
        is protected. A ciphered one takes the next invocation counter.
        """
        return opening.aarq(self, initiate, protection, **changes)

    def propose(self, aarq: Aarq | bytes | None = None) -> Opened:
        """Send an AARQ, by default the right one, over the link that is up; prove nothing yet."""
        self.opened = opening.propose(self, aarq)
        return self.opened

    def proof(self, challenge: bytes | None = None) -> bytes:
        """Return f(StoC) of the association's mechanism, for the received challenge or this one."""
        assert self.security is not None
        received = self.peer_challenge if challenge is None else challenge
        return self.security.proof(self.means.mechanism, received, self.challenge)

    def authenticate(self, proof: bytes | None = None) -> Opened:
        """Send reply_to_HLS_authentication with f(StoC), by default the right one.

        What the meter answered is `hls` of what is returned.
        """
        assert self.opened is not None, "propose() comes first"
        self.opened = opening.authenticate(self, self.opened, proof)
        return self.opened

    def proof_is_right(self, answer: Answer) -> bool | None:
        """Return whether the meter's f(CtoS) is right; None if the answer holds none."""
        data = answer.data
        if self.security is None or data is None or data.type != DataType.OCTET_STRING:
            return None
        return self.security.proves(
            self.means.mechanism, data.value, self.challenge, self.peer_challenge
        )

    @property
    def server_max_pdu(self) -> int:
        """The longest APDU that the meter takes; 0 where it sets no limit or is not known."""
        initiate = self.opened.initiate if self.opened is not None else None
        return initiate.max_pdu_size if initiate is not None else 0

    @property
    def overhead(self) -> int:
        """How many octets protection adds to an APDU, at most."""
        return 0 if self.protection.wrapping is Wrapping.PLAIN else _GENERAL_OCTETS

    def agreed(self, *needed: Conformance) -> bool:
        """Whether the meter has agreed to all of these conformance bits."""
        initiate = self.opened.initiate if self.opened is not None else None
        return initiate is not None and all(bit in initiate.conformance for bit in needed)

    def invocation(self, **changes: Any) -> Invocation:
        """Return the next Invoke-Id-And-Priority: 1 to 15 in turn, confirmed, high priority."""
        self._invoke = self._invoke % 15 + 1
        return Invocation(**{"invoke_id": self._invoke, **changes})

    # -- services

    def get(
        self,
        class_id: int,
        name: Name,
        attribute: int,
        selection: SelectiveAccess | None = None,
        *,
        invocation: Invocation | None = None,
    ) -> Answer:
        """Read an attribute, or the selected part of it, through all blocks."""
        chosen = services.attribute_of(class_id, name, attribute)
        return services.get(self, chosen, selection, invocation or self.invocation())

    def get_list(
        self, items: Iterable[Sequence[Any]], *, invocation: Invocation | None = None
    ) -> Answer:
        """Read several: items are (class, name, attribute) or (class, name, attribute, access)."""
        return services.get_list(self, items, invocation or self.invocation())

    def set(
        self,
        class_id: int,
        name: Name,
        attribute: int,
        data: Data,
        selection: SelectiveAccess | None = None,
        *,
        block_size: int | None = None,
        invocation: Invocation | None = None,
    ) -> Answer:
        """Write an attribute; in blocks when it is too long, or always with a `block_size`."""
        chosen = services.attribute_of(class_id, name, attribute)
        how = invocation or self.invocation()
        return services.set_one(self, chosen, data, selection, block_size, how)

    def set_list(
        self,
        items: Iterable[Sequence[Any]],
        *,
        block_size: int | None = None,
        invocation: Invocation | None = None,
    ) -> Answer:
        """Write several: items are (class, name, attribute, data) or with an access after it."""
        return services.set_list(self, items, block_size, invocation or self.invocation())

    def action(
        self,
        class_id: int,
        name: Name,
        method: int,
        parameter: Data | None = None,
        *,
        block_size: int | None = None,
        invocation: Invocation | None = None,
    ) -> Answer:
        """Invoke a method; parameters in blocks when too long, or always with a `block_size`."""
        chosen = services.method_of(class_id, name, method)
        how = invocation or self.invocation()
        return services.action(self, chosen, parameter, block_size, how)

    def action_list(
        self,
        items: Iterable[Sequence[Any]],
        *,
        block_size: int | None = None,
        invocation: Invocation | None = None,
    ) -> Answer:
        """Invoke several: items are (class, name, method, parameter or None)."""
        return services.action_list(self, items, block_size, invocation or self.invocation())

    def access(
        self,
        items: Iterable[tuple[AccessSpecification, Data | None]],
        *,
        break_on_error: bool = False,
        date_time: bytes = b"",
        invocation: LongInvocation | None = None,
    ) -> Answer:
        """Make one ACCESS request of all items; `results` are in their order."""
        self._invoke = self._invoke % 15 + 1
        how = invocation or LongInvocation(self._invoke, break_on_error=break_on_error)
        return services.access(self, items, how, date_time)

    # -- APDUs

    def request(
        self,
        apdu: Any,
        *,
        protection: Protection | None = None,
        counter: int | None = None,
        timeout_s: float | None = None,
        blocks: GeneralBlocks | None = None,
    ) -> Reply:
        """Send one APDU, a record or octets; return the one that came, deciphered.

        `protection` replaces that of the association (`PLAIN`: as it is), `counter` the invocation
        counter that is next. An answer in general blocks is put together first; `blocks` says how
        the client takes part in general block transfer, and keeps what came of it.
        """
        octets = self.protect(apdu, protection, counter)
        exchange = blocks or GeneralBlocks()
        return self._took(exchange.exchange(self, octets, timeout_s))

    def protect(
        self, apdu: Any, protection: Protection | None = None, counter: int | None = None
    ) -> bytes:
        """Return the octets that `request` would send."""
        octets = apdu if isinstance(apdu, bytes) else encode_apdu(apdu)
        how = protection or self.protection
        if self.security is None or how.wrapping is Wrapping.PLAIN:
            return octets
        return self.security.protect(octets, how, counter)

    def raw(self, octets: bytes, timeout_s: float | None = None) -> Reply:
        """Send octets exactly as they are, protected or not; return what came, deciphered."""
        return self._took(GeneralBlocks().exchange(self, octets, timeout_s))

    def _took(self, reply: Reply) -> Reply:
        if self.security is not None:
            reply = self.security.open(reply)
        self.replies.append(reply)
        return reply

    def send(self, apdu: Any, *, protection: Protection | None = None) -> Reply:
        """Send one APDU without waiting; what comes to it late is in `listen`."""
        return self.transport.send(self.protect(apdu, protection))

    def listen(self, duration_s: float) -> list[Reply]:
        """Return all that comes unasked within the time, deciphered."""
        found = self.transport.listen(duration_s)
        return [self.security.open(r) for r in found] if self.security is not None else found

    # -- ending

    def release(
        self,
        *,
        reason: int | None = 0,
        information: bool | None = None,
        protection: Protection | None = None,
    ) -> Reply:
        """Send RLRQ; return the answer.

        In a ciphered context it carries a ciphered InitiateRequest, unless `information` is False.
        """
        how = protection or self.protection
        with_information = self.means.ciphered if information is None else information
        carried: Any = None
        if with_information:
            carried = self.initiate_request(dedicated_key=None)
            if self.security is not None and how.wrapping is not Wrapping.PLAIN:
                plain = how.but(wrapping=Wrapping.GLO)
                protected = self.security.protected(encode_apdu(carried), plain)
                carried = CipheredApdu(_GLO_INITIATE, protected)
        reply = self.raw(encode_apdu(Rlrq(reason, carried)))
        self.opened = None
        return reply

    def close(self) -> None:
        """Release the association where it stands, and disconnect the link; never raises."""
        if self.opened is not None and self.opened.accepted and self.transport.up:
            self.release()
        self.opened = None
        if self.transport.up or self.link.up:
            self.transport.close()
        self.link = LinkState(False, Ending.NOTHING_ASKED)

    def __enter__(self) -> "Association":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
