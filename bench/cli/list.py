"""`meterbench list`: the cases, with all that they say about themselves."""

import json

import click


@click.command("list")
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--clauses", is_flag=True, help="List the clauses and the cases that judge by them.")
@click.option("--faults", is_flag=True, help="List the simulator's faults and their killers.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_cases(selectors: tuple[str, ...], clauses: bool, faults: bool, as_json: bool) -> None:
    """List the installed cases; nothing is run."""
    from bench.core.selector import select
    from bench.engine import catalogue

    if faults:
        _list_faults(as_json)
        return
    cases = catalogue.cases()
    chosen = select(cases, selectors) if selectors else {case.id for case in cases}
    cases = [case for case in cases if case.id in chosen]
    if clauses:
        by_clause: dict[str, list[str]] = {}
        for case in cases:
            for clause in case.clauses:
                by_clause.setdefault(clause, []).append(case.id)
        if as_json:
            click.echo(json.dumps(by_clause, indent=1))
            return
        for clause, ids in sorted(by_clause.items()):
            click.echo(f"{clause:<20} {' '.join(ids)}")
        return
    if as_json:
        click.echo(json.dumps([case.to_json() for case in cases], indent=1))
        return
    for case in cases:
        click.echo(f"{case.id:<10} v{case.version} {case.kind} {case.level!s:<6} {case.title}")
    click.echo(f"{len(cases)} cases")


def _list_faults(as_json: bool) -> None:
    from bench.simulator.faults import faults, interfaces

    rows = [fault for interface in interfaces() for fault in faults(interface)]
    if as_json:
        data = [
            {"id": f.id, "summary": f.summary, "clause": f.clause, "killers": list(f.killers)}
            for f in rows
        ]
        click.echo(json.dumps(data, indent=1))
        return
    for fault in rows:
        click.echo(f"{fault.id:<34} {fault.summary}  [{', '.join(fault.killers)}]")
    click.echo(f"{len(rows)} faults")
