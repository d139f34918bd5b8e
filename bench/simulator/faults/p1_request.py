"""Deviations of what the data request does: catalogue rows P1-A-065 to P1-A-068."""

from bench.core.clock import MILLISECOND
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.p1_edit import p1_fault, p1_variation
from bench.simulator.ports.p1 import Stage

_REQUEST = "DSMR-5.0.2:5.7.1"
_FIRST = "DSMR-5.0.2:6.2"
_UNDISTURBED = "DSMR-5.0.2:5.5.1"
_HANG_AT = 200  # edges: in the midst of P1-A-068, after all that the other cases make


def _latency(milliseconds: int) -> Alteration:
    return Alteration(Stage.LATENCY, lambda _ns, _index: milliseconds * MILLISECOND)


def _release(policy: str) -> Alteration:
    return Alteration(Stage.RELEASE, lambda _policy, _index: policy)


def _second_half(octets: bytes, _index: int) -> bytes:
    return octets[len(octets) // 2 :]


def _hang(_effect: object, edge: int) -> str:
    return "hang" if edge == _HANG_AT else "ok"


def _count_failure(_effect: object, edge: int) -> str:
    return "count-failure" if edge % 50 == 0 else "ok"


FAULTS: tuple[Fault, ...] = (
    p1_fault(
        "first-telegram-late",
        "sends the first telegram 3 s after the request",
        _FIRST,
        ("P1-A-065:latency",),
        _latency(3000),
        also=("P1-A-068:telegrams-again",),  # which waits for two intervals
    ),
    p1_fault(
        "first-telegram-late-in-luxembourg",
        "sends the first telegram 5 s after the request",
        "Luxmetering-1.1.3:3.2.1",
        ("P1-A-065:latency",),
        _latency(5000),
        profile="lu",
    ),
    p1_fault(
        "first-telegram-torn",
        "starts in the middle of a telegram",
        _FIRST,
        ("P1-A-065:starts-with-start",),
        Alteration(Stage.FIRST, _second_half),
    ),
    p1_fault(
        "release-finishes-telegram",
        "sends a telegram to its end after the release",
        _REQUEST,
        ("P1-A-066:stops",),
        _release("finish"),
    ),
    p1_fault(
        "release-one-more-telegram",
        "sends one more telegram after the release",
        _REQUEST,
        ("P1-A-066:stops",),
        _release("one-more"),
    ),
    p1_fault(
        "release-ignored",
        "sends whether data is requested or not",
        _REQUEST,
        ("P1-A-066:stops", "P1-A-067:silent"),
        _release("ignore"),
        also=("P1-A-065",),  # the request is raised in the middle of a telegram or of a pause
    ),
    p1_fault(
        "request-hang",
        "hangs after many requests",
        _UNDISTURBED,
        ("P1-A-068:telegrams-again",),
        Alteration(Stage.TOGGLES, _hang),
    ),
    p1_fault(
        "request-counts-failure",
        "counts a power failure at every fiftieth edge of the request",
        _UNDISTURBED,
        ("P1-A-068:counters",),
        Alteration(Stage.TOGGLES, _count_failure),
    ),
)


VARIATIONS: tuple[Variation, ...] = (
    p1_variation(
        "first-telegram-after-900ms",
        "the first telegram waits for the next second",
        _FIRST,
        _latency(900),
    ),
    p1_variation(
        "first-telegram-after-9s",
        "the first telegram waits for the next ten seconds",
        "DSMR-4.2.2:5",
        _latency(9000),
        profile="nl42",
    ),
)
