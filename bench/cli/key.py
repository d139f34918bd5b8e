"""`meterbench key`: make the key pair that reports are signed with."""

import json
import os
from pathlib import Path

import click

PASSPHRASE_VARIABLE = "METERBENCH_KEY_PASSPHRASE"


@click.group("key")
def key_group() -> None:
    """Make keys to sign reports with."""


@key_group.command("new")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--no-passphrase", is_flag=True, help="Leave the private key unencrypted.")
@click.option("--ecdsa", is_flag=True, help="ECDSA P-256 instead of Ed25519.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def key_new(path: Path, no_passphrase: bool, ecdsa: bool, as_json: bool) -> None:
    """Write a new private key to PATH (mode 0600) and its public key to PATH.pub.

    The passphrase is asked for, or taken from METERBENCH_KEY_PASSPHRASE.
    """
    from reports.keys import new_key

    passphrase = None if no_passphrase else new_passphrase()
    files = new_key(path, passphrase, ecdsa=ecdsa)
    if as_json:
        row = {
            "private": str(files.private),
            "public": str(files.public),
            "keyid": files.keyid,
            "encrypted": files.encrypted,
        }
        click.echo(json.dumps(row, indent=1))
        return
    click.echo(f"private key  {files.private}  (keep it; mode 0600)")
    click.echo(f"public key   {files.public}  (give it to whoever verifies your reports)")
    click.echo(f"key id       {files.keyid}")
    if not files.encrypted:
        click.echo("The private key is not encrypted: whoever reads the file can sign.", err=True)


def new_passphrase() -> str:
    """Return the passphrase for a new key, asked for twice unless the environment has it."""
    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given is not None:
        return given
    entered: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    return entered


def passphrase_for(path: Path) -> str | None:
    """Return the passphrase of an existing key; None if it needs none."""
    from reports.keys import is_encrypted

    if not is_encrypted(path):
        return None
    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given is not None:
        return given
    entered: str = click.prompt(f"Passphrase of {path}", hide_input=True, err=True)
    return entered
