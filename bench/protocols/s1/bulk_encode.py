"""Builds many S1 frames at once: octet for octet what `encode` makes of the same values.

Values are given as they are sent, without scale: rows of octets for text, whole numbers for all
else. Between the steps each octet can be changed, so that every wrong frame can be built.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import UsageError
from bench.protocols.crc_rows import Octets, crc16_x25_rows
from bench.protocols.s1.encode import FLAG
from bench.protocols.s1.profile import Channel, Kind, Profile

Numbers = NDArray[np.int64]
#: a field of n telegrams: octets, shape (n, length), or numbers, shape (n,), or one for all
Column = Octets | Numbers | bytes | int


def codes_of(values: NDArray[np.float64], channel: Channel) -> Numbers:
    """Return samples in V or A, shape (n,), in whole steps of their channel; not cut to its range.

    Halves go to the even step, as `encode` rounds them.
    """
    scale = channel.scale
    codes: Numbers = np.rint(values * scale.denominator / scale.numerator).astype(np.int64)
    return codes


def limited(codes: Numbers, channel: Channel) -> Numbers:
    """Return codes cut to the range of their channel."""
    limit = 1 << (8 * channel.length - 1)
    cut: Numbers = np.clip(codes, -limit, limit - 1)
    return cut


def telegram_rows(
    profile: Profile, fields: Mapping[str, Column], codes: Mapping[str, Numbers], count: int
) -> Octets:
    """Return `count` information fields as rows; what is not named is zero.

    Numbers that are too great lose their high octets, as a counter does that runs over. Raises
    UsageError for a name that the profile does not know.
    """
    rows = np.zeros((count, profile.information_octets), np.uint8)
    for name, value in fields.items():
        if name not in profile.fields:
            raise UsageError(f"profile {profile.id} has no field {name!r}")
        one = profile.fields[name]
        if isinstance(value, bytes):
            rows[:, one.at : one.end] = np.frombuffer(value, np.uint8)
        elif one.kind is Kind.TEXT:
            rows[:, one.at : one.end] = value
        else:
            _put(rows, one.at, one.length, np.asarray(value, np.int64))
    known = {channel.id: channel for channel in profile.channels}
    for name, numbers in codes.items():
        if name not in known:
            raise UsageError(f"profile {profile.id} has no channel {name!r}")
        channel = known[name]
        _put(rows, profile.samples_at + channel.at, channel.length, numbers)
    return rows


def body_rows(profile: Profile, information: Octets) -> Octets:
    """Return what the check sequence covers: format, address and control before each row."""
    count, length = information.shape
    head = profile.layout.format_type << 12 | length + 6
    start = (head >> 8, head & 0xFF, profile.address, profile.control)
    rows = np.empty((count, length + 4), np.uint8)
    rows[:, :4] = start
    rows[:, 4:] = information
    return rows


def check_rows(bodies: Octets, *, init: int = 0xFFFF, xorout: int = 0xFFFF) -> Octets:
    """Return the check sequence of each row, low octet first; others than X-25 when asked."""
    register = crc16_x25_rows(bodies, init) ^ np.uint16(xorout)
    rows = np.empty((len(bodies), 2), np.uint8)
    rows[:, 0] = register & 0xFF
    rows[:, 1] = register >> 8
    return rows


def frame_rows(bodies: Octets, checks: Octets) -> Octets:
    """Return whole frames, flags included, nothing in them escaped."""
    count, length = bodies.shape
    rows = np.empty((count, length + 4), np.uint8)
    rows[:, 0] = rows[:, -1] = FLAG
    rows[:, 1:-3] = bodies
    rows[:, -3:-1] = checks
    return rows


def _put(rows: Octets, at: int, length: int, numbers: Numbers) -> None:
    """Write numbers with their most significant octet first."""
    for place in range(length):
        rows[:, at + place] = numbers >> 8 * (length - 1 - place) & 0xFF
