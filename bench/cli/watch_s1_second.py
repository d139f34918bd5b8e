"""What one second of an S1 stream was, and what all of them were together."""

from dataclasses import dataclass
from typing import Any

from bench.cli.s1_figures import Figures, gathered
from bench.cli.s1_summary import sequence_of
from bench.core.clock import SECOND
from bench.core.line import LineErrors
from bench.protocols.s1.bulk import BulkCutter
from bench.protocols.s1.damaged import pieces
from bench.protocols.s1.profile import Profile
from bench.protocols.s1.reading import FRAMES, damaged_telegram
from bench.protocols.s1.stream import Discard

_SILENT_NS = 5 * SECOND
_LOOKED_AT = 1024  # octets at the end of a second without a frame
_ERRORS = (Discard.FCS, Discard.RUNT, Discard.ABORT)


@dataclass(frozen=True, slots=True)
class Second:
    """What arrived since the last one was shown; `elapsed_s` is how long that is.

    It is None where a recording does not say when its octets arrived.
    """

    at_s: float
    elapsed_s: float | None
    octets: int
    figures: Figures
    meter_id: str
    errors: int
    discarded: int
    gaps: int
    missing: int
    repeated: int
    line: LineErrors | None
    note: str

    @property
    def frames_per_s(self) -> float | None:
        """How many good frames came in a second; None where there is no time."""
        return self.figures.frames / self.elapsed_s if self.elapsed_s else None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        announced, rate = self.figures.rate_hz, self.frames_per_s
        row = {
            "t_s": round(self.at_s, 3),
            "octets": self.octets,
            "frames": self.figures.frames,
            "frames_per_s": None if rate is None else round(rate, 1),
            "meter_id": self.meter_id,
            "announced_hz": None if announced is None else round(announced, 3),
            **self.figures.to_json(),
            "frame_errors": self.errors,
            "discarded_octets": self.discarded,
            "sequence_gaps": self.gaps,
            "missing": self.missing,
            "repeated": self.repeated,
            "note": self.note,
        }
        if self.line is not None:
            row["line_errors"] = {
                "framing": self.line.framing,
                "parity": self.line.parity,
                "overrun": self.line.overrun,
            }
        return row


class Watched:
    """Takes the octets of a port; keeps sums alone, however long it lasts."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._cutter = BulkCutter(profile)
        self._sequence = sequence_of(profile)
        self._all = Figures(profile)
        self._now = Figures(profile)
        self._octets = 0
        self._tail = b""
        self._joined: int | None = None  # octets of the frame that was under way at the start
        self._heard_at: int | None = None
        self._began_at: int | None = None
        self._seconds = 0.0
        self._before = (0, 0, 0, 0, 0)

    @property
    def frames(self) -> int:
        """Good frames so far, also those too short for what the profile knows."""
        return self._cutter.statistics.frames

    @property
    def octets_of_second(self) -> int:
        """Octets that no second has shown yet."""
        return self._octets

    def feed(self, octets: bytes, now: int) -> None:
        """Take octets that have arrived by `now`."""
        self._heard_at = now
        self._octets += len(octets)
        self._tail = (self._tail + octets)[-_LOOKED_AT:]
        for block in gathered(self._cutter.feed(octets)):
            if self._joined is None:
                first = int(block.offsets[0])
                self._joined = first if first < self.profile.frame_octets else 0
            if block.complete:
                self._now.add(block)
                self._all.add(block)
                self._sequence.add(block.sequence, block.offsets)

    def second(
        self, at_s: float, elapsed_s: float | None, now: int, line: LineErrors | None
    ) -> Second:
        """Return what came since the last call, and begin anew."""
        if self._began_at is None:
            self._began_at = now - round((elapsed_s or 0) * SECOND)
        figures, octets = self._now, self._octets
        self._now, self._octets = Figures(self.profile), 0
        self._seconds = at_s
        counts = self._counts()
        errors, lost, gaps, missing, repeated = (
            after - before for after, before in zip(counts, self._before, strict=True)
        )
        self._before = counts
        ids = figures.meter_ids
        return Second(
            at_s,
            elapsed_s,
            octets,
            figures,
            meter_id=ids[0] if ids else "",
            errors=errors,
            discarded=lost,
            gaps=gaps,
            missing=missing,
            repeated=repeated,
            line=line,
            note=self._note(octets, figures.frames, len(ids), now),
        )

    def _counts(self) -> tuple[int, int, int, int, int]:
        """Return errors, octets lost, gaps, missing, repeated: of the whole time."""
        statistics, sequence = self._cutter.statistics, self._sequence
        errors = sum(statistics.events[kind] for kind in _ERRORS)
        lost = statistics.lost - (self._joined or 0)
        return errors, lost, sequence.gaps, sequence.missing, sequence.repeated

    def _note(self, octets: int, frames: int, ids: int, now: int) -> str:
        """Return what somebody should know who sees nothing, or nothing sensible."""
        if frames:
            return f"{ids} meter ids within a second" if ids > 1 else ""
        if not octets:
            since = self._heard_at if self._heard_at is not None else self._began_at
            silent = now - (since or 0)
            if silent < _SILENT_NS:
                return "no octet"
            return f"no octet for {silent // SECOND} s; is the port activated, the cable in?"
        found = [one for one in pieces(self._tail, 0, self.profile) if one.kind in FRAMES]
        usual = [one for one in found if len(one.octets) >= self.profile.frame_octets - 4]
        rate = self.profile.line_rate_bps
        for piece in usual[:1]:
            problems = damaged_telegram(piece, self.profile).problems
            if len(usual) > 2 and problems:
                return f"no good frame: {problems[0].message}"
        return (
            f"{octets} octets, but no frame; is it an S1 port, and its line rate {rate} bit/s "
            "(--profile)?"
        )

    def summary(self) -> list[str]:
        """Return lines about the whole time."""
        figures, statistics = self._all, self._cutter.statistics
        errors, lost, gaps, missing, repeated = self._counts()
        lines = [
            f"{self._seconds:.1f} s, {statistics.octets} octets, {statistics.frames} good frames, "
            f"{errors} frame errors, {lost} octets discarded, {gaps} sequence gaps "
            f"({missing} missing, {repeated} repeated)"
        ]
        if figures.frames:
            lines.append(f"meter id {', '.join(figures.meter_ids[:4])}")
            lines += amounts(figures)
        return lines


def amounts(figures: Figures) -> list[str]:
    """Return effective values, powers and frequency as lines."""
    channels = figures.profile.channels
    frequency = figures.frequency_hz
    volts = "  ".join(f"{figures.rms(c.id):.2f}" for c in channels if c.unit == "V")
    amperes = "  ".join(f"{figures.rms(c.id):.3f}" for c in channels if c.unit == "A")
    powers = [one.watts for one in figures.powers()]
    watts = "  ".join(f"{one:.1f}" for one in powers)
    total = f" = {sum(powers):.1f}" if len(powers) > 1 else ""
    hz = "" if frequency is None else f"   {frequency[1]:.3f} Hz"
    return [f"{volts} V   {amperes} A   {watts}{total} W{hz}"]
