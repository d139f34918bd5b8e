"""`meterbench list`: the cases, with all that they say about themselves."""

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bench.simulator.faults import Fault, Variation


@click.command("list")
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--clauses", is_flag=True, help="List the clauses and the cases that judge by them.")
@click.option("--faults", is_flag=True, help="List what the simulator can show on purpose.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_cases(selectors: tuple[str, ...], clauses: bool, faults: bool, as_json: bool) -> None:
    """List the installed cases; nothing is run."""
    from bench.core.selector import select
    from bench.engine import catalogue

    if faults:
        _list_faults(selectors, as_json)
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


def _list_faults(selectors: tuple[str, ...], as_json: bool) -> None:
    """List what the simulator can show: faults with their killers, and legal oddities."""
    from bench.core.errors import UsageError
    from bench.simulator.faults import faults, interfaces, variations

    known: list[Fault | Variation] = []
    for interface in interfaces():
        known += faults(interface)
        known += variations(interface)
    rows = [
        _fault_row(one)
        for one in known
        if not selectors or any(one.id.startswith(s) for s in selectors)
    ]
    if not rows:
        raise UsageError(f"no fault begins with {' or '.join(selectors)}; write for example p1.crc")
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        caught = f"  [{', '.join(row['killers'])}]" if row["killers"] else "  (legal)"
        click.echo(f"{row['id']:<34} {row['summary']}{caught}")
    click.echo(f"{len(rows)} faults and legal oddities")


def _fault_row(one: "Fault | Variation") -> dict[str, Any]:
    killers = list(getattr(one, "killers", ()))
    return {
        "id": one.id,
        "kind": "fault" if killers else "legal oddity",
        "summary": one.summary,
        "clause": one.clause,
        "profile": one.profile,
        "killers": killers,
    }
