"""Telegrams of meters in the field: the codec agrees with what is known about each."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from bench.core.trace import Chunk
from bench.protocols.p1.profile import load_profile
from bench.protocols.p1.splitter import Noise, TelegramOctets, TelegramSplitter
from bench.protocols.p1.telegram import decode_telegram, detect_profile

NO_TELEGRAM = {
    "lux-enc-with-aad.hex.txt": "an encrypted frame, as hexadecimal text",
    "stream-nl-isk-2m550t-1012-61tel.txt": "a stream, split in a test of its own",
}
PROFILE_OF = {
    "DSMR 2.2": "nl22",
    "DSMR 3.0": "nl30",
    "DSMR 4.0": "nl40",
    "DSMR 4.2": "nl42",
    "DSMR 5.0": "nl50",
    "eMUCS-H 1.3 (50213)": "be13",
    "eMUCS-P1 1.5 (50215)": "be15",
    "eMUCS-P1 1.7 (50217)": "be17",
    "eMUCS-P1 2.1 (50221)": "be21",
    "LU Smarty (42)": "lu",
    "IEC 62056-21 mode D": "de",
}
BY_COUNTRY = {"AT": "at", "CH": "ch"}

# Deviations that are in the octets; everything else has to be without problem.
KNOWN = {
    # No empty line after the header; an identifier of 33 characters.
    "nl-kamstrup-162-dsmr-2-2-kfm-1.txt": {"blank-line": 1, "octet-string": 1},
    # Masked in lower case, a message in plain text, the end mark lost.
    "nl-iskraemeco-mt382-1003-text-message.txt": {
        "octet-string-case": 1,
        "octet-string": 1,
        "end-mark": 1,
    },
    # Misprints of the standard's own example: 72:32.0, and .255 after nine objects.
    "nl-dsmr-4-2-2-companion-standar-dsmr-4-2-2-spec-example.txt": {"grammar": 10, "crc": 1},
    "nl-dsmr-5-0-2-companion-standar-dsmr-5-0-spec-example.txt": {"crc": 1},
    # "serienummer" in place of the identifier.
    "nl-sagemcom-t210-d-esmr5-0-dsmr-5-0-ene-1.txt": {"octet-string": 1, "crc": 1},
    # Zeroed by hand: dates of zeros, an identifier of 17 digits, a log without units and widths,
    # an empty device type, a reading without unit at a date that is no marker.
    "nl-mcs-header-zeroed-fields-mcs.txt": {
        "timestamp": 5,
        "octet-string": 1,
        "unit": 5,
        "format": 1,
    },
    # A blank in the empty line, the CRC made unreadable.
    "be-sagemcom-s211-voorbeelden-0.txt": {"blank-line": 1, "crc": 1},
    # No '*' before any unit but m3.
    "be-sagemcom-oh-flu5-extra.txt": {"unit": 20},
    # A placeholder for the CRC, the empty line lost.
    "be-emucs-p1-2-1-1-specification-emucs-p1-v2-1-1-spec-example-1.txt": {
        "blank-line": 1,
        "crc": 1,
    },
    # Masked: month 34.
    "ch-sagemcom-xt211-sagemcom-xt211.txt": {"timestamp": 1, "crc": 1},
}


@pytest.fixture(scope="module")
def rows(real_data: Path) -> list[dict[str, str]]:
    with (real_data / "p1" / "index.csv").open(encoding="utf-8", newline="") as index:
        found = [row for row in csv.DictReader(index) if row["file"] not in NO_TELEGRAM]
    assert len(found) == 29
    return found


def test_crc_is_as_the_index_says(rows: list[dict[str, str]], real_data: Path):
    for row in rows:
        telegram = decode_telegram((real_data / "p1" / row["file"]).read_bytes())
        expected = {"yes": True, "no": False, "redacted": False, "none": None}[row["crc_ok"]]
        assert telegram.crc.ok is expected, row["file"]
        assert (telegram.crc.given or "") == row["crc_given"], row["file"]
        if row["crc_computed"]:
            assert telegram.crc.computed == row["crc_computed"], row["file"]


def test_profile_is_detected(rows: list[dict[str, str]], real_data: Path):
    for row in rows:
        telegram = decode_telegram((real_data / "p1" / row["file"]).read_bytes())
        expected = BY_COUNTRY.get(row["country"]) or PROFILE_OF[row["version"]]
        assert detect_profile(telegram) == expected, row["file"]


def test_problems_are_the_deviations_that_are_there(rows: list[dict[str, str]], real_data: Path):
    for row in rows:
        octets = (real_data / "p1" / row["file"]).read_bytes()
        profile = load_profile(detect_profile(decode_telegram(octets)))
        for _ in range(2):  # the second time by the layout of the first
            telegram = decode_telegram(octets, profile)
            found = Counter(problem.code for problem in telegram.problems)
            assert found == KNOWN.get(row["file"], {}), (row["file"], telegram.problems)


def test_published_example_of_luxembourg(real_data: Path):
    name = "lu-luxmetering-e-meter-p1-1-1-3-dsmr-luxembourgh-spec-example.txt"
    telegram = decode_telegram((real_data / "p1" / name).read_bytes(), load_profile("lu"))
    assert telegram.crc == ("8B52", "8B52", True)
    assert telegram.problems == ()
    current = telegram.values("1-1:31.4.0")
    assert [(int(str(v.value)), v.unit) for v in current] == [(100, "A"), (-63, "A")]


def test_stream_gives_its_telegrams(real_data: Path):
    octets = (real_data / "p1" / "stream-nl-isk-2m550t-1012-61tel.txt").read_bytes()
    splitter = TelegramSplitter()
    pieces = []
    for start in range(0, len(octets), 97):
        pieces += splitter.feed(Chunk(start, octets[start : start + 97]))
    pieces += splitter.flush()
    assert isinstance(pieces[0], Noise)
    telegrams = pieces[1:]
    assert len(telegrams) == 60
    profile = load_profile("nl50")
    for piece in telegrams:
        assert isinstance(piece, TelegramOctets)
        assert piece.complete
        telegram = decode_telegram(piece.octets, profile)
        assert (telegram.crc.ok, telegram.problems) == (True, ())
