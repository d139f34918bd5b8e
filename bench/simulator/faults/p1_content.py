"""Faults of what a telegram holds: rows P1-A-040 to P1-A-045 and P1-A-056 to P1-A-058.

Which objects an edition demands is in the profiles, and so are the faults that leave them out.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from bench.protocols.p1.objects import Rule
from bench.protocols.p1.profile import load_profile
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.p1_edit import Lines, added, each_line, home, lines, says, value
from bench.simulator.household import Household
from bench.simulator.ports.p1 import Stage

_TABLE = "DSMR-5.0.2:6.12"
_FLEMISH = "e-MUCS-H-1.3:T1"
_ID = "0-0:96.1.1"
_THRESHOLDS = ("0-0:17.0.0", "1-0:31.4.0")
_CURRENTS = ("1-0:31.7.0", "1-0:51.7.0", "1-0:71.7.0")


def _fault(
    name: str,
    summary: str,
    clause: str,
    killers: tuple[str, ...],
    *alterations: Alteration,
    profile: str = "nl50",
    also: tuple[str, ...] = (),
    declares: Mapping[str, object] | None = None,
) -> Fault:
    return Fault(
        f"p1.{name}", "p1", summary, clause, profile, killers, also, alterations, declares or {}
    )


def without(*codes: str) -> Alteration:
    """Leave out the lines of these objects."""
    starts = tuple(f"{code}(" for code in codes)
    return lines(lambda found: tuple(one for one in found if not one.startswith(starts)))


def _missing(
    case_id: str, key: str, only: tuple[str, ...] = (), since: str = ""
) -> tuple[Fault, ...]:
    """Return a fault for each object that an edition demands, beyond those of edition `since`."""
    before = {entry.obis for entry in load_profile(since).by_rule(Rule.ALWAYS)} if since else set()
    named = "" if key == "nl50" else f"{key}-"
    return tuple(
        _fault(
            f"missing-{named}{re.sub('[^0-9]', '-', entry.obis)}",
            f"leaves out {entry.obis} ({entry.meaning})",
            entry.clause,
            # without a threshold there is none that is shown while it is not active
            (f"{case_id}:mandatory", *_threshold_killers(key, entry.obis)),
            without(entry.obis),
            profile=key,
            also=_sums(entry.obis),
        )
        for entry in load_profile(key).by_rule(Rule.ALWAYS)
        if (entry.obis in only if only else entry.obis not in before)
    )


def _sums(obis: str) -> tuple[str, ...]:
    """Return the cases whose sums lack what is left out, as a meter need not have all of it."""
    if re.fullmatch(r"1-0:[12]\.8\.[0-9]", obis):
        return ("P1-A-096",)
    return ("P1-A-098:sum",) if re.fullmatch(r"1-0:[246]?2\.7\.0", obis) else ()


def _threshold_killers(key: str, obis: str) -> tuple[str, ...]:
    return ("P1-A-056:present",) if key.startswith("be") and obis in _THRESHOLDS else ()


_MANDATORY = (
    *_missing("P1-A-040", "nl50"),
    *_missing("P1-A-042", "nl42"),
    *_missing("P1-A-042", "nl40", since="nl42"),
    *_missing("P1-A-042", "nl30"),
    *_missing("P1-A-043", "be13"),
    *_missing("P1-A-043", "be15", since="be14"),
    *_missing("P1-A-043", "be17", since="be16"),
    *_missing("P1-A-043", "be17", only=("0-0:17.0.0",)),
    *_missing("P1-A-043", "be21", only=("0-0:17.0.0",)),
    *_missing("P1-A-057", "se"),
    *_missing("P1-A-059", "lu"),
    *_missing("P1-A-059", "at", only=("1-0:1.8.0",)),
    *_missing("P1-A-059", "hu", only=("0-0:1.0.0",)),
)


def _phases(name: str, obis: str, profile: str = "nl50") -> Fault:
    return _fault(
        f"phases-without-{name}",
        f"has three phases and leaves out {obis}",
        _TABLE,
        ("P1-A-041:polyphase",),
        without(obis),
        profile=profile,
    )


def one_phase(house: Household) -> Household:
    """Return the household with one phase."""
    return replace(house, phases=1)


_PHASES = (
    _phases("voltage-l3", "1-0:72.7.0"),
    _phases("sags-l2", "1-0:52.32.0"),
    _phases("current-l3-be17", "1-0:71.7.0", "be17"),
    _phases("power-l2-se", "1-0:41.7.0", "se"),
    _fault(
        "phases-l2-in-one-phase",
        "has one phase and shows a voltage of L2",
        _TABLE,
        ("P1-A-041:one-phase",),
        home(one_phase),
        added("1-0:52.7.0(230.1*V)", 0.8),
        declares={"P1/POLYPHASE": False},
    ),
)


def _currents(pattern: str, replacement: str) -> Alteration:
    def edit(one: str) -> str:
        return re.sub(pattern, replacement, one) if one.startswith(_CURRENTS) else one

    return each_line(edit)


# a value in the format of another edition has not the format of its own
_ALSO_FORMAT = ("P1-A-031:format",)
_EDITIONS = (
    _fault(
        "version-one-digit",
        "announces version 5",
        _TABLE,
        ("P1-A-044:value",),
        says("1-3:0.2.8", "(5)"),
        also=_ALSO_FORMAT,
    ),
    _fault(
        "version-unknown",
        "announces version 99",
        _TABLE,
        ("P1-A-044:value",),
        says("1-3:0.2.8", "(99)"),
    ),
    _fault(
        "version-hex",
        "writes the version as an octet string",
        _FLEMISH,
        ("P1-A-044:value",),
        value("0-0:96.1.4", lambda text: f"({text[1:-1].encode().hex().upper()})"),
        profile="be17",
        also=_ALSO_FORMAT,
    ),
    _fault(
        "version-both",
        "shows the Dutch version object beside the Belgian one",
        "e-MUCS-H-1.3:T1",
        ("P1-A-044:only-one",),
        added("1-3:0.2.8(50)", 0),
        profile="be17",
    ),
    _fault(
        "edition-announced-1.3",
        "announces e-MUCS-H 1.3 and sends eMUCS-P1 1.7.1",
        "eMUCS-P1-1.4:version history",
        ("P1-A-044:value", "P1-A-045:formats"),
        says("0-0:96.1.4", "(50213)"),
        profile="be17",
    ),
    _fault(
        "edition-old-current",
        "sends whole amperes as 1.3 does, and announces 1.7.1",
        "eMUCS-P1-1.4:version history",
        ("P1-A-043:formats", "P1-A-045:formats"),
        _currents(r"\((\d{3})\.\d\d\*A", r"(\1*A"),
        profile="be17",
        also=_ALSO_FORMAT,
    ),
    _fault(
        "edition-new-current",
        "sends current with two decimals, and announces 1.3",
        "eMUCS-P1-1.4:version history",
        ("P1-A-043:formats", "P1-A-045:formats"),
        _currents(r"\((\d{3})\*A", r"(\1.27*A"),
        profile="be13",
        also=_ALSO_FORMAT,
    ),
)


def _vanishing(name: str, obis: str) -> Fault:
    # an object that is not there is missing from the set, too
    return _fault(
        f"threshold-{name}-vanishes",
        f"leaves out {obis} while no threshold is set",
        _FLEMISH,
        ("P1-A-056:present",),
        lines(lambda found: tuple(one for one in found if not one.startswith(f"{obis}(9"))),
        profile="be17",
        also=("P1-A-043:mandatory",),
    )


_SPECIAL = (
    _vanishing("limiter", "0-0:17.0.0"),
    _vanishing("fuse", "1-0:31.4.0"),
    _fault(
        "threshold-zero",
        "shows zero while no threshold is set",
        _FLEMISH,
        ("P1-A-056:inactive",),
        says("0-0:17.0.0", "(000.0*kW)"),
        profile="be17",
    ),
    _fault(
        "swedish-short-energy",
        "sends energy with nine digits as in the Netherlands",
        "SE-H1-2.0:annex 3",
        ("P1-A-057:formats",),
        value("1-0:1.8.0", lambda text: f"({text[3:]}"),
        profile="se",
        also=_ALSO_FORMAT,
    ),
    _fault(
        "swedish-short-power",
        "sends power with five digits as in the Netherlands",
        "SE-H1-2.0:annex 3",
        ("P1-A-057:formats",),
        value("1-0:21.7.0", lambda text: f"({text[3:]}"),
        profile="se",
        also=_ALSO_FORMAT,
    ),
)


def _changing(found: Lines, index: int) -> Lines:
    """Change the identifier from the twentieth telegram on."""
    other = f"{_ID}({b'E0026999999999999'.hex().upper()})"
    return tuple(other if index >= 20 and one.startswith(f"{_ID}(") else one for one in found)


_IDENTIFIER = (
    _fault(
        "identifier-changes",
        "changes its identifier while it runs",
        _TABLE,
        ("P1-A-058:constant",),
        Alteration(Stage.LINES, _changing),
    ),
    _fault(
        "identifier-of-another",
        "shows another identifier than its nameplate",
        _TABLE,
        ("P1-A-058:nameplate",),
        declares={"equipment_id": "E0026999999999999"},
    ),
    _fault(
        "identifier-13-characters",
        "has an identifier of 13 characters",
        "e-MUCS-H-1.3:4.3",
        ("P1-A-058:characters",),
        value(_ID, lambda text: f"{text[:-3]})"),
        profile="be17",
    ),
)

FAULTS: tuple[Fault, ...] = (*_MANDATORY, *_PHASES, *_EDITIONS, *_SPECIAL, *_IDENTIFIER)

VARIATIONS: tuple[Variation, ...] = (
    Variation(
        "p1.identifier-as-declared",
        "p1",
        "the identifier is the one on the nameplate",
        _TABLE,
        "nl50",
        (says(_ID, f"({b'E0026123456789012'.hex().upper()})"),),
        {"equipment_id": "E0026123456789012"},
    ),
    Variation(
        "p1.belgian-objects-of-dsmr",
        "p1",
        "a Flemish meter sends counters of failures, which the operator added",
        _FLEMISH,
        "be17",
        (added("0-0:96.7.21(00004)", 0.5), added("0-0:96.7.9(00002)", 0.5)),
    ),
    Variation(
        "p1.one-phase-belgian",
        "p1",
        "a Flemish meter has one phase",
        _FLEMISH,
        "be17",
        (home(one_phase),),
        {"P1/POLYPHASE": False},
    ),
    Variation(
        "p1.delta",
        "p1",
        "a meter in a 3 x 230 V network shows no voltage of L2",
        _FLEMISH,
        "be17",
        (says("1-0:52.7.0", "(000.0*V)"),),
    ),
    Variation(
        "p1.polyphase-undeclared",
        "p1",
        "nobody declared how many phases the meter has",
        _TABLE,
        "nl50",
        (),
        {"P1/POLYPHASE": False},
    ),
)
