"""Floor 2: the built-in metering system, its ports and its faults."""
