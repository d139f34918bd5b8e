"""Logical names of the objects that hold associations, security and the logical devices."""

from bench.protocols.dlms.cosem_types import LogicalName

LOGICAL_DEVICE_NAME = LogicalName(0, 0, 42, 0, 0, 255)
CLOCK = LogicalName(0, 0, 1, 0, 0, 255)
SAP_ASSIGNMENT = LogicalName(0, 0, 41, 0, 0, 255)
CURRENT_ASSOCIATION = LogicalName(0, 0, 40, 0, 0, 255)


def association_name(instance: int) -> LogicalName:
    """Return the name of an association object; instance 0 is the current one."""
    return LogicalName(0, 0, 40, 0, instance, 255)


def security_setup_name(suite: int) -> LogicalName:
    """Return the name of the security setup of a suite."""
    return LogicalName(0, 0, 43, 0, suite, 255)


def counter_name(suite: int) -> LogicalName:
    """Return the name of the invocation counter of a suite."""
    return LogicalName(0, 0, 43, 1, suite, 255)
