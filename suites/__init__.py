"""Floor 5: the conformance cases, a package per interface."""
