"""Deviations of the wrapper over TCP and UDP: area C3 of the catalogue."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bench.core.clock import MILLISECOND
from bench.protocols.dlms.wrapper import HEADER_OCTETS
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.wan_edit import breaks, later, link, wan_fault, wan_variation
from bench.simulator.ports.wan_stages import Stage
from bench.simulator.ports.wan_wrapper import TcpOptions

_HEADER = "IEC-62056-47:4"
_CONNECTION = "IEC-62056-47:5"
_AFTERWARDS = ("DLMS-WR-*", "DLMS-ROB-*")  # until the meter is there again
_EVERYTHING = ("DLMS-*",)  # no client takes an answer with a wrong header
_DATAGRAMS = "IEC-62056-47:6"
_OVER_UDP: Mapping[str, object] = {"link_layer": "udp", "WAN/MODE-E": False}
_LONG_OCTETS = 264
WRAPPED: Mapping[str, object] = {"link_layer": "wrapper", "WAN/MODE-E": False}


def wrapper_fault(
    name: str,
    summary: str,
    killers: tuple[str, ...],
    *changes: Alteration,
    clause: str = _HEADER,
    also: tuple[str, ...] = (),
) -> Fault:
    """Return a fault of the meter with the wrapper; without changes it breaks the rule NAME."""
    made = (link("wrapper"), *(changes or (breaks(name),)))
    return wan_fault(name, summary, clause, killers, *made, also=also, declares=WRAPPED)


def wrapper_variation(
    name: str, summary: str, *changes: Alteration, declares: Mapping[str, object] | None = None
) -> Variation:
    """Return a legal oddity of the meter with the wrapper."""
    told = {**WRAPPED, **(declares or {})}
    return wan_variation(name, summary, _HEADER, link("wrapper"), *changes, declares=told)


def _tcp(**values: object) -> Alteration:
    def change(found: TcpOptions, _: int) -> TcpOptions:
        return replace(found, **values)  # type: ignore[arg-type]

    return Alteration(Stage.TCP, change)


def _sent(change: Callable[[bytes], bytes]) -> Alteration:
    """Change the units of long answers; with short ones wrong, no client would get anywhere."""

    def changed(unit: bytes, _: int) -> bytes:
        return change(unit) if len(unit) > _LONG_OCTETS else unit

    return Alteration(Stage.FRAME_OUT, changed)


def _heard(change: Callable[[bytes], bytes]) -> Alteration:
    return Alteration(Stage.FRAME_IN, lambda octets, _: change(octets))


def _field(at: int, change: Callable[[int], int]) -> Callable[[bytes], bytes]:
    """Return what changes the header field at an offset."""

    def changed(unit: bytes) -> bytes:
        value = change(int.from_bytes(unit[at : at + 2], "big")) & 0xFFFF
        return unit[:at] + value.to_bytes(2, "big") + unit[at + 2 :]

    return changed


def _first_unit(octets: bytes) -> bytes:
    """Return the first unit of what came together."""
    if len(octets) < HEADER_OCTETS:
        return octets
    return octets[: HEADER_OCTETS + int.from_bytes(octets[6:8], "big")]


def _as_long_as_sent(octets: bytes) -> bytes:
    """Return half a unit as if its header stated what came of it."""
    there = len(octets) - HEADER_OCTETS
    if there <= 0 or int.from_bytes(octets[6:8], "big") <= there:
        return octets
    return _field(6, lambda _: there)(octets)


def _low_octet(at: int, value: int = 0) -> Callable[[bytes], bytes]:
    """Return what sets the high octet of a field, so that only the low one counts."""

    def changed(octets: bytes) -> bytes:
        if len(octets) <= HEADER_OCTETS:
            return octets
        return octets[:at] + bytes([value]) + octets[at + 1 :]

    return changed


FAULTS: tuple[Fault, ...] = (
    wrapper_fault(
        "wr-ports-not-swapped",
        "answers with the wPorts of the request as they came",
        ("DLMS-WR-01:ports",),
        also=_EVERYTHING,
    ),
    wrapper_fault(
        "wr-answer-from-other-port",
        "sends long answers from another wPort than the one that was asked",
        ("DLMS-WR-01:ports",),
        _sent(_field(2, lambda port: port + 1)),
        also=_EVERYTHING,
    ),
    wrapper_fault(
        "wr-answer-version",
        "writes long answers with version 2 in the header",
        ("DLMS-WR-01:version",),
        _sent(_field(0, lambda _: 2)),
        also=_EVERYTHING,
    ),
    wrapper_fault(
        "wr-answer-length-long",
        "states one octet more than the APDU of a long answer has",
        ("DLMS-WR-01:length",),
        _sent(_field(6, lambda length: length + 1)),
        also=_EVERYTHING,
    ),
    wrapper_fault(
        "wr-answer-length-short",
        "states one octet less than the APDU of a long answer has",
        ("DLMS-WR-01:length",),
        _sent(_field(6, lambda length: length - 1)),
        also=_EVERYTHING,
    ),
    wrapper_fault(
        "wr-answer-length-with-header",
        "counts the header into the length of a long answer",
        ("DLMS-WR-01:length",),
        _sent(_field(6, lambda length: length + HEADER_OCTETS)),
        also=_EVERYTHING,
    ),
    wrapper_fault(
        "wr-answer-length-low-octet",
        "writes the low octet of the length of an answer alone",
        ("DLMS-WR-01:length",),
        _sent(_field(6, lambda length: length & 0xFF)),
        also=_EVERYTHING,
    ),
    wan_fault(
        "udp-answer-length-long",
        "states one octet more than the APDU of a long answer has, over UDP",
        _DATAGRAMS,
        ("DLMS-WR-01:length",),
        link("udp"),
        _sent(_field(6, lambda length: length + 1)),
        also=_EVERYTHING,
        declares=_OVER_UDP,
    ),
    wan_fault(
        "udp-version-low-octet",
        "looks at the low octet of the version alone, over UDP",
        _DATAGRAMS,
        ("DLMS-WR-02:silent",),
        link("udp"),
        _heard(_low_octet(0)),
        declares=_OVER_UDP,
    ),
    wan_fault(
        "udp-any-port-low-octet",
        "looks at the low octet of the destination wPort alone, over UDP",
        _DATAGRAMS,
        ("DLMS-WR-04:silent",),
        link("udp"),
        _heard(_low_octet(4)),
        also=("DLMS-WR-04:*",),
        declares=_OVER_UDP,
    ),
    wrapper_fault(
        "wr-version-unchecked",
        "takes units of any version",
        ("DLMS-WR-02:silent",),
    ),
    wrapper_fault(
        "wr-version-low-octet",
        "looks at the low octet of the version alone",
        ("DLMS-WR-02:silent",),
        _heard(_low_octet(0)),
    ),
    wrapper_fault(
        "wr-version-hang",
        "is out of service for 10 s after a unit of a wrong version",
        ("DLMS-WR-02:recovers",),
        also=_AFTERWARDS,
    ),
    wrapper_fault(
        "wr-one-read-one-pdu",
        "takes what one read returns for one unit",
        ("DLMS-WR-03:split", "DLMS-WR-03:merged"),
    ),
    wrapper_fault(
        "wr-second-unit-lost",
        "drops what follows a unit in the same segment",
        ("DLMS-WR-03:merged",),
        _heard(_first_unit),
    ),
    wrapper_fault(
        "wr-answers-reversed",
        "answers two requests of one segment in the reverse order",
        ("DLMS-WR-03:merged",),
    ),
    wrapper_fault(
        "wr-any-port",
        "answers at every wPort",
        ("DLMS-WR-04:silent",),
        also=("DLMS-WR-04:*",),
    ),
    wrapper_fault(
        "wr-any-port-low-octet",
        "looks at the low octet of the destination wPort alone",
        ("DLMS-WR-04:silent",),
        _heard(_low_octet(4)),
        also=("DLMS-WR-04:*",),
    ),
    wrapper_fault(
        "wr-len-hang",
        "is out of service for 10 s after a unit that was not completed",
        ("DLMS-WR-05:recovers", "DLMS-WR-05:recovers-at-once"),
        also=_AFTERWARDS,
    ),
    wrapper_fault(
        "wr-len-ignored",
        "takes what came of a unit for the whole of it",
        ("DLMS-WR-05:waits",),
        _heard(_as_long_as_sent),
    ),
    wrapper_fault(
        "wr-zero-crash",
        "falls over a unit without APDU",
        ("DLMS-WR-06:empty-survived",),
        also=_AFTERWARDS,
    ),
    wrapper_fault(
        "wr-longest-crash",
        "falls over a unit of 65535 octets",
        ("DLMS-WR-06:longest-survived",),
        also=_AFTERWARDS,
    ),
    wrapper_fault(
        "wr-unfinished-crash",
        "falls over a header that states 65535 octets",
        ("DLMS-WR-06:unfinished-survived",),
        also=_AFTERWARDS,
    ),
    wrapper_fault(
        "tcp-second-kills-first",
        "closes a connection as soon as another one comes",
        ("DLMS-WR-07:unharmed",),
        also=("DLMS-WR-07:*",),
        clause=_CONNECTION,
    ),
    wrapper_fault(
        "tcp-second-end-kills-first",
        "closes all connections when one of them ends",
        ("DLMS-WR-07:unharmed-after",),
        clause=_CONNECTION,
    ),
    wrapper_fault(
        "stale-association",
        "keeps an association after the end of its connection, and serves the next client in it",
        ("DLMS-WR-08:association-gone",),
        also=("DLMS-AA-*",),
        clause=_CONNECTION,
    ),
    wrapper_fault(
        "hasty-client-ignored",
        "does not answer the AARQ of a connection that began with a request it had to refuse",
        ("DLMS-WR-08:served-anew",),
        clause=_CONNECTION,
    ),
    wrapper_fault(
        "stale-association-refuses",
        "keeps an association after the end of its connection, and lets nobody else in",
        ("DLMS-ROB-04:every-cycle",),
        also=_EVERYTHING,
        clause=_CONNECTION,
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "datagrams",
        "the reference meter with the wrapper over UDP",
        _DATAGRAMS,
        link("udp"),
        declares=_OVER_UDP,
    ),
    wrapper_variation("wrapped", "the reference meter with the wrapper instead of HDLC"),
    wrapper_variation(
        "wr-wrong-version-ignored",
        "drops what follows a wrong version, and leaves the connection open",
        _tcp(closes_on_wrong_version=False),
    ),
    wrapper_variation(
        "wr-second-refused",
        "takes one connection at a time",
        _tcp(connections=1),
        declares={"WAN/MULTIPLE-CLIENTS": False},
    ),
    wrapper_variation("wr-answers-slowly", "answers after 800 ms", later(780 * MILLISECOND)),
    wrapper_variation(
        "wr-answers-at-once",
        "answers within a millisecond",
        Alteration(Stage.LATENCY, lambda _, __: MILLISECOND),
    ),
)
