"""Compare the AES-GCM protection of APDUs with dlms-cosem: there and back, 60 to 1000 octets.

    python benchmarks/dlms_security.py [--json] [--rounds N]

"Text" protects an APDU and opens it again, with authentication and encryption of suite 0. "APDU"
does so with a whole general-glo-ciphering APDU, built and taken apart; there is no longer one, as
dlms-cosem 25.1.0 does not read lengths above 127. All run in this process in interleaved rounds
(ours, theirs, ours, theirs, ...); the table gives the median of each and the median of the ratios
of the rounds. Quote the ratio: the rates belong to the machine.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.protocols.dlms.ciphered import SecurityControl
from bench.protocols.dlms.security.apdus import Ciphering, protect_apdu, unprotect_apdu
from bench.protocols.dlms.security.gcm import protect, unprotect
from bench.protocols.dlms.security.keys import SymmetricKeys
from benchmarks.interleaved import Row, interleave, medians, rate, ratio, run_script

Run = Callable[[], bytes | None]
INSTALL = "pip install dlms-cosem==25.1.0"
TITLE = bytes.fromhex("4D4D4D0000BC614E")
COUNTER = 0x01234567
KEYS = SymmetricKeys(
    bytes.fromhex("000102030405060708090A0B0C0D0E0F"),
    bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"),
)
CONTROL = SecurityControl.of(0x30)
TEXTS = (60, 250, 1000)
WHOLE = 90


def apdu_of(size: int) -> bytes:
    """Return a GET response of so many octets."""
    return bytes.fromhex("C401C10009") + bytes(number & 0xFF for number in range(size - 5))


def ours_text(apdu: bytes) -> Run:
    def run() -> bytes | None:
        key, authentication_key = KEYS.encryption, KEYS.authentication
        protected = protect(CONTROL, TITLE, COUNTER, key, authentication_key, apdu)
        return unprotect(protected, TITLE, key, authentication_key)

    return run


def ours_apdu(apdu: bytes) -> Run:
    def run() -> bytes | None:
        how = Ciphering.GENERAL_GLO
        octets = protect_apdu(apdu, how, control=CONTROL, title=TITLE, counter=COUNTER, keys=KEYS)
        opened = unprotect_apdu(octets, TITLE, KEYS)
        return None if opened is None else opened.apdu

    return run


def theirs_text(apdu: bytes) -> Run | None:
    try:
        from dlms_cosem import security
    except ImportError:
        return None
    control = security.SecurityControlField(0, authenticated=True, encrypted=True)

    def run() -> bytes:
        key, authentication_key = KEYS.encryption, KEYS.authentication
        octets = security.encrypt(control, TITLE, COUNTER, key, apdu, authentication_key)
        found = security.decrypt(control, TITLE, COUNTER, key, octets, authentication_key)
        return bytes(found)

    return run


def theirs_apdu(apdu: bytes) -> Run | None:
    try:
        from dlms_cosem import security
        from dlms_cosem.protocol.xdlms import GeneralGlobalCipher
    except ImportError:
        return None
    control = security.SecurityControlField(0, authenticated=True, encrypted=True)

    def run() -> bytes:
        key, authentication_key = KEYS.encryption, KEYS.authentication
        text = security.encrypt(control, TITLE, COUNTER, key, apdu, authentication_key)
        octets = GeneralGlobalCipher(TITLE, control, COUNTER, text).to_bytes()
        cipher = GeneralGlobalCipher.from_bytes(octets)
        return bytes(cipher.to_plain_apdu(key, authentication_key))

    return run


def jobs() -> list[tuple[str, Run, Run | None]]:
    """Return what is measured."""
    found = []
    for size in TEXTS:
        apdu = apdu_of(size)
        found.append((f"text of {size} octets", ours_text(apdu), theirs_text(apdu)))
    apdu = apdu_of(WHOLE)
    found.append((f"APDU with {WHOLE} octets", ours_apdu(apdu), theirs_apdu(apdu)))
    return found


def check() -> None:
    """Let nobody win by not looking: all give the APDU back, and refuse a damaged tag."""
    for size, (title, ours, theirs) in zip((*TEXTS, WHOLE), jobs(), strict=True):
        assert ours() == apdu_of(size), title
        assert theirs is None or theirs() == apdu_of(size), title
    damaged = protect(CONTROL, TITLE, COUNTER, KEYS.encryption, KEYS.authentication, apdu_of(60))
    wrong = damaged.octets[:-1] + bytes((damaged.octets[-1] ^ 1,))
    damaged = type(damaged)(CONTROL, COUNTER, wrong)
    assert unprotect(damaged, TITLE, KEYS.encryption, KEYS.authentication) is None
    try:
        from dlms_cosem import exceptions, security
    except ImportError:
        return
    control = security.SecurityControlField(0, authenticated=True, encrypted=True)
    try:
        security.decrypt(control, TITLE, COUNTER, KEYS.encryption, wrong, KEYS.authentication)
    except exceptions.DecryptionError:
        return
    raise AssertionError("dlms-cosem takes a damaged tag")


def measure(rounds: int, seconds: float) -> list[Row]:
    """Return a row for each job: median rates and the median ratio to the peer."""
    check()
    found = []
    for title, ours, theirs in jobs():
        runs = {"ours": ours} | ({} if theirs is None else {"dlms-cosem": theirs})
        rates = interleave(
            {name: partial(rate, run) for name, run in runs.items()}, rounds, seconds
        )
        row: Row = {"job": title, "rates": medians(rates)}
        if theirs is not None:
            row["ratio"] = ratio(rates["ours"], rates["dlms-cosem"])
        found.append(row)
    return found


def show(rows: list[Row], rounds: int) -> None:
    print(f"Median of {rounds} interleaved rounds, there and back per second")
    for row in rows:
        times = f"{row['ratio']:8.1f}x" if "ratio" in row else ""
        print(f"{row['job']}{times}")
        for name, value in row["rates"].items():
            print(f"  {name:16}{value:12.0f}")


if __name__ == "__main__":
    run_script(
        __doc__, measure, show, seconds=0.3, install=INSTALL, has_peer=lambda row: "ratio" in row
    )
