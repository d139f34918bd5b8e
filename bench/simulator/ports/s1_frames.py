"""From instants to octets: samples, codes, fields, telegrams, check sequences, frames."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import UsageError
from bench.protocols.crc_rows import Octets
from bench.protocols.s1.bulk_encode import (
    body_rows,
    check_rows,
    codes_of,
    frame_rows,
    limited,
    telegram_rows,
)
from bench.protocols.s1.encode import stuffed
from bench.protocols.s1.profile import Profile, Transparency
from bench.simulator.household import Household
from bench.simulator.mains import Stretch
from bench.simulator.ports.pipeline import Pipeline
from bench.simulator.ports.s1_stages import (
    Aperture,
    Fields,
    Numbers,
    Sampled,
    Sampling,
    Sealing,
    Stage,
)
from bench.simulator.waveforms import Source

_ID_OCTETS = 14


@dataclass(frozen=True)
class Frames:
    """Frames that follow one another: all octets, and how many each has, shape (n,).

    A length of 0 is a frame that is not sent.
    """

    octets: bytes
    lengths: Numbers


class Framing:
    """Builds the frames of a meter; `neutral` says whether it measures the neutral's current."""

    def __init__(
        self,
        profile: Profile,
        household: Household,
        source: Source,
        sampling: Sampling,
        pipeline: Pipeline,
        *,
        neutral: bool,
    ) -> None:
        if len(household.serial) != _ID_OCTETS:
            raise UsageError(
                f"S1 has room for an identification of {_ID_OCTETS} characters (DIN 43863-5), "
                f"{household.serial!r} has {len(household.serial)}; choose the household be, "
                "be-one-phase or be-delta"
            )
        self._profile = profile
        self._household = household
        self._source = source
        self._sampling = sampling
        self._pipeline = pipeline
        flags = {
            "polyphase": household.phases > 1,
            "per_period": sampling.flag,
            "four_wire": household.phases > 1 and not household.delta,
            "samples_ok": True,
            "neutral": neutral and not household.delta,
        }
        self._flags = {f"info.{name}": is_set for name, is_set in flags.items()}
        bits: Mapping[str, int] = profile.fields["info"].bits
        self._info = sum(1 << bits[name] for name, is_set in flags.items() if is_set)
        self._id = np.frombuffer(household.serial.encode("ascii"), np.uint8)

    def frames(self, instants: Numbers, stretch: Stretch, first: int) -> Frames:
        """Return the frames of the sample sets taken at `instants`, the first numbered `first`."""
        altered = self._pipeline.altered
        codes = self._codes(instants, first)
        fields = self._fields(stretch, len(instants), first)
        tail = altered(Stage.TAIL, b"", first)
        information = telegram_rows(self._profile, fields, codes, len(instants))
        if tail:
            added = np.tile(np.frombuffer(tail, np.uint8), (len(instants), 1))
            information = np.hstack([information, added])
        bodies: Octets = altered(Stage.BODY, body_rows(self._profile, information), first)
        checks: Octets = check_rows(bodies)
        if self._pipeline.alters(Stage.CHECK):
            checks = altered(Stage.CHECK, Sealing(bodies, checks), first)
        rows = frame_rows(bodies, checks)
        escaped = self._profile.transparency is Transparency.OCTET
        if not escaped and not self._pipeline.alters(Stage.WIRE):
            return Frames(rows.tobytes(), np.full(len(rows), rows.shape[1], np.int64))
        single = [row.tobytes() for row in rows]
        if escaped:
            single = [stuffed(one) for one in single]
        single = altered(Stage.WIRE, single, first)
        return Frames(b"".join(single), np.array([len(one) for one in single], np.int64))

    def _codes(self, instants: Numbers, first: int) -> dict[str, Numbers]:
        """Return what the converters make of the instants, as it is sent."""
        altered = self._pipeline.altered
        index = np.arange(first, first + len(instants))
        at: Aperture = altered(Stage.APERTURE, Aperture(instants, instants, index), first)
        waves = self._source.waves(at.volts_ns, at.amperes_ns)
        channels: dict[str, NDArray[np.float64]] = {"IN": waves.neutral}
        for phase in range(3):
            channels[f"V{phase + 1}"] = waves.volts[:, phase]
            channels[f"I{phase + 1}"] = waves.amperes[:, phase]
        sampled: Sampled = altered(Stage.SAMPLES, Sampled(self._measured(channels), at), first)
        known = {one.id: one for one in self._profile.channels}
        codes = {
            name: codes_of(values, known[name])
            for name, values in sampled.channels.items()
            if name in known
        }
        codes = altered(Stage.CODES, codes, first)
        return {name: limited(numbers, known[name]) for name, numbers in codes.items()}

    def _measured(
        self, channels: Mapping[str, NDArray[np.float64]]
    ) -> dict[str, NDArray[np.float64]]:
        """Return only the channels that this kind of meter measures; the others send zero."""
        return {
            one.id: channels[one.id]
            for one in self._profile.channels
            if one.id in channels and one.measured(self._flags)
        }

    def _fields(self, stretch: Stretch, count: int, first: int) -> dict[str, Any]:
        index = np.arange(first, first + count)
        profile = self._profile
        cycle = profile.sequence_highest - profile.sequence_lowest + 1
        found = Fields(
            meter_id=np.tile(self._id, (count, 1)),
            info=np.full(count, self._info, np.int64),
            rate=np.full(count, self._sampling.field, np.int64),
            frequency=np.full(count, stretch.frequency_mhz, np.int64),
            sequence=profile.sequence_lowest + index % cycle,
            index=index,
            household=self._household,
        )
        found = self._pipeline.altered(Stage.FIELDS, found, first)
        return {
            "meter_id": found.meter_id,
            "info": found.info,
            profile.rate_field: found.rate,
            "mains_frequency": found.frequency,
            profile.sequence_field: found.sequence,
        }
