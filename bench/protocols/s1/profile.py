"""A profile: one edition of the S1 port, its line and the layout of its telegrams, as data.

The data files are vectors/s1/profiles/*.toml; a file that names a `base` holds only what differs.
Any other layout of the same kind can be written by a user and read with `parse_profile`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

from bench.core.errors import UsageError
from bench.core.ics import holds
from bench.protocols.hdlc.frame import TYPE_1, FrameLayout
from vectors import loader

_FOLDER = "s1/profiles"
_OVERHEAD = 8  # octets of a frame around its information: flags, format, address, control, FCS
_BITS_PER_OCTET = 10  # start, eight data, stop
MARGIN = 0.95  # of the line rate that telegrams may take


class Kind(StrEnum):
    """What a field holds; numbers have their most significant octet first."""

    TEXT = "text"
    UINT = "uint"
    INT = "int"
    BITS = "bits"


class Transparency(StrEnum):
    """How a flag octet inside a frame is told from a flag (ISO/IEC 13239 §4.3)."""

    LENGTH = "length"  # by the length field; nothing is escaped
    OCTET = "octet"  # 7D, then the octet with bit 5 inverted


@dataclass(frozen=True, slots=True)
class FieldLayout:
    """A field before the samples: `at` counts from the start of the information."""

    name: str
    at: int
    length: int
    kind: Kind
    scale: Fraction = Fraction(1)
    unit: str = ""
    bits: Mapping[str, int] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """The offset after the field."""
        return self.at + self.length


@dataclass(frozen=True, slots=True)
class Channel:
    """One quantity of a sample set: `at` counts from the start of the set.

    Where `when` does not hold the meter does not measure it and sends zero; where `zero_when`
    holds it sends zero though it measures the others.
    """

    id: str
    at: int
    length: int
    scale: Fraction
    unit: str
    when: str = ""
    zero_when: str = ""

    def measured(self, flags: Mapping[str, bool]) -> bool:
        """Return whether the meter measures this channel, by the flags of a telegram."""
        return holds(self.when, flags) and not (self.zero_when and holds(self.zero_when, flags))


@dataclass(frozen=True, slots=True)
class RateRule:
    """What a number in the rate field means where `when` holds.

    `units_of_hz` multiplies it, or it counts samples per period of the frequency that the field
    `per_period_of` holds.
    """

    when: str = ""
    units_of_hz: float | None = None
    per_period_of: str = ""


@dataclass(frozen=True)
class Profile:
    """All that an edition says about its line and its telegrams."""

    id: str
    title: str
    standard: str
    aliases: tuple[str, ...]
    line_rate_bps: int
    layout: FrameLayout
    address: int
    control: int
    transparency: Transparency
    fields: Mapping[str, FieldLayout]
    per_frame: int
    samples_at: int
    stride: int
    channels: tuple[Channel, ...]
    rate_field: str
    rate_rules: tuple[RateRule, ...]
    lowest_hz: float
    highest_hz: float
    sequence_field: str
    sequence_lowest: int
    sequence_highest: int
    version_field: str
    version_bits: tuple[int, int]
    versions: tuple[int, ...]
    latency_ms: float | None

    @cached_property
    def information_octets(self) -> int:
        """How many octets of information a telegram of the first version has."""
        return self.samples_at + self.per_frame * self.stride

    @property
    def frame_octets(self) -> int:
        """How many octets a frame has on the wire, flags included, where none is escaped."""
        return self.information_octets + _OVERHEAD

    @property
    def telegrams_per_s(self) -> float:
        """How many telegrams a second the line can carry at most."""
        return self.line_rate_bps / (self.frame_octets * _BITS_PER_OCTET)

    def utilisation(self, rate_hz: float, frame_octets: int | None = None) -> float:
        """Return which part of the line `rate_hz` sample sets a second take."""
        octets = self.frame_octets if frame_octets is None else frame_octets
        return rate_hz / self.per_frame * octets * _BITS_PER_OCTET / self.line_rate_bps

    def check_feasible(self, rate_hz: float) -> None:
        """Raise UsageError for a sampling rate that the line cannot carry."""
        share = self.utilisation(rate_hz)
        if share > 1:
            most = self.telegrams_per_s * self.per_frame
            raise UsageError(
                f"profile {self.id}: {rate_hz:g} Hz needs {share:.0%} of a line of "
                f"{self.line_rate_bps} bit/s; it carries at most {most:.0f} Hz"
            )

    def flags(self, octets: Mapping[str, int]) -> dict[str, bool]:
        """Return the flags ("info.polyphase") of bit fields whose octets are given by name."""
        return {
            f"{one.name}.{flag}": bool(octets[one.name] >> bit & 1)
            for one in self.fields.values()
            if one.kind is Kind.BITS
            for flag, bit in one.bits.items()
        }

    def rate_hz(
        self, number: int, flags: Mapping[str, bool], values: Mapping[str, float]
    ) -> float | None:
        """Return the sampling rate that a telegram announces; None if no rule fits."""
        for rule in self.rate_rules:
            if holds(rule.when, flags):
                if rule.units_of_hz is not None:
                    return number * rule.units_of_hz
                return number * values[rule.per_period_of]
        return None


def profile_names() -> tuple[str, ...]:
    """Return the keys of the shipped profiles."""
    return loader.names(_FOLDER)


@cache
def load_profile(name: str) -> Profile:
    """Return the shipped profile with this key or alias; UsageError with the choices if none."""
    for key in profile_names():
        data = _merged(loader.data(f"{_FOLDER}/{key}.toml"))
        if name == key or name in data.get("aliases", ()):
            return _profile(data, key)
    raise UsageError(f"no S1 profile {name!r} (there are: {', '.join(profile_names())})")


def parse_profile(text: str, source: str) -> Profile:
    """Return the profile that a user has written; UsageError names `source` and what is wrong."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source}: {error}") from None
    return _profile(_merged(data), source)


def _merged(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables with those of the base under them."""
    if "base" not in data:
        return dict(data)
    merged = _merged(loader.data(f"{_FOLDER}/{data['base']}.toml"))
    for key, value in data.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = {**merged[key], **value}
        else:
            merged[key] = value
    return merged


def _profile(data: Mapping[str, Any], source: str) -> Profile:
    try:
        profile = _built(data)
    except KeyError as error:
        raise UsageError(f"{source}: {error.args[0]} is missing") from None
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise UsageError(f"{source}: {error}") from None
    for problem in _contradictions(profile):
        raise UsageError(f"{source}: {problem}")
    return profile


def _built(data: Mapping[str, Any]) -> Profile:
    link, samples, rate = data["link"], data["samples"], data["rate"]
    sequence, version = data["sequence"], data["version"]
    fields = [
        FieldLayout(
            name=row["name"],
            at=int(row["at"]),
            length=int(row["length"]),
            kind=Kind(row["kind"]),
            scale=Fraction(row.get("scale", "1")),
            unit=row.get("unit", ""),
            bits=row.get("bits", {}),
        )
        for row in data["field"]
    ]
    channels = [
        Channel(
            id=row["id"],
            at=int(row["at"]),
            length=int(row["length"]),
            scale=Fraction(row["scale"]),
            unit=row["unit"],
            when=row.get("when", ""),
            zero_when=row.get("zero_when", ""),
        )
        for row in samples["channel"]
    ]
    low, high = version["bits"]
    return Profile(
        id=data["id"],
        title=data["title"],
        standard=data["standard"],
        aliases=tuple(data.get("aliases", ())),
        line_rate_bps=int(link["line_rate_bps"]),
        layout=FrameLayout(
            8 | (int(link["format_type"]) - 1),
            1,
            False,
            int(link["shortest"]),
            int(link["longest"]),
            standard=TYPE_1.standard,
        ),
        address=int(link["address"]),
        control=int(link["control"]),
        transparency=Transparency(link["transparency"]),
        fields={one.name: one for one in fields},
        per_frame=int(samples["per_frame"]),
        samples_at=int(samples["at"]),
        stride=int(samples["stride"]),
        channels=tuple(channels),
        rate_field=rate["field"],
        rate_rules=tuple(RateRule(**row) for row in rate["rule"]),
        lowest_hz=float(rate["lowest_hz"]),
        highest_hz=float(rate["highest_hz"]),
        sequence_field=sequence["field"],
        sequence_lowest=int(sequence["lowest"]),
        sequence_highest=int(sequence["highest"]),
        version_field=version["field"],
        version_bits=(int(low), int(high)),
        versions=tuple(version["known"]),
        latency_ms=data.get("latency", {}).get("longest_ms"),
    )


def _contradictions(profile: Profile) -> list[str]:
    """Return what cannot be in a layout, in words."""
    found = []
    for name in (profile.rate_field, profile.sequence_field, profile.version_field):
        if name not in profile.fields:
            found.append(f"there is no field {name!r}")
    spans = sorted((one.at, one.end, one.name) for one in profile.fields.values())
    for (_, end, name), (at, _, following) in pairwise(spans):
        if at < end:
            found.append(f"field {following} begins within field {name}")
    if spans and spans[-1][1] > profile.samples_at:
        found.append(f"field {spans[-1][2]} reaches into the samples")
    for channel in profile.channels:
        if channel.at + channel.length > profile.stride:
            found.append(f"channel {channel.id} reaches beyond a sample set")
    shortest = profile.information_octets + _OVERHEAD - 2
    if profile.layout.shortest > shortest:
        found.append(f"a telegram has {shortest} octets between its flags, fewer than shortest")
    if not found and profile.utilisation(profile.lowest_hz) > 1:
        found.append(
            f"{profile.lowest_hz:g} Hz of {profile.frame_octets} octets do not fit into "
            f"{profile.line_rate_bps} bit/s"
        )
    return found
