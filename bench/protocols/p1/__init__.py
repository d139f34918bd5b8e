"""The P1 port: DSMR, eMUCS and related telegrams (IEC 62056-21 mode D with OBIS codes)."""
