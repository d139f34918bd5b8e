"""A telegram of every edition that the tests need, with invented values."""

from collections.abc import Callable

import pytest

from bench.protocols.crc import crc16_table

LINES = (
    "1-3:0.2.8(50)",
    "0-0:1.0.0(250714093012S)",
    "0-0:96.1.1(4D42303030303031)",
    "1-0:1.8.1(000123.456*kWh)",
    "1-0:1.8.2(000234.567*kWh)",
    "1-0:2.8.1(000000.000*kWh)",
    "1-0:2.8.2(000001.002*kWh)",
    "0-0:96.14.0(0001)",
    "1-0:1.7.0(01.234*kW)",
    "1-0:2.7.0(00.000*kW)",
    "0-0:96.7.21(00004)",
    "0-0:96.7.9(00002)",
    "1-0:99.97.0(2)(0-0:96.7.19)(250101120000W)(0000000240*s)(250701120000S)(0000000301*s)",
    "1-0:32.32.0(00002)",
    "1-0:32.36.0(00001)",
    "0-0:96.13.0(48656C6C6F)",
    "1-0:32.7.0(230.1*V)",
    "1-0:31.7.0(006*A)",
    "1-0:21.7.0(01.234*kW)",
    "1-0:22.7.0(00.000*kW)",
    "0-1:24.1.0(003)",
    "0-1:96.1.0(4D42303030303032)",
    "0-1:24.2.1(250714093000S)(00012.345*m3)",
)


def sealed(body: str) -> bytes:
    """Return the telegram that ends with the `!` of `body`, with its right CRC."""
    octets = body.encode("latin-1")
    return octets + b"%04X\r\n" % crc16_table(octets)


def body(*lines: str) -> str:
    return "/MBX5\\BENCH-1\r\n\r\n" + "".join(line + "\r\n" for line in lines or LINES) + "!"


@pytest.fixture(scope="session")
def clean() -> bytes:
    """A faultless telegram of nl50."""
    return sealed(body())


@pytest.fixture(scope="session")
def changed() -> Callable[[str, str], bytes]:
    """Makes that telegram with one text in place of another and the CRC put right."""

    def make(old: str, new: str) -> bytes:
        whole = body()
        assert whole.count(old) == 1, f"{old!r} has to be in the telegram once"
        return sealed(whole.replace(old, new))

    return make


@pytest.fixture(scope="session")
def of_lines() -> Callable[..., bytes]:
    """Makes a telegram of these data lines with the right CRC."""
    return lambda *lines: sealed(body(*lines))
