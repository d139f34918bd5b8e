"""Floor 1: sans-io codecs and state machines, a package per standard."""
