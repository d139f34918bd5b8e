"""The identification block of a test report, in the order of ISO/IEC 17025:2017 §7.8.2.1."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.folder import Plan
from reports.records import Identification, SuiteUsed
from reports.text import as_text

_NOT_STATED = "not stated"
_ITEM = (
    ("manufacturer", "Manufacturer"),
    ("type", "Type"),
    ("serial", "Serial number"),
    ("hardware", "Hardware version"),
    ("firmware", "Firmware version"),
    ("condition", "Condition"),
)


def tables(declaration: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the declaration's `[item]` and `[customer]` as texts."""
    return _table(declaration, "item"), _table(declaration, "customer")


def identification(
    plan: Plan,
    environment: Mapping[str, Any],
    declaration: Mapping[str, Any],
    dates: tuple[str, str],
    suites: Sequence[SuiteUsed],
    rule: str,
) -> tuple[Identification, ...]:
    """Return the rows of the block; what nobody stated is said to be not stated."""
    item, customer = tables(declaration)
    started, finished = dates
    version = str(environment["bench"]["version"])
    method = "; ".join(f"{s.title} (suite {s.interface}, {s.digest[:12]}…)" for s in suites)
    profiles = "; ".join(
        f"{name}/{entry['profile']} {entry.get('title', '')}".strip()
        for name, entry in plan.data["interfaces"].items()
    )
    rows = [
        Identification("b", "station", "Test station", _or(environment.get("station"))),
        Identification("d", "run", "Unique id of this report and run", plan.run),
        _supplied("e", "customer", "Customer", customer.get("name")),
        _supplied("e", "contact", "Contact", customer.get("contact")),
        Identification("f", "bench", "Bench", f"meterbench {version}"),
        Identification("f", "method", "Method", _or(method)),
        Identification("f", "profiles", "Tested against", _or(profiles)),
        Identification("f", "decision_rule", "Decision rule", rule),
    ]
    rows += [_supplied("g", key, f"Item: {label.lower()}", item.get(key)) for key, label in _ITEM]
    rows += [
        _supplied("h", "received", "Item received", item.get("received")),
        Identification("i", "started", "Test started", _or(started)),
        Identification("i", "finished", "Test finished", _or(finished)),
        Identification("j", "issued", "Report issued", f"{_or(finished)} (end of the test)"),
        Identification("k", "sampling", "Sampling", "a single item; no sampling by the bench"),
    ]
    return tuple(rows)


def _table(declaration: Mapping[str, Any], name: str) -> dict[str, str]:
    table = declaration.get(name)
    if not isinstance(table, dict):
        return {}
    return {str(key): as_text(value) for key, value in table.items()}


def _supplied(clause: str, key: str, label: str, value: str | None) -> Identification:
    return Identification(clause, key, label, _or(value), bool(value))


def _or(value: object) -> str:
    return as_text(value) or _NOT_STATED
