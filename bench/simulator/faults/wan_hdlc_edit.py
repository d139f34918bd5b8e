"""Short ways to change HDLC frames on their way into the meter or out of it."""

from collections.abc import Callable
from typing import Any

from bench.core.trace import Chunk
from bench.protocols.hdlc.control import Kind
from bench.protocols.hdlc.deframer import Deframer, FrameOctets
from bench.protocols.hdlc.encode import build_frame
from bench.protocols.hdlc.frame import HdlcFrame, decode_frame
from bench.simulator.faults.fault import Alteration
from bench.simulator.ports.wan_stages import Stage

#: what becomes of a frame: other octets, b"" for none, None to leave it as it is
FrameChange = Callable[[HdlcFrame], bytes | None]


def rebuilt(frame: HdlcFrame, **other: Any) -> bytes:
    """Return a frame like this one but for some fields, lengths and check sequences made anew."""
    fields: dict[str, Any] = {
        "destination": frame.destination,
        "source": frame.source,
        "control": frame.control.octet if frame.control.octet >= 0 else b"",
        "information": frame.information,
        "segmented": frame.segmented,
    }
    return build_frame(**{**fields, **other})


def out(change: FrameChange, *kinds: Kind) -> Alteration:
    """Change the frames of these kinds, by default all, that the meter sends."""

    def altered(octets: bytes, _: int) -> bytes:
        frame = decode_frame(octets[1:-1])
        if kinds and frame.control.kind not in kinds:
            return octets
        changed = change(frame)
        return octets if changed is None else changed

    return Alteration(Stage.FRAME_OUT, altered)


def into(change: FrameChange, *kinds: Kind) -> Alteration:
    """Change the frames of these kinds, by default all, that come together to the meter."""

    def altered(octets: bytes, _: int) -> bytes:
        deframer = Deframer()
        pieces = [*deframer.feed(Chunk(0, octets)), *deframer.flush()]
        parts = []
        for piece in pieces:
            changed = None
            if isinstance(piece, FrameOctets):
                frame = decode_frame(piece.body)
                if not kinds or frame.control.kind in kinds:
                    changed = change(frame)
            parts.append(piece.octets if changed is None else changed)
        return b"".join(parts)

    return Alteration(Stage.FRAME_IN, altered)


def octets_in(change: Callable[[bytes], bytes]) -> Alteration:
    """Change the octets that come together to the meter, whether they are frames or not."""
    return Alteration(Stage.FRAME_IN, lambda octets, _: change(octets))
