"""The WAN suite: meters that speak DLMS/COSEM over HDLC, TCP or UDP."""
