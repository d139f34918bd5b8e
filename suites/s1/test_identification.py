"""Identification: whose samples they are."""

import re

import numpy as np

from bench.core.case import Case, Kind, case
from bench.core.check import Level
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.crc_rows import Octets
from suites.p1.readings import Reading
from suites.s1.capture import Capture
from suites.s1.rows import deviating

_DATA = "e-MUCS-H-1.3:S1"
_BROCHURE = "Fluvius-P1-S1:5.2"
_FIELD = "meter_id"
_P1_ID = "0-0:96.1.1"
#: DIN 43863-5: energy type 1 (electricity) and manufacturer, then differentiation and number
_METER, _NUMBER = re.compile(r"1[A-Z]{3}"), re.compile(r"[0-9A-Z]{10}")


def _shown(octets: Octets) -> str:
    """Return an identification as text, octets that are no ASCII as \\xNN."""
    return "".join(chr(one) if 0x20 <= one < 0x7F else f"\\x{one:02X}" for one in octets.tolist())


def _usual(stream: Capture) -> Octets:
    """Return the identification that most frames have."""
    ids = stream.field(_FIELD)
    usual: Octets = ids[0]
    if not (ids == usual).all():
        found, counts = np.unique(ids, axis=0, return_counts=True)
        usual = found[int(np.argmax(counts))]
    return usual


@case(
    Case(
        id="S1-PAY-01",
        version=1,
        interface="s1",
        title="Every frame has the identification of the meter",
        purpose="Ensure that a consumer can tell from any frame whose samples it holds.",
        stimulus="Listen.",
        criterion="The 14 octets of the identification are not all the same octet, and are "
        "identical in all frames.",
        kind=Kind.VALID,
        clauses=(_BROCHURE, _DATA),
        ics="S1/PRESENT",
        detects=("s1.id-changes", "s1.id-empty"),
    )
)
def test_same_identification(stream: Capture, verify: Checks) -> None:
    """A meter does not change its identification, nor leave it out."""
    ids = stream.field(_FIELD)
    first = ids[0]
    empty = (ids == ids[:, :1]).all(axis=1)
    expected = "an identification of 14 characters"
    verify.none_of(
        "present",
        deviating(stream, empty, expected, lambda row: _shown(ids[row]), _FIELD),
        examined=len(ids),
        expected=expected,
        things="frames",
    )
    expected = f"the identification {_shown(first)} of the first frame"
    others = (ids != first).any(axis=1)
    verify.none_of(
        "constant",
        deviating(stream, others, expected, lambda row: _shown(ids[row]), _FIELD),
        examined=len(ids),
        expected=expected,
        things="frames",
    )


@case(
    Case(
        id="S1-PAY-02",
        version=1,
        interface="s1",
        title="The same identification as on P1",
        purpose="Ensure that a consumer of both ports knows that they are one meter's.",
        stimulus="Listen to S1 and to P1 at the same time.",
        criterion="The identification that most frames have equals object 0-0:96.1.1 of P1, whose "
        "hexadecimal digits are taken as characters.",
        kind=Kind.VALID,
        clauses=(_BROCHURE, "Fluvius-P1-S1:4.2"),
        ics="S1/PRESENT",
        beside=("p1",),
        detects=("s1.id-swapped", "s1.id-of-gas"),
    )
)
def test_identification_of_p1(
    stream: Capture, readings: tuple[Reading, ...], verify: Checks
) -> None:
    """Both ports name the electricity meter."""
    told = next((text for one in readings if (text := one.text(_P1_ID)) is not None), None)
    if told is None:
        raise Inconclusive(Reason.PRECONDITION, f"no telegram of P1 has one {_P1_ID}")
    try:
        wanted = bytes.fromhex(told)
    except ValueError:
        raise Inconclusive(
            Reason.PRECONDITION, f"{_P1_ID} of P1 is {told!r}, not pairs of hexadecimal digits"
        ) from None
    usual = _usual(stream)
    verify.that(
        "equal",
        usual.tobytes() == wanted,
        expected=f"{_shown(np.frombuffer(wanted, np.uint8))} as P1 has it",
        observed=_shown(usual),
    )


@case(
    Case(
        id="S1-PAY-03",
        version=1,
        interface="s1",
        title="Form of the identification",
        purpose="Ensure that the identification can be shown and compared as text.",
        stimulus="Listen.",
        criterion="14 characters 20 to 7E (hexadecimal), none of them filling. After DIN 43863-5 "
        "they begin with 1 for electricity and three capital letters of the manufacturer. That the "
        "other ten are digits or capital letters is observed.",
        kind=Kind.VALID,
        clauses=(_DATA,),
        ics="S1/PRESENT",
        detects=("s1.id-nul", "s1.id-of-gas", "s1.id-with-hyphen"),
    )
)
def test_form_of_identification(stream: Capture, verify: Checks) -> None:
    """It is text, and that of an electricity meter."""
    ids = stream.field(_FIELD)
    unfit = np.any((ids < 0x20) | (ids > 0x7E), axis=1)
    expected = "14 printable characters of ASCII"
    verify.none_of(
        "printable",
        deviating(stream, unfit, expected, lambda row: _shown(ids[row]), _FIELD),
        examined=len(ids),
        expected=expected,
        things="frames",
    )
    usual = _shown(_usual(stream))
    verify.that(
        "meter",
        _METER.match(usual) is not None,
        expected="1 and three capital letters (DIN 43863-5: electricity, manufacturer)",
        observed=usual,
    )
    verify.that(
        "form",
        _NUMBER.fullmatch(usual[4:]) is not None,
        expected="then ten digits or capital letters",
        observed=usual,
        level=Level.SHOULD,
    )
