"""Legal oddities of the device as one, on which all its ports must agree."""

from dataclasses import replace
from decimal import Decimal

from bench.simulator.faults.fault import Variation
from bench.simulator.faults.system_edit import (
    ONE_TRUTH,
    Declared,
    home,
    start,
    system_variation,
)
from bench.simulator.household import Household
from bench.simulator.presets import household

_SEED = 10


def _preset(name: str) -> Household:
    return household(name, _SEED)


_ONE_PHASE: Declared = {"p1": {"P1/POLYPHASE": False}, "s1": {"S1/POLYPHASE": False}}
_DELTA: Declared = {"p1": {"P1/DELTA": True}, "s1": {"S1/DELTA": True, "S1/NEUTRAL": False}}
_NO_SUBMETERS: Declared = {"p1": {"P1/MBUS": False, "P1/GAS": False}}
_DUTCH_PORT: Declared = {"p1": {"profile": "nl50"}}

VARIATIONS: tuple[Variation, ...] = (
    system_variation(
        "household-feeds-in",
        "feeds in all the time",
        ONE_TRUTH,
        home(lambda house: replace(house, held_w=-4321)),
    ),
    system_variation(
        "household-idle",
        "neither draws nor feeds in anything",
        ONE_TRUTH,
        home(lambda house: replace(house, held_w=0)),
    ),
    system_variation(
        "household-one-phase",
        "hangs on one phase",
        ONE_TRUTH,
        home(lambda _house: _preset("be-one-phase")),
        declares=_ONE_PHASE,
    ),
    system_variation(
        "household-delta",
        "hangs on three phases of 230 V without neutral",
        ONE_TRUTH,
        home(lambda _house: _preset("be-delta")),
        declares=_DELTA,
    ),
    system_variation(
        "household-alone",
        "has no sub-meter",
        ONE_TRUTH,
        home(lambda house: replace(house, submeters=())),
        declares=_NO_SUBMETERS,
    ),
    system_variation(
        "household-limited",
        "has thresholds, and its registers stand near their end",
        ONE_TRUTH,
        home(
            lambda house: replace(
                house, limiter_kw=Decimal("9.2"), fuse_a=Decimal(40), start_wh=999_999_900
            )
        ),
    ),
    system_variation(
        "household-summer",
        "starts in summer, at night",
        ONE_TRUTH,
        start("2026-07-18T23:59:30"),
    ),
    system_variation(
        "household-without-summer-time",
        "keeps standard time all year",
        ONE_TRUTH,
        home(lambda house: replace(house, daylight_saving=False)),
    ),
    system_variation(
        "household-changeover",
        "starts shortly before clocks are changed",
        ONE_TRUTH,
        start("2026-10-25T01:58:00+02:00"),
    ),
    system_variation(
        "p1-dutch",
        "shows the household on P1 as meters of the Netherlands do",
        ONE_TRUTH,
        home(lambda _house: _preset("be")),
        declares=_DUTCH_PORT,
    ),
)
