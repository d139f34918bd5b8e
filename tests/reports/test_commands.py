"""`key`, `sign` and `verify` on the command line."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bench.cli.key import key_group
from bench.cli.main import main
from bench.cli.sign import sign
from bench.cli.verify import summary, verify
from reports.verify import verify_run


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "lab.pem"
    assert main(["key", "new", str(path), "--no-passphrase"]) == 0
    return path


def test_a_run_goes_from_key_to_verified(
    sealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lab.pem"
    assert main(["key", "new", str(path), "--no-passphrase", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["public"] == f"{path}.pub"
    assert made["encrypted"] is False
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert main(["sign", str(sealed), "--key", str(path), "--json"]) == 0
    signed = json.loads(capsys.readouterr().out)
    assert signed["keyid"] == made["keyid"]
    assert main(["verify", str(sealed), "--trust", f"{path}.pub", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verified"] is True
    assert found["signers"][0]["keyid"] == made["keyid"]
    assert {line["status"] for line in found["lines"]} <= {"OK", "NOT CHECKED"}


def test_plain_lines_name_each_check(
    sealed: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sign", str(sealed), "--key", str(key)]) == 0
    assert f"--trust {key}.pub" in capsys.readouterr().out
    assert main(["verify", str(sealed), "--trust", f"{key}.pub"]) == 0
    out = capsys.readouterr().out
    assert "OK           signature" in out
    assert out.splitlines()[-1].startswith("VERIFIED: signed by")
    assert "\x1b" not in out


def test_a_changed_file_ends_with_5(
    signed: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (signed / "plan.json").write_text("{}")
    assert main(["verify", str(signed), "--trust", f"{key}.pub"]) == 5
    out = capsys.readouterr().out
    assert "FAILED       manifest\n             changed: plan.json" in out
    assert "NOT VERIFIED: signature" in out


def test_an_unsigned_run_ends_with_5(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(sealed)]) == 5
    assert "NOT VERIFIED: the run is UNSIGNED" in capsys.readouterr().out


def test_a_signed_run_without_trust_ends_with_5(signed: Path) -> None:
    verification = verify_run(signed, ())
    assert verification.exit_code == 5
    assert "name one with --trust" in summary(verification)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["verify", "nowhere"], 2, "does not exist"),
        (["verify", "{run}", "--trust", "nowhere"], 2, "cannot be read"),
        (["verify", "{run}", "--trust", "{key}"], 5, "is a private key"),
        (["sign", "{run}", "--key", "{key}.pub"], 5, "holds a public key"),
        (["sign", "{run}", "--key", "nowhere"], 2, "cannot be read"),
        (["sign", "{run}"], 2, "--key"),
        (["key", "new", "{key}", "--no-passphrase"], 2, "exists; a key is never overwritten"),
    ],
)
def test_a_mistake_has_its_message_and_code(
    sealed: Path,
    key: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    assert main([a.format(run=sealed, key=key) for a in arguments]) == code
    shown = capsys.readouterr()
    assert said in shown.err
    assert "Traceback" not in shown.err


def invoke(command: Any, *arguments: str, typed: str | None = None, **env: str | None) -> Result:
    return CliRunner().invoke(command, list(arguments), input=typed, env=env)


def test_a_passphrase_is_asked_for_and_confirmed(sealed: Path, tmp_path: Path) -> None:
    path = str(tmp_path / "k")
    wanted: dict[str, str | None] = {"METERBENCH_KEY_PASSPHRASE": None}
    made = invoke(key_group, "new", path, "--json", typed="secret\nsecret\n", **wanted)
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["encrypted"] is True
    assert "secret" not in made.output
    signed = invoke(sign, str(sealed), "--key", path, "--json", typed="secret\n", **wanted)
    assert signed.exit_code == 0, signed.output
    assert json.loads(signed.stdout)["signatures"] == 1


def test_the_environment_may_hold_the_passphrase(sealed: Path, tmp_path: Path) -> None:
    path = str(tmp_path / "k")
    variable = "METERBENCH_KEY_PASSPHRASE"
    assert invoke(key_group, "new", path, **{variable: "secret"}).exit_code == 0
    wrong = invoke(sign, str(sealed), "--key", path, **{variable: "guess"})
    assert "the passphrase is wrong" in str(wrong.exception)
    right = invoke(sign, str(sealed), "--key", path, "--name", "A. B.", **{variable: "secret"})
    assert right.exit_code == 0
    found = invoke(verify, str(sealed), "--trust", f"{path}.pub", "--json")
    assert json.loads(found.stdout)["verified"] is True


def test_two_different_entries_are_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "k"
    made = invoke(key_group, "new", str(path), typed="one\ntwo\n", METERBENCH_KEY_PASSPHRASE=None)
    assert made.exit_code == 1
    assert not path.exists()


def test_a_person_sees_the_same_lines(
    signed: Path, capsys: pytest.CaptureFixture[str], lab: Any
) -> None:
    from bench.cli.verify import _show

    (signed / "plan.json").write_text("{}")
    for number in range(30):
        (signed / f"[red]{number}").write_text("markup is text")
    _show(verify_run(signed, lab.trusted))
    out = capsys.readouterr().out
    assert "changed: plan.json" in out
    assert "extra: [red]0" in out
    assert "more (--json shows all)" in out
    assert "NOT VERIFIED" in out
