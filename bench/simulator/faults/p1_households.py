"""Households that change or are unlike others: every case must pass with each of them."""

from collections.abc import Callable
from dataclasses import replace

from bench.simulator.faults.fault import Alteration, Variation
from bench.simulator.faults.p1_clock import start
from bench.simulator.faults.p1_edit import home, p1_variation
from bench.simulator.household import Exchange, Household, Medium, SubMeter
from bench.simulator.ports.p1 import DEFAULT_SEED
from bench.simulator.presets import household

_LINKING = "DSMR-5.0.2:7.7"
_TABLE = "DSMR-5.0.2:6.12"
_OTHER_GAS = SubMeter(1, Medium.GAS, "G0059002617171717", start_ml=17_000)
_NEW_WATER = SubMeter(3, Medium.WATER, "W0001002617171717", valve=None)


def _with_devices_of(name: str) -> Callable[[Household], Household]:
    devices = household(name, DEFAULT_SEED).submeters
    return lambda found: replace(found, submeters=devices)


def _hourly(found: Household) -> Household:
    hourly = (replace(sub, capture_s=3600) for sub in found.submeters)
    return replace(found, submeters=tuple(hourly))


def _exchange(after_s: int, device: SubMeter) -> Alteration:
    return home(lambda found: replace(found, exchanges=(Exchange(after_s, device),)))


VARIATIONS: tuple[Variation, ...] = (
    p1_variation(
        "four-devices",
        "gas, water, heat and electricity are linked, one on each channel",
        _TABLE,
        home(_with_devices_of("nl-four-submeters")),
    ),
    p1_variation(
        "four-devices-nl42",
        "gas, water, heat and electricity are linked and read once an hour",
        "DSMR-4.2.2:5.12",
        home(_with_devices_of("nl-four-submeters")),
        home(_hourly),
        profile="nl42",
    ),
    p1_variation(
        "gas-meter-exchanged",
        "the gas meter is exchanged while telegrams are observed",
        _LINKING,
        start("2026-01-15T09:58:00"),
        _exchange(100, _OTHER_GAS),
        declares={"P1/MBUS-UNREAD": True},
    ),
    p1_variation(
        "water-meter-linked",
        "a water meter is linked while telegrams are observed",
        _LINKING,
        start("2026-01-15T09:58:00"),
        _exchange(100, _NEW_WATER),
        declares={"P1/MBUS-UNREAD": True},
    ),
    p1_variation(
        "seconds-end-at-the-start",
        "the clock steps to the next second just when telegrams begin",
        "DSMR-5.0.2:6.2",
        start("2026-01-15T09:59:59.980001"),
    ),
    p1_variation(
        "loads-change-sides",
        "a roof of 15 kW feeds in on a morning in spring, so that the sum changes its sign",
        _TABLE,
        start("2026-04-02T08:10:00"),
        home(lambda found: replace(found, solar_peak_w=15_000)),
    ),
)
