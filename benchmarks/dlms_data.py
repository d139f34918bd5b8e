"""Compare our DLMS decoders with dlms-cosem and pydlms-client: GET response and profile buffer.

    python benchmarks/dlms_data.py [--json] [--rounds N]

All give bare values. "Row by row" is our decoder without its path for arrays of uniform rows, "one
by one" without any path for rows. All run in this process in interleaved rounds (ours, theirs,
ours, theirs, ...); the table gives the median of each and the median of the ratios of the rounds to
the best peer. Quote the ratio: the rates belong to the machine.
"""

import struct
import sys
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.protocols.dlms import data_fast
from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.data import decode_data
from bench.protocols.dlms.wrapper import decode_wpdu
from benchmarks.interleaved import Row, Run, interleave, medians, rate, ratio, run_script

INSTALL = "pip install dlms-cosem==25.1.0 pydlms-client==0.1.0"
ROWS = 1000
RESPONSE = bytes.fromhex("c401c1000600bc614e")
VALUE = 12_345_678
WRAPPED = struct.pack(">HHHH", 1, 1, 16, len(RESPONSE)) + RESPONSE


def buffer(*, mixed: bool = False) -> bytes:
    """Return 1000 rows: time, status and three indexes of four octets.

    In mixed rows the time is left out three times of four, which makes two layouts.
    """
    rows = []
    for number in range(ROWS):
        stamp = struct.pack(">HBBBBBBBhB", 2025, 4, 1, 2, number // 4 % 24, 0, 0, 0, -60, 0)
        time_cell = b"\x00" if mixed and number % 4 else b"\x09\x0c" + stamp
        indexes = b"".join(struct.pack(">BI", 6, 100_000 * n + number) for n in (1, 2, 3))
        rows.append(b"\x02\x05" + time_cell + b"\x11\x08" + indexes)
    return b"\x01\x82" + struct.pack(">H", ROWS) + b"".join(rows)


def ours_get() -> int:
    """Return the value out of wrapper and response."""
    unit = decode_wpdu(WRAPPED)
    decoded = decode_apdu(unit.apdu)
    if unit.problems or decoded.problems:
        raise ValueError(decoded.problems)
    value: int = decoded.value.result.value
    return value


def ours_rows(octets: bytes) -> object:
    """Return the cells of all rows."""
    decoded = decode_data(octets)
    if decoded.problems or decoded.value is None:
        raise ValueError(decoded.problems)
    return decoded.value.to_python()


def without(octets: bytes, *paths: str) -> object:
    """Return the cells of all rows, read without some of the fast paths."""
    kept = {path: getattr(data_fast, path) for path in paths}
    for path in paths:
        setattr(data_fast, path, 1 << 62)
    try:
        return ours_rows(octets)
    finally:
        for path, value in kept.items():
            setattr(data_fast, path, value)


def row_by_row(octets: bytes) -> object:
    """Return the cells of all rows; each row is compared with the layouts of those before."""
    return without(octets, "MIN_UNIFORM")


def one_by_one(octets: bytes) -> object:
    """Return the cells of all rows, each cell read by itself."""
    return without(octets, "MIN_UNIFORM", "MIN_ROWS")


def peers_get() -> dict[str, Run]:
    """Return the peers that are installed."""
    found: dict[str, Run] = {}
    try:
        from dlms_cosem import utils
        from dlms_cosem.connection import XDlmsApduFactory
        from dlms_cosem.protocol.wrappers import WrapperProtocolDataUnit

        found["dlms-cosem"] = lambda: utils.parse_as_dlms_data(
            XDlmsApduFactory.apdu_from_bytes(WrapperProtocolDataUnit.from_bytes(WRAPPED).data).data
        )
    except ImportError:
        pass
    try:
        from pydlms.apdu.xdlms import decode_apdu as peer_apdu
        from pydlms.wrapper import decode_wrapper

        found["pydlms-client"] = lambda: peer_apdu(
            decode_wrapper(WRAPPED).apdu
        ).result.data.to_python()
    except ImportError:
        pass
    return found


def peers_rows(octets: bytes) -> dict[str, Run]:
    """Return the peers that are installed."""
    found: dict[str, Run] = {}
    try:
        from dlms_cosem import a_xdr

        def cosem() -> object:
            sequence = a_xdr.Sequence(attribute_name="data")
            conf = a_xdr.EncodingConf(attributes=[sequence])
            return a_xdr.AXdrDecoder(encoding_conf=conf).decode(octets)["data"]

        found["dlms-cosem"] = cosem
    except ImportError:
        pass
    try:
        from pydlms.cosem.data import decode_data as peer_data

        found["pydlms-client"] = lambda: peer_data(octets)[0].to_python()
    except ImportError:
        pass
    return found


def check() -> None:
    """Let nobody win by not looking: everybody gives the values of the same octets."""
    for name, run in {"ours": ours_get, **peers_get()}.items():
        assert run() == VALUE, f"{name} does not give {VALUE}"
    for octets in (buffer(), buffer(mixed=True)):
        ours = ours_rows(octets)
        assert ours == row_by_row(octets) == one_by_one(octets)
        for name, run_rows in peers_rows(octets).items():
            assert plain(run_rows()) == ours, f"{name} gives other rows"


def plain(rows: Any) -> tuple[tuple[object, ...], ...]:
    """Return rows with octets and containers of one kind."""
    cells = ([bytes(c) if isinstance(c, bytearray) else c for c in row] for row in rows)
    return tuple(map(tuple, cells))


def measure(rounds: int, seconds: float) -> list[Row]:
    """Return a row for each job: median rates and the ratios to the best peer."""
    check()
    jobs: list[tuple[str, int, dict[str, Run], dict[str, Run]]] = [
        ("wrapper + GET response", 1, {"ours": ours_get}, peers_get()),
    ]
    for kind in ("uniform", "mixed"):
        octets = buffer(mixed=kind == "mixed")
        ways = {"ours": ours_rows, "row by row": row_by_row, "one by one": one_by_one}
        ours = {name: partial(way, octets) for name, way in ways.items()}
        jobs.append((f"buffer of {ROWS} {kind} rows x 5", ROWS, dict(ours), peers_rows(octets)))
    found = []
    for title, unit, mine, peers in jobs:
        runs = {**mine, **peers}
        rates = interleave(
            {name: partial(rate, run) for name, run in runs.items()}, rounds, seconds
        )
        row: Row = {"job": title}
        row["rates"] = {name: unit * value for name, value in medians(rates).items()}
        if peers:
            best = [max(values) for values in zip(*(rates[p] for p in peers), strict=True)]
            row["ratios"] = {name: ratio(rates[name], best) for name in mine}
        found.append(row)
    return found


def show(rows: list[Row], rounds: int) -> None:
    print(f"Median of {rounds} interleaved rounds, per second; ratio to the best peer")
    for row in rows:
        print(row["job"])
        ratios = row.get("ratios", {})
        for name, value in row["rates"].items():
            times = f"{ratios[name]:8.1f}x" if name in ratios else ""
            print(f"  {name:16}{value:12.0f}{times}")


if __name__ == "__main__":
    run_script(
        __doc__, measure, show, seconds=0.3, install=INSTALL, has_peer=lambda row: "ratios" in row
    )
