"""meterbench: conformance and interoperability bench for the ports of smart meters."""

__version__ = "0.1.0"
