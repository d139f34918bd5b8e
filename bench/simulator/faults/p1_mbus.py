"""Faults of what a telegram shows of linked devices: rows P1-A-046 to P1-A-050."""

import re
from collections.abc import Mapping
from dataclasses import replace

from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.p1_content import without
from bench.simulator.faults.p1_edit import Lines, code, each_line, home, lines, says, value
from bench.simulator.household import Household

_TABLE = "DSMR-5.0.2:6.12"
_READING = "DSMR-5.0.2:6.10"
_FLEMISH = "e-MUCS-H-1.3:T1"
_TYPE = "0-1:24.1.0"
_GAS = "0-1:24.2.1"
_FLEMISH_GAS = "0-1:24.2.3"
_UNREAD = {"P1/MBUS-UNREAD": True}


def _fault(
    name: str,
    summary: str,
    clause: str,
    killer: str,
    *alterations: Alteration,
    profile: str = "nl50",
    also: tuple[str, ...] = (),
    declares: Mapping[str, object] | None = None,
) -> Fault:
    killers = (f"P1-A-{killer}",)
    return Fault(
        f"p1.{name}", "p1", summary, clause, profile, killers, also, alterations, declares or {}
    )


def _last_to_front(found: Lines) -> list[str]:
    """Put the reading of channel 1 before its other objects."""
    reading = [one for one in found if one.startswith(f"{_GAS}(")]
    rest = [one for one in found if one not in reading]
    first = next(i for i, one in enumerate(rest) if one.startswith("0-1:"))
    return [*rest[:first], *reading, *rest[first:]]


_BLOCK = (
    _fault(
        "mbus-absent",
        "shows nothing of the linked gas meter",
        _TABLE,
        "046:linked",
        home(lambda house: replace(house, submeters=())),
    ),
    _fault(
        "mbus-reading-before-type",
        "shows the reading before the type of the device",
        _TABLE,
        "046:type-first",
        lines(_last_to_front),
    ),
    _fault(
        "mbus-no-type",
        "leaves out the type of the device",
        _TABLE,
        "046:type",
        without(_TYPE),
    ),
    _fault(
        "mbus-no-identifier",
        "leaves out the identifier of the device",
        _TABLE,
        "046:identifier",
        without("0-1:96.1.0"),
    ),
    _fault(
        "mbus-no-reading",
        "leaves out the reading of the device",
        _TABLE,
        "046:reading",
        without(_GAS),
    ),
    _fault(
        "mbus-no-reading-be17",
        "leaves out the reading of the water meter",
        _FLEMISH,
        "046:reading",
        without("0-2:24.2.1"),
        profile="be17",
    ),
    _fault(
        "mbus-channel-5",
        "shows the gas meter on channel 5",
        _TABLE,
        "046:channel",
        each_line(lambda one: re.sub(r"^0-1:", "0-5:", one)),
    ),
)

# a type tells which unit there may be, so that the spelling of the unit is wrong, too
_ALSO_UNIT = ("P1-A-032:unit",)
# ... and the number of decimals
_ALSO_FORMAT = ("P1-A-031:format",)


def _in(unit: str, number: str = r"\1") -> Alteration:
    return value(_GAS, lambda text: re.sub(r"\((\d+\.\d+)\*m3", rf"({number}*{unit}", text))


_UNITS = (
    _fault(
        "mbus-gas-in-gj",
        "shows gas in GJ",
        _TABLE,
        "047:unit",
        _in("GJ"),
        also=(*_ALSO_UNIT, *_ALSO_FORMAT),
    ),
    _fault("mbus-gas-in-kwh", "shows gas in kWh", _TABLE, "047:unit", _in("kWh"), also=_ALSO_UNIT),
    _fault(
        "mbus-water-in-gj",
        "shows water in GJ",
        _FLEMISH,
        "047:unit",
        value("0-2:24.2.1", lambda text: text.replace("*m3", "*GJ")),
        profile="be17",
        also=(*_ALSO_UNIT, *_ALSO_FORMAT),
    ),
    _fault(
        "mbus-water-as-gas",
        "shows water in the object for gas",
        _FLEMISH,
        "047:object",
        code("0-2:24.2.1", "0-2:24.2.3"),
        profile="be17",
    ),
)

_FLEMISH_METER = (
    _fault(
        "gas-corrected-be17",
        "shows gas in the object for corrected volumes",
        _FLEMISH,
        "048:reading",
        code(_FLEMISH_GAS, _GAS),
        profile="be17",
    ),
    _fault(
        "gas-without-valve",
        "leaves out the valve of the gas meter",
        _FLEMISH,
        "048:valve",
        without("0-1:24.4.0"),
        profile="be17",
    ),
    _fault(
        "gas-without-identifier",
        "leaves out the identifier of the gas meter",
        _FLEMISH,
        "048:identifier",
        without("0-1:96.1.1"),
        profile="be17",
        also=("P1-A-046:identifier",),  # every device needs one
    ),
    _fault(
        "gas-of-no-type",
        "calls the gas meter a device of no type",
        _FLEMISH,
        "048:gas",
        says(_TYPE, "(000)"),
        profile="be17",
        also=("P1-A-047:object",),  # the object for gas belongs to gas meters
    ),
)


def _fewer_decimals(text: str) -> str:
    return re.sub(r"\(0(\d{4}\.\d\d)\d\*", r"(00\1*", text)


_DECIMALS = (
    _fault(
        "gas-two-decimals-g4",
        "shows the reading of a G4 gas meter with two decimals",
        _TABLE,
        "049:decimals",
        value(_GAS, _fewer_decimals),
    ),
    _fault(
        "gas-three-decimals-g16",
        "shows the reading of a G16 gas meter with three decimals",
        _TABLE,
        "049:decimals",
        declares={"gas_meter_size": "G16"},
    ),
)


def _unread(name: str, summary: str, killer: str, text: str, also: tuple[str, ...] = ()) -> Fault:
    return _fault(
        f"unread-{name}",
        summary,
        _READING,
        f"050:{killer}",
        says(_GAS, text),
        also=also,
        declares=_UNREAD,
    )


_NO_DATA = (
    # what is neither a reading nor the mark for none has not the format of a reading
    _unread("empty-brackets", "shows () for a device not read yet", "shape", "()", _ALSO_FORMAT),
    _unread(
        "date-alone",
        "shows the mark for no data without a value",
        "shape",
        "(632525252525W)",
        _ALSO_FORMAT,
    ),
    _unread(
        "crash-date",
        "shows a date that there is not for a device not read yet",
        "marker",
        "(000000000000W)(00000.000*m3)",
        ("P1-A-035:timestamp",),
    ),
    _unread(
        "value",
        "shows a value beside the mark for no data",
        "marker",
        "(632525252525W)(00012.345*m3)",
        ("P1-A-035:timestamp",),
    ),
    _unread(
        "without-unit",
        "shows the mark for no data and no unit",
        "unit",
        "(632525252525W)(00000.000)",
    ),
)

FAULTS: tuple[Fault, ...] = (*_BLOCK, *_UNITS, *_FLEMISH_METER, *_DECIMALS, *_NO_DATA)


def _other_media(found: Lines) -> list[str]:
    """Add meters of heat, water and electricity, read when the gas meter was."""
    reading = next(one for one in found if one.startswith(f"{_GAS}("))
    stamp = reading[len(_GAS) :].partition(")")[0] + ")"
    more = []
    for channel, kind, text in ((2, 4, "12345.67*GJ"), (3, 7, "123.456*m3"), (4, 2, "5.125*kWh")):
        serial = f"H005900000000000{channel}".encode().hex().upper()
        more += [
            f"0-{channel}:24.1.0({kind:03})",
            f"0-{channel}:96.1.0({serial})",
            f"0-{channel}:24.2.1{stamp}({text})",
        ]
    return [*found, *more]


def _swapped(house: Household) -> Household:
    """Put the devices on each other's channels."""
    count = len(house.submeters)
    subs = tuple(replace(sub, channel=count + 1 - sub.channel) for sub in house.submeters)
    return replace(house, submeters=subs)


VARIATIONS: tuple[Variation, ...] = (
    Variation(
        "p1.all-media",
        "p1",
        "heat, water and slave electricity meters are linked, too",
        _TABLE,
        "nl50",
        (lines(_other_media),),
    ),
    Variation(
        "p1.gas-after-water",
        "p1",
        "the water meter is on channel 1, the gas meter on channel 2",
        _FLEMISH,
        "be17",
        (home(_swapped),),
    ),
    Variation(
        "p1.both-identifiers",
        "p1",
        "a Flemish gas meter shows both of its identifiers",
        _FLEMISH,
        "be17",
        (
            lines(
                lambda found: [
                    part
                    for one in found
                    for part in (
                        [one, one.replace("96.1.1", "96.1.0")]
                        if one.startswith("0-1:96.1.1(")
                        else [one]
                    )
                ]
            ),
        ),
    ),
    Variation(
        "p1.unknown-device-type",
        "p1",
        "a device of a type that nobody knows is linked",
        _TABLE,
        "nl50",
        (says(_TYPE, "(099)"),),
        {"P1/GAS": False},
    ),
    Variation(
        "p1.unread-and-absent",
        "p1",
        "a device that has not been read yet is not shown",
        _READING,
        "nl50",
        (home(lambda house: replace(house, submeters=())),),
        {"P1/MBUS": False, "P1/GAS": False, "P1/MBUS-UNREAD": True},
    ),
)
