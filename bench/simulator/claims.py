"""What the reference device of an edition truthfully declares about itself."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from bench.core.errors import UsageError
from bench.protocols.p1.profile import load_profile
from bench.simulator.household import Household, Medium
from bench.simulator.ports.p1 import DEFAULT_SEED, household_name
from bench.simulator.presets import household

#: how long a stream is watched, for who has hundreds of devices to judge; faults that show later
#: declare more
_SHORTER: Mapping[str, Mapping[str, object]] = {"s1": {"observation_s": 30.0, "long_run_s": 120.0}}


def claims(interface: str, profile: str) -> Mapping[str, object]:
    """Return the ICS answers and IXIT values of the simulated device of `profile`."""
    if interface in ("s1", "wan"):
        return _shipped_claims(interface)
    if interface != "p1":
        raise UsageError(f"the simulator has no reference device for interface {interface!r}")
    return _p1_claims(household(household_name(load_profile(profile)), DEFAULT_SEED))


def _p1_claims(home: Household) -> Mapping[str, object]:
    gas = any(sub.medium is Medium.GAS for sub in home.submeters)
    size = {"gas_meter_size": "G4"} if gas else {}
    return {
        "P1/POLYPHASE": home.phases > 1,
        "P1/MBUS": bool(home.submeters),
        "P1/GAS": gas,
        "P1/MBUS-UNREAD": any(not sub.answers for sub in home.submeters),
        "P1/LIMITER": home.limiter_kw is not None,
        "P1/FUSE": home.fuse_a is not None,
        **size,
    }


@cache
def _shipped_claims(interface: str) -> Mapping[str, object]:
    """Return what the shipped declaration says: the port has one reference device."""
    text = resources.files("bench.simulator").joinpath("device.toml").read_text(encoding="utf-8")
    section = tomllib.loads(text)[interface]
    return {**section.get("ics", {}), **section.get("ixit", {}), **_SHORTER.get(interface, {})}
