"""Households as they are found in one country: zone, tariff numbering, names of makers."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from bench.core.errors import UsageError
from bench.simulator.household import Household, Medium, SubMeter, Tariffs, digits
from bench.simulator.load import between


def _gas(seed: int, prefix: str, count: int, channel: int = 1, capture_s: int = 300) -> SubMeter:
    return SubMeter(
        channel,
        Medium.GAS,
        prefix + digits(count, seed, 31, channel),
        start_ml=between(100_000_000, 9_000_000_000, seed, 32, channel) // 1000 * 1000,
        capture_s=capture_s,
        ean="5414489" + digits(11, seed, 33, channel),
    )


def _water(seed: int, prefix: str, count: int, channel: int = 2) -> SubMeter:
    return SubMeter(
        channel,
        Medium.WATER,
        prefix + digits(count, seed, 34, channel),
        start_ml=between(10_000_000, 900_000_000, seed, 35, channel),
        valve=None,
        ean="5414489" + digits(11, seed, 36, channel),
    )


def _netherlands(seed: int) -> Household:
    return Household(serial="E0026" + digits(12, seed, 30), submeters=(_gas(seed, "G0059", 12),))


def _netherlands_hourly(seed: int) -> Household:
    """Meters before DSMR 5 fetched the gas reading once an hour."""
    return Household(
        serial="K8EG" + digits(11, seed, 30),
        submeters=(_gas(seed, "G0059", 12, capture_s=3600),),
    )


def _belgium(seed: int) -> Household:
    return Household(
        zone="Europe/Brussels",
        tariffs=Tariffs(peak=1, off=2, to_hour=22),
        serial="1SAG" + digits(10, seed, 30),
        ean="5414489" + digits(11, seed, 37),
        submeters=(_gas(seed, "7FLO", 10), _water(seed, "8SAG", 10)),
    )


def _belgium_gas(seed: int) -> Household:
    """Editions before eMUCS-P1 1.6 show no water."""
    return replace(_belgium(seed), submeters=(_gas(seed, "7FLO", 10),))


def _one_phase(seed: int) -> Household:
    return replace(_netherlands(seed), phases=1)


def _solar(seed: int) -> Household:
    """So much on the roof that around noon in summer nothing is drawn."""
    return replace(_netherlands(seed), solar_peak_w=15_000)


def _four_submeters(seed: int) -> Household:
    heat = SubMeter(
        3,
        Medium.HEAT,
        "6HEA" + digits(10, seed, 38),
        start_ml=between(10_000_000, 900_000_000, seed, 39),
        valve=None,
    )
    electricity = SubMeter(
        4,
        Medium.ELECTRICITY,
        "1SUB" + digits(10, seed, 40),
        start_ml=between(1_000_000_000, 9_000_000_000, seed, 41),
        valve=None,
    )
    gas, water = _gas(seed, "G0059", 12), _water(seed, "W0001", 12)
    return replace(_netherlands(seed), submeters=(gas, water, heat, electricity))


def _delta(seed: int) -> Household:
    """Three phases of 230 V without neutral, as in older Belgian streets."""
    return replace(_belgium(seed), delta=True)


def _belgium_one_phase(seed: int) -> Household:
    return replace(_belgium(seed), phases=1)


def _luxembourg(seed: int) -> Household:
    return Household(
        zone="Europe/Luxembourg",
        tariffs=Tariffs(peak=1, off=1, count=1),
        serial="SAG1" + digits(12, seed, 30),
        limiter_kw=Decimal("69.0"),
        fuse_a=Decimal(100),
        submeters=(_gas(seed, "FLO", 11),),
    )


def _sweden(seed: int) -> Household:
    return Household(
        zone="Europe/Stockholm",
        daylight_saving=False,  # Swedish normal time all year (Swedenergy rec. 3.1)
        tariffs=Tariffs(peak=1, off=1, count=1),
        serial="7359992" + digits(11, seed, 30),
    )


def _austria(seed: int) -> Household:
    return Household(zone="Europe/Vienna", serial="SAG" + digits(12, seed, 30))


def _hungary(seed: int) -> Household:
    return Household(
        zone="Europe/Budapest",
        tariffs=Tariffs(peak=1, off=2, count=4),
        serial="SAG" + digits(13, seed, 30),
    )


def _switzerland(seed: int) -> Household:
    return Household(
        zone="Europe/Zurich",
        tariffs=Tariffs(peak=1, off=2),
        serial="SAG" + digits(12, seed, 30),
    )


def _lithuania(seed: int) -> Household:
    return Household(
        zone="Europe/Vilnius",
        tariffs=Tariffs(peak=1, off=2, count=4),
        serial="SAG" + digits(12, seed, 30),
    )


def _germany(seed: int) -> Household:
    return Household(
        zone="Europe/Berlin",
        tariffs=Tariffs(peak=1, off=1, count=1),
        serial="1ESY" + digits(10, seed, 30),
    )


_PRESETS: dict[str, Callable[[int], Household]] = {
    "nl": _netherlands,
    "nl-hourly": _netherlands_hourly,
    "nl-one-phase": _one_phase,
    "nl-solar": _solar,
    "nl-four-submeters": _four_submeters,
    "be": _belgium,
    "be-one-phase": _belgium_one_phase,
    "be-delta": _delta,
    "be-gas": _belgium_gas,
    "lu": _luxembourg,
    "se": _sweden,
    "at": _austria,
    "hu": _hungary,
    "ch": _switzerland,
    "lt": _lithuania,
    "de": _germany,
}


def household(name: str, seed: int) -> Household:
    """Return the household called `name` with serial numbers drawn by `seed`.

    Raises UsageError for an unknown name.
    """
    try:
        return _PRESETS[name](seed)
    except KeyError:
        known = ", ".join(sorted(_PRESETS))
        raise UsageError(f"no household {name!r} (known: {known})") from None
