"""The value of a key never reaches evidence, output, logs or reports, in no spelling."""

import base64
import secrets as random_secrets
from importlib import resources

import pytest

from bench.simulator.ports.p1 import DEFAULT_SEED
from bench.simulator.wan.keys import wan_secret

DECLARATION = """\
schema = 1
[item]
manufacturer = "m"
type = "t"
serial = "s"
[p1]
profile = "nl50"
link = "{link}"
keys = {{encryption = "env:METER_KEY", authentication = "file:{path}"}}
"""


def spellings(value):
    octets = bytes.fromhex(value)
    for text in (value, value.upper(), value.lower()):
        yield text.encode()
        yield text.encode().hex().encode()
        yield base64.b64encode(text.encode()).rstrip(b"=")
    yield octets
    yield base64.b64encode(octets).rstrip(b"=")
    yield base64.urlsafe_b64encode(octets).rstrip(b"=")
    yield octets.hex(" ").encode()
    yield octets.hex(":").encode()
    yield repr(octets).encode()


@pytest.mark.parametrize("fault", ["", "?fault=p1.crc-init-ffff"])
def test_no_spelling_of_a_key_is_anywhere_in_a_run(bench, tmp_path, monkeypatch, fault):
    from_environment, from_file = (random_secrets.token_hex(16) for _ in range(2))
    monkeypatch.setenv("METER_KEY", from_environment)
    (tmp_path / "key").write_text(from_file)
    device = tmp_path / "device.toml"
    device.write_text(DECLARATION.format(link=f"simulated:p1{fault}", path=tmp_path / "key"))
    signer = tmp_path / "lab.key"
    bench("key", "new", signer, "--no-passphrase")
    said = []
    for command in (
        ["run", "--quick", "--device", device, "--key", signer, "--out", tmp_path / "runs"],
        ["run", "--quick", "--json", "--device", device, "--out", tmp_path / "runs"],
        ["plan", "--json", "--device", device],
        ["declare", "check", "--json", device],
    ):
        code, out, err = bench(*command)
        assert code in (0, 1, 3), err
        said += [out.encode(), err.encode()]
    files = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert len(files) > 40
    everything = [path.read_bytes() for path in files] + said
    assert any(b"env:METER_KEY" in one for one in everything)
    for value in (from_environment, from_file):
        for spelling in spellings(value):
            assert not any(spelling in one for one in everything), spelling


def test_a_key_that_was_written_out_is_refused_and_not_repeated(bench, tmp_path):
    value = random_secrets.token_hex(16)
    device = tmp_path / "device.toml"
    text = DECLARATION.format(link="simulated:p1", path="/x").replace("env:METER_KEY", value)
    device.write_text(text)
    for command in (
        ["run", "--device", device, "--out", tmp_path / "runs"],
        ["declare", "check", "--json", device],
        ["plan", "--device", device],
    ):
        code, out, err = bench(*command)
        assert code == 2
        assert "never the key itself" in out + err
        assert value not in out + err
    assert not (tmp_path / "runs").exists()


_NAMES = (
    *("lls_password", "hls2_secret", "hls3_secret", "hls4_secret", "hls6_secret"),
    *(f"suite{n}_{key}" for n in range(3) for key in ("encryption", "authentication")),
    *(f"suite{n}_{key}" for n in range(3) for key in ("broadcast", "master")),
    *("client_signing", "client_agreement", "client_signing_p384", "client_agreement_p384"),
)


#: what opens associations over WAN while S1 and P1 are heard
_SEVERAL = ("S1-TIM-09", "S1-MEAS-02", "S1-ACT-01", "system", "DLMS-AA-0")


@pytest.mark.parametrize("layer", ["hdlc", "wrapper"])
@pytest.mark.parametrize("fault", ["", "?fault=wan.lls-any-password"])
def test_no_secret_of_a_wan_port_is_anywhere_in_a_run(bench, tmp_path, layer, fault):
    """Passwords are on the wire as they are, and keys in the hands of the bench."""
    shipped = resources.files("bench.simulator").joinpath("device.toml").read_text()
    declared = f'[wan.ixit]\nlink_layer = "{layer}"\n'
    assert "[wan.ixit]\n" in shipped
    (tmp_path / "device.toml").write_text(shipped.replace("[wan.ixit]\n", declared))
    code, out, err = bench(
        *("run", "wan", "--link", f"wan=simulated:wan{fault}", "--allow", "destructive"),
        *("--device", tmp_path / "device.toml", "--out", tmp_path / "runs"),
    )
    assert code in (0, 1, 3), err
    files = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    everything = [path.read_bytes() for path in files] + [out.encode(), err.encode()]
    assert any(b"simulated:wan/lls_password" in one for one in everything)
    for name in _NAMES:
        secret = wan_secret(DEFAULT_SEED, name)
        for spelling in spellings(secret.hex()):
            assert not any(spelling in one for one in everything), name
    # what is a part of the password only would still tell most of it
    part = wan_secret(DEFAULT_SEED, "lls_password")[:8]
    assert not any(part in one or part.hex().encode() in one for one in everything)


def test_no_secret_is_anywhere_in_a_run_of_several_ports(bench, tmp_path):
    """What samples and telegrams are recorded beside keeps the secrets of WAN, too."""
    code, out, err = bench("run", *_SEVERAL, "--allow", "destructive", "--out", tmp_path / "runs")
    assert code in (0, 1, 3), err
    files = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert any(path.name == "beside-p1.pcapng" for path in files)
    everything = [path.read_bytes() for path in files] + [out.encode(), err.encode()]
    assert any(b"simulated:wan/lls_password" in one for one in everything)
    for name in _NAMES:
        for spelling in spellings(wan_secret(DEFAULT_SEED, name).hex()):
            assert not any(spelling in one for one in everything), name
