"""Area C3, the wrapper: the header of its units, over TCP and UDP (62056-47)."""

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Place
from bench.core.link import Capability
from bench.engine.checks import Checks
from suites.wan_dlms.wrapper_judging import judge_recovery, judge_silence
from suites.wan_dlms.wrapper_wire import (
    OBJECT_LIST,
    PLAIN_RLRQ,
    Unit,
    WrapperWire,
    get_request,
    header_faults,
    plain_aarq,
)

_HEADER = "IEC-62056-47:4"
_UNKNOWN_PORT = 0x2201  # its low octet may be that of a logical device
_WRONG_VERSIONS = (0x0002, 0x0000, 0x0101, 0xFFFF)
_STATED, _SENT = 0x40, 10
_FULL = 0xFFFF
_WRAPPER = "WAN/WRAPPER and WAN/PUBLIC"
_EITHER = "(WAN/WRAPPER or WAN/UDP) and WAN/PUBLIC"
_ANEW = (Capability.CONNECTION,)


@case(
    Case(
        id="DLMS-WR-01",
        version=1,
        interface="wan",
        title="Header of every answer",
        purpose="Ensure that answers come in wrapper units with the right header.",
        stimulus="Open the association of the public client, read the logical device name and the "
        "object list.",
        criterion="Version 1; source and destination wPort are those of the request, exchanged; "
        "the length is that of the APDU.",
        kind=Kind.VALID,
        clauses=(_HEADER,),
        ics=_EITHER,
        detects=(
            "wan.wr-ports-not-swapped",
            "wan.wr-answer-from-other-port",
            "wan.wr-answer-version",
            "wan.wr-answer-length-long",
            "wan.wr-answer-length-short",
            "wan.wr-answer-length-with-header",
            "wan.wr-answer-length-low-octet",
            "wan.udp-answer-length-long",
        ),
    )
)
def test_header(wire: WrapperWire, verify: Checks) -> None:
    """Whoever shares a connection finds his answers by their header."""
    requests = (plain_aarq(), get_request(1), get_request(2, OBJECT_LIST), PLAIN_RLRQ)
    heard = [wire.exchange(request) for request in requests]
    units = tuple(unit for one in heard for unit in one.units)
    answered = sum(bool(one.units) for one in heard)
    verify.that(
        "answered",
        answered == len(heard),
        expected="an answer to AARQ, GET and RLRQ",
        observed=f"{answered} of {len(heard)} answered",
    )
    for check_id, code in (("version", "wrapper-version"), ("length", "wrapper-length")):
        found = [*header_faults(units, code)]
        if code == "wrapper-length":  # a unit cut short leaves octets that are no header
            found += header_faults(units, "wrapper-header")
        verify.none_of(
            check_id,
            [_deviation(unit, "a right header", message) for unit, message in found],
            examined=len(units),
            expected="version 0001" if check_id == "version" else "the length of the APDU",
            things="units",
        )
    expected = f"from {wire.server} to {wire.client}"
    verify.none_of(
        "ports",
        [
            _deviation(unit, expected, f"from {unit.wpdu.source} to {unit.wpdu.destination}")
            for unit in units
            if unit.wpdu.valid
            and (unit.wpdu.source, unit.wpdu.destination) != (wire.server, wire.client)
        ],
        examined=len(units),
        expected=expected,
        things="units",
    )


def _deviation(unit: Unit, expected: str, observed: str) -> Deviation:
    return Deviation(unit.place or Place(0), expected, observed)


@case(
    Case(
        id="DLMS-WR-02",
        version=1,
        interface="wan",
        title="Wrong version in the header",
        purpose="Ensure that a unit of an unknown version is not taken up.",
        stimulus="AARQ in units of the versions 2, 0, 257 and 65535, each on a new connection.",
        criterion="No answer; the connection may be closed. The next connection works.",
        kind=Kind.INVALID,
        clauses=(_HEADER,),
        ics=_EITHER,
        needs=_ANEW,
        detects=(
            "wan.wr-version-unchecked",
            "wan.wr-version-low-octet",
            "wan.wr-version-hang",
            "wan.udp-version-low-octet",
        ),
    )
)
def test_version(wire: WrapperWire, verify: Checks) -> None:
    """What a later version of the wrapper means is not known."""
    for version in _WRONG_VERSIONS:
        wire.send(wire.unit(plain_aarq(), version=version))
        judge_silence(verify, "silent", wire.hear(), f"a unit of version {version:04X}")
        if not judge_recovery(verify, wire):
            return
        wire.reconnect()


@case(
    Case(
        id="DLMS-WR-04",
        version=1,
        interface="wan",
        title="Unknown wPort",
        purpose="Ensure that only the logical devices of the meter answer.",
        stimulus=f"AARQ to wPort {_UNKNOWN_PORT:04X}.",
        criterion="No answer; the connection may be closed. A request to the right wPort is "
        "answered afterwards.",
        kind=Kind.INVALID,
        clauses=(_HEADER,),
        ics=_EITHER,
        detects=(
            "wan.wr-any-port",
            "wan.wr-any-port-low-octet",
            "wan.udp-any-port-low-octet",
        ),
    )
)
def test_unknown_port(wire: WrapperWire, verify: Checks) -> None:
    """Nobody is there."""
    wire.send(wire.unit(plain_aarq(), destination=_UNKNOWN_PORT))
    judge_silence(verify, "silent", wire.hear(), f"wPort {_UNKNOWN_PORT:04X}")
    if wire.closed:
        judge_recovery(verify, wire)
        return
    served = wire.serves()
    verify.that(
        "recovers",
        served,
        expected="the association and the name at the right wPort of the same connection",
        observed="served" if served else "not served",
    )


@case(
    Case(
        id="DLMS-WR-05",
        version=1,
        interface="wan",
        title="Fewer octets than the length says",
        purpose="Ensure that the meter waits for a unit to be whole and is not held up by one.",
        stimulus=f"A header with the length {_STATED} and {_SENT} octets of an AARQ, then nothing; "
        "a new connection. Then the same with the end of the connection at once.",
        criterion="No answer; a new connection is served.",
        kind=Kind.INVALID,
        clauses=(_HEADER,),
        ics=_WRAPPER,
        needs=_ANEW,
        detects=("wan.wr-len-hang", "wan.wr-len-ignored"),
    )
)
def test_too_few_octets(wire: WrapperWire, verify: Checks) -> None:
    """The rest of the unit may still come, or never."""
    half = wire.unit(plain_aarq()[:_SENT], length=_STATED)
    wire.send(half)
    judge_silence(verify, "waits", wire.hear(), f"{_SENT} of {_STATED} octets")
    judge_recovery(verify, wire)
    if wire.reconnect():
        wire.send(half)
        wire.reconnect(abrupt=True)
        judge_recovery(verify, wire, "recovers-at-once")


@case(
    Case(
        id="DLMS-WR-06",
        version=1,
        interface="wan",
        title="Shortest and longest unit",
        purpose="Ensure that the ends of what the length can say do no harm.",
        stimulus="A unit of length 0, one of length FFFF with all its octets, and one of length "
        "FFFF without them.",
        criterion="No association is opened, and the meter serves the next client.",
        kind=Kind.INVALID,
        clauses=(_HEADER,),
        ics=_WRAPPER,
        needs=_ANEW,
        detects=("wan.wr-zero-crash", "wan.wr-longest-crash", "wan.wr-unfinished-crash"),
    )
)
def test_lengths(wire: WrapperWire, verify: Checks) -> None:
    """A length is a number that somebody else wrote."""
    stimuli = (
        ("empty", wire.unit(b""), "a unit without APDU"),
        ("longest", wire.unit(bytes(_FULL)), f"{_FULL} octets of zeros"),
        ("unfinished", wire.unit(b"", length=_FULL), f"a header of {_FULL} octets alone"),
    )
    for name, octets, what in stimuli:
        wire.send(octets)
        heard = wire.hear(1)
        verify.that(
            f"{name}-refused",
            not heard.units or heard.refuses(),
            expected=f"silence, the end of the connection or an error to {what}",
            observed=str(heard),
            place=heard.place,
        )
        if not judge_recovery(verify, wire, f"{name}-survived"):
            return
        wire.reconnect()
