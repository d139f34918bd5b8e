"""One S1 frame taken apart: what it says, and every deviation with its octet.

Offsets count from the opening flag. Nothing here raises for what is in the octets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bench.core.trace import Field, Problem
from bench.protocols.crc import crc16_x25
from bench.protocols.hdlc.frame import HdlcFrame, decode_frame
from bench.protocols.s1.profile import FieldLayout, Kind, Profile

_AFTER_FLAG = 1
_FCS_OCTETS = 2


@dataclass(frozen=True, slots=True)
class FrameCheck:
    """The check sequence of a frame, sent low octet first: what it is, what it should be."""

    given: int | None
    computed: int

    @property
    def ok(self) -> bool:
        """Whether they are the same."""
        return self.given == self.computed


@dataclass(frozen=True, slots=True)
class Telegram:
    """What one frame says; `octets` are those between its flags, without escapes.

    `flags` are named "info.polyphase"; `rate_hz` is the sampling rate that it announces, None where
    no rule of the profile fits. `samples` are in V and A, by channel; None for a frame that is too
    short to hold them. `tail` are octets after those that the profile knows.
    """

    octets: bytes
    frame: HdlcFrame
    fcs: FrameCheck
    fields: Mapping[str, Any]
    flags: Mapping[str, bool]
    version: int
    rate_hz: float | None
    samples: Mapping[str, float]
    tail: bytes
    problems: tuple[Problem, ...]
    profile: Profile

    @property
    def meter_id(self) -> str:
        """The meter's identification; octets that are no ASCII as \\xNN."""
        return str(self.fields.get("meter_id", ""))

    @property
    def sequence(self) -> int | None:
        """The sequence number."""
        return self.fields.get(self.profile.sequence_field)

    def annotated(self) -> tuple[Field, ...]:
        """Return the fields of the whole frame, in the order of their octets."""
        return _annotated(self)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        info = {name.partition(".")[2]: value for name, value in self.flags.items()}
        return {
            "meter_id": self.meter_id,
            "info": {**info, "version": self.version},
            "rate": self.fields.get(self.profile.rate_field),
            "rate_hz": self.rate_hz,
            "frequency_hz": self.fields.get("mains_frequency"),
            "sequence": self.sequence,
            "samples": dict(self.samples),
            "fcs": {
                "given": None if self.fcs.given is None else f"{self.fcs.given:04X}",
                "computed": f"{self.fcs.computed:04X}",
                "ok": self.fcs.ok,
            },
            "tail": self.tail.hex(),
            "problems": [
                {"offset": p.offset, "code": p.code, "message": p.message, "clause": p.clause}
                for p in self.problems
            ],
        }


def decode_telegram(body: bytes, profile: Profile) -> Telegram:
    """Decode the octets between two flags, escapes removed; judge them by `profile`."""
    frame = decode_frame(body, profile.layout)
    problems = [problem.shifted(_AFTER_FLAG) for problem in frame.problems]
    problems += _header_problems(frame, profile)
    information = frame.information
    found: dict[str, Any] = {}
    numbers: dict[str, int] = {}
    for one in profile.fields.values():
        if one.end <= len(information):
            octets = information[one.at : one.end]
            numbers[one.name] = int.from_bytes(octets, "big")
            found[one.name] = field_value(one, octets)
    short = len(information) < profile.information_octets
    if short:
        text = f"{len(information)} octets of information, expected {profile.information_octets}"
        problems.append(_problem(profile, "information", text, frame.at + _AFTER_FLAG))
    whole = all(one.name in numbers for one in profile.fields.values() if one.kind is Kind.BITS)
    flags = profile.flags(numbers) if whole else {}
    low, high = profile.version_bits
    version = numbers.get(profile.version_field, 0) >> low & (1 << (high - low + 1)) - 1
    rate = found.get(profile.rate_field)
    rate_hz = profile.rate_hz(rate, flags, found) if rate is not None and not short else None
    return Telegram(
        octets=body,
        frame=frame,
        fcs=_check(body),
        fields=found,
        flags=flags,
        version=version,
        rate_hz=rate_hz,
        samples={} if short else _samples(information, profile),
        tail=information[profile.information_octets :],
        problems=tuple(sorted(problems, key=lambda problem: problem.offset)),
        profile=profile,
    )


def _check(body: bytes) -> FrameCheck:
    covered, given = body[:-_FCS_OCTETS], body[-_FCS_OCTETS:]
    known = int.from_bytes(given, "little") if len(body) >= _FCS_OCTETS else None
    return FrameCheck(known, crc16_x25(covered))


def _header_problems(frame: HdlcFrame, profile: Profile) -> list[Problem]:
    problems = []
    if frame.segmented:
        problems.append(_problem(profile, "segmented", "the segmentation bit is set", 1))
    address = frame.destination.octets
    if address and address != bytes((profile.address,)):
        text = f"address {address.hex().upper()}, expected {profile.address:02X}"
        problems.append(_problem(profile, "station", text, 3, len(address)))
    if frame.control.octet not in (-1, profile.control):
        text = f"control field {frame.control.octet:02X}, expected {profile.control:02X}"
        problems.append(_problem(profile, "control-field", text, 3 + len(address)))
    return problems


def _problem(profile: Profile, code: str, text: str, offset: int, length: int = 1) -> Problem:
    return Problem(offset, text, code, f"{profile.standard}:S1", None, length)


def field_value(one: FieldLayout, octets: bytes) -> Any:
    """Return what the octets of a field say: text, or a number with its scale."""
    if one.kind is Kind.TEXT:
        return "".join(chr(o) if 0x20 <= o < 0x7F else f"\\x{o:02x}" for o in octets)
    number = int.from_bytes(octets, "big", signed=one.kind is Kind.INT)
    return number if one.scale == 1 else _scaled(number, one.scale)


def _scaled(number: int, scale: Fraction) -> float:
    """Return what float(number * scale) is, without a fraction on the way."""
    return number * scale.numerator / scale.denominator


def _samples(information: bytes, profile: Profile) -> dict[str, float]:
    """Return the first sample set of a telegram."""
    at = profile.samples_at
    return {
        channel.id: _scaled(
            int.from_bytes(
                information[at + channel.at : at + channel.at + channel.length],
                "big",
                signed=True,
            ),
            channel.scale,
        )
        for channel in profile.channels
    }


def _annotated(telegram: Telegram) -> tuple[Field, ...]:
    """Return header, information field by field, and check; with the flags of the frame."""
    profile, frame = telegram.profile, telegram.frame
    start = frame.at + _AFTER_FLAG
    fields = [
        Field(
            f.path,
            f.offset + _AFTER_FLAG,
            f.length,
            frame.destination.octets.hex().upper() if f.path == "address" else f.text,
        )
        for f in frame.fields()
        if f.offset < frame.at
    ]
    have = len(frame.information)
    for one in profile.fields.values():
        if one.end <= have:
            text = f"{telegram.fields[one.name]} {one.unit}".strip()
            if one.kind is Kind.BITS:
                named = [
                    name.partition(".")[2] for name, is_set in telegram.flags.items() if is_set
                ]
                text = (
                    f"{telegram.fields[one.name]:02X} {', '.join(named)} version {telegram.version}"
                )
            fields.append(Field(one.name, start + one.at, one.length, text))
    for channel in profile.channels:
        if channel.id in telegram.samples:
            text = f"{telegram.samples[channel.id]:g} {channel.unit}"
            at = start + profile.samples_at + channel.at
            fields.append(Field(channel.id, at, channel.length, text))
    known = profile.information_octets if telegram.samples else have
    if have > known:
        fields.append(Field("tail", start + known, have - known, telegram.tail.hex(" ")))
    if len(telegram.octets) >= _FCS_OCTETS:
        word = "right" if telegram.fcs.ok else f"wrong, computed {telegram.fcs.computed:04X}"
        at = len(telegram.octets) - _FCS_OCTETS + _AFTER_FLAG
        fields.append(Field("FCS", at, _FCS_OCTETS, f"{telegram.fcs.given:04X} {word}"))
    return tuple(_with_problems(fields, telegram.problems))


def _with_problems(fields: list[Field], problems: tuple[Problem, ...]) -> list[Field]:
    shown = []
    for one in sorted(fields, key=lambda f: f.offset):
        here = [p.message for p in problems if one.offset <= p.offset < one.offset + one.length]
        shown.append(Field(one.path, one.offset, one.length, one.text, "; ".join(here)))
    return shown
