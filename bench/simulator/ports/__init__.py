"""The ports of the metering system, sans-io: `receive`, `next_event`, `emit`."""
