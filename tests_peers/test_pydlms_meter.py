"""The bench judges a meter that is not its own: the simulator of pydlms-client 0.1.0.

The runs end without an error of the bench, and fail in exactly those cases in which the clause says
that this meter deviates.
"""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
KINDS = ("plain", "ciphered")
PASSWORD, SECRET = "12345678", "0123456789ABCDEF"
ENCRYPTION, AUTHENTICATION = bytes(range(16)).hex(), bytes(range(0xD0, 0xE0)).hex()
SECRETS = {
    "PEER_LLS_PASSWORD": PASSWORD,
    "PEER_HLS_SECRET": SECRET.encode().hex(),
    "PEER_HLS_LONG_SECRET": (2 * SECRET).encode().hex(),
    "PEER_GUEK": ENCRYPTION,
    "PEER_GAK": AUTHENTICATION,
}
CLIENTS = {
    "plain": [
        *("--client", f"32:1:{PASSWORD}"),
        *("--client", f"33:3:{SECRET}"),
        *("--client", f"34:4:{SECRET}"),
        *("--client", f"36:6:{2 * SECRET}"),
    ],
    "ciphered": ["--key", ENCRYPTION, "--auth-key", AUTHENTICATION, "--client", "1:5"],
}
PATIENCE_S = 420

PLAIN, CIPHERED = ({f"{kind}-wrapper", f"{kind}-hdlc"} for kind in KINDS)
WRAPPER, HDLC = ({f"{kind}-{layer}" for kind in KINDS} for layer in ("wrapper", "hdlc"))
ALL = PLAIN | CIPHERED

DEFENDED = {
    # --- the association
    # no conformance bit in common, and it opens an association (IEC 62056-5-3 §6.3: initiate
    # error incompatible-conformance)
    "DLMS-AA-04": ALL,
    # takes a client that takes APDUs of 11 octets (§6.3: pdu-size-too-short)
    "DLMS-AA-06": ALL,
    # an application context name that it does not know gets an exception-response and no AARE
    # with diagnostic 2 (§7.2)
    "DLMS-AA-08": ALL,
    # in an association with short names it serves a GET with a logical name (§7.2: the context
    # says which services there are)
    "DLMS-AA-09": ALL,
    # takes an AARQ whose protocol version is not version 1 (§7.2.4: no-common-acse-version)
    "DLMS-AA-10": ALL,
    # takes system titles of 1 and 10 octets (§7.2.4: calling-AP-title-not-recognized)
    "DLMS-AA-12": ALL,
    # no mechanism name at all gets "not recognised", 11 (§5.3: 12 or 14, required)
    "DLMS-AA-15": PLAIN,
    # a mechanism name with number 9 makes it close the connection, one of another arc gets an
    # exception-response (§5.3 wants an AARE that names the reason)
    "DLMS-AA-16": PLAIN,
    # whoever has no password sets its clock (IEC 62056-6-2 §4.4.3: rights belong to the
    # association)
    "DLMS-AA-20": ALL,
    # --- HDLC
    # after DISC it goes on as if there were a link (IEC 62056-46 §6.4.4: DM), and so without any
    "DLMS-HDLC-03": HDLC,
    "DLMS-HDLC-04": HDLC,
    "DLMS-HDLC-05": HDLC,
    # waits for 2047 octets because a damaged length field says so, and answers nothing meanwhile
    # (§6.4.1.3; no inter-octet time-out, IEC 62056-6-2 §5.6.2)
    "DLMS-HDLC-11": HDLC,
    # takes the flag of a frame that came long before for the opening one (§6.4.1.2)
    "DLMS-HDLC-12": HDLC,
    # takes client addresses of two octets (§6.4.2: the client has one)
    "DLMS-HDLC-17": HDLC,
    # a control field that it does not know makes it close the connection (§6.4.3: FRMR, and a
    # link that SNRM sets up again)
    "DLMS-HDLC-20": HDLC,
    # takes an information field one octet longer than agreed (§6.4.4: FRMR, or it is dropped)
    "DLMS-HDLC-21": HDLC,
    # answers wrong and repeated numbers by REJ, which is no frame of this profile (§6.4.3), and
    # does not repeat the answer that was lost (§6.4.4)
    "DLMS-HDLC-22": HDLC,
    "DLMS-HDLC-24": HDLC,
    # takes an APDU behind E6 E7 00, which is the LLC header of answers, and behind E6 E6 01 (§5.3)
    "DLMS-HDLC-27": HDLC,
    # a parameter longer than its group makes it close the connection (§6.4.4: UA, DM or FRMR)
    "DLMS-HDLC-34": HDLC,
    # puts the halves of a frame together, whatever the pause between (IEC 62056-6-2 §5.6.2)
    "DLMS-HDLC-36": HDLC,
    # a frame with one wrong bit in its length leaves it waiting, as in DLMS-HDLC-11 (§6.4.1)
    "DLMS-ROB-02": HDLC,
    # --- the wrapper
    # answers at every wPort (IEC 62056-47 §4)
    "DLMS-WR-04": WRAPPER,
    # --- services
    # answers unconfirmed SET and ACTION (IEC 62056-5-3 §6.9)
    "DLMS-SVC-02": ALL,
    # serves lists where multiple-references was not agreed on (§6.3)
    "DLMS-SVC-09": ALL,
    # gives any block that is asked for, whatever was the last one (§7.3: 19 and the end of it)
    "DLMS-SVC-11": ALL,
    # blocks of one association are there in the next one on the connection (§7.3: 16)
    "DLMS-SVC-12": WRAPPER,
    # takes any type and length where a string was (§6.7), and blocks in any order (§7.3)
    "DLMS-SVC-07": ALL,
    "DLMS-SVC-08": ALL,
    "DLMS-SVC-14": ALL,
    # takes an APDU that is longer than the largest one that it has told (§6.3)
    "DLMS-SVC-21": ALL,
    # --- objects
    # has no SAP assignment, and its current association is not on its list, nor is a security
    # setup (IEC 62056-6-2 §4.1.8, §4.4.3, §4.4.7)
    "DLMS-OBJ-02": ALL,
    "DLMS-OBJ-03": ALL,
    "DLMS-OBJ-05": ALL,
    "DLMS-OBJ-25": CIPHERED,
    # its load profile has no profile_entries (§4.3.6: all attributes of class 7 are mandatory)
    "DLMS-OBJ-17": ALL,
    # --- security
    # a challenge of the meter's own, sent back to it in the next association, is as good as any
    # (Green Book 9.2)
    "DLMS-HLS-09": ALL,
    # takes a proof by GMAC with a counter that was used before: the same nonce under the same key
    # (IEC 62056-5-3 §5.3.7.2)
    "DLMS-HLS-12": CIPHERED,
    # takes the dedicated key of an association that is over (§5.3.5)
    "DLMS-SEC-18": CIPHERED,
    # takes a dedicated key from a client without ciphering, and ciphers with it (§5.3.5, §7.2)
    "DLMS-SEC-19": CIPHERED,
    # general-glo-ciphering under any system title is served as if it came from the client (§5.5)
    "DLMS-SEC-20": CIPHERED,
}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def peer_meter(kind, layer, port):
    """Start the simulator of pydlms-client, and wait until it listens."""
    command = [sys.executable, "-m", "pydlms.simulator", "--port", str(port), *CLIENTS[kind]]
    command += ["--hdlc"] if layer == "hdlc" else []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process
    process.kill()
    process.wait()
    raise AssertionError("the simulator of pydlms-client does not listen")


def begin_run(kind, layer, port, folder):
    """Start a run of the WAN suite against it."""
    text = (HERE / f"pydlms-{kind}.toml").read_text(encoding="utf-8")
    if layer == "hdlc":
        text = text.replace('link_layer = "wrapper"', 'link_layer = "hdlc"')
        # one line, one link: a second client's SNRM takes the place of the first
        text = text.replace('"WAN/MULTIPLE-CLIENTS" = true', '"WAN/MULTIPLE-CLIENTS" = false')
    device = folder / f"{kind}-{layer}.toml"
    device.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "bench", "run", "wan", "--json", "--device", str(device)]
    command += ["--link", f"wan=tcp://127.0.0.1:{port}", "--out", str(folder / f"{kind}-{layer}")]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | SECRETS
    )


@pytest.fixture(scope="module")
def outcomes(pydlms, tmp_path_factory):
    """What the four runs printed; they go on at the same time, as they mostly wait."""
    folder = tmp_path_factory.mktemp("runs")
    meters, runs = [], {}
    try:
        for kind in KINDS:
            for layer in ("wrapper", "hdlc"):
                port = free_port()
                meters.append(peer_meter(kind, layer, port))
                runs[f"{kind}-{layer}"] = begin_run(kind, layer, port, folder)
        yield {name: run.communicate(timeout=PATIENCE_S) for name, run in runs.items()}
    finally:
        for process in (*runs.values(), *meters):
            process.kill()
            process.wait()


@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.parametrize("name", sorted(ALL))
def test_the_meter_fails_where_it_deviates_and_nowhere_else(outcomes, name):
    printed, said = outcomes[name]
    assert printed, said.decode()
    outcome = json.loads(printed)
    [profile] = outcome["profiles"]
    assert profile["counts"]["error"] == profile["counts"]["not-run"] == 0
    cases = [case for case in outcome["cases"] if case["applicability"] == "selected"]
    failed = {case["id"]: case.get("reason", "") for case in cases if case["verdict"] == "fail"}
    assert {case["id"] for case in cases if case["verdict"] == "pass"}
    expected = {case for case, runs in DEFENDED.items() if name in runs}
    unforeseen = {case: failed[case] for case in failed.keys() - expected}
    assert unforeseen == {}
    assert expected - failed.keys() == set()
