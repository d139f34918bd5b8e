"""An application association as a case uses it: opened step by step or at once, then asked.

    with meter.associate("suite0") as aa:
        answer = aa.get(1, "0.0.42.0.0.255", 2)

Requests are ciphered as the association's `protection` says, answers deciphered, long answers
followed through their blocks. What the meter does is a value, never an exception.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from bench.protocols.dlms.access import AccessSpecification
from bench.protocols.dlms.acse import Aare, Aarq
from bench.protocols.dlms.cosem_types import LogicalName, SelectiveAccess
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.initiate import ConfirmedServiceError, InitiateRequest, InitiateResponse
from bench.protocols.dlms.results import Invocation
from suites.wan_dlms.answer import Answer, Reply
from suites.wan_dlms.ciphering import ClientSecurity, Protection
from suites.wan_dlms.declared import Declared, DeclaredAssociation
from suites.wan_dlms.transport import LinkState, Transport

Name = LogicalName | str | bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """How opening went, step by step; a step that was not reached is None.

    `hls` is the answer to reply_to_HLS_authentication, `proof_right` whether the meter's own proof
    f(CtoS) is what the bench computes (None: it sent none). `failed` names the step that failed and
    what the meter answered, "" when the association stands.
    """

    link: LinkState
    reply: Reply | None = None
    aare: Aare | None = None
    hls: Answer | None = None
    proof_right: bool | None = None
    failed: str = ""

    @property
    def established(self) -> bool:
        """Whether the association stands."""
        return not self.failed

    @property
    def initiate(self) -> InitiateResponse | None:
        """What the meter agreed to, deciphered; None if it sent none that can be read."""
        raise NotImplementedError

    @property
    def error(self) -> ConfirmedServiceError | None:
        """The error that the AARE carries, if it does."""
        raise NotImplementedError

    @property
    def result(self) -> int | None:
        """The result of the AARE."""
        return None if self.aare is None else self.aare.result

    @property
    def diagnostic(self) -> int | None:
        """The code of the AARE's diagnostic."""
        return self.aare.diagnostic.code if self.aare and self.aare.diagnostic else None

    def __str__(self) -> str:
        return self.failed or str(self.reply)


@dataclass(slots=True)
class Association:
    """One association of one client with one logical device.

    `challenge` is CtoS, `peer_challenge` StoC; `protection` how requests are protected from the
    moment at which the association allows it. `retries` of a lost answer are none: it is a finding.
    """

    declared: Declared
    means: DeclaredAssociation
    transport: Transport
    security: ClientSecurity | None = None
    protection: Protection | None = None
    opened: Opened | None = None
    challenge: bytes = b""
    peer_challenge: bytes = b""
    replies: list[Reply] = field(default_factory=list)

    # -- opening

    def open(self) -> Opened:
        """Connect the link, send the AARQ, prove who we are; return how far it went."""
        raise NotImplementedError

    def connect(self) -> LinkState:
        """Connect the link alone."""
        raise NotImplementedError

    def aarq(self, **changes: Any) -> Aarq:
        """Return the AARQ that fits the declaration, with fields replaced.

        `initiate=` replaces the InitiateRequest inside, before it is ciphered.
        """
        raise NotImplementedError

    def initiate_request(self, **changes: Any) -> InitiateRequest:
        """Return the InitiateRequest that fits the declaration, with fields replaced."""
        raise NotImplementedError

    def propose(self, aarq: Aarq | bytes | None = None) -> Opened:
        """Send an AARQ, by default the right one, over the link that is up; prove nothing yet."""
        raise NotImplementedError

    def proof(self, challenge: bytes | None = None) -> bytes:
        """Return f(StoC) of the association's mechanism, for the received challenge or this one."""
        raise NotImplementedError

    def authenticate(self, proof: bytes | None = None) -> Answer:
        """Send reply_to_HLS_authentication with f(StoC), by default the right one."""
        raise NotImplementedError

    def proof_is_right(self, answer: Answer) -> bool | None:
        """Return whether the meter's f(CtoS) is right; None if the answer holds none."""
        raise NotImplementedError

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
        raise NotImplementedError

    def get_list(self, items: Iterable[Sequence[Any]]) -> Answer:
        """Read several: items are (class, name, attribute) or (class, name, attribute, access)."""
        raise NotImplementedError

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
        raise NotImplementedError

    def set_list(self, items: Iterable[Sequence[Any]], *, block_size: int | None = None) -> Answer:
        """Write several: items are (class, name, attribute, data)."""
        raise NotImplementedError

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
        raise NotImplementedError

    def action_list(
        self, items: Iterable[Sequence[Any]], *, block_size: int | None = None
    ) -> Answer:
        """Invoke several: items are (class, name, method, parameter)."""
        raise NotImplementedError

    def access(
        self,
        items: Iterable[tuple[AccessSpecification, Data]],
        *,
        break_on_error: bool = False,
        date_time: bytes = b"",
    ) -> Answer:
        """Make one ACCESS request of all items; `results` are in their order."""
        raise NotImplementedError

    def request(
        self,
        apdu: Any,
        *,
        protection: Protection | None = None,
        counter: int | None = None,
        timeout_s: float | None = None,
    ) -> Reply:
        """Send one APDU, a record or octets; return the one that came, deciphered.

        `protection` replaces that of the association (`PLAIN`: as it is), `counter` the invocation
        counter that is next.
        """
        raise NotImplementedError

    def raw(self, octets: bytes, timeout_s: float | None = None) -> Reply:
        """Send octets exactly as they are, already protected or not; return what came."""
        raise NotImplementedError

    def send(self, apdu: Any, *, protection: Protection | None = None) -> Reply:
        """Send one APDU without waiting."""
        raise NotImplementedError

    # -- ending

    def release(self, *, protection: Protection | None = None, reason: int | None = 0) -> Reply:
        """Send RLRQ, with a ciphered InitiateRequest in a ciphered context; return the answer."""
        raise NotImplementedError

    def close(self) -> None:
        """Release the association where it stands, and disconnect the link; never raises."""
        raise NotImplementedError

    def __enter__(self) -> "Association":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
