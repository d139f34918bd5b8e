"""The layers of one HDLC frame: its fields with both check sequences, link parameters, LLC."""

from dataclasses import replace
from functools import partial

from bench.core.trace import Field, Problem
from bench.protocols.crc import crc16_x25
from bench.protocols.hdlc.control import Kind
from bench.protocols.hdlc.frame import HdlcFrame
from bench.protocols.hdlc.frame_reject import decode_frame_reject
from bench.protocols.hdlc.llc import LinkServiceUnit
from bench.protocols.hdlc.parameters import decode_parameters
from bench.protocols.wan.cutting import Piece
from bench.protocols.wan.layer import Layer

_LLC = ("destination LSAP", "source LSAP", "quality")


def frame_layer(piece: Piece, frame: HdlcFrame) -> Layer:
    """Return the layer of a whole frame, flags included where it has its own."""
    problems = tuple(problem.shifted(piece.opened) for problem in frame.problems)
    if piece.note:
        problems += (Problem(len(piece.octets) - 1, piece.note, "flag", "IEC-62056-46:6.4.1.1"),)
    value = {
        "frame": frame.control.kind.value,
        "destination": str(frame.destination),
        "source": str(frame.source),
        "final": frame.control.final,
        "ns": frame.control.ns if frame.control.ns >= 0 else None,
        "nr": frame.control.nr if frame.control.nr >= 0 else None,
        "segmented": frame.segmented,
    }
    return Layer("HDLC", piece.octets, 0, partial(_annotate, piece, frame), problems, value)


def _annotate(piece: Piece, frame: HdlcFrame) -> tuple[Field, ...]:
    """Return the fields of the frame with its flags, check sequences given and computed."""
    fields = [_checked(field, frame) for field in frame.fields()]
    if piece.opened:
        fields = [Field(f.path, f.offset + 1, f.length, f.text, f.problem) for f in fields]
        fields.insert(0, Field("flag", 0, 1, "7E"))
    if piece.closed:
        fields.append(Field("flag", len(piece.octets) - 1, 1, "7E"))
    elif piece.note and fields:
        last = fields[-1]
        fields[-1] = replace(last, problem="; ".join(filter(None, (last.problem, piece.note))))
    return tuple(fields)


def _checked(field: Field, frame: HdlcFrame) -> Field:
    if field.path not in ("HCS", "FCS") or field.length != 2:
        return field
    computed = crc16_x25(frame.octets[: field.offset]).to_bytes(2, "little").hex(" ").upper()
    return replace(field, text=f"given {field.text}, computed {computed}")


def information_layer(frame: HdlcFrame, at: int) -> list[Layer]:
    """Return the layer of the information in SNRM, UA and FRMR."""
    kind, octets = frame.control.kind, frame.information
    if kind in (Kind.SNRM, Kind.UA):
        parameters = decode_parameters(octets)
        problems = tuple(problem.shifted(at) for problem in parameters.problems)
        given = parameters.parameters
        value = {
            "max_info_transmit": given.info_transmit,
            "max_info_receive": given.info_receive,
            "window_transmit": given.window_transmit,
            "window_receive": given.window_receive,
        }
        return [Layer("link parameters", octets, at, lambda: parameters.fields, problems, value)]
    if kind is Kind.FRMR:
        reject = decode_frame_reject(octets)
        problems = tuple(problem.shifted(at) for problem in reject.problems)
        texts = (
            f"rejected control field {reject.control:02X}",
            f"V(S)={reject.vs} V(R)={reject.vr}, {'response' if reject.response else 'command'}",
            f"reason {reject.reason.letters or 'none'}",
        )
        names = ("control", "state", "reason")
        fields = tuple(
            Field(name, n, 1, text)
            for n, (name, text) in enumerate(zip(names, texts, strict=True))
            if n < len(octets)
        )
        shown: dict[str, int | str] = {"control": reject.control, "vs": reject.vs, "vr": reject.vr}
        told = shown | {"reason": reject.reason.letters}
        return [Layer("frame reject", octets, at, lambda: fields, problems, told)]
    return []


def llc_layer(unit: LinkServiceUnit, at: int | None, how: str) -> Layer:
    """Return the layer of the LLC header; `at` is where it starts, None where it was joined."""
    problems = tuple(problem.shifted(at or 0) for problem in unit.problems)
    fields = tuple(
        Field(name, n, 1, f"{octet:02X}")
        for n, (name, octet) in enumerate(zip(_LLC, unit.header, strict=False))
    )
    return Layer("LLC", unit.header, at, lambda: fields, problems, how=how)
