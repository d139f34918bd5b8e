"""What a conforming meter may do in more than one way, and which rules this one breaks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.security.options import STANDARD, SecurityOptions


class Refusal(StrEnum):
    """How a meter says that it does not serve an APDU."""

    EXCEPTION = "exception"  # ExceptionResponse with the code that fits
    SILENCE = "silence"
    RESULT = "result"  # the response of the service with a result, where there is one


class CounterAnswer(StrEnum):
    """How a meter answers an invocation counter that is not above the last one."""

    COUNTER = "counter"  # D8 01 06 and the counter that it expects
    DECIPHERING = "deciphering"  # D8 01 05, as meters did before D8 01 06 existed
    SILENCE = "silence"


OWN_CONFORMANCE = (
    Conformance.GENERAL_PROTECTION
    | Conformance.GENERAL_BLOCK_TRANSFER
    | Conformance.ATTRIBUTE_0_WITH_GET
    | Conformance.PRIORITY_MANAGEMENT
    | Conformance.BLOCK_TRANSFER_WITH_GET
    | Conformance.BLOCK_TRANSFER_WITH_SET
    | Conformance.BLOCK_TRANSFER_WITH_ACTION
    | Conformance.MULTIPLE_REFERENCES
    | Conformance.DATA_NOTIFICATION
    | Conformance.ACCESS
    | Conformance.GET
    | Conformance.SET
    | Conformance.SELECTIVE_ACCESS
    | Conformance.EVENT_NOTIFICATION
    | Conformance.ACTION
)
"""What the reference meter can."""

FULL_POLICY = 0x6C
"""Security policy of class 64 version 1: requests and responses authenticated and encrypted."""


@dataclass(frozen=True, slots=True)
class PushPlan:
    """When and to whom a DataNotification goes: the first one `start_s` after the device's start.

    `client` names the association; `period_s` 0 pushes once. `always`: also while the client has
    no association.
    """

    client: str = "suite0"
    start_s: float = 60.0
    period_s: float = 60.0
    always: bool = False
    event: bool = False  # an EventNotification of the clock instead of a DataNotification


@dataclass(frozen=True, slots=True)
class WanOptions:
    """The legal alternatives of a WAN application process; the defaults are the reference meter.

    `breaks` holds the names of `bench.simulator.wan.rules.RULES` that this meter does not keep.
    """

    breaks: frozenset[str] = frozenset()

    # who there is
    server_sap: int = 1
    saps: Mapping[str, int] = field(default_factory=dict)  # other client SAPs, by name
    clients_at_once: int = 1  # connections that may hold the association of one client SAP
    unknown_client: Refusal = Refusal.SILENCE  # EXCEPTION: an AARQ is rejected instead

    # what is agreed on
    conformance: Conformance = OWN_CONFORMANCE
    max_pdu: int = 1024  # longest APDU that the meter takes, in octets
    long_octets: int = 65536  # longest value that the meter puts together from blocks
    version_above_6: bool = True  # False: DLMS version 7 is rejected instead of answered with 6
    show_protocol_version: bool = False  # AARE with its default protocol version
    show_quality_of_service: bool = False  # InitiateResponse with quality-of-service 0
    show_title: bool = False  # AARE with the system title in every context
    show_mechanism: bool = False  # AARE with mechanism and requirements for LLS, too
    implementation_information: bytes = b""  # AARE with this field
    rejection_has_initiate: bool = False  # a rejecting AARE carries an InitiateResponse
    long_lengths: int = 0  # octets of every length in AARE and RLRE (0: the shortest form)
    long_data_lengths: int = 0  # octets of every length in what GET returns, likewise
    malformed_aarq: Refusal = Refusal.RESULT  # RESULT: AARE rejected, no reason given
    second_aarq: str = "replace"  # "replace": as if released before; "reject": diagnostic 1
    missing_authentication: int = 14  # diagnostic of an AARQ that names no mechanism: 12 or 14
    dedicated_in_plain_context: Refusal = Refusal.SILENCE  # SILENCE: it is ignored

    # high level security
    challenge_octets: int = 32
    hls_failure: Refusal = Refusal.RESULT  # RESULT: action-result read-write-denied
    hls_failures_until_lock: int = 0  # 0: never locked
    hls_lock_s: float = 60.0

    # what is refused, and how
    without_association: Refusal = Refusal.EXCEPTION
    pending_association: Refusal = Refusal.EXCEPTION
    unknown_tag: Refusal = Refusal.EXCEPTION
    malformed: Refusal = Refusal.EXCEPTION
    too_long: Refusal = Refusal.EXCEPTION
    not_negotiated: Refusal = Refusal.EXCEPTION
    trailing_octets: Refusal = Refusal.RESULT  # RESULT: the request is served
    unprotected: Refusal = Refusal.EXCEPTION
    deciphering_error: Refusal = Refusal.EXCEPTION
    counter_error: CounterAnswer = CounterAnswer.COUNTER
    unprotected_release: Refusal = Refusal.EXCEPTION
    release_without_association: Refusal = Refusal.EXCEPTION

    # release
    release_reason: bool = True  # False: RLRE is 63 00
    release_information: bool = False  # RLRE with an InitiateResponse in plain contexts, too

    # services
    block_octets: int = 0  # octets of a block; 0: as many as the client takes
    gbt_window: int = 8  # blocks that the meter takes and sends at once
    gbt_streaming: bool = True  # False: each of its blocks waits for an acknowledgement
    access_repeats_specifications: bool = False
    access_stops_short: bool = False  # True: break-on-error leaves out what was not done
    access_date_time: bool = False

    # ciphering
    policies: Mapping[int, int] = field(default_factory=dict)  # by suite; else FULL_POLICY
    security: SecurityOptions = STANDARD  # what implementations do differently
    first_counter: int = 0x100  # of the meter's own ciphered APDUs
    expected_counter: int = 1  # first one that the meter takes
    key_ids: frozenset[int] = frozenset({0, 1, 2, 3})  # which keys key_transfer takes

    # unasked
    pushes: tuple[PushPlan, ...] = ()
