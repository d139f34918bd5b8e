"""Identity: one serial number and one firmware, whichever port is asked."""

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.engine.session import Session
from bench.protocols.dlms.cosem_types import LogicalName
from suites.system.ports import Ports
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association

_EQUIPMENT = "0-0:96.1.1"
_SERIAL_OBJECTS = ("0-0:96.1.0", "0-0:96.1.1")
_DATA, _VALUE = 1, 2
_FIRMWARE = "1-0:0.2.0"
_HEARD_S = 3.0


def _text(octets: object) -> str:
    """Return octets as the text that they are; as hexadecimal digits where they are none."""
    if isinstance(octets, str):
        return octets.strip("\0 ")
    if not isinstance(octets, bytes):
        return ""
    plain = octets.strip(b"\0 ")
    printable = all(0x20 <= one < 0x7F for one in plain)
    return plain.decode("ascii") if printable else plain.hex().upper()


def _read(aa: Association, code: str) -> tuple[str, Answer]:
    answer = aa.get(_DATA, LogicalName.parse(code), _VALUE)
    return _text(answer.value), answer


def _from_hex(text: str) -> str:
    """Return the text behind hexadecimal digits, the digits where there is none."""
    try:
        return _text(bytes.fromhex(text))
    except ValueError:
        return text


@case(
    Case(
        id="SYS-ID-01",
        version=1,
        interface="system",
        title="One serial number",
        purpose="Ensure that all ports are known to be those of one meter.",
        stimulus="Listen to P1 and S1, and read 0-0:96.1.0 and 0-0:96.1.1 over WAN.",
        criterion="The identification of the equipment on P1 (0-0:96.1.1, decoded), that in every "
        "frame of S1 and one of the two objects of WAN are the same, and that declared for P1 "
        "(equipment_id) if one is. WAN may show further identifications.",
        kind=Kind.VALID,
        clauses=("Fluvius-P1-S1:4.2", "Fluvius-P1-S1:5.2"),
        detects=(
            "system.p1-other-serial",
            "system.s1-other-serial",
            "system.wan-other-serial",
            "system.p1-nameplate-other",
        ),
        spans=("p1", "s1", "wan", "mep"),
        bound_s=120,
    )
)
def test_serial_number(ports: Ports, verify: Checks) -> None:
    """Who reads two ports can tell that they belong together."""
    ports.begin()
    ports.hear(_HEARD_S + 2 * ports.lag_s)
    shown: dict[str, tuple[set[str], Place]] = {}
    if ports.has("p1"):
        readings = ports.readings()
        if not readings:
            _shows_nothing(verify, "p1", "no whole telegram")
        for reading in readings:
            if (text := reading.text(_EQUIPMENT)) is not None:
                shown["p1"] = ({_from_hex(text)}, ports.place_p1(reading, _EQUIPMENT))
    if ports.has("s1"):
        capture = ports.capture()
        if len(capture):
            names = {bytes(row).decode("latin-1").strip("\0 ") for row in capture.field("meter_id")}
            shown["s1"] = (names, ports.place_s1(capture, 0))
        else:
            _shows_nothing(verify, "s1", "no good frame")
    if ports.has("wan"):
        with ports.meter.associate("main") as aa:
            read = [_read(aa, code) for code in _SERIAL_OBJECTS]
        names = {name for name, _ in read if name}
        if names:
            shown["wan"] = (names, ports.place_wan(read[0][1]) or Place(0))
    _judge_serials(ports, verify, shown)


def _shows_nothing(verify: Checks, port: str, what: str) -> None:
    verify.undecided(port, Reason.PRECONDITION, expected="an identification", observed=what)


def _judge_serials(ports: Ports, verify: Checks, shown: dict[str, tuple[set[str], Place]]) -> None:
    declared = ports.context.ixit.get("p1.equipment_id")
    if len(shown) < 2:
        raise Inconclusive(
            Reason.PRECONDITION,
            f"only {', '.join(shown) or 'no port'} shows an identification: nothing to compare",
        )
    first = next(iter(shown))
    reference = {str(declared)} if declared else shown[first][0]
    told = "declared" if declared else first
    for port, (names, place) in shown.items():
        if not declared and port == first:
            continue
        same = bool(reference & names) if port == "wan" else reference == names
        verify.that(
            port,
            same,
            expected=f"{', '.join(sorted(reference))} ({told})",
            observed=", ".join(sorted(names)),
            place=place,
        )


@case(
    Case(
        id="SYS-ID-02",
        version=1,
        interface="system",
        title="One firmware",
        purpose="Ensure that no port was left behind by an update.",
        stimulus="Listen to P1, and read 1-0:0.2.0 over WAN.",
        criterion="P1 announces a version of its declared edition, and WAN shows the declared "
        "firmware (ours).",
        kind=Kind.VALID,
        clauses=("OUR:one-system",),
        level=Level.SHOULD,
        detects=(
            "system.p1-old-version",
            "system.wan-old-firmware",
        ),
        spans=("p1", "wan", "han", "mep"),
        bound_s=120,
    )
)
def test_firmware(ports: Ports, bench_session: Session, verify: Checks) -> None:
    """A report about one firmware must not be about two."""
    ports.begin()
    ports.hear(_HEARD_S + 2 * ports.lag_s)
    if ports.has("p1"):
        _judge_version(ports, verify)
    if ports.has("wan"):
        declared = bench_session.preparation.declaration.item.firmware
        with ports.meter.associate("main") as aa:
            name, answer = _read(aa, _FIRMWARE)
        if not answer.ok:
            verify.note("wan", f"{_FIRMWARE} is not shown: {answer}")
            return
        verify.that(
            "wan",
            declared.casefold() in (name.casefold(), _raw_hex(answer).casefold()),
            expected=f"firmware {declared} (declared)",
            observed=name,
            place=ports.place_wan(answer),
        )


def _raw_hex(answer: Answer) -> str:
    return answer.value.hex() if isinstance(answer.value, bytes) else ""


def _judge_version(ports: Ports, verify: Checks) -> None:
    rule = ports.p1_profile.version
    if not rule.obis:
        verify.note("p1", "the edition announces no version")
        return
    deviations = []
    readings = ports.readings()
    for reading in readings:
        text = reading.text(rule.obis)
        if text is not None and text not in rule.values:
            place = ports.place_p1(reading, rule.obis)
            expected = f"{' or '.join(rule.values)} ({ports.p1_profile.title}, declared)"
            deviations.append(Deviation(place, expected, text))
    examined = sum(reading.text(rule.obis) is not None for reading in readings)
    verify.none_of(
        "p1", deviations, examined=examined, expected="a version of the declared edition"
    )
