"""Compare the decoding of an S1 stream in bulk with the speed of its line, and with the clear way.

    python benchmarks/s1_decode.py [--json] [--rounds N]

Ten seconds of the simulated port at 4000 samples a second, or of a stream with a damaged frame in
a thousand: frames are cut, check sequences verified, every channel scaled to V and A. No peer reads
S1; the line, 200 000 octets a second without any pause, is what has to be kept up with. Everything
runs in this process on one core.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.core.clock import SECOND
from bench.protocols.s1.bulk import BulkCutter
from bench.protocols.s1.profile import Profile, load_profile
from bench.protocols.s1.stream import FrameCutter
from bench.protocols.s1.telegram import decode_telegram
from bench.simulator.faults.fault import Alteration
from bench.simulator.ports.s1 import s1_port
from bench.simulator.ports.s1_stages import each_frame
from benchmarks.interleaved import Row, interleave, medians, rate, run_script

SECONDS = 10
PIECE = 65536  # octets that are fed at a time


def stream(alterations: tuple[Alteration, ...] = ()) -> bytes:
    """Return what the port sends in the first seconds."""
    port = s1_port(mode="fixed", rate=40, alterations=alterations)
    port.set_request(True, 0)
    return b"".join(port.emit(tenth * SECOND // 10) for tenth in range(1, SECONDS * 10 + 1))


def damaged(frame: bytes, index: int) -> bytes:
    """Return the frame with a bit wrong, one in a thousand."""
    return frame[:20] + bytes((frame[20] ^ 1,)) + frame[21:] if index % 1000 == 500 else frame


def in_bulk(profile: Profile, octets: bytes) -> int:
    """Cut, verify and scale everything; return how many frames are good."""
    cutter, frames = BulkCutter(profile), 0
    blocks = [
        b for at in range(0, len(octets), PIECE) for b in cutter.feed(octets[at : at + PIECE])
    ]
    for block in (*blocks, *cutter.flush()):
        frames += len(block)
        for channel in profile.channels:
            block.samples(channel.id)
    return frames


def clearly(profile: Profile, octets: bytes) -> int:
    """Do the same octet by octet."""
    cutter, frames = FrameCutter(profile), 0
    for cut in (*cutter.feed(octets), *cutter.flush()):
        frames += len(decode_telegram(cut.body, profile).samples) > 0
    return frames


def measure(rounds: int, seconds: float) -> list[Row]:
    """Return a row for each stream."""
    profile = load_profile("emucs-h-1.3")
    line = profile.line_rate_bps / 10
    rows: list[Row] = []
    for name, alterations in (("clean", ()), ("1 in 1000 damaged", (each_frame(damaged),))):
        octets = stream(alterations)
        few = octets[: len(octets) // 20]
        assert in_bulk(profile, few) == clearly(profile, few) > 0
        ways = {"bulk": (in_bulk, octets), "clear": (clearly, few)}
        rates = interleave(
            {
                way: lambda time_s, work=work, part=part: (
                    rate(lambda: work(profile, part), time_s) * len(part)
                )
                for way, (work, part) in ways.items()
            },
            rounds,
            seconds,
        )
        found = {way: speed / line for way, speed in medians(rates).items()}
        rows.append({"stream": name, "octets": len(octets), **found})
    return rows


def show(rows: list[Row], rounds: int) -> None:
    """Print the rows as a table."""
    print(f"times the speed of the line, on one core, medians of {rounds} rounds")
    print(f"{'stream':<20}{'in bulk':>10}{'clear way':>12}")
    for row in rows:
        print(f"{row['stream']:<20}{row['bulk']:>10.0f}{row['clear']:>12.2f}")


if __name__ == "__main__":
    run_script(__doc__, measure, show, seconds=1.0, install="", has_peer=lambda _row: True)
