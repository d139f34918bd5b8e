"""Floor 3: how octets reach the bench (serial, TCP, UDP, recordings, the simulator)."""
