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
class Counts:
    """What was wrong: frame errors, octets lost, breaks of the sequence."""

    errors: int = 0
    discarded: int = 0
    gaps: int = 0
    missing: int = 0
    repeated: int = 0

    def since(self, before: "Counts") -> "Counts":
        """Return what came after `before`."""
        return Counts(
            self.errors - before.errors,
            self.discarded - before.discarded,
            self.gaps - before.gaps,
            self.missing - before.missing,
            self.repeated - before.repeated,
        )

    def words(self) -> list[str]:
        """Return those that are not zero, with what they count."""
        rows = (
            (self.errors, "frame errors"),
            (self.discarded, "octets discarded"),
            (self.gaps, "sequence gaps"),
            (self.missing, "sample sets missing"),
            (self.repeated, "repeated"),
        )
        return [f"{count} {name}" for count, name in rows if count]


@dataclass(frozen=True, slots=True)
class Second:
    """What arrived since the last one was shown; `elapsed_s` is how long that is.

    It is None where a recording does not say when its octets arrived.
    """

    at_s: float
    elapsed_s: float | None
    octets: int
    frames: int
    figures: Figures
    meter_id: str
    counts: Counts
    in_all: Counts
    line: LineErrors | None
    note: str

    @property
    def frames_per_s(self) -> float | None:
        """How many good frames came in a second; None where there is no time."""
        return self.frames / self.elapsed_s if self.elapsed_s else None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        announced, rate = self.figures.rate_hz, self.frames_per_s
        row = {
            "t_s": round(self.at_s, 3),
            "octets": self.octets,
            "frames": self.frames,
            "frames_per_s": None if rate is None else round(rate, 1),
            "meter_id": self.meter_id,
            "announced_hz": None if announced is None else round(announced, 3),
            **self.figures.to_json(),
            "frame_errors": self.counts.errors,
            "discarded_octets": self.counts.discarded,
            "sequence_gaps": self.counts.gaps,
            "missing": self.counts.missing,
            "repeated": self.counts.repeated,
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
        self._head = b""
        self._joined: int | None = None  # octets lost of the frame that was under way at the start
        self._heard_at: int | None = None
        self._began_at: int | None = None
        self._seconds = 0.0
        self._before = Counts()
        self._frames_before = 0

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
        if self._joined is None:
            self._head = (self._head + octets)[: self.profile.frame_octets]
        for block in gathered(self._cutter.feed(octets)):
            if self._joined is None:
                self._joined = self._lost_before(int(block.offsets[0]))
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
        new, self._before = counts.since(self._before), counts
        frames, self._frames_before = self.frames - self._frames_before, self.frames
        ids = figures.meter_ids
        return Second(
            at_s,
            elapsed_s,
            octets,
            frames,
            figures,
            meter_id=ids[0] if ids else "",
            counts=new,
            in_all=counts,
            line=line,
            note=self._note(octets, frames, len(ids), now),
        )

    def _lost_before(self, first: int) -> int:
        """Return how many octets of the rest of a frame stood before the first good one."""
        if first >= self.profile.frame_octets:
            return 0  # more than a frame that was under way
        cutter = BulkCutter(self.profile)
        cutter.feed(self._head[:first])
        cutter.flush()
        return cutter.statistics.lost

    def _counts(self) -> Counts:
        """Return what was wrong in the whole time."""
        statistics, sequence = self._cutter.statistics, self._sequence
        errors = sum(statistics.events[kind] for kind in _ERRORS)
        lost = statistics.lost - (self._joined or 0)
        return Counts(errors, lost, sequence.gaps, sequence.missing, sequence.repeated)

    def end(self, at_s: float) -> None:
        """Take note of how long it was in all."""
        self._seconds = at_s

    def _note(self, octets: int, frames: int, ids: int, now: int) -> str:
        """Return what somebody should know who sees nothing, or nothing sensible."""
        if frames and not ids and "meter_id" in self.profile.fields:
            return f"the frames are too short for what profile {self.profile.id} knows"
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
        wrong = ", ".join(self._counts().words()) or "nothing wrong"
        lines = [
            f"{self._seconds:.1f} s, {statistics.octets} octets, {statistics.frames} good frames; "
            f"{wrong}"
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
