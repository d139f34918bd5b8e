"""All deviations of the S1 port, in the order of the catalogue."""

from bench.simulator.faults import (
    s1_activation,
    s1_angles,
    s1_channels,
    s1_converters,
    s1_fields,
    s1_frames,
    s1_line,
    s1_signals,
    s1_timing,
)
from bench.simulator.faults.fault import Fault, Variation

FAULTS: tuple[Fault, ...] = (
    *s1_line.FAULTS,
    *s1_frames.FAULTS,
    *s1_fields.FAULTS,
    *s1_timing.FAULTS,
    *s1_channels.FAULTS,
    *s1_angles.FAULTS,
    *s1_signals.FAULTS,
    *s1_converters.FAULTS,
    *s1_activation.FAULTS,
)
VARIATIONS: tuple[Variation, ...] = (
    *s1_line.VARIATIONS,
    *s1_frames.VARIATIONS,
    *s1_fields.VARIATIONS,
    *s1_timing.VARIATIONS,
    *s1_channels.VARIATIONS,
    *s1_angles.VARIATIONS,
    *s1_signals.VARIATIONS,
    *s1_activation.VARIATIONS,
)
