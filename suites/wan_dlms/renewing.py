"""Ends connections and makes them anew, where the link has any."""

from bench.core.link import Capability
from suites.wan_dlms.declared import LinkLayer
from suites.wan_dlms.meter import Meter


def renew(meter: Meter, *, abrupt: bool = False) -> bool:
    """Make the connection anew where there is one; return whether the device took it."""
    if meter.context.connection.has(Capability.CONNECTION):
        return meter.reconnect(abrupt=abrupt)
    return not meter.context.connection.ended


def has_connections(meter: Meter) -> bool:
    """Whether the link layer itself has connections that a client ends."""
    can = meter.context.connection.has(Capability.CONNECTION)
    return can and meter.declared.link_layer is LinkLayer.WRAPPER
