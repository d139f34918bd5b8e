"""Compare GET round trips over loopback TCP with pydlms-client, and time the WAN suite itself.

    python benchmarks/wan_round_trips.py [--json] [--rounds N] [--suite]

A contender is a client and a meter, the meter in a process of its own: the bench's client layer
over a real link with the simulated meter at latency 0, and the client of pydlms-client with its
simulator. Each reads the logical device name, plain and in an association with HLS-GMAC whose
APDUs are authenticated and encrypted. Everything is pinned to one processor, as a wake-up on
another one costs more than the exchange itself, and measured in interleaved rounds. Counted is the
processor time of client and meter together (Linux), so that whatever else runs there does not
count: a rate is what an idle processor would do. The table gives the median of each and the median
of the ratios of the rounds. Quote the ratio.

`--suite` times the WAN suite in virtual time and a self-test with one fault instead.
"""

import argparse
import contextlib
import gc
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adapters.registry import open_link
from bench.core.clock import MonotonicClock, seconds
from bench.core.line import LineSettings
from bench.engine.connection import Connection
from bench.engine.traffic import Traffic
from bench.protocols.dlms.security.keys import SymmetricKeys
from bench.simulator.wan.keys import CLIENT_TITLE, wan_secret
from suites.wan_dlms.association import Association
from suites.wan_dlms.ciphering import ClientSecurity, Counters
from suites.wan_dlms.declared import Declared
from suites.wan_dlms.hdlc_transport import HdlcTransport
from suites.wan_dlms.transport import Wire
from suites.wan_dlms.wrapper_transport import UnitLine, WrapperTransport

Read = Callable[[], bytes]
Contender = tuple[Read, int]  # reads once; the process of its meter
HOME = Path(__file__).resolve().parents[1]
INSTALL = 'pip install "pydlms-client[all]==0.1.0"'
SEED = 20
NAME = "0.0.42.0.0.255"
DECLARED = {"public_client": 16, "suite0_client": 1}
ANSWERS = {"WAN/PUBLIC": True, "WAN/SUITE-0": True}
KEY, AUTHENTICATION_KEY = bytes(range(16)), bytes(range(0xD0, 0xE0))
ROWS = [(layer, name) for layer in ("wrapper", "hdlc") for name in ("public", "suite0")]
TITLES = {"public": "plain", "suite0": "HLS-GMAC, ciphered"}


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a module of this Python while the block runs."""
    command = [sys.executable, "-m", *arguments]
    running = subprocess.Popen(
        command, cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield running
    finally:
        running.terminate()
        running.wait(10)


@contextmanager
def own_reader(layer: str, name: str) -> Iterator[Contender]:
    """Serve the simulated meter and open an association with the bench's client."""
    command = ["bench", "simulate", "wan", "--tcp", "0", "--json", "--latency-ms", "0"]
    command += ["--seed", str(SEED), *(["--hdlc"] if layer == "hdlc" else [])]
    with process(*command) as meter, contextlib.ExitStack() as open_now:
        assert meter.stdout is not None
        url = json.loads(meter.stdout.readline())["link"]
        clock = MonotonicClock()
        link = open_link(url, line=LineSettings(115200), clock=clock)
        open_now.callback(link.close)
        traffic = Traffic()
        connection = Connection(link, lambda: clock.now() + seconds(60), traffic.record)
        declared = Declared.read({**DECLARED, "link_layer": layer}, ANSWERS)
        means = declared.association(name)
        wire = Wire(connection, traffic.keep)
        security = None
        if means.ciphered:
            secrets = (
                wan_secret(SEED, f"suite0_{kind}") for kind in ("encryption", "authentication")
            )
            counters, keys = Counters(), SymmetricKeys(*secrets)
            security = ClientSecurity(0, CLIENT_TITLE, counters, keys=keys)
        if layer == "hdlc":
            ends = declared.client_address(means.client), declared.server_address()
            transport: Any = HdlcTransport(wire, *ends, 5.0)
        else:
            transport = WrapperTransport(UnitLine(wire), means.client, declared.server_sap, 5.0)
        association = Association(
            declared, means, transport, security=security, challenge=bytes(range(16))
        )
        assert association.open().established
        open_now.callback(association.close)

        def read() -> bytes:
            association.replies.clear()  # it keeps what came, for a case that soon ends
            value: bytes = association.get(1, NAME, 2).value
            return value

        yield read, meter.pid


@contextmanager
def peer_reader(layer: str, name: str) -> Iterator[Contender]:
    """Serve the simulator of pydlms-client and open an association with its client."""
    import pydlms

    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    command = ["pydlms.simulator", "--port", str(port), *(["--hdlc"] if layer == "hdlc" else [])]
    settings: dict[str, Any] = {}
    if name == "suite0":
        command += ["--key", KEY.hex(), "--auth-key", AUTHENTICATION_KEY.hex(), "--client", "1:5"]
        settings["mechanism"] = pydlms.Mechanism(5)
        settings["security"] = pydlms.SecurityContext(
            KEY, AUTHENTICATION_KEY, client_system_title=CLIENT_TITLE, invocation_counter=1
        )
    with process(*command) as meter:
        client = pydlms.DlmsClient.tcp(
            "127.0.0.1",
            port,
            client_sap=DECLARED[f"{name}_client"],
            hdlc=layer == "hdlc",
            **settings,
        )
        for _ in range(200):
            try:
                client.connect()
                break
            except Exception:
                time.sleep(0.05)
        yield (lambda: bytes(client.get(NAME, 1, 2).value)), meter.pid
        client.close()


def has_peer() -> bool:
    try:
        import pydlms  # noqa: F401
    except ImportError:
        return False
    return True


def processor_ns(meter: int) -> int:
    """Return the processor time that this process and the meter have used."""
    tasks = Path(f"/proc/{meter}/task").glob("*/schedstat")
    return time.process_time_ns() + sum(int(task.read_text().split()[0]) for task in tasks)


def rate(contender: Contender, seconds_of_it: float) -> float:
    """Return round trips per second of processor time, client and meter together."""
    read, meter = contender
    count, start = 0, processor_ns(meter)
    while (spent := processor_ns(meter) - start) < seconds_of_it * 1e9:
        for _ in range(100):
            read()
        count += 100
    return count / spent * 1e9


def measure(rounds: int, seconds_of_it: float) -> list[dict[str, Any]]:
    """Return a row for each job: median rates and the median ratio to the peer."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    gc.disable()
    rows = []
    for layer, name in ROWS:
        with contextlib.ExitStack() as stack:
            readers = {"ours": stack.enter_context(own_reader(layer, name))}
            if has_peer():
                readers["pydlms"] = stack.enter_context(peer_reader(layer, name))
            for one in readers.values():  # who reads nothing would be fast
                assert len(one[0]()) == 16
                rate(one, seconds_of_it)
            rates: dict[str, list[float]] = {who: [] for who in readers}
            for _ in range(rounds):
                for who, one in readers.items():
                    rates[who].append(rate(one, seconds_of_it))
        row: dict[str, Any] = {"job": f"{layer}, {TITLES[name]}"}
        row |= {who: statistics.median(found) for who, found in rates.items()}
        if "pydlms" in rates:
            pairs = zip(rates["ours"], rates["pydlms"], strict=True)
            row["ratio"] = statistics.median(a / b for a, b in pairs)
        rows.append(row)
    return rows


def suite_times(rounds: int) -> list[dict[str, Any]]:
    """Return the processor seconds of a whole run of the WAN suite, and of a self-test pass."""
    jobs = {
        "WAN suite in virtual time, with its report": ["run", "wan", "--out", "{}"],
        "self-test of one fault": ["selftest", "wan.conf-empty-accepted"],
    }
    rows = []
    for job, arguments in jobs.items():
        spent, cases = [], 0
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                before = os.times()
                done = subprocess.run(
                    [sys.executable, "-m", "bench", *(a.format(folder) for a in arguments)],
                    cwd=HOME,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                after = os.times()
            passed = re.search(r"(\d+) pass", done.stdout)
            cases = int(passed[1]) if passed else 0
            spent.append(
                after.children_user
                + after.children_system
                - before.children_user
                - before.children_system
            )
        rows.append({"job": job, "seconds": statistics.median(spent), "passed": cases})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds (default 7)")
    parser.add_argument("--seconds", type=float, default=0.2, help="time of one measurement")
    parser.add_argument("--suite", action="store_true", help="time the WAN suite instead")
    chosen = parser.parse_args()
    rows = suite_times(chosen.rounds) if chosen.suite else measure(chosen.rounds, chosen.seconds)
    if chosen.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        if chosen.suite:
            passed = f", {row['passed']} cases pass" if row["passed"] else ""
            print(f"{row['job']:44}{row['seconds']:8.2f} s{passed}")
            continue
        peer = f"{row['pydlms']:12.0f}{row['ratio']:8.2f}x" if "pydlms" in row else ""
        print(f"{row['job']:32}{row['ours']:12.0f}{peer}")
    if not chosen.suite and "pydlms" not in rows[0]:
        print(f"pydlms-client is not installed, so there is nothing to compare with: {INSTALL}")


if __name__ == "__main__":
    main()
