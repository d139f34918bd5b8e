"""What was recorded on a WAN port, and how it is cut into frames, wrapper units and APDUs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from bench.protocols.wan.cutting import Cutter, Piece, cutter
from bench.protocols.wan.layer import Form
from bench.protocols.wan.recognise import recognise

_SAMPLE = 1 << 16  # octets by which a recording is recognised


@dataclass(frozen=True, slots=True)
class Stretch:
    """Octets that were recorded together, in their order.

    Octets of one `link` and `way` are a stream. `whole` says that no frame goes beyond these
    octets (a line, a datagram), `loss` that octets before them are missing. `sure` is False for
    a link that may carry something else; it is passed over unless its octets are recognised.
    """

    octets: bytes
    link: str = ""
    way: str = ""
    at_ns: int | None = None
    whole: bool = False
    loss: bool = False
    sure: bool = True


def pieces(stretches: Iterable[Stretch], form: Form | None = None) -> Iterator[Piece]:
    """Yield what `stretches` hold, in the order in which it was complete; no octet is left out.

    `form` forces how they are read; without it each link, and each stretch that is whole, is
    recognised. A link whose form cannot be told yields nothing.
    """
    known = list(stretches)
    forms = {} if form else _forms(known)
    cutters: dict[tuple[str, str], Cutter] = {}
    offsets: dict[tuple[str, str], int] = {}
    for stretch in known:
        key = (stretch.link, stretch.way)
        found = form or forms.get(stretch.link)
        if stretch.whole:
            own = form or recognise(stretch.octets, complete=not stretch.sure) or found
            if own is not None:
                one = cutter(own, stretch.link, stretch.way, offsets.get(key, 0))
                yield from one.feed(stretch.octets, stretch.at_ns)
                yield from one.flush()
            offsets[key] = offsets.get(key, 0) + len(stretch.octets)
        elif found is not None:
            if key not in cutters:
                cutters[key] = cutter(found, *key)
            if stretch.loss:
                yield from cutters[key].flush()
            yield from cutters[key].feed(stretch.octets, stretch.at_ns)
    for one in cutters.values():
        yield from one.flush()


def lines(octets: Iterable[bytes]) -> list[Stretch]:
    """Return the stretches of lines of text: each a frame, or all of them one stream.

    They are frames when most of them are recognised and complete by themselves.
    """
    every = [line for line in octets if line]
    alone = sum(1 for line in every if recognise(line, complete=True) is not None)
    if len(every) > 1 and 2 * alone > len(every):
        return [Stretch(line, whole=True) for line in every]
    return [Stretch(b"".join(every))] if every else []


def _forms(stretches: list[Stretch]) -> dict[str, Form | None]:
    """Return the form of each link by a sample of each of its ways, or else by all octets."""
    forms: dict[str, Form | None] = {}
    ordered = sorted(stretches, key=lambda s: (s.link, s.way))
    for (link, _), group in groupby(ordered, key=lambda s: (s.link, s.way)):
        if forms.get(link) is None:
            members = list(group)
            if not members[0].sure:
                forms[link] = recognise(members[0].octets, complete=True)
                continue
            octets = b"".join(stretch.octets for stretch in members)
            forms[link] = recognise(octets[:_SAMPLE])
            if forms[link] is None and len(octets) > _SAMPLE:
                forms[link] = recognise(octets)
    return forms
