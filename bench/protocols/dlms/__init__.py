"""DLMS/COSEM: the application layer (IEC 62056-5-3) and its TCP/UDP wrapper (IEC 62056-47)."""
