"""Build S1 telegrams and frames, right ones in one call and every wrong one.

A telegram is the information field of a frame; `bench.protocols.hdlc.encode.build_frame` makes the
wrong frames.
"""

from collections.abc import Mapping
from typing import Any

from bench.core.errors import UsageError
from bench.protocols.hdlc.address import address_of
from bench.protocols.hdlc.encode import build_frame
from bench.protocols.s1.profile import FieldLayout, Kind, Profile

FLAG, ESCAPE, INVERTED = 0x7E, 0x7D, 0x20


def encode_telegram(
    profile: Profile, fields: Mapping[str, Any], samples: Mapping[str, float]
) -> bytes:
    """Return the information field: `fields` by name, `samples` in V and A by channel.

    A bit field is a number, or a mapping from flag to bool with `version` beside them. Channels
    that are not named are zero; values beyond a channel's range are cut to it. Raises UsageError
    for a name that the profile does not know or a value that does not fit its field.
    """
    octets = bytearray(profile.information_octets)
    for name, value in fields.items():
        if name not in profile.fields:
            raise UsageError(f"profile {profile.id} has no field {name!r}")
        one = profile.fields[name]
        octets[one.at : one.end] = _encode_field(profile, one, value)
    known = {channel.id: channel for channel in profile.channels}
    for name, value in samples.items():
        if name not in known:
            raise UsageError(f"profile {profile.id} has no channel {name!r}")
        channel = known[name]
        limit = 1 << (8 * channel.length - 1)
        code = min(max(round(value / channel.scale), -limit), limit - 1)
        at = profile.samples_at + channel.at
        octets[at : at + channel.length] = code.to_bytes(channel.length, "big", signed=True)
    return bytes(octets)


def _encode_field(profile: Profile, one: FieldLayout, value: Any) -> bytes:
    try:
        if one.kind is Kind.TEXT:
            text: bytes = value.encode("ascii") if isinstance(value, str) else bytes(value)
            if len(text) != one.length:
                raise ValueError(f"{len(text)} octets")
            return text
        if one.kind is Kind.BITS and isinstance(value, Mapping):
            value = _bits(profile, one, value)
        number = round(value / one.scale)
        octets: bytes = number.to_bytes(one.length, "big", signed=one.kind is Kind.INT)
        return octets
    except (OverflowError, ValueError, TypeError) as error:
        raise UsageError(
            f"field {one.name} of {one.length} octets cannot hold {value!r}: {error}"
        ) from None


def _bits(profile: Profile, one: FieldLayout, flags: Mapping[str, Any]) -> int:
    number = 0
    for flag, is_set in flags.items():
        if flag == "version" and one.name == profile.version_field:
            number |= int(is_set) << profile.version_bits[0]
        elif flag in one.bits:
            number |= bool(is_set) << one.bits[flag]
        else:
            raise ValueError(f"there is no flag {flag!r}")
    return number


def encode_frame(profile: Profile, information: bytes) -> bytes:
    """Return the whole frame around a telegram, flags included; escaped where the profile says."""
    frame = build_frame(
        address_of(bytes((profile.address,))),
        b"",
        profile.control,
        information,
        layout=profile.layout,
    )
    return stuffed(frame) if profile.transparency == "octet" else frame


def stuffed(frame: bytes) -> bytes:
    """Return a frame with the flags and escapes inside it escaped (ISO/IEC 13239 §4.3.2.2)."""
    inner = bytearray()
    for octet in frame[1:-1]:
        inner += bytes((ESCAPE, octet ^ INVERTED)) if octet in (FLAG, ESCAPE) else bytes((octet,))
    return frame[:1] + bytes(inner) + frame[-1:]


def unstuffed(octets: bytes) -> bytes:
    """Return the octets between two flags without their escapes."""
    plain = bytearray()
    escaped = False
    for octet in octets:
        if escaped:
            plain.append(octet ^ INVERTED)
            escaped = False
        elif octet == ESCAPE:
            escaped = True
        else:
            plain.append(octet)
    return bytes(plain)
