"""Takes recorded frames one after the other apart, each down to COSEM values.

What one frame tells (system titles, questions, the segments and blocks before the last one) is
kept for those that follow. Nothing here raises for what is in the octets.
"""

from collections.abc import Iterable, Iterator

from bench.core.trace import Field, Problem
from bench.protocols.dlms.wrapper import HEADER_OCTETS, Wpdu, decode_wpdu
from bench.protocols.hdlc.control import Kind
from bench.protocols.hdlc.frame import HdlcFrame, decode_frame
from bench.protocols.hdlc.llc import COMMAND, RESPONSE, split_llc
from bench.protocols.wan.application import ApduReader
from bench.protocols.wan.association import Association, Role
from bench.protocols.wan.cutting import Piece
from bench.protocols.wan.deciphering import Keys
from bench.protocols.wan.hdlc_layers import frame_layer, information_layer, llc_layer
from bench.protocols.wan.joining import Segments
from bench.protocols.wan.layer import Form, Layer, Unit
from bench.protocols.wan.recording import Stretch, pieces

_CARRIERS = frozenset({"HDLC", "LLC", "wrapper"})
_SHOWN = 16  # octets of what is no frame
_LINE_CONTROL = b"\x02\x03\x06\r\n"  # in the sign-on of IEC 62056-21


def decode_recording(
    stretches: Iterable[Stretch], keys: Keys | None = None, form: Form | None = None
) -> Iterator[Unit]:
    """Yield every frame of a recording, and the octets between frames, in their order."""
    conversation = Conversation(keys)
    for piece in pieces(stretches, form):
        yield conversation.take(piece)


class Conversation:
    """What is said on the links of a recording; frames are numbered from 1."""

    def __init__(self, keys: Keys | None = None) -> None:
        self._reader = ApduReader(keys)
        self._associations: dict[tuple[str, ...], Association] = {}
        self._segments: dict[tuple[str, ...], Segments] = {}
        self._number = 0

    def take(self, piece: Piece) -> Unit:
        """Return the next frame taken apart; its layers account for each of its octets."""
        self._number += 1
        if piece.form is Form.HDLC:
            title, layers = self._hdlc(piece)
        elif piece.form is Form.WRAPPER:
            title, layers = self._wrapper(piece)
        elif piece.form is Form.APDU:
            association = self._association(piece.link)
            layers = self._reader.read(piece.octets, association, self._number, at=0)
            title = "bare APDU"
        else:
            title, layers = _outside(piece)
        if piece.form is not None and (inner := _innermost(layers)):
            title = f"{title}: {inner}"
        return Unit(
            self._number,
            piece.form,
            piece.octets,
            piece.offset,
            tuple(layers),
            title,
            piece.link,
            piece.way,
            piece.at_ns,
        )

    def _association(self, *key: str) -> Association:
        """Return what is known between the two ends on a link."""
        return self._associations.setdefault((key[0], *sorted(key[1:])), Association())

    def _hdlc(self, piece: Piece) -> tuple[str, list[Layer]]:
        octets = piece.octets
        frame = decode_frame(octets[piece.opened : len(octets) - piece.closed])
        layers = [frame_layer(piece, frame)]
        at = piece.opened + frame.at
        kind = frame.control.kind
        if frame.information and kind in (Kind.I, Kind.UI):
            layers += self._information(piece.link, frame, at)
        elif frame.information:
            layers += information_layer(frame, at)
        elif kind in (Kind.SNRM, Kind.DISC) and frame.valid:
            self._forget(piece.link, frame)
        source, destination = frame.source, frame.destination
        return f"HDLC {frame.control}, {source} to {destination}", layers

    def _forget(self, link: str, frame: HdlcFrame) -> None:
        """A new link, or none: what was begun on the one before does not go on."""
        ends = (str(frame.source), str(frame.destination))
        self._associations.pop((link, *sorted(ends)), None)
        for key in ((link, *ends), (link, *reversed(ends))):
            self._segments.pop(key, None)

    def _information(self, link: str, frame: HdlcFrame, at: int) -> list[Layer]:
        """Return the layers of what an I or UI frame carries."""
        ends = (str(frame.source), str(frame.destination))
        octets, how = frame.information, ""
        first: list[Layer] = []
        if frame.control.kind is Kind.I and frame.valid:
            segments = self._segments.setdefault((link, *ends), Segments())
            taken = segments.take(octets, frame.control.ns, frame.segmented, self._number)
            if taken.note:
                first = [_part(octets, at, taken.note)]
            if taken.joined is None:
                return first
            if len(taken.joined.frames) > 1:
                octets, how = taken.joined.octets, taken.joined.how("segments")
        elif not frame.valid and octets[:1] != COMMAND[:1]:
            return []  # so damaged that what follows would be read out of noise
        where = None if how else at
        unit = split_llc(octets, RESPONSE if octets[1:2] == RESPONSE[1:2] else COMMAND)
        role = {COMMAND: Role.CLIENT, RESPONSE: Role.SERVER}.get(unit.header)
        layers = [*first, llc_layer(unit, where, how)]
        if unit.apdu:
            start = None if where is None else where + len(unit.header)
            # a damaged frame is discarded by its receiver, so nothing is learnt from it
            known = self._association(link, *ends)
            association = known if frame.valid else known.copy()
            layers += self._reader.read(
                unit.apdu, association, self._number, at=start, role=role, how=how
            )
        return layers

    def _wrapper(self, piece: Piece) -> tuple[str, list[Layer]]:
        wpdu = decode_wpdu(piece.octets)
        title = f"wrapper, {wpdu.source} to {wpdu.destination}"
        layers = [Layer("wrapper", piece.octets, 0, wpdu.fields, wpdu.problems, _header(wpdu))]
        if wpdu.apdu:
            association = self._association(piece.link, str(wpdu.source), str(wpdu.destination))
            layers += self._reader.read(wpdu.apdu, association, self._number, at=HEADER_OCTETS)
        return title, layers


def _innermost(layers: list[Layer]) -> str:
    """Return what the frame is about: the last APDU or part of one in it."""
    last = layers[-1]
    return "" if last.name in _CARRIERS else last.name


def _header(wpdu: Wpdu) -> dict[str, int]:
    return {
        "version": wpdu.version,
        "source": wpdu.source,
        "destination": wpdu.destination,
        "length": wpdu.length,
    }


def _part(octets: bytes, at: int, note: str) -> Layer:
    fields = (Field("segment", 0, len(octets), f"{len(octets)} octets"),)
    return Layer("segment", octets, at, lambda: fields, notes=(note,))


def _outside(piece: Piece) -> tuple[str, list[Layer]]:
    """Return the layer of octets that belong to no frame."""
    count = len(piece.octets)
    fill = not piece.note
    first = piece.octets[:_SHOWN]
    shown = first.hex(" ").upper() + (" ..." if count > _SHOWN else "")
    if not fill and all(0x20 <= octet < 0x7F or octet in _LINE_CONTROL for octet in first):
        shown += f" ({first.decode('ascii')!r})"
    fields = (Field("flags" if fill else "octets", 0, count, shown),)
    problems = () if fill else (Problem(0, piece.note, "outside", length=count),)
    title = "flags between frames" if fill else piece.note
    return title, [Layer("outside", piece.octets, 0, lambda: fields, problems)]
