"""What the link layers of the WAN port ask of the application process above them."""

from collections.abc import Callable, Iterable
from typing import Protocol


class Channel(Protocol):
    """One client talking to one logical device over one connection."""

    def receive(self, apdu: bytes, now: int) -> bytes | None:
        """Return the answer to an APDU, None where there is none."""
        ...

    def following(self) -> list[bytes]:
        """Return the APDUs that go out right after the last answer, none of them twice."""
        ...

    def close(self, now: int) -> None:
        """End what was associated: the connection below is gone."""
        ...


class Push(Protocol):
    """An APDU that nobody asked for."""

    @property
    def client_sap(self) -> int:
        """The client that it is for."""
        ...

    @property
    def server_sap(self) -> int:
        """The logical device that it comes from."""
        ...

    @property
    def apdu(self) -> bytes:
        """What is to be sent."""
        ...


class ApplicationProcess(Protocol):
    """What answers APDUs, whichever link layer has brought them.

    `on_crash`, if it is set, is called with the instant when the whole meter falls over.
    """

    on_crash: Callable[[int], None] | None

    def channel(self, client_sap: int, server_sap: int) -> Channel | None:
        """Return a new channel, None where no such logical device is."""
        ...

    def supply_cut(self) -> None:
        """Take note that the supply is cut; channels have been closed by then."""
        ...

    def next_event(self) -> int | None:
        """Return when `advance` has something to do, None while it has nothing."""
        ...

    def advance(self, now: int) -> Iterable[Push]:
        """Let what is due by `now` happen; return what is to be sent unasked."""
        ...
