"""The objects of the reference meter: what it shows on the WAN of the truth that P1 shows, too.

Associations, security setups, their counters and the SAP assignment belong to the application
process, which adds them.
"""

from bench.simulator.cosem.clock import Clock
from bench.simulator.cosem.device import LogicalDevice
from bench.simulator.cosem.image_transfer import ImageLimits
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.parts import Parts
from bench.simulator.cosem.past import Past
from bench.simulator.cosem.reference_actions import actions
from bench.simulator.cosem.reference_identity import identity
from bench.simulator.cosem.reference_ports import user_ports
from bench.simulator.cosem.reference_profiles import profiles
from bench.simulator.cosem.reference_registers import registers
from bench.simulator.cosem.reference_setup import setup
from bench.simulator.cosem.reference_submeters import submeters
from bench.simulator.cosem.truth import Truth
from bench.simulator.metering_system import MeteringSystem

__all__ = ["reference_device", "reference_objects"]


def reference_objects(truth: Truth, limits: ImageLimits | None = None) -> list[CosemObject]:
    """Return the objects of the reference meter, in the order of its object list."""
    parts = Parts(truth, Past(truth.system), limits or ImageLimits())
    return [
        *identity(parts),
        Clock("0-0:1.0.0", truth.system),
        *registers(truth.system.household),
        *profiles(parts),
        *actions(parts),
        *setup(parts),
        *submeters(parts),
        *user_ports(parts),
    ]


def reference_device(
    system: MeteringSystem,
    breaks: frozenset[str] = frozenset(),
    limits: ImageLimits | None = None,
) -> LogicalDevice:
    """Return the logical device of the reference meter; `breaks` are rules it does not keep."""
    truth = Truth(system)
    return LogicalDevice(system, reference_objects(truth, limits), breaks, truth=truth)
