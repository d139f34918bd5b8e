"""What a conforming HDLC line may do in more than one way."""

from bench.core.clock import MILLISECOND
from bench.protocols.hdlc.control import Kind
from bench.protocols.hdlc.encode import FLAG_OCTET
from bench.protocols.hdlc.frame import HdlcFrame
from bench.protocols.hdlc.options import Answer, NotYet, ParameterAnswer
from bench.protocols.hdlc.parameters import LinkParameters, decode_parameters, encode_parameters
from bench.simulator.faults.fault import Alteration, Variation
from bench.simulator.faults.wan_edit import breaks, later, options, secondary, wan_variation
from bench.simulator.faults.wan_hdlc_edit import out, rebuilt
from bench.simulator.ports.wan_stages import Stage

_FLAG = "IEC-62056-46:6.4.1.2"
_ADDRESS = "IEC-62056-46:6.4.2"
_NEGOTIATION = "IEC-62056-46:6.4.4"
_TIMERS = "IEC-62056-6-2:5.6.2"
_MULTIPLE = "WAN/MULTIPLE-CLIENTS"


def _widths(octets: int) -> Alteration:
    """Let UA give its values in so many octets."""
    return out(
        lambda frame: (
            rebuilt(
                frame,
                information=encode_parameters(
                    dict(decode_parameters(frame.information).given), widths=octets
                ),
            )
            if frame.information
            else None
        ),
        Kind.UA,
    )


def _takes(info: int, window: int = 1) -> Alteration:
    """Let the station send and take so much."""
    return secondary(parameters=LinkParameters(info, info, window, window))


def _without_defaults(frame: HdlcFrame) -> bytes | None:
    """Leave out parameters that are the defaults."""
    accepted = decode_parameters(frame.information).parameters
    return rebuilt(frame, information=b"") if accepted == LinkParameters() else None


def _reversed(frame: HdlcFrame) -> bytes | None:
    """Turn the order of the parameters round."""
    given = list(decode_parameters(frame.information).given.items())
    return rebuilt(frame, information=encode_parameters(given[::-1])) if given else None


def _not_defaults(frame: HdlcFrame) -> bytes | None:
    """Leave out each parameter that is the default."""
    given = decode_parameters(frame.information).given
    usual = LinkParameters().values()
    told = {name: value for name, value in given.items() if value != usual[name]}
    return rebuilt(frame, information=encode_parameters(told) if told else b"") if given else None


def _flagged(before: int, after: int) -> Alteration:
    """Put further flags around every frame."""
    return Alteration(
        Stage.FRAME_OUT, lambda octets, _: FLAG_OCTET * before + octets + FLAG_OCTET * after
    )


VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "ua-values-of-2-octets", "UA gives all values in two octets", _NEGOTIATION, _widths(2)
    ),
    wan_variation(
        "ua-values-of-4-octets", "UA gives all values in four octets", _NEGOTIATION, _widths(4)
    ),
    wan_variation(
        "ua-windows-of-1-octet",
        "UA gives windows in one octet",
        _NEGOTIATION,
        secondary(window_octets=1),
    ),
    wan_variation(
        "ua-always-with-parameters",
        "UA names its parameters, also where they are the defaults",
        _NEGOTIATION,
        secondary(parameter_answer=ParameterAnswer.ALWAYS),
    ),
    wan_variation(
        "ua-without-default-parameters",
        "knows the defaults alone, and its UA has no information where they were accepted",
        _NEGOTIATION,
        _takes(128),
        out(_without_defaults, Kind.UA),
    ),
    wan_variation(
        "max-info-32", "32 octets in an I frame: segments everywhere", _NEGOTIATION, _takes(32)
    ),
    wan_variation(
        "max-info-sends-200-takes-40",
        "sends more in an I frame than it takes",
        _NEGOTIATION,
        secondary(parameters=LinkParameters(200, 40, 1, 1)),
    ),
    wan_variation(
        "max-info-sends-40-takes-200",
        "takes more in an I frame than it sends",
        _NEGOTIATION,
        secondary(parameters=LinkParameters(40, 200, 1, 1)),
    ),
    wan_variation(
        "ua-parameters-in-other-order",
        "UA names its parameters from the last to the first",
        _NEGOTIATION,
        out(_reversed, Kind.UA),
    ),
    wan_variation(
        "ua-names-no-defaults",
        "UA names only those parameters that are not the defaults",
        _NEGOTIATION,
        out(_not_defaults, Kind.UA),
    ),
    wan_variation("max-info-64", "64 octets in an I frame", _NEGOTIATION, _takes(64)),
    wan_variation("max-info-128", "no more than the defaults", _NEGOTIATION, _takes(128)),
    *(
        wan_variation(
            f"window-{window}",
            f"windows of {window} frames at most",
            _NEGOTIATION,
            _takes(2030, window),
        )
        for window in (1, 2, 3, 4, 5, 6)
    ),
    wan_variation(
        "silence-for-frmr",
        "drops what it cannot take up instead of rejecting it",
        _NEGOTIATION,
        secondary(
            on_undefined=Answer.SILENCE,
            on_too_long=Answer.SILENCE,
            on_bad_number=Answer.SILENCE,
        ),
    ),
    wan_variation(
        "silence-for-i-without-link",
        "does not answer an I frame without a link",
        _NEGOTIATION,
        secondary(on_information_when_down=Answer.SILENCE),
    ),
    wan_variation(
        "answers-after-700-ms",
        "takes most of the declared limit for every answer",
        _TIMERS,
        later(700 * MILLISECOND),
        Alteration(Stage.TURNAROUND, lambda _, __: 700 * MILLISECOND),
    ),
    wan_variation(
        "answers-after-1200-ms-as-declared",
        "takes 1.2 s for every answer, and is declared to",
        _TIMERS,
        later(1200 * MILLISECOND),
        declares={"response_limit_s": 2.0},
    ),
    wan_variation(
        "flags-before-frames", "sends two further flags before a frame", _FLAG, _flagged(2, 0)
    ),
    wan_variation(
        "flags-after-frames", "sends a further flag after a frame", _FLAG, _flagged(0, 1)
    ),
    wan_variation(
        "second-frame-after-shared-flag-lost",
        "is busy answering the first of two frames with one flag between them",
        _FLAG,
        breaks("shared-flag"),
    ),
    *(
        wan_variation(
            f"address-{size}",
            f"listens to addresses of {size} octet{'s' if size > 1 else ''} alone",
            _ADDRESS,
            secondary(sizes=frozenset({size})),
            declares={"hdlc_address_octets": size, "hdlc_address_sizes": str(size)},
        )
        for size in (1, 2, 4)
    ),
    wan_variation(
        "lower-address-4000",
        "has a lower address that needs four octets",
        _ADDRESS,
        secondary(lower=4000, sizes=frozenset({1, 4})),
        declares={"hdlc_lower": 4000, "hdlc_address_octets": 4, "hdlc_address_sizes": "1 4"},
    ),
    *(
        wan_variation(
            f"answers-when-polled-after-{words}",
            f"answers a request by {words.upper()}, and the poll after it by the answer",
            _NEGOTIATION,
            secondary(not_yet=not_yet),
        )
        for words, not_yet in (("rr", NotYet.READY), ("rnr", NotYet.NOT_READY))
    ),
    wan_variation(
        "other-server-sap",
        "is logical device 100",
        _ADDRESS,
        options(server_sap=100),
        declares={"server_sap": 100},
    ),
    wan_variation(
        "other-saps-over-hdlc",
        "has other client SAPs than usual",
        _ADDRESS,
        options(saps={"lls": 48, "suite0": 2, "hls6": 5}),
        declares={"lls_client": 48, "suite0_client": 2, "hls6_client": 5},
    ),
    wan_variation(
        "second-link-replaces-first",
        "gives up the link of one client when another comes",
        _NEGOTIATION,
        secondary(links=1, replaces=True),
        declares={_MULTIPLE: False},
    ),
    wan_variation(
        "one-link",
        "refuses the links of further clients",
        _NEGOTIATION,
        secondary(links=1),
        declares={_MULTIPLE: False},
    ),
    wan_variation(
        "inactivity-30-s",
        "ends a link after 30 s without frames",
        _TIMERS,
        secondary(inactivity_ns=30_000 * MILLISECOND),
        declares={"inactivity_s": 30.0},
    ),
    wan_variation(
        "inactivity-never",
        "keeps links for ever",
        _TIMERS,
        secondary(inactivity_ns=None),
        declares={"inactivity_s": 0.0},
    ),
    wan_variation(
        "inter-octet-200-ms",
        "waits 200 ms for the next octet of a frame",
        _TIMERS,
        secondary(inter_octet_ns=200 * MILLISECOND),
        declares={"inter_octet_ms": 200.0},
    ),
)
