"""Every fault and variation of the device as one, each of which lies in one of its ports."""

from bench.simulator.faults import (
    system_activation,
    system_clock,
    system_identity,
    system_registers,
    system_secrets,
    system_supply,
    system_update,
    system_variations,
)
from bench.simulator.faults.fault import Fault, Variation

FAULTS: tuple[Fault, ...] = (
    *system_activation.FAULTS,
    *system_identity.FAULTS,
    *system_registers.FAULTS,
    *system_clock.FAULTS,
    *system_supply.FAULTS,
    *system_secrets.FAULTS,
    *system_update.FAULTS,
)
VARIATIONS: tuple[Variation, ...] = (*system_variations.VARIATIONS, *system_update.VARIATIONS)
