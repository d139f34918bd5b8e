"""The S1 port: HDLC frames of type 1 that carry samples of voltage and current."""
