"""An application process that repeats what it is told; it stands where a meter will."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.simulator.ports.wan_application import Channel, Push


@dataclass(frozen=True, slots=True)
class WanOptions:
    """Which rules are broken."""

    breaks: frozenset[str] = frozenset()


class Echo:
    """Answers with what it got; an empty APDU is not answered."""

    def receive(self, apdu: bytes, now: int) -> bytes | None:  # noqa: ARG002
        """Return the APDU."""
        return apdu or None

    def close(self, now: int) -> None:
        """Do nothing."""


class EchoApplication:
    """Has the logical device 1 alone."""

    def channel(self, client_sap: int, server_sap: int) -> Channel | None:  # noqa: ARG002
        """Return an echo."""
        return Echo() if server_sap == 1 else None

    def next_event(self) -> int | None:
        """Return None."""
        return None

    def advance(self, now: int) -> Sequence[Push]:  # noqa: ARG002
        """Return nothing."""
        return ()
