"""Legal oddities of the services: refusals by silence, small blocks, few services, long lengths."""

from collections.abc import Mapping

from bench.protocols.dlms.initiate import Conformance
from bench.simulator.faults.fault import Alteration, Variation
from bench.simulator.faults.wan_edit import options, wan_variation
from bench.simulator.ports.wan_stages import Stage
from bench.simulator.wan.options import OWN_CONFORMANCE, Refusal

_EXCHANGE = "IEC-62056-5-3:6.2"
_SIZES = "IEC-62056-5-3:6.3"
_ACCESS = "IEC-62056-5-3:6.11"
_GBT = "IEC-62056-5-3:6.13"
_PROTOCOL = "IEC-62056-5-3:7.3"
_SYNTAX = "IEC-62056-5-3:8"
_RESULTS = "IEC-62056-5-3:8.5"
_ANOTHER_CLASS, _UNDEFINED = 9, 4
_FEW = (
    Conformance.GENERAL_PROTECTION
    | Conformance.BLOCK_TRANSFER_WITH_GET
    | Conformance.GET
    | Conformance.SET
    | Conformance.SELECTIVE_ACCESS
    | Conformance.ACTION
)
_FEW_DECLARED: Mapping[str, object] = {
    "WAN/WITH-LIST": False,
    "WAN/BLOCK-SET": False,
    "WAN/BLOCK-ACTION": False,
    "WAN/GBT": False,
    "WAN/ACCESS": False,
    "WAN/ATTRIBUTE-0-GET": False,
}


def _undefined_for_another_class(apdu: bytes, _: int) -> bytes:
    """Say that an object is not there where it is there under another class."""
    if apdu[:2] == b"\xc4\x01" and apdu[3:] == bytes((1, _ANOTHER_CLASS)):
        return apdu[:4] + bytes((_UNDEFINED,))
    return apdu


VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "services-silent-refusals",
        "does not answer unknown, malformed, overlong requests, and those not agreed on",
        _EXCHANGE,
        options(
            unknown_tag=Refusal.SILENCE,
            malformed=Refusal.SILENCE,
            too_long=Refusal.SILENCE,
            not_negotiated=Refusal.SILENCE,
            trailing_octets=Refusal.SILENCE,
        ),
    ),
    wan_variation(
        "trailing-octets-refused",
        "refuses a request with octets behind it",
        _EXCHANGE,
        options(trailing_octets=Refusal.EXCEPTION),
    ),
    wan_variation(
        "undefined-for-another-class",
        "says object-undefined of an object that has another class",
        _RESULTS,
        Alteration(Stage.RESPONSE, _undefined_for_another_class),
    ),
    wan_variation(
        "blocks-of-40-octets",
        "sends blocks that are shorter than the client takes",
        _PROTOCOL,
        options(block_octets=40),
    ),
    wan_variation(
        "data-long-lengths",
        "writes every length in what is read with four octets",
        _SYNTAX,
        options(long_data_lengths=4),
    ),
    wan_variation("takes-300-octets", "takes APDUs of 300 octets", _SIZES, options(max_pdu=300)),
    wan_variation(
        "few-services",
        "does GET, SET, ACTION and blocks of GET, and nothing else",
        _SIZES,
        options(conformance=_FEW),
        declares=_FEW_DECLARED,
    ),
    wan_variation(
        "no-priority",
        "does not manage priorities, nor attribute 0",
        _SIZES,
        options(
            conformance=OWN_CONFORMANCE
            & ~Conformance.PRIORITY_MANAGEMENT
            & ~Conformance.ATTRIBUTE_0_WITH_GET
        ),
        declares={"WAN/ATTRIBUTE-0-GET": False},
    ),
    wan_variation("gbt-window-1", "takes and sends one general block", _GBT, options(gbt_window=1)),
    wan_variation("gbt-window-2", "takes and sends two at once", _GBT, options(gbt_window=2)),
    wan_variation(
        "gbt-without-streaming",
        "waits for an acknowledgement after each of its general blocks",
        _GBT,
        options(gbt_streaming=False),
    ),
    wan_variation(
        "access-repeats-request",
        "repeats the specifications and the time of an ACCESS request",
        _ACCESS,
        options(access_repeats_specifications=True, access_date_time=True),
    ),
    wan_variation(
        "access-stops-short",
        "leaves out of ACCESS what was not done after an error",
        _ACCESS,
        options(access_stops_short=True),
    ),
    wan_variation(
        "executions-not-counted",
        "has no object that counts executions of a script",
        _EXCHANGE,
        declares={"action_counter": ""},
    ),
)
