"""Compare our P1 decoder with dsmr-parser: parse, CRC and typed values, all checks on.

    python benchmarks/p1_decode.py [--json] [--rounds N]

"New layout" is our decoder without what it learns from earlier telegrams of the same meter.
All run in this process in interleaved rounds (ours, theirs, ours, theirs, ...); the table gives the
median of each and the median of the ratios of the rounds. The telegrams are made here, with
invented values, 32 different ones of each size in turn. Quote the ratio: the rates belong to
the machine.
"""

import argparse
import json
import logging
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.protocols.crc import crc16_arc
from bench.protocols.p1.decoder import decode
from bench.protocols.p1.profile import load_profile
from bench.protocols.p1.telegram import decode_telegram

Parse = Callable[[bytes], object]
TELEGRAMS = 32
INSTALL = "pip install dsmr-parser==1.11.2"


def lines(rng: random.Random, size: str) -> list[str]:
    """Return the data lines of one telegram: one-phase, three-phase, or all that P1 may send."""
    phases = (1,) if size == "small" else (1, 2, 3)

    def kwh() -> str:
        return f"({rng.randrange(10**9) / 1000:010.3f}*kWh)"

    def kw() -> str:
        return f"({rng.randrange(9000) / 1000:06.3f}*kW)"

    def stamp() -> str:
        return (
            f"(25{rng.randrange(4, 10):02d}{rng.randrange(1, 29):02d}{rng.randrange(24):02d}0000S)"
        )

    log = 3 if size == "large" else 1
    outages = "".join(f"{stamp()}({rng.randrange(10**6):010d}*s)" for _ in range(log))
    found = ["1-3:0.2.8(50)", f"0-0:1.0.0{stamp()}", "0-0:96.1.1(4D423030303030303030303030303030)"]
    found += [f"1-0:{n}.8.{tariff}{kwh()}" for n in (1, 2) for tariff in (1, 2)]
    found += ["0-0:96.14.0(0002)", f"1-0:1.7.0{kw()}", f"1-0:2.7.0{kw()}"]
    found += [f"0-0:96.7.{n}({rng.randrange(99):05d})" for n in (21, 9)]
    found += [f"1-0:99.97.0({log})(0-0:96.7.19){outages}"]
    found += [f"1-0:{p}2.{n}.0({rng.randrange(99):05d})" for n in (32, 36) for p in _odd(phases)]
    found += ["0-0:96.13.0()"]
    found += [f"1-0:{p}2.7.0({rng.randrange(2200, 2450) / 10:05.1f}*V)" for p in _odd(phases)]
    found += [f"1-0:{p}1.7.0({rng.randrange(32):03d}*A)" for p in _odd(phases)]
    found += [f"1-0:{2 * p}{n}.7.0{kw()}" for n in (1, 2) for p in phases]
    for channel, kind in enumerate((3, 7) if size == "large" else (3,), 1):
        found += [f"0-{channel}:24.1.0({kind:03d})", f"0-{channel}:96.1.0(4D42{channel:030d})"]
        found += [f"0-{channel}:24.2.1{stamp()}({rng.randrange(10**8) / 1000:09.3f}*m3)"]
    return found


def _odd(phases: Sequence[int]) -> list[int]:
    return [2 * phase + 1 for phase in phases]


def telegram(seed: int, size: str) -> bytes:
    """Return one telegram of DSMR 5 with its right CRC."""
    body = "".join(f"{line}\r\n" for line in lines(random.Random(seed), size))
    octets = f"/MBX5\\BENCH-00001\r\n\r\n{body}!".encode()
    return octets + b"%04X\r\n" % crc16_arc(octets)


def ours(way: Callable[..., object]) -> Parse:
    """Return our decoder with every value made; damaged or deviating telegrams raise."""
    profile = load_profile("nl50")

    def parse(octets: bytes) -> object:
        decoded = way(octets, profile)
        if decoded.problems:
            raise ValueError(decoded.problems)
        return decoded.objects()

    return parse


def theirs() -> Parse | None:
    """Return dsmr-parser with its CRC check on, or None if it is not installed."""
    try:
        from dsmr_parser import telegram_specifications
        from dsmr_parser.parsers import TelegramParser
    except ImportError:
        return None
    logging.disable(logging.CRITICAL)
    parser = TelegramParser(telegram_specifications.V5)
    return lambda octets: parser.parse(octets.decode("ascii"))


def rate(parse: Parse, telegrams: Sequence[bytes], seconds: float) -> float:
    """Return telegrams per second over at least `seconds`."""
    feed = cycle(telegrams)
    count = 0
    start = time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        for _ in range(TELEGRAMS):
            parse(next(feed))
        count += TELEGRAMS
    return count / spent


def check(parsers: dict[str, Parse], telegrams: Sequence[bytes]) -> None:
    """Let nobody win by not looking: everybody reads the values and refuses a damaged telegram."""
    octets = telegrams[0]
    for name, parse in parsers.items():
        text = str(parse(octets))
        energy = octets.split(b"1-0:1.8.1(")[1].split(b"*")[0].decode()
        assert str(Decimal(energy)) in text, f"{name} does not give 1-0:1.8.1"
        damaged = octets.replace(b"1-0:1.8.1(", b"1-0:1.8.1(9", 1)
        try:
            parse(damaged)
        except Exception:
            continue
        raise AssertionError(f"{name} takes a damaged telegram")


def measure(rounds: int, seconds: float) -> list[dict[str, object]]:
    """Return a row for each size: octets, median rates and the ratio to dsmr-parser."""
    parsers: dict[str, Parse] = {"ours": ours(decode_telegram), "full": ours(decode)}
    if (peer := theirs()) is not None:
        parsers["peer"] = peer
    rows: list[dict[str, object]] = []
    for size in ("small", "medium", "large"):
        telegrams = [telegram(seed, size) for seed in range(TELEGRAMS)]
        check(parsers, telegrams)
        rates: dict[str, list[float]] = {name: [] for name in parsers}
        for name in parsers:
            rate(parsers[name], telegrams, seconds / 4)
        for _ in range(rounds):
            for name, parse in parsers.items():
                rates[name].append(rate(parse, telegrams, seconds))
        row: dict[str, object] = {"size": size, "octets": len(telegrams[0])}
        row |= {name: statistics.median(found) for name, found in rates.items()}
        if "peer" in rates:
            ratios = [a / b for a, b in zip(rates["ours"], rates["peer"], strict=True)]
            row["ratio"] = statistics.median(ratios)
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds (default 7)")
    parser.add_argument("--seconds", type=float, default=0.4, help="time of one measurement")
    chosen = parser.parse_args()
    rows = measure(chosen.rounds, chosen.seconds)
    if chosen.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"P1 telegrams per second, median of {chosen.rounds} interleaved rounds")
    print(f"{'telegram':20}{'ours':>10}{'ours, new layout':>18}{'dsmr-parser':>13}{'ratio':>8}")
    for row in rows:
        name = f"{row['size']} ({row['octets']} octets)"
        peer = f"{row['peer']:13.0f}{row['ratio']:8.1f}" if "peer" in row else f"{'-':>13}{'-':>8}"
        print(f"{name:20}{row['ours']:10.0f}{row['full']:18.0f}{peer}")
    if "peer" not in rows[0]:
        print(f"dsmr-parser is not installed, so there is nothing to compare with: {INSTALL}")


if __name__ == "__main__":
    main()
