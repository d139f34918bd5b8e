"""Writes many good S1 frames as JSON: the same as `Telegram.to_json` of each, faster.

What frames have in common is written once; only frames that deviate are decoded one by one.
"""

import json
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bench.protocols.s1.bulk import Block
from bench.protocols.s1.profile import Channel, Kind, Profile
from bench.protocols.s1.telegram import Telegram, decode_telegram

_HEAD = 4  # octets of a body before its information: format, address, control
_UI = 0x03
_KEPT = 1024  # beginnings of lines


def telegram_json(telegram: Telegram, offset: int) -> str:
    """Return one frame as a line of JSON; `offset` is that of its opening flag in the stream."""
    return json.dumps({**telegram.to_json(), "offset": offset})


class JsonLines:
    """Gives the lines of JSON of good frames; remembers what they have in common."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._begun: dict[bytes, str] = {}
        sequence = profile.fields[profile.sequence_field]
        self._counted, self._following = _HEAD + sequence.at, _HEAD + sequence.end
        self._samples_at = _HEAD + profile.samples_at
        self._tail_at = _HEAD + profile.information_octets
        self._form = ", ".join(f"{json.dumps(one.id)}: %s" for one in profile.channels)

    def of(self, block: Block) -> Iterator[str]:
        """Yield the lines of all frames of a block, in their order."""
        plain = unremarkable(block)
        offsets: list[int] = block.offsets.tolist()
        if not plain.any():
            for offset, row in zip(offsets, block.rows, strict=True):
                yield telegram_json(decode_telegram(row.tobytes(), self._profile), offset)
            return
        samples = [map(repr, _values(block, one).tolist()) for one in self._profile.channels]
        checks = block.rows[:, -1].astype(int) << 8 | block.rows[:, -2]
        for offset, is_plain, row, number, values, check in zip(
            offsets,
            plain.tolist(),
            block.rows,
            block.sequence.tolist(),
            zip(*samples, strict=True),
            checks.tolist(),
            strict=True,
        ):
            body = row.tobytes()
            if not is_plain:
                yield telegram_json(decode_telegram(body, self._profile), offset)
                continue
            yield (
                f'{self._beginning(body)}"sequence": {number}, "samples": {{{self._form % values}}}'
                f', "fcs": {{"given": "{check:04X}", "computed": "{check:04X}", "ok": true}}, '
                f'"tail": "{body[self._tail_at : -2].hex()}", "problems": [], "offset": {offset}}}'
            )

    def _beginning(self, body: bytes) -> str:
        """Return the line up to the sequence number."""
        key = body[: self._counted] + body[self._following : self._samples_at]
        found = self._begun.get(key)
        if found is None:
            if len(self._begun) == _KEPT:
                self._begun.clear()
            text = json.dumps(decode_telegram(body, self._profile).to_json())
            found = self._begun[key] = text[: text.index('"sequence": ')]
        return found


def unremarkable(block: Block) -> NDArray[np.bool_]:
    """Return which frames of a block have no problem, shape (n,)."""
    profile, rows = block.profile, block.rows
    sequence = profile.fields[profile.sequence_field]
    simple = sequence.kind in (Kind.UINT, Kind.INT) and sequence.scale == 1
    # a control field or an address that is no usual one has problems under every profile
    simple = simple and profile.control == _UI and profile.address & 1 == 1
    if not block.complete or not simple:
        return np.zeros(len(block), np.bool_)
    right: NDArray[np.bool_] = (
        (rows[:, 0] & 8 == 0) & (rows[:, 2] == profile.address) & (rows[:, 3] == profile.control)
    )
    return right


def _values(block: Block, channel: Channel) -> NDArray[np.float64]:
    """Return samples, each the float that is nearest to what was sent."""
    scale = channel.scale
    values: NDArray[np.float64] = block.codes(channel.id) * scale.numerator / scale.denominator
    return values
