"""DLMS/COSEM security: algorithms and rules (IEC 62056-5-3 cl. 5, Green Book 9.2), all pure."""
