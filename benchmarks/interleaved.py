"""Measures contenders in interleaved rounds and prints the rows: what the scripts here share."""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Run = Callable[[], object]
Row = dict[str, Any]


def rate(run: Run, seconds: float, clock: Callable[[], float] = time.process_time) -> float:
    """Return calls per second over at least `seconds`, of processor time unless told otherwise."""
    count, batch = 0, 1
    start = clock()
    while (spent := clock() - start) < seconds:
        for _ in range(batch):
            run()
        count += batch
        batch = min(2 * batch, 1000)
    return count / spent


def interleave(
    contenders: Mapping[str, Callable[[float], float]], rounds: int, seconds: float
) -> dict[str, list[float]]:
    """Return what each contender gave in each round; all take turns, after a short warm-up.

    A contender is asked with the time that it may take, and gives its rate.
    """
    for contender in contenders.values():
        contender(seconds / 4)
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            found[name].append(contender(seconds))
    return found


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of the rounds."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def medians(rates: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the median of each contender."""
    return {name: statistics.median(values) for name, values in rates.items()}


def run_script(
    text: str | None,
    measure: Callable[[int, float], list[Row]],
    show: Callable[[list[Row], int], None],
    *,
    seconds: float,
    install: str,
    has_peer: Callable[[Row], bool],
    arguments: Sequence[str] | None = None,
) -> None:
    """Read the command line, `measure` (rounds, seconds), and print the rows as JSON or by `show`.

    `text` is the docstring of the script, `seconds` the time of one measurement. If no row
    `has_peer`, it says how to `install` one.
    """
    parser = argparse.ArgumentParser(description=(text or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds (default 7)")
    parser.add_argument("--seconds", type=float, default=seconds, help="time of one measurement")
    chosen = parser.parse_args(arguments)
    rows = measure(chosen.rounds, chosen.seconds)
    if chosen.json:
        json.dump(rows, sys.stdout, indent=2)
        print()
        return
    show(rows, chosen.rounds)
    if not any(map(has_peer, rows)):
        print(f"no peer is installed, so there is nothing to compare with: {install}")
