"""`meterbench sign`: sign the report of a finished run."""

import json
from pathlib import Path

import click


@click.command("sign")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--key", "key_path", type=click.Path(path_type=Path), required=True, help="The private key."
)
@click.option("--name", default="", help="Person or role who signs; stated in the attestation.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def sign(run: Path, key_path: Path, name: str, as_json: bool) -> None:
    """Sign the report of RUN, the folder of a finished run.

    A run that does not agree with itself is refused. Signing once more with another key adds a
    second signature.
    """
    from bench.cli.key import passphrase_for
    from reports.attest import sign_run
    from reports.keys import load_private

    key = load_private(key_path, passphrase_for(key_path))
    attestation = sign_run(run, key, name=name)
    if as_json:
        row = {
            "run": str(run),
            "attestation": str(attestation.path),
            "keyid": attestation.keyid,
            "signatures": attestation.signatures,
        }
        click.echo(json.dumps(row, indent=1))
        return
    click.echo(f"signed   {attestation.path}")
    click.echo(f"key id   {attestation.keyid}")
    click.echo(f"verify   meterbench verify {run} --trust {key_path}.pub")
