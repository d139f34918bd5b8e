"""Passive observation: what a listening interface delivers, watched once and shared by cases."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol

from bench.core.line import LineErrors
from bench.core.trace import Chunk, Frame


class Ended(StrEnum):
    """Why an observation ended."""

    COMPLETE = "complete"  # all that was wanted was seen
    SILENCE = "silence"  # nothing more came in time
    RECORDING = "recording"  # the recording is exhausted
    INTERRUPTED = "interrupted"  # the adapter was lost
    OVERRUN = "overrun"  # the host did not take all octets
    STOPPED = "stopped"  # the operator stopped the run


class Watch(Protocol):
    """What a suite sees in a stream of chunks; it does no I/O and reads no clock.

    The same chunks give the same findings, so an observation can be judged again from its
    recording.
    """

    def feed(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        ...

    def finish(self, ended: Ended) -> None:
        """Take the end of the stream."""
        ...

    def complete(self) -> bool:
        """Return whether all that is wanted was seen."""
        ...

    def deadline_ns(self, started_ns: int) -> int:
        """Return the instant at which waiting for more is given up."""
        ...

    def counted(self) -> int:
        """Return how many protocol units were seen."""
        ...

    def frame(self, number: int) -> Frame:
        """Return the protocol unit with this number, with its annotated fields."""
        ...


@dataclass(frozen=True, slots=True)
class ObservationRecord:
    """What observation.json says beside the recorded chunks.

    `line_errors` are what the UART counted meanwhile: no recording holds them. None where the
    link does not count.
    """

    interface: str
    number: int
    ended: Ended
    units: int
    octets: int
    started_ns: int
    finished_ns: int
    epoch_ns: int
    line_errors: LineErrors | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "interface": self.interface,
            "number": self.number,
            "ended": str(self.ended),
            "telegrams": self.units,
            "octets": self.octets,
            "started_ns": self.started_ns,
            "finished_ns": self.finished_ns,
            "epoch_ns": self.epoch_ns,
            "line_errors": None if self.line_errors is None else asdict(self.line_errors),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ObservationRecord":
        """Return the record that `to_json` wrote."""
        return cls(
            data["interface"],
            data["number"],
            Ended(data["ended"]),
            data["telegrams"],
            data["octets"],
            data["started_ns"],
            data["finished_ns"],
            data["epoch_ns"],
            None if data["line_errors"] is None else LineErrors(**data["line_errors"]),
        )
