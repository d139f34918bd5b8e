"""Beginning to listen amid the stream, again and again."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from bench.core.clock import MILLISECOND, SECOND
from bench.protocols.s1.encode import ESCAPE, FLAG
from bench.protocols.s1.profile import Profile, Transparency
from bench.protocols.s1.stream import Cut, FrameCutter
from suites.s1.listening import Listener

JOINS = 200
_ENOUGH = 8  # frames' worth of octets that are heard of each
_WAIT_NS = SECOND
_MOST_APART_NS = 3 * MILLISECOND  # some frames: every phase is met
_ABORT = bytes((ESCAPE, FLAG))
_INFORMATION = 4  # where it begins between the flags


@dataclass(frozen=True, slots=True)
class Joined:
    """What was found after joining once; `number` finds its octets.

    `first_end` is how many octets there were up to the end of the first good frame, flags of fill
    and what was aborted left out; None without one. `limit` is twice the octets of the longest
    frame. `false_at` is where a frame was found that cannot be one: octets follow it, fewer than
    half of those that the frames have that are missing by its number.
    """

    number: int
    octets: bytes
    first_end: int | None
    limit: int
    false_at: int | None


def join(listener: Listener, number: int) -> Joined:
    """Leave the stream and join it at a moment that depends on `number` alone."""
    link, context = listener.context.link, listener.context
    random = Random(number)
    link.rest()
    link.clock.wait_until(listener.now + random.randrange(_MOST_APART_NS))
    link.listen()
    left_out = random.randrange(listener.profile.frame_octets)  # some links go on while they rest
    wanted = left_out + _ENOUGH * listener.profile.frame_octets
    octets = bytearray()
    at_ns = listener.now
    deadline = at_ns + _WAIT_NS
    while len(octets) < wanted:
        chunk = context.connection.receive(deadline)
        if chunk is None:
            break
        octets += chunk.octets
        at_ns = chunk.at_ns
    heard = bytes(octets[left_out:])
    return examined(heard, listener.profile, context.keep(heard, at_ns))


def examined(octets: bytes, profile: Profile, number: int) -> Joined:
    """Return what a receiver finds in octets that begin anywhere in a stream."""
    cutter = FrameCutter(profile)
    cuts = [*cutter.feed(octets), *cutter.flush()]
    if not cuts:
        return Joined(number, octets, None, 2 * profile.frame_octets, None)
    before = octets[: cuts[0].offset]
    fill = max(len(before) - len(before.rstrip(bytes((FLAG,)))) - 1, 0)
    if profile.transparency is Transparency.OCTET:  # what was given up in between is no frame
        fill += before.rfind(_ABORT) + len(_ABORT) if _ABORT in before else 0
    limit = 2 * max(_wire_octets(cut.body, profile) for cut in cuts)
    first_end = cuts[0].offset - fill + _wire_octets(cuts[0].body, profile)
    return Joined(number, octets, first_end, limit, _false_at(octets, cuts, profile))


def _false_at(octets: bytes, cuts: Sequence[Cut], profile: Profile) -> int | None:
    """Return where the first frame is behind which there are octets, too few for its number."""
    cycle = profile.sequence_highest - profile.sequence_lowest + 1
    for one, following in pairwise(cuts):
        end = one.offset + _wire_octets(one.body, profile)
        between = octets[end : following.offset].strip(bytes((FLAG,)))
        missing = (_sequence(following.body, profile) - _sequence(one.body, profile) - 1) % cycle
        if between and missing * profile.frame_octets > 2 * len(between):
            return one.offset
    return None


def _sequence(body: bytes, profile: Profile) -> int:
    """Return the sequence number; 0 of a frame that is too short to hold one."""
    field = profile.fields[profile.sequence_field]
    return int.from_bytes(body[_INFORMATION + field.at : _INFORMATION + field.end], "big")


def _wire_octets(body: bytes, profile: Profile) -> int:
    """Return how many octets a frame has on the wire, flags included."""
    if profile.transparency is Transparency.LENGTH:
        return len(body) + 2
    return len(body) + 2 + body.count(FLAG) + body.count(ESCAPE)
