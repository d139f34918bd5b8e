"""`meterbench run`: judge a device and hand over a report."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bench.core.rollup import ProfileResult
    from bench.engine.run import Run
    from reports.model import ReportFiles

_SHOWN = 12
_COLOURS = {"CONFORMS": "green", "DOES NOT CONFORM": "red", "NOT DETERMINED": "yellow"}


@click.command("run")
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option(
    "--device",
    type=click.Path(path_type=Path),
    help="Declaration of the device; the built-in metering system without it.",
)
@click.option(
    "--link",
    "links",
    multiple=True,
    metavar="IF=URL",
    help="Replace an interface's link, e.g. p1=tcp://127.0.0.1:2001.",
)
@click.option("--quick", is_flag=True, help="Observe for a tenth of the time: 30 telegrams of P1.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs"),
    show_default=True,
    help="Folder in which the run's folder is made.",
)
@click.option("--key", type=click.Path(path_type=Path), help="Private key to sign the report with.")
@click.option("--resume", type=click.Path(path_type=Path), help="Continue the run in this folder.")
@click.option(
    "--allow",
    type=click.Choice(["destructive"]),
    help="Allow cases that may leave the device changed; the declaration must allow them too.",
)
@click.option(
    "-j",
    "processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes to spread the cases over (simulator only).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def run(
    selectors: tuple[str, ...],
    device: Path | None,
    links: tuple[str, ...],
    quick: bool,
    out: Path,
    key: Path | None,
    resume: Path | None,
    allow: str | None,
    processes: int,
    as_json: bool,
) -> int:
    """Run the cases that apply to a device and write a report.

    A SELECTOR is an interface (p1), the beginning of a case id (P1-A-02), a clause
    (DSMR-5.0.2:6.2) or a tag (kind:BV, level:must); with ! in front it takes cases away.

    Exit code: 0 conforms, 1 a fail, 3 inconclusive or incomplete, 4 the bench or its adapter
    failed, 2 a usage or declaration error.
    """
    from bench.engine.run import Run, parse_links

    if resume is not None and (selectors or device or links or quick or allow):
        raise click.UsageError("--resume continues the run as planned; it takes no other choice")
    signer = _Signer(key) if key else None
    if resume is not None:
        current = Run.resume(resume)
    else:
        current = Run.begin(
            device,
            links=parse_links(links),
            selectors=selectors,
            quick=quick,
            allow_destructive=allow is not None,
            out=out,
        )
    interrupted = _execute(current, processes, quiet=as_json)
    return _finish(current, signer, as_json, interrupted)


def _execute(current: "Run", processes: int, *, quiet: bool) -> bool:
    """Run the pending cases; return whether the operator stopped at once."""
    from bench.cli.progress import live_progress

    try:
        if quiet:
            current.execute(processes=processes)
        else:
            titles = {case.id: case.title for case in current.preparation.cases()}
            _announce(current)
            with live_progress(len(current.pending()), titles) as show:
                current.execute(finished=show, processes=processes)
    except KeyboardInterrupt:
        current.session.stopping = True
        return True
    finally:
        current.close()
    return False


def _announce(current: "Run") -> None:
    from bench import __version__
    from bench.cli.terminal import visible

    assert current.folder is not None
    item = current.preparation.declaration.item
    click.echo(f"meterbench {__version__}   run {current.folder.name}")
    device = f"{item.manufacturer} {item.type}, serial {item.serial}"
    click.echo(f"device   {visible(device)}")
    for name, target in current.preparation.targets.items():
        link = visible(str(target.link))
        click.echo(f"{name:<8} {target.suite.titles(target.profile)} over {link}")
        for finding in target.review:
            click.secho(f"         static review: {finding}", fg="yellow")
    mode = "quick: 30 telegrams of P1, 10 s of S1, no" if current.preparation.quick else ""
    if mode:
        click.secho(f"mode     {mode} full observation", fg="yellow")
    counts: dict[str, int] = {}
    for row in current.plan:
        counts[str(row.applicability)] = counts.get(str(row.applicability), 0) + 1
    click.echo(f"plan     {', '.join(f'{n} {word}' for word, n in counts.items())}\n")


class _Signer:
    """A key that was opened before the run, so that a wrong passphrase does not cost one."""

    def __init__(self, path: Path) -> None:
        from bench.cli.key import passphrase_for
        from reports.keys import load_private

        self.path = path
        self.key = load_private(path, passphrase_for(path))


def _finish(current: "Run", signer: _Signer | None, as_json: bool, interrupted: bool) -> int:
    from bench.core.rollup import exit_code
    from reports.attest import sign_run
    from reports.manifest import write_manifest
    from reports.model import write_reports

    assert current.folder is not None
    folder = current.folder.path
    stopped = interrupted or current.session.stopping
    files = write_reports(folder)
    write_manifest(folder)
    if signer is not None and not stopped:
        sign_run(folder, signer.key)
    profiles = current.profiles()
    code = exit_code(profiles)
    if stopped and code == 0:
        code = 3
    if as_json:
        click.echo(json.dumps(_outcome(current, profiles), indent=1))
    else:
        _summary(current, profiles, files, signer, stopped)
    return code


def _outcome(current: "Run", profiles: Sequence["ProfileResult"]) -> dict[str, Any]:
    assert current.folder is not None
    judgements = current.judgements()
    cases = []
    for row in current.plan:
        judgement = judgements.get(row.id)
        applicability = str(row.applicability)
        if judgement is None and applicability == "selected":
            applicability = "not-run"
        cases.append(
            {
                "id": row.id,
                "applicability": applicability,
                "verdict": str(judgement.verdict) if judgement else "none",
                "reason": (judgement.reason or judgement.message) if judgement else row.reason,
            }
        )
    return {
        "run": str(current.folder.path),
        "profiles": [
            {"profile": p.profile, "conclusion": str(p.conclusion), "counts": dict(p.counts)}
            for p in profiles
        ],
        "cases": cases,
    }


def _summary(
    current: "Run",
    profiles: Sequence["ProfileResult"],
    files: "ReportFiles",
    signer: _Signer | None,
    stopped: bool,
) -> None:
    from bench.cli.terminal import visible

    assert current.folder is not None
    click.echo()
    for profile in profiles:
        conclusion = str(profile.conclusion)
        counts = ", ".join(f"{n} {word}" for word, n in profile.counts.items() if n)
        styled = click.style(conclusion, fg=_COLOURS[conclusion], bold=True)
        click.echo(f"{profile.profile}   {styled}   {counts}")
        for reason in profile.because[:_SHOWN]:
            click.echo(f"    {visible(reason)}")
        if len(profile.because) > _SHOWN:
            click.echo(f"    and {len(profile.because) - _SHOWN} more, see the report")
    if current.preparation.quick:
        click.echo(
            "quick run: 30 telegrams of P1, 10 s of S1; cases that need more are inconclusive"
        )
    known = current.judgements()
    named = (reason.partition(" ")[0] for p in profiles for reason in p.because)
    case_id = next((word for word in named if word in known), None)
    if case_id:
        click.echo(f"\nexplain  meterbench explain {case_id}@{current.folder.path}")
    click.echo(f"report   {files.html}")
    if stopped:
        click.secho("The run was stopped; nothing is signed.", fg="yellow")
        click.echo(f"resume   meterbench run --resume {current.folder.path}")
    elif signer is None:
        click.secho("UNSIGNED", fg="yellow", bold=True, nl=False)
        click.echo(f"   sign it with: meterbench sign {current.folder.path} --key KEY")
    else:
        click.echo(
            f"signed   verify it with: meterbench verify {current.folder.path} "
            f"--trust {signer.path}.pub"
        )
