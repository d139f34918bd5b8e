"""Measure what a live S1 stream costs the bench: processor time, and whether anything is lost.

    python benchmarks/s1_live.py [--minutes N] [--rate HZ]

`meterbench simulate s1 --pty` serves the port at the speed of its line in a process of its own; the
bench reads the pseudo terminal through its serial adapter, cuts and verifies frames, scales every
channel and looks for gaps in the sequence. The figure is the processor time of the bench alone, all
its threads, against the time that went by.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adapters.base import LinkUrl
from adapters.registry import open_link
from bench.core.clock import SECOND, MonotonicClock
from bench.core.errors import Overrun
from bench.core.line import LineSettings
from bench.protocols.s1.bulk import BulkCutter
from bench.protocols.s1.profile import load_profile

ROOT = Path(__file__).resolve().parents[1]


def listen(url: str, minutes: float) -> dict[str, float]:
    """Return what was seen in so many minutes."""
    profile = load_profile("emucs-h-1.3")
    clock = MonotonicClock()
    cutter, gaps, overruns, last = BulkCutter(profile), 0, 0, -1
    settings = LineSettings(profile.line_rate_bps)
    with open_link(LinkUrl.parse(url), line=settings, clock=clock) as link:
        begun, spent = clock.now(), time.process_time()
        end = begun + round(minutes * 60 * SECOND)
        while clock.now() < end:
            try:
                chunk = link.read(end)
            except Overrun:
                overruns += 1
                continue
            for block in cutter.feed(chunk.octets) if chunk else ():
                for channel in profile.channels:
                    block.samples(channel.id)
                numbers = np.concatenate([[last], block.sequence]) if last >= 0 else block.sequence
                gaps += int(np.count_nonzero((np.diff(numbers) - 1) % 256))
                last = int(numbers[-1])
        seconds = (clock.now() - begun) / SECOND
        spent = time.process_time() - spent
    found = cutter.statistics
    return {
        "seconds": seconds,
        "octets": found.octets,
        "frames": found.frames,
        "frames_per_s": found.frames / seconds,
        "discarded_octets": found.lost,
        "sequence_gaps": gaps,
        "host_overruns": overruns,
        "share_of_one_core": spent / seconds,
    }


def main() -> None:
    """Serve, listen, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=40, help="in 100 Hz; 40 is the most there is")
    chosen = parser.parse_args()
    command = [sys.executable, "-m", "bench", "simulate", "s1", "--pty", "--json"]
    command += ["--mode", "fixed", "--rate", str(chosen.rate)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        url = json.loads(served.stdout.readline())["link"]
        try:
            found = listen(url, chosen.minutes)
        finally:
            served.terminate()
    # the bench joins amid a frame
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
