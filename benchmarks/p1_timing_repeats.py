"""Count false alarms of the P1 timing rows on a busy machine, in real time.

    python benchmarks/p1_timing_repeats.py [--repeats N] [--busy N] [--fault ID] [--json]

The simulator serves some ports in a process of its own, each on a pseudo terminal, in wall-clock
time; busy processes keep the cores occupied. This process reads all ports through the serial
adapter and judges every window of telegrams by the timing cases. The simulated meter keeps its
interval, so every fail is false. A window that is undecided within the uncertainty is counted and
is no fault. With --fault the meter deviates, and every window ought to fail.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adapters.base import Link
from adapters.registry import open_link
from adapters.serve import serve_pty
from bench.core.case import case_of
from bench.core.check import Outcome, judge
from bench.core.clock import SECOND, MonotonicClock
from bench.core.trace import Chunk
from bench.core.verdict import Verdict
from bench.engine.context import CaseContext
from bench.engine.observation import Ended
from bench.protocols.p1.profile import load_profile
from bench.simulator.faults import alterations
from bench.simulator.ports.p1 import p1_port
from suites.p1 import SUITE, test_timing
from suites.p1.intervals import intervals
from suites.p1.watch import TelegramWatch

PROFILE = load_profile("nl50")


def burn() -> None:
    """Keep a core occupied until the parent is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        sum(range(100_000))


def serve(pipe: Connection, count: int, fault: str) -> None:
    """Serve `count` ports until the other end of the pipe says so."""
    altered = alterations(fault) if fault else ()
    with ExitStack() as stack:
        paths = [
            stack.enter_context(serve_pty(p1_port("nl50", seed=10 + n, alterations=altered)))
            for n in range(count)
        ]
        pipe.send(paths)
        pipe.recv()


@contextmanager
def surroundings(ports: int, busy: int, fault: str) -> Iterator[list[str]]:
    """Serve the ports and keep the machine busy while the block runs; gives the paths."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(there, ports, fault), daemon=True)
    burners = [context.Process(target=burn, daemon=True) for _ in range(busy)]
    for process in (server, *burners):
        process.start()
    try:
        yield here.recv()
    finally:
        here.send("stop")
        server.join(10)
        for process in burners:
            process.terminate()
            process.join()


class Windows(threading.Thread):
    """Reads one port and cuts what comes into windows of some telegrams."""

    def __init__(self, link: Link, telegrams: int, until_ns: int) -> None:
        super().__init__(daemon=True)
        self.link = link
        self.finished: list[TelegramWatch] = []
        self._telegrams = telegrams
        self._until_ns = until_ns

    def run(self) -> None:
        """Read until the end; a window begins where the one before it ended."""
        window = TelegramWatch(PROFILE, self._telegrams)
        while (now := self.link.clock.now()) < self._until_ns:
            chunk: Chunk | None = self.link.read(min(self._until_ns, now + SECOND))
            if chunk is None:
                continue
            window.feed(chunk)
            if window.complete():
                window.finish(Ended.COMPLETE)
                self.finished.append(window)
                window = TelegramWatch(PROFILE, self._telegrams)


def judged(watch: TelegramWatch, link: Link) -> dict[str, tuple[Verdict, list[str]]]:
    """Return verdict and missed checks of each timing case for one window."""
    telegrams = watch.telegrams
    values = SUITE.proforma.values({})
    found = {}

    def note(function: Callable[..., None], *before: object, context_too: bool = True) -> None:
        case = case_of(function)
        assert case is not None
        context = CaseContext(case, 1, lambda: link, values, {}, lambda: 0)
        act: Callable[..., None] = function
        if case.id == "P1-A-062":
            act = test_timing.judge_transfer  # without the long text
        act(*before, *([context] if context_too else []), context.checks)
        # how long an observation has to be is not the question here
        made = [check for check in context.checks.made if check.id != "observed-time"]
        missed = [f"{case.id}:{c.id}" for c in made if c.outcome is Outcome.MISSED]
        found[case.id] = (judge(made).verdict, missed)

    note(test_timing.test_interval_one_second, watch, telegrams)
    note(test_timing.test_transfer_one_second, watch, telegrams)
    note(test_timing.test_size, watch, telegrams, context_too=False)
    note(test_timing.test_jitter, watch, telegrams)
    return found


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return the counts of a whole measurement."""
    each = -(-options.repeats // options.ports)
    seconds = each * options.telegrams + 5
    clock = MonotonicClock()
    started = time.monotonic()
    with surroundings(options.ports, options.busy, options.fault) as paths, ExitStack() as stack:
        links = [
            stack.enter_context(open_link(f"serial://{path}", line=PROFILE.line, clock=clock))
            for path in paths
        ]
        until = clock.now() + seconds * SECOND
        readers = [Windows(link, options.telegrams, until) for link in links]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        windows = [(watch, reader.link) for reader in readers for watch in reader.finished]
        results = [judged(watch, link) for watch, link in windows]
    off_ms = sorted(
        abs(one.length_s - PROFILE.interval_s) * 1000
        for watch, _link in windows
        for one in intervals(watch)
    )
    verdicts: dict[str, dict[str, int]] = {}
    missed: dict[str, int] = {}
    for result in results:
        for name, (verdict, checks) in result.items():
            counts = verdicts.setdefault(name, {})
            counts[str(verdict)] = counts.get(str(verdict), 0) + 1
            for check in checks:
                missed[check] = missed.get(check, 0) + 1
    return {
        "windows": len(results),
        "telegrams_each": options.telegrams,
        "ports": options.ports,
        "busy": options.busy,
        "fault": options.fault,
        "uncertainty_s": links[0].timing_uncertainty_s,
        "seconds": round(time.monotonic() - started, 1),
        "verdicts": verdicts,
        "missed_checks": missed,
        "windows_with_a_fail": sum(
            any(verdict is Verdict.FAIL for verdict, _ in result.values()) for result in results
        ),
        "interval_off_ms": {
            "count": len(off_ms),
            "median": round(statistics.median(off_ms), 3),
            "p99": round(off_ms[int(len(off_ms) * 0.99)], 3),
            "max": round(off_ms[-1], 3),
        },
    }


def main() -> int:
    """Measure and print; exit code 1 when a meter without fault was failed."""
    parser = argparse.ArgumentParser(description="False alarms of the P1 timing rows")
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--telegrams", type=int, default=12)
    parser.add_argument("--ports", type=int, default=4)
    parser.add_argument("--busy", type=int, default=2)
    parser.add_argument("--fault", default="", help="let the meter deviate, e.g. p1.interval-2s")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    row = measure(options)
    if options.json:
        print(json.dumps(row, indent=1))
    else:
        print(
            f"{row['windows']} repeats of {row['telegrams_each']} telegrams, "
            f"{row['ports']} ports, {row['busy']} busy processes, {row['seconds']} s"
        )
        for name, counts in sorted(row["verdicts"].items()):
            print(f"{name}  " + ", ".join(f"{n} {word}" for word, n in sorted(counts.items())))
        off = row["interval_off_ms"]
        print(
            f"intervals off by: median {off['median']} ms, 99 % {off['p99']} ms, "
            f"largest {off['max']} ms of {off['count']}; U of a stamp "
            f"{row['uncertainty_s'] * 1000:g} ms"
        )
        print(
            f"repeats with a fail: {row['windows_with_a_fail']}; missed checks: "
            f"{row['missed_checks'] or 'none'}"
        )
    return int(bool(row["windows_with_a_fail"]) and not options.fault)


if __name__ == "__main__":
    sys.exit(main())
