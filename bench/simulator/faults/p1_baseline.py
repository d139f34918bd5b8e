"""What another firmware changes against a baseline: rows P1-A-083 to P1-A-087."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.p1_edit import Lines, added, home, lines, value
from bench.simulator.household import Firmware
from bench.simulator.ports.p1 import Stage

_CONTRACT = "Fluvius-P1-S1:4.5.1"
_VERSION = "eMUCS-P1-1.4:version"
_FUSE, _TEXT, _LIMITER = "1-0:31.4.0", "0-0:96.13.0", "0-0:17.0.0"
_OWN = tuple((f"0-0:96.{n}.128", "(0026)") for n in (60, 61, 62, 63, 64))
#: an object that the edition requires is missing as well, and nothing announces it
_MISSING = ("P1-A-043:*", "P1-A-045:*", "P1-A-056:*", "P1-A-087:announced")
#: a format that the edition does not know either
_FORMAT = ("P1-A-031:*", "P1-A-032:*", "P1-A-043:*", "P1-A-045:*", "P1-A-087:announced")


def compared_with(profile: str) -> Mapping[str, object]:
    """Return the claims of a device whose baseline is the reference device of an edition."""
    return {"P1/BASELINE": True, "baseline": f"shipped:{profile}"}


def firmware(version: str = "", further: Sequence[tuple[str, str]] = ()) -> Alteration:
    """Let the meter have another firmware."""
    return home(
        lambda house: replace(house, firmware=Firmware(version=version, added=tuple(further)))
    )


def _without(*objects: str) -> Alteration:
    codes = tuple(f"{obis}(" for obis in objects)
    return lines(lambda found: tuple(one for one in found if not one.startswith(codes)))


def _at_times(obis: str) -> Alteration:
    """Leave an object out of every third telegram."""
    return Alteration(
        Stage.LINES,
        lambda found, index: (
            tuple(one for one in found if not one.startswith(f"{obis}(")) if index % 3 else found
        ),
    )


def _type_last(found: Lines) -> Lines:
    """Send the type of the first linked device after its other objects."""
    own = [one for one in found if one.startswith("0-1:") and ":96.3.10" not in one]
    rest = [one for one in found if one not in own]
    return (*rest, *own[1:], own[0])


def _hundredths(text: str) -> str:
    """Write whole amperes with two decimals."""
    return re.sub(r"\((\d{3})\*A\)", r"(\1.00*A)", text)


def _fault(
    name: str,
    summary: str,
    clause: str,
    killers: tuple[str, ...],
    *alterations: Alteration,
    also: tuple[str, ...] = (),
    profile: str = "be17",
    baseline: str = "",
) -> Fault:
    declares = compared_with(baseline or profile)
    return Fault(
        f"p1.baseline-{name}", "p1", summary, clause, profile, killers, also, alterations, declares
    )


FAULTS: tuple[Fault, ...] = (
    _fault(
        "fuse-removed",
        "no longer sends the threshold of the fuse",
        _CONTRACT,
        ("P1-A-083:removed",),
        _without(_FUSE),
        also=_MISSING,
    ),
    _fault(
        "text-removed",
        "no longer sends the text message",
        _CONTRACT,
        ("P1-A-083:removed",),
        _without(_TEXT),
        also=(*_MISSING, "P1-A-054:*", "P1-A-055:*"),
    ),
    _fault(
        "removed-at-times",
        "no longer sends the threshold of the fuse in every telegram",
        _CONTRACT,
        ("P1-A-083:removed",),
        _at_times(_FUSE),
        also=_MISSING,
    ),
    _fault(
        "optional-removed",
        "no longer sends an object that the edition does not require",
        "DSMR-5.0.2:6.13",
        ("P1-A-083:removed-optional",),
        _without("1-0:9.7.0"),
        also=("P1-A-087:announced",),
        profile="lu",
    ),
    _fault(
        "added-malformed",
        "adds an object that breaks the grammar of a data line",
        _CONTRACT,
        ("P1-A-084:well-formed",),
        added("0-0:96.99.1(12", 0.5),
        also=("P1-A-030:grammar", "P1-A-038:well-formed"),
    ),
    _fault(
        "type-moved",
        "sends the type of a linked device after its other objects",
        "DSMR-5.0.2:6.12",
        ("P1-A-085:device-type-first",),
        lines(_type_last),
        also=("P1-A-046:*",),
    ),
    _fault(
        "current-widened",
        "writes currents with two decimals under the same version",
        _VERSION,
        ("P1-A-086:format-of-version", "P1-A-087:announced"),
        *(value(f"1-0:{phase}1.7.0", _hundredths) for phase in (3, 5, 7)),
        also=_FORMAT,
        profile="be13",
    ),
    _fault(
        "current-widened-announced",
        "writes currents with two decimals under the next version",
        _VERSION,
        ("P1-A-086:format-kept",),
        firmware(further=_OWN),
        profile="be14",
        baseline="be13",
    ),
    _fault(
        "unit-changed",
        "writes the threshold of the limiter in kVA",
        _VERSION,
        ("P1-A-086:format-of-version",),
        value(_LIMITER, lambda text: text.replace("*kW", "*kVA")),
        also=_FORMAT,
    ),
    _fault(
        "version-decreased",
        "announces an earlier version than before",
        _VERSION,
        ("P1-A-087:not-lower",),
        firmware("50216"),
        # the objects are still those of the later version
        also=("P1-A-044:*", "P1-A-045:*"),
    ),
    _fault(
        "unannounced",
        "adds objects without another version",
        _VERSION,
        ("P1-A-087:announced",),
        firmware(further=_OWN),
    ),
)


def _variation(
    name: str,
    summary: str,
    *alterations: Alteration,
    profile: str = "be17",
    baseline: str = "",
    declares: Mapping[str, object] | None = None,
) -> Variation:
    claims = {**compared_with(baseline or profile), **(declares or {})}
    return Variation(f"p1.baseline-{name}", "p1", summary, _CONTRACT, profile, alterations, claims)


def _reversed(found: Lines) -> Lines:
    """Reverse all lines but those of linked devices, which come first, channel by channel."""
    linked = [one for one in found if re.match(r"0-[1-4]:(?!96\.3\.10)", one)]
    return (*linked, *reversed([one for one in found if one not in linked]))


VARIATIONS: tuple[Variation, ...] = (
    _variation("same", "nothing changed since the baseline"),
    _variation("same-nl50", "nothing changed since the baseline", profile="nl50"),
    _variation(
        "five-added",
        "five objects were added since the baseline",
        added("0-0:96.70.128(0026)", 0.0),
        added("1-0:32.7.124(00.4*%)", 0.3),
        added("5-0:1.0.0(00012.345*GJ)", 0.5),
        added("0-0:96.71.128(48616C6C6F)", 0.8),
        added("0-0:96.72.128(1)(2)(3)", 1.0),
    ),
    _variation("order", "the objects stand in another order", lines(_reversed)),
    _variation(
        "next-version",
        "the next version has further objects",
        firmware(further=_OWN),
        baseline="be16",
    ),
    _variation(
        "unlinked",
        "the sub-meters were unlinked since the baseline",
        home(lambda house: replace(house, submeters=())),
        declares={"P1/MBUS": False, "P1/GAS": False},
    ),
    _variation(
        "one-phase",
        "the baseline is that of a meter with three phases",
        home(lambda house: replace(house, phases=1)),
        declares={"P1/POLYPHASE": False},
    ),
)
