"""The whole S1 suite against ports that send hostile octets: verdicts in time, and no error.

The meter is hooked up as ever, with P1 and WAN beside the port, in virtual time. Each device is
tried with some of the cases, which together are all of them several times; with
METERBENCH_EVERY_CASE set in the environment, each with all (ten minutes), and more than twice
as many devices.
"""

import os
import tracemalloc
import zlib
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from adapters.simulated import SimulatedLink
from adapters.simulated_s1 import s1_of
from bench.core.clock import MILLISECOND, SECOND
from bench.core.trace import Chunk
from bench.core.verdict import Verdict
from bench.protocols.s1.encode import stuffed
from bench.simulator.faults.fault import Alteration
from bench.simulator.faults.s1_edit import body, check, codes, fields, octet, samples, wire
from bench.simulator.metering_system import Systems
from bench.simulator.ports.p1 import p1_port
from bench.simulator.ports.s1_stages import Sampling, Stage, each_frame, once
from bench.simulator.ports.wan import wan_port

OBSERVED_S, LONG_S = 6.0, 30.0
DECLARED = {
    "s1": {
        "observation_s": OBSERVED_S,
        "long_run_s": LONG_S,
        "silence_s": 20.0,
        "activation_s": 10.0,
    }
}
SEED = 10
HEADER, INFORMATION = 4, slice(4, None)
RATE, FREQUENCY = 4 + 15, slice(4 + 16, 4 + 18)


def due(edit):
    """Change when sample sets are due, in ns."""
    return once(Stage.INSTANTS, edit)


def filled(value, first=HEADER):
    """Send frames all of whose octets are one, from a place on; the check sequence is right."""

    def edit(rows):
        rows[:, first:] = value
        return rows

    return body(edit)


def _random(edit):
    """Change rows of octets at random, each batch of samples otherwise but the same ones."""

    def change(rows, first):
        return edit(np.random.default_rng(first), rows.copy())

    return change


def _random_information(random, rows):
    rows[:, INFORMATION] = random.integers(0, 256, rows[:, INFORMATION].shape, np.uint8)
    return rows


def _random_frequency(random, rows):
    rows[:, FREQUENCY] = random.integers(0, 256, rows[:, FREQUENCY].shape, np.uint8)
    return rows


def _random_octets(frame, number):
    return Random(number).randbytes(len(frame))


def _bit_flipped(frame, number):
    random, octets = Random(number), bytearray(frame)
    octets[random.randrange(len(octets))] ^= 1 << random.randrange(8)
    return bytes(octets)


def _any_length(frame, number):
    """Cut a frame short, or send it without its beginning."""
    random = Random(number)
    place = random.randrange(len(frame))
    return frame[:place] if random.random() < 0.5 else frame[place:]


def _shared_at_random(frame, number):
    return frame[Random(number).randrange(2) :]


def _twice_as_another(rows):
    """The same meter with another identification."""
    rows[:, 4:18] = 0x39
    return rows


def _interleaved(frames, first):
    """Send the frames of a second meter between those of the first, with its own numbers."""
    others = [*frames[len(frames) // 2 :], *frames[: len(frames) // 2]]
    return [one + other for one, other in zip(frames, others, strict=True)]


def _constant(value):
    return codes(lambda _name, one: np.full_like(one, value))


def _one_in(count):
    return due(lambda found: found[::count])


SLOW = once(Stage.SAMPLING, lambda _found: Sampling(False, 2000.0))
FOUR_KHZ = once(Stage.SAMPLING, lambda _found: Sampling(False, 4000.0))

DEVICES = {
    "random-octets": (each_frame(_random_octets),),
    "random-octets-at-full-rate": (
        FOUR_KHZ,
        once(Stage.TAIL, lambda _: bytes(10)),
        each_frame(_random_octets),
    ),
    "endless-flags": (wire(lambda frame: b"\x7e" * len(frame)),),
    "endless-escapes": (wire(lambda frame: b"\x7d" * len(frame)),),
    "endless-zeros": (wire(lambda frame: bytes(len(frame))),),
    "silence": (due(lambda found: found[:0]),),
    "stops-after-1-s": (due(lambda found: found[found < SECOND]),),
    "stops-after-15-s": (due(lambda found: found[found < 15 * SECOND]),),
    "begins-after-5-s": (due(lambda found: found[found >= 5 * SECOND]),),
    "sends-every-other-second": (due(lambda found: found[found // SECOND % 2 == 0]),),
    "one-octet": (wire(lambda frame: frame[:1]), due(lambda found: found[:1])),
    "one-frame-a-second": (due(lambda found: found[:1]),),
    "longest-frames": (_one_in(28), once(Stage.TAIL, lambda _: bytes(2047 - 43))),
    "octet-stuffed": (wire(stuffed),),
    "1m3": (once(Stage.LINE, lambda found: replace(found, baud_bd=1_300_000)),),
    "8e1": (once(Stage.LINE, lambda found: replace(found, parity="E")),),
    "information-all-ff": (filled(0xFF),),
    "information-all-00": (filled(0),),
    "frames-all-ff": (filled(0xFF, 0),),
    "frames-all-00": (filled(0, 0),),
    "information-at-random": (Alteration(Stage.BODY, _random(_random_information)),),
    "frequency-at-random": (Alteration(Stage.BODY, _random(_random_frequency)),),
    "frequency-0": (body(lambda rows: _set(rows, FREQUENCY, 0)),),
    "frequency-65-hz": (body(lambda rows: _set(rows, FREQUENCY, 0xFF)),),
    "rate-0": (octet(RATE, 0),),
    "rate-minus-1": (octet(RATE, 0xFF),),
    "rate-minus-128": (octet(RATE, 0x80),),
    "rate-1": (octet(RATE, 1),),
    "rate-127": (octet(RATE, 127),),
    "constant-0": (_constant(0),),
    "constant-highest": (_constant(1 << 40),),
    "constant-lowest": (_constant(-(1 << 40)),),
    "no-mains": (samples(lambda found: {name: one * 0 for name, one in found.items()}),),
    "no-mains-nor-frequency": (_constant(0), body(lambda rows: _set(rows, FREQUENCY, 0))),
    "all-damaged": (check(lambda found: found.right ^ 1),),
    "bits-flipped": (each_frame(_bit_flipped),),
    "cut-frames": (each_frame(_any_length),),
    "flags-shared-at-random": (each_frame(_shared_at_random),),
    "sequence-stuck": (fields(lambda found: {"sequence": found.sequence * 0 + 7}),),
    "sequence-backwards": (fields(lambda found: {"sequence": -found.sequence & 0xFF}),),
    "sequence-at-random": (fields(lambda found: {"sequence": found.index * 7919 % 251}),),
    "info-flickers": (fields(lambda found: {"info": found.index * 7919 % 256}),),
    "info-all-clear": (fields(lambda found: {"info": found.info * 0}),),
    "identification-of-controls": (fields(lambda found: {"meter_id": found.meter_id * 0 + 0x1B}),),
    "two-interleaved": (SLOW, Alteration(Stage.WIRE, _interleaved)),
    "full-line": (FOUR_KHZ, once(Stage.TAIL, lambda _: bytes(5))),
    "more-than-full-line": (FOUR_KHZ, once(Stage.TAIL, lambda _: bytes(12))),
    "runts-between": (wire(lambda frame: b"\x7e\x7e" + frame + b"\x7e\xff\x7e"),),
}


def _set(rows, place, value):
    rows[:, place] = value
    return rows


#: what must not pass, as it is broken
BROKEN = {
    "random-octets": ("S1-FRM-01", "S1-FRM-07", "S1-SEQ-01", "S1-PAY-01", "S1-MEAS-01"),
    "endless-flags": ("S1-FRM-01", "S1-FRM-07", "S1-SEQ-01", "S1-PAY-01", "S1-TIM-01"),
    "endless-zeros": ("S1-FRM-01", "S1-FRM-07", "S1-SEQ-01", "S1-PAY-01", "S1-TIM-01"),
    "silence": ("S1-FRM-01", "S1-SEQ-01", "S1-TIM-01", "S1-PHY-01", "S1-PHY-06"),
    "sends-every-other-second": ("S1-SEQ-04", "S1-TIM-01"),
    "octet-stuffed": ("S1-FRM-10", "S1-FRM-16"),
    "1m3": ("S1-PHY-01", "S1-FRM-01", "S1-SEQ-01"),
    "8e1": ("S1-PHY-02",),
    "information-all-ff": ("S1-PAY-01", "S1-SEQ-01"),
    "information-all-00": ("S1-PAY-01", "S1-SEQ-01", "S1-PAY-10"),
    "frames-all-ff": ("S1-FRM-02", "S1-SEQ-01"),
    "frames-all-00": ("S1-FRM-02", "S1-SEQ-01"),
    "information-at-random": ("S1-PAY-01", "S1-SEQ-01", "S1-PAY-10", "S1-PAY-04"),
    "frequency-at-random": ("S1-PAY-11", "S1-MEAS-06"),
    "frequency-0": ("S1-PAY-11", "S1-MEAS-06"),
    "rate-0": ("S1-PAY-10", "S1-TIM-03", "S1-TIM-04"),
    "rate-minus-1": ("S1-PAY-10", "S1-TIM-03", "S1-TIM-04"),
    "rate-minus-128": ("S1-PAY-10", "S1-TIM-03", "S1-TIM-04"),
    "rate-1": ("S1-PAY-10", "S1-TIM-04"),
    "constant-0": ("S1-CH-02", "S1-MEAS-02", "S1-MEAS-17"),
    "constant-highest": ("S1-CH-02", "S1-MEAS-02", "S1-MEAS-17"),
    "all-damaged": ("S1-FRM-07", "S1-SEQ-01"),
    "bits-flipped": ("S1-FRM-07", "S1-SEQ-01"),
    "sequence-stuck": ("S1-SEQ-01", "S1-TIM-09"),
    "sequence-backwards": ("S1-SEQ-01",),
    "sequence-at-random": ("S1-SEQ-01",),
    "info-flickers": ("S1-PAY-04", "S1-PAY-05"),
    "identification-of-controls": ("S1-PAY-01",),
    "two-interleaved": ("S1-SEQ-01", "S1-TIM-09"),
    "more-than-full-line": ("S1-PHY-03",),
}
#: blaming WAN for what S1 does anyway would be wrong
NOT_BLAMED = {"sequence-stuck": "S1-TIM-09", "two-interleaved": "S1-TIM-09"}
EVERY_CASE = bool(os.environ.get("METERBENCH_EVERY_CASE"))
SAMPLE = 1 if EVERY_CASE else 10

MOST_OCTETS = 400_000_000


def opener_of(*alterations, link=SimulatedLink):
    """Return what opens links to one meter whose S1 port is altered."""
    systems = Systems()

    def opener(target, clock):
        if target.interface == "p1":
            return SimulatedLink(
                p1_port("emucs-1.7.1", systems=systems), clock, target.line, target.link
            )
        if target.interface == "wan":
            device = wan_port(systems=systems, home="be")
            return SimulatedLink(
                device.accept(clock.now()), clock, device.line, target.link, device
            )
        port, line = s1_of(target.link, systems, SEED, alterations)
        return link(port, clock, line, target.link)

    return opener


@pytest.mark.parametrize("device", DEVICES if EVERY_CASE else list(BROKEN)[::2])
def test_octets_of_a_hostile_port_end_in_verdicts(whole_run, device):
    broken = BROKEN.get(device, ())
    judged = (
        whole_run(
            "s1",
            opener_of(*DEVICES[device]),
            DECLARED,
            every=SAMPLE,
            first=zlib.crc32(device.encode()),
            always=broken,
        )
        .run()
        .judged()
    )
    assert {one for one in broken if judged[one].verdict is Verdict.PASS} == set()
    if device in NOT_BLAMED:
        assert judged[NOT_BLAMED[device]].verdict is Verdict.INCONCLUSIVE


def test_silence_is_never_a_failure_of_what_was_not_seen(whole_run):
    only = ("S1-FRM", "S1-PAY", "S1-SEQ", "S1-TIM", "S1-PHY", "S1-MEAS-0")
    run = whole_run("s1", opener_of(*DEVICES["silence"]), DECLARED, only=only).run()
    judged = run.judged()
    assert {one.verdict for name, one in judged.items() if name != "S1-PHY-07"} == {
        Verdict.INCONCLUSIVE
    }


class Flooding(SimulatedLink):
    """A link that brings far more octets than its line could carry."""

    _octets = Random(2).randbytes(1 << 16)

    def read(self, until_ns):
        self.clock.wait_until(min(self.clock.now() + 10 * MILLISECOND, until_ns))
        return Chunk(self.clock.now(), self._octets)


class Bursting(SimulatedLink):
    """A link that brings all octets of a second together."""

    _due = 0

    def read(self, until_ns):
        if until_ns < self._due:
            self.clock.wait_until(until_ns)
            return None
        octets = []
        while (chunk := super().read(max(self._due, self.clock.now()))) is not None:
            octets.append(chunk.octets)
        self._due = (self.clock.now() // SECOND + 1) * SECOND
        return Chunk(self.clock.now(), b"".join(octets)) if octets else None


def test_frames_that_come_once_a_second_are_no_fault_of_the_device(whole_run):
    run = whole_run("s1", opener_of(link=Bursting), DECLARED, every=SAMPLE).run()
    failed = {n: j.message for n, j in run.judged().items() if j.verdict is Verdict.FAIL}
    assert failed == {}


def test_a_flood_does_not_fill_the_memory(whole_run):
    only = ("S1-FRM-01", "S1-MEAS-19")
    tracemalloc.start()
    try:
        whole_run("s1", opener_of(link=Flooding), DECLARED, only=only).run().judged()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_OCTETS
