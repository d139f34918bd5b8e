"""Compare our HDLC codec and TCP wrapper with those of other Python stacks.

    python benchmarks/hdlc.py [--json] [--rounds N]

Everybody builds an I frame from its parts and takes it apart again with both check sequences looked
at; gurux-dlms, dlms-cosem and pydlms-client take part where they are installed, as far as their
interfaces allow: what does not tell a damaged frame is left out. All run in this process in
interleaved rounds; the table gives the median of each and the ratio to the best of the others,
which is the median of the ratios of the rounds. Quote the ratio: the rates belong to the machine.
"""

import gc
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.core.trace import Chunk
from bench.protocols.dlms.wrapper import decode_wpdu, encode_wpdu
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.deframer import Deframer
from bench.protocols.hdlc.encode import encode_frame
from bench.protocols.hdlc.frame import decode_frame
from benchmarks.interleaved import Row, interleave, medians, rate, ratio, run_script

Way = Callable[[], Any]
INSTALL = "pip install dlms-cosem==25.1.0 gurux-dlms==1.0.203 pydlms-client==0.1.0"
CONTROL = 0x10  # I frame, N(S)=0, N(R)=0, P
CLIENT, SERVER = client(1), server(16)


def information(size: int) -> bytes:
    """Return an information field of a client's request with flags inside."""
    return (b"\xe6\xe6\x00" + bytes(n * 7 & 0xFF for n in range(size)))[:size]


def damaged(octets: bytes) -> bytes:
    """Return a frame with one bit of its information wrong."""
    at = len(octets) - 8
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


def ours(octets: bytes, unit: bytes) -> dict[str, Way]:
    body = octets[1:-1]
    stream = octets * 16

    def decode() -> object:
        frame = decode_frame(body)
        if frame.problems:
            raise ValueError(frame.problems)
        return frame.information

    def deframe() -> object:
        pieces = Deframer().feed(Chunk(0, stream))
        return [decode_frame(piece.body) for piece in pieces]  # type: ignore[union-attr]

    assert decode() == unit
    assert len(deframe()) == 16  # type: ignore[arg-type]
    return {
        "encode": lambda: encode_frame(SERVER, CLIENT, CONTROL, unit),
        "decode": decode,
        "stream": deframe,
    }


def dlms_cosem(octets: bytes, unit: bytes) -> dict[str, Way]:
    from dlms_cosem.hdlc.address import HdlcAddress
    from dlms_cosem.hdlc.frames import InformationFrame

    to, own = HdlcAddress(16, None, "server"), HdlcAddress(1, None, "client")
    frame = InformationFrame(to, own, unit, False, True, 0, 0)
    return {"encode": frame.to_bytes, "decode": lambda: InformationFrame.from_bytes(octets)}


def pydlms(octets: bytes, _unit: bytes) -> dict[str, Way]:
    from pydlms.hdlc.framing import decode_frame as decode
    from pydlms.hdlc.framing import encode_frame as encode

    frame = decode(octets)
    return {"encode": lambda: encode(frame), "decode": lambda: decode(octets)}


def gurux(octets: bytes, unit: bytes) -> dict[str, Way]:
    from gurux_dlms import GXByteBuffer, GXReplyData
    from gurux_dlms.enums import InterfaceType
    from gurux_dlms.GXDLMS import GXDLMS
    from gurux_dlms.GXDLMSSettings import GXDLMSSettings

    def settings(is_server: bool) -> object:
        found = GXDLMSSettings(is_server, None)
        found.interfaceType = InterfaceType.HDLC
        found.clientAddress, found.serverAddress, found.serverAddressSize = 1, 16, 1
        found.hdlc.maxInfoTX = 2030
        return found

    sender, receiver = settings(False), settings(True)

    def take() -> object:
        reply = GXReplyData()
        receiver.resetFrameSequence()
        if not GXDLMS.getHdlcData(True, receiver, GXByteBuffer(octets), reply, None):
            raise ValueError
        return reply

    def build() -> object:
        return GXDLMS.getHdlcFrame(sender, CONTROL, GXByteBuffer(unit))

    return {"encode": build, "decode": take}


PEERS = {"dlms-cosem": dlms_cosem, "pydlms-client": pydlms, "gurux-dlms": gurux}


def wrappers(apdu: bytes) -> dict[str, Way]:
    """Return a round trip through the wrapper for each that has one."""

    def own() -> object:
        return decode_wpdu(encode_wpdu(1, 16, apdu)).apdu

    ways: dict[str, Way] = {"ours": own}
    try:
        from dlms_cosem.protocol.wrappers import WrapperHeader, WrapperProtocolDataUnit

        ways["dlms-cosem"] = lambda: WrapperProtocolDataUnit.from_bytes(
            WrapperProtocolDataUnit(apdu, WrapperHeader(1, 16, len(apdu))).to_bytes()
        )
    except ImportError:
        pass
    try:
        from pydlms.wrapper import decode_wrapper
        from pydlms.wrapper import encode_wrapper as encode

        ways["pydlms-client"] = lambda: decode_wrapper(encode(1, 16, apdu))
    except ImportError:
        pass
    return ways


def contenders(size: int) -> dict[str, dict[str, Way]]:
    """Return the ways of everybody who is installed and gives the same octets."""
    unit = information(size)
    octets = encode_frame(SERVER, CLIENT, CONTROL, unit)
    found = {"ours": ours(octets, unit)}
    for name, make in PEERS.items():
        try:
            ways = make(octets, unit)
        except ImportError:
            continue
        made = ways["encode"]()
        assert bytes(made) == octets, f"{name} builds another frame"
        ways["decode"]()
        try:
            bad = make(damaged(octets), unit)["decode"]()
        except Exception:
            bad = None
        assert not bad, f"{name} takes a damaged frame"
        found[name] = ways
    return found


def paced(steps: Sequence[Way]) -> Callable[[float], float]:
    """Return what measures one step, or one of each as an exchange needs, in so much time."""

    def run(seconds: float) -> float:
        each = [rate(step, seconds / len(steps), time.perf_counter) for step in steps]
        return 1 / sum(1 / value for value in each)

    return run


def measure(rounds: int, seconds: float) -> list[Row]:
    """Return a row for each job: median rates, and our ratio to the best of the others."""
    jobs: dict[str, dict[str, tuple[Way, ...]]] = {}
    for size in (64, 1024):
        everybody = contenders(size)
        for what in ("encode", "decode"):
            jobs[f"{what}, {size} octets"] = {n: (w[what],) for n, w in everybody.items()}
        both = {n: (w["encode"], w["decode"]) for n, w in everybody.items()}
        jobs[f"encode + decode, {size} octets"] = both
        jobs[f"16 frames out of a stream, {size} octets"] = {"ours": (everybody["ours"]["stream"],)}
    jobs["wrapper round trip, 9 octets"] = {n: (w,) for n, w in wrappers(bytes(9)).items()}
    gc.disable()
    found = [
        _row(job, interleave({n: paced(w) for n, w in ways.items()}, rounds, seconds))
        for job, ways in jobs.items()
    ]
    gc.enable()
    return found


def _row(job: str, rates: dict[str, list[float]]) -> Row:
    row: Row = {"job": job, **medians(rates)}
    peers = {name: statistics.median(found) for name, found in rates.items() if name != "ours"}
    if peers:
        best = max(peers, key=lambda name: peers[name])
        row["best"] = best
        row["ratio"] = ratio(rates["ours"], rates[best])
    return row


def show(rows: list[Row], rounds: int) -> None:
    print(f"HDLC frames per second, median of {rounds} interleaved rounds")
    names = ("ours", *PEERS)
    print(f"{'':40}" + "".join(f"{name:>15}" for name in names) + f"{'ratio':>8}")
    for row in rows:
        cells = (f"{row[name]:15.0f}" if name in row else f"{'-':>15}" for name in names)
        times = f"{row['ratio']:8.1f}" if "ratio" in row else f"{'-':>8}"
        print(f"{row['job']:40}{''.join(cells)}{times}")


if __name__ == "__main__":
    run_script(
        __doc__, measure, show, seconds=0.15, install=INSTALL, has_peer=lambda row: "ratio" in row
    )
