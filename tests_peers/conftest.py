"""What the comparisons share: the peers, served meters, and the bench's own client.

The peers are installed by `tox -e peers` and nowhere else; without them everything here is skipped.
"""

import json
import logging
import subprocess
import sys
from dataclasses import dataclass

import pytest

from adapters.registry import open_link
from bench.core.clock import MonotonicClock, seconds
from bench.core.line import LineSettings
from bench.engine.connection import Connection
from bench.engine.traffic import Traffic
from bench.protocols.dlms.security.keys import SymmetricKeys
from bench.simulator.wan.keys import wan_secret
from suites.wan_dlms.association import Association
from suites.wan_dlms.ciphering import ClientSecurity, Counters
from suites.wan_dlms.declared import Declared
from suites.wan_dlms.hdlc_transport import HdlcTransport
from suites.wan_dlms.transport import Wire
from suites.wan_dlms.wrapper_transport import UnitLine, WrapperTransport

SEED = 20
START = "2026-01-15T12:00:00"
LIMIT_S = 5.0
LAYERS = ("wrapper", "hdlc")


def peer(module, distribution):
    """Return a peer's module; skip the test where it is not installed."""
    return pytest.importorskip(
        module, reason=f"{distribution} is not installed; run these tests by: tox -e peers"
    )


@pytest.fixture(scope="session")
def pydlms():
    """pydlms-client; the test is skipped without it."""
    return peer("pydlms", "pydlms-client")


@pytest.fixture(scope="session")
def dlms_cosem():
    """dlms-cosem, silent; the test is skipped without it."""
    found = peer("dlms_cosem.client", "dlms-cosem")
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return found


@dataclass(frozen=True)
class Served:
    """The simulated meter in a process of its own; secrets are those of its seed."""

    layer: str
    port: int

    @property
    def hdlc(self):
        return self.layer == "hdlc"

    def secret(self, name):
        return wan_secret(SEED, name)


@pytest.fixture(scope="session", params=LAYERS)
def served(request):
    """The simulated meter as `meterbench simulate` serves it, over each link layer."""
    command = [sys.executable, "-m", "bench", "simulate", "wan", "--tcp", "0", "--json"]
    command += ["--seed", str(SEED), "--start", START, "--latency-ms", "0"]
    command += ["--hdlc"] if request.param == "hdlc" else []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        row = json.loads(process.stdout.readline())
        yield Served(request.param, int(row["at"].rpartition(":")[2]))
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@pytest.fixture
def own_client(served):
    """A function that opens an association of the bench's own client, over a real connection."""
    answers = dict.fromkeys(("WAN/PUBLIC", "WAN/LLS", "WAN/SUITE-0"), True)
    saps = {"public_client": 16, "lls_client": 32, "suite0_client": 1}
    declared = Declared.read({"link_layer": served.layer} | saps, answers)
    opened = []

    def transport(sap):
        clock = MonotonicClock()
        link = open_link(f"tcp://127.0.0.1:{served.port}", line=LineSettings(115200), clock=clock)
        connection = Connection(link, lambda: clock.now() + seconds(60))
        opened.append(connection)
        wire = Wire(connection, Traffic().keep)
        if served.hdlc:
            ends = declared.client_address(sap), declared.server_address()
            return HdlcTransport(wire, *ends, LIMIT_S)
        return WrapperTransport(UnitLine(wire), sap, declared.server_sap, LIMIT_S)

    def associate(name, counter=0):
        means = declared.association(name)
        security = None
        if means.suite is not None:
            kind = f"suite{means.suite}"
            keys = SymmetricKeys(
                served.secret(f"{kind}_encryption"), served.secret(f"{kind}_authentication")
            )
            counters = Counters()
            counters.start(declared.client_title, keys.encryption, counter)
            security = ClientSecurity(means.suite, declared.client_title, counters, keys=keys)
        made = Association(
            declared,
            means,
            transport(means.client),
            security=security,
            challenge=bytes(range(16)),
            password=lambda: served.secret("lls_password"),
        )
        assert made.open().established, made.opened.failed
        opened.append(made)
        return made

    yield associate
    for one in reversed(opened):
        one.close()


@pytest.fixture(scope="session")
def counters():
    """Invocation counters for clients that do not remember them; each is taken once."""
    return iter(range(1_000, 1_000_000, 1_000))
