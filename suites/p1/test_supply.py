"""Area A5, the 5 V supply of the port (DSMR 5.0.2 §5.3, §5.5.2); needs an adapter that loads it."""

from bench.core.case import Case, Effects, Kind, case
from bench.core.link import Capability, Supply
from bench.core.measurement import Limits, Measurement
from bench.engine.checks import Checks
from bench.engine.context import CaseContext

_SUPPLY = "DSMR-5.0.2:5.3"
_SHORT_CIRCUIT = "DSMR-5.0.2:5.5.2"
_LOADS_MA = (0, 100, 250)
_OVERLOAD_MA = 350
_AFTERWARDS_MA = 100
_VOLTAGE = Limits(4.9, 5.5)
_TRIP = Limits(high=300)
_SHORTED = Limits(high=50)


def _volts(measured: Supply) -> Measurement:
    return Measurement(measured.voltage_v, measured.voltage_u_v, "V")


def _milliampere(measured: Supply) -> Measurement:
    return Measurement(measured.current_ma, measured.current_u_ma, "mA")


@case(
    Case(
        id="P1-A-070",
        version=1,
        interface="p1",
        title="5 V supply",
        purpose="Ensure that the port feeds its reader, limits an overload and survives a short "
        "circuit.",
        stimulus="Load the supply with 0, 100 and 250 mA, ask for 350 mA, short it, and load it "
        "with 100 mA again.",
        criterion="4.9 V to 5.5 V up to 250 mA; no more than 300 mA on overload; no more than "
        "50 mA into a short circuit; 4.9 V to 5.5 V again afterwards.",
        kind=Kind.VALID,
        clauses=(_SUPPLY, _SHORT_CIRCUIT),
        ics="P1/DSMR-5",
        needs=(Capability.SUPPLY,),
        effects=Effects.REVERSIBLE,
        detects=(
            "p1.supply-low",
            "p1.supply-high",
            "p1.supply-without-limit",
            "p1.supply-short-circuit",
        ),
        bound_s=120,
    )
)
def test_supply(context: CaseContext, verify: Checks) -> None:
    """A reader can live from the port, and cannot break it."""
    link = context.link
    try:
        for load_ma in _LOADS_MA:
            verify.within(
                f"voltage-{load_ma}-mA", _volts(link.supply(load_ma)), _VOLTAGE, clause=_SUPPLY
            )
        overloaded = link.supply(_OVERLOAD_MA)
        verify.within("overload", _milliampere(overloaded), _TRIP, clause=_SUPPLY)
        shorted = link.supply(None)
        verify.within("short-circuit", _milliampere(shorted), _SHORTED, clause=_SHORT_CIRCUIT)
        again = link.supply(_AFTERWARDS_MA)
        verify.within("recovery", _volts(again), _VOLTAGE, clause=_SHORT_CIRCUIT)
    finally:
        link.supply(0)
