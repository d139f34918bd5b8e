"""Deviations of a port that is closed and opened by consent: rows P1-A-080 to P1-A-082."""

from collections.abc import Sequence

from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.p1_edit import p1_fault, p1_variation
from bench.simulator.ports.p1 import Stage

_ACTIVATION = "Fluvius-P1-S1:6.1"
_POWER = ("1-0:1.7.0(00.523*kW)", "1-0:2.7.0(00.000*kW)")
_ELECTRICITY = (
    "0-0:96.1.4(50217)",
    "1-0:1.8.1(001438.623*kWh)",
    "1-0:1.8.2(004831.273*kWh)",
    "1-0:2.8.1(002232.338*kWh)",
    "1-0:2.8.2(007518.136*kWh)",
    "0-0:96.14.0(0001)",
    *_POWER,
)


def _while_closed(lines: Sequence[str]) -> Alteration:
    """Go on sending these lines while the port is deactivated."""
    return Alteration(Stage.DEACTIVATED, lambda _none, _index: tuple(lines))


def _once_open(*dropped: str) -> Alteration:
    """Leave out what starts so once the port is activated again."""
    return Alteration(
        Stage.REACTIVATED,
        lambda found, _index: tuple(one for one in found if not one.startswith(dropped)),
    )


_S1_GOES_ON = Alteration(Stage.S1, lambda _sends, _index: True)
#: a port that goes on sending does not stop together with S1 either
_NOT_TOGETHER = ("P1-A-082:stop-together",)

FAULTS: tuple[Fault, ...] = (
    p1_fault(
        "deactivated-power",
        "goes on showing the power while the port is deactivated",
        _ACTIVATION,
        ("P1-A-080:no-object",),
        _while_closed(_POWER),
        also=_NOT_TOGETHER,
        profile="be17",
    ),
    p1_fault(
        "deactivated-electricity",
        "leaves out only the sub-meters while the port is deactivated",
        _ACTIVATION,
        ("P1-A-080:no-object",),
        _while_closed(_ELECTRICITY),
        also=_NOT_TOGETHER,
        profile="be17",
    ),
    p1_fault(
        "deactivated-free-running",
        "does not close the ports at all",
        _ACTIVATION,
        ("P1-A-080:no-object", "P1-A-082:stop-together"),
        _while_closed(_ELECTRICITY),
        _S1_GOES_ON,
        profile="be17",
    ),
    p1_fault(
        "deactivated-header",
        "goes on sending telegrams without any object while the port is deactivated",
        _ACTIVATION,
        ("P1-A-080:silent",),
        _while_closed(()),
        also=_NOT_TOGETHER,
        profile="be17",
    ),
    p1_fault(
        "deactivated-s1-goes-on",
        "closes P1 but not S1",
        _ACTIVATION,
        ("P1-A-082:stop-together",),
        _S1_GOES_ON,
        profile="be17",
    ),
    p1_fault(
        "reactivated-subset",
        "comes back with the total power alone",
        _ACTIVATION,
        ("P1-A-081:all-back",),
        _once_open("1-0:3", "1-0:5", "1-0:7", "1-0:2", "1-0:4", "1-0:6", "0-1", "0-2"),
        profile="be17",
    ),
    p1_fault(
        "reactivated-without-gas",
        "comes back without the gas meter",
        _ACTIVATION,
        ("P1-A-081:all-back",),
        _once_open("0-1:"),
        profile="be17",
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    p1_variation(
        "activation-nl50",
        "the port of a Dutch meter can be closed, too",
        _ACTIVATION,
        declares={"P1/ACTIVATION": True},
    ),
    p1_variation(
        "activation-se",
        "the operator opens and closes the port",
        "SE-H1-2.0:3.2",
        profile="se",
        declares={"P1/ACTIVATION": True},
    ),
)
