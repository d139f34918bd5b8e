"""APDUs in wrapper units over UDP: one unit in each datagram, in both directions."""

from suites.wan_dlms.transport import Wire
from suites.wan_dlms.wrapper_transport import UnitLine, WrapperTransport

#: what a datagram carries: 65 535 less the headers of IP and UDP, less that of the wrapper
LARGEST_APDU = 65_535 - 28 - 8


class UdpTransport(WrapperTransport):
    """One client's datagrams; there is no connection that could end."""

    @property
    def largest_apdu(self) -> int | None:
        """What a datagram can carry."""
        return LARGEST_APDU


def datagram_line(wire: Wire) -> UnitLine:
    """Return the units of a wire on which each chunk is one datagram."""
    return UnitLine(wire, datagrams=True)
