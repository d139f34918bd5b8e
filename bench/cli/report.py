"""`meterbench report`: render the report of a run that was made with plain pytest, or stopped."""

from pathlib import Path

import click

from bench.core.errors import UsageError


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path))
def report(run: Path) -> None:
    """Write report.json, report.html and junit.xml of RUN, a run's folder, from its evidence."""
    from reports.manifest import write_manifest
    from reports.model import write_reports

    if not (run / "plan.json").is_file():
        raise UsageError(f"{run} is not the folder of a run: it has no plan.json")
    if (run / "attestation.json").exists():
        raise UsageError(f"{run} is signed; its report stays as it was signed")
    files = write_reports(run)
    write_manifest(run)
    click.echo(f"report   {files.html}")
