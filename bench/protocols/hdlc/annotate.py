"""Annotates the octets of a frame for reports: what stands where, and what is wrong there."""

from bench.core.trace import Field
from bench.protocols.annotation import with_problems
from bench.protocols.hdlc.frame import HdlcFrame


def annotate(frame: HdlcFrame) -> tuple[Field, ...]:
    """Return the fields of a frame in the order of their octets, without gap or overlap.

    Each problem stands at the field that holds its first octet.
    """
    count = len(frame.octets)
    fcs = max(count - 2, 0)
    fields: list[Field] = []

    def add(path: str, end: int, text: str) -> None:
        start = fields[-1].offset + fields[-1].length if fields else 0
        if start < end <= count:
            fields.append(Field(path, start, end - start, text))

    more = ", more segments follow" if frame.segmented else ""
    add("format", min(2, count), f"type {frame.format_type:04b}, length {frame.length}{more}")
    names = ("destination", "source") if frame.layout.addresses == 2 else ("address",)
    at = 2
    for name, address in zip(names, (frame.destination, frame.source), strict=False):
        at += len(address.octets)
        add(name, at, str(address))
    if frame.control.octet >= 0:
        add("control", at + 1, str(frame.control))
        start = min(frame.at, fcs)
        add("HCS", start, frame.octets[at + 1 : start].hex(" ").upper())
        add("information", fcs, f"{len(frame.information)} octets")
    if fcs:
        add("rest", fcs, "")
        add("FCS", count, frame.octets[fcs:].hex(" ").upper())
    add("rest", count, "")
    return with_problems(fields, frame.problems)
