"""`meterbench plan`: what would be run, and why the rest would not."""

import json
from pathlib import Path

import click


@click.command("plan")
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--device", type=click.Path(path_type=Path), help="Declaration of the device.")
@click.option("--link", "links", multiple=True, metavar="IF=URL", help="Replace a link.")
@click.option("--quick", is_flag=True, help="Plan for a tenth of the time: 30 telegrams of P1.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan(
    selectors: tuple[str, ...],
    device: Path | None,
    links: tuple[str, ...],
    quick: bool,
    as_json: bool,
) -> None:
    """Show the plan of a run. No link is opened, so what an adapter lacks is not known yet."""
    from bench.engine.preparation import load_declaration, prepare
    from bench.engine.run import parse_links

    given = parse_links(links)
    declaration = load_declaration(device, given)
    preparation = prepare(declaration, links=given, selectors=selectors, quick=quick)
    rows = preparation.plan()
    review = {name: list(target.review) for name, target in preparation.targets.items()}
    if as_json:
        data = {
            "observed_telegrams": preparation.observed_telegrams,
            "review": review,
            "cases": [row.to_json() for row in rows],
        }
        click.echo(json.dumps(data, indent=1))
        return
    for name, findings in review.items():
        for finding in findings:
            click.secho(f"static review of {name}: {finding}", fg="yellow")
    counts: dict[str, int] = {}
    for row in rows:
        word = str(row.applicability)
        counts[word] = counts.get(word, 0) + 1
        reason = f"  {row.reason}" if row.reason else ""
        click.echo(f"{row.id:<10} {row.level!s:<6} {word:<14}{reason}".rstrip())
    click.echo(", ".join(f"{count} {word}" for word, count in counts.items()))
