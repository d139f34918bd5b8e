"""From a declaration to what will be run: targets, static review, plan. Nothing is opened here."""

import platform
import socket
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from adapters.base import LinkUrl
from bench import __version__
from bench.core.case import Case
from bench.core.declaration import Declaration, Interface, read_declaration
from bench.core.errors import DeclarationError, Mistake, UsageError
from bench.core.line import LineSettings
from bench.core.measurement import DECISION_RULE
from bench.core.plan import (
    OBSERVED_TELEGRAMS,
    QUICK_TELEGRAMS,
    PlannedCase,
    Subject,
    plan_cases,
)
from bench.core.selector import select
from bench.engine import catalogue
from bench.engine.inputs import with_inputs
from bench.engine.suite import Suite

_SHIPPED = Path(__file__).parent.parent / "simulator"
_REPORTED_PACKAGES = ("pytest", "pytest-xdist", "pyserial", "cryptography", "pydantic", "fastcrc")


@dataclass(frozen=True, slots=True)
class Target:
    """One declared interface, ready to be run: edition, link, line, claims and test values."""

    suite: Suite
    profile: str
    role: str
    link: LinkUrl
    line: LineSettings
    answers: Mapping[str, bool]
    values: Mapping[str, Any]
    review: tuple[str, ...]

    @property
    def is_port(self) -> bool:
        """Whether there is a link; a suite that spans ports uses theirs."""
        return not self.suite.spans

    @property
    def interface(self) -> str:
        """The interface's key, such as p1."""
        return self.suite.interface

    def subject(self, capabilities: frozenset[str] | None) -> Subject:
        """Return what the plan needs to know."""
        return Subject(self.profile, self.answers, self.values, capabilities)


@dataclass(frozen=True, slots=True)
class Preparation:
    """Everything that is decided before the first octet.

    `aside` are declared interfaces of which the selectors leave no case: nothing is concluded about
    them, and they are only opened for cases of others that look at them too.
    """

    declaration: Declaration
    targets: Mapping[str, Target]
    selectors: tuple[str, ...] = ()
    quick: bool = False
    allow_destructive: bool = False
    aside: Mapping[str, Target] = field(default_factory=dict)

    @property
    def observed_telegrams(self) -> int:
        """How many telegrams a passive observation waits for."""
        return QUICK_TELEGRAMS if self.quick else OBSERVED_TELEGRAMS

    @property
    def is_simulated(self) -> bool:
        """Whether every link leads to the built-in metering system."""
        return all(target.link.scheme == "simulated" for target in self.ports.values())

    @property
    def ports(self) -> Mapping[str, Target]:
        """The declared interfaces that the chosen cases may open, by name."""
        return {
            name: target
            for name, target in {**self.targets, **self.aside}.items()
            if target.is_port and (name in self.targets or name in self.beside)
        }

    @property
    def beside(self) -> frozenset[str]:
        """The interfaces that the cases of the targets look at beside their own."""
        wanted = select(self.cases(), self.selectors) if self.selectors else None
        return frozenset(
            other
            for case in self.cases()
            if case.interface in self.targets and (wanted is None or case.id in wanted)
            for other in (*case.beside, *case.spans)
        )

    def target(self, interface: str) -> Target:
        """Return what is declared of an interface, whether or not anything is concluded of it."""
        return self.targets.get(interface) or self.aside[interface]

    def cases(self) -> list[Case]:
        """Return every case of every installed suite, in catalogue order."""
        return catalogue.cases()

    def plan(
        self, capabilities: Mapping[str, frozenset[str] | None] | None = None
    ) -> tuple[PlannedCase, ...]:
        """Return the plan; `capabilities` are what the opened links can do, by interface."""
        known = capabilities or {}
        cases = self.cases()
        chosen = select(cases, self.selectors) if self.selectors else None
        declared = {**self.targets, **self.aside}
        subjects = {name: t.subject(known.get(name)) for name, t in declared.items()}
        # the built-in device is made anew for each run: nobody has to say twice that it may suffer
        meant = self.allow_destructive or self.is_simulated
        allowed = meant and self.declaration.limits.allow_destructive
        return plan_cases(cases, subjects, chosen, allow_destructive=allowed)


def load_declaration(path: Path | None, links: Mapping[str, str] | None = None) -> Declaration:
    """Return the declaration in `path`, by default that of the built-in metering system.

    When `links` lead elsewhere and nobody declared a device, the report must not say that it was
    the built-in one: a declaration is used that says so. Files that it names are relative to it.
    Raises UsageError when the file cannot be read and DeclarationError when it has mistakes.
    """
    if path is None:
        elsewhere = any(not url.startswith("simulated:") for url in (links or {}).values())
        path = _SHIPPED / ("undeclared.toml" if elsewhere else "device.toml")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path}: octet {error.start} is not UTF-8; save the file as UTF-8"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot read the declaration {path}: {error.strerror}") from None
    proformas = {name: suite.proforma for name, suite in catalogue.suites().items()}
    return with_inputs(parse_declaration(text, str(path)), proformas, path.parent)


def parse_declaration(text: str, source: str) -> Declaration:
    """Return the declaration written in `text`, checked against the installed suites."""
    installed = catalogue.suites()
    return read_declaration(
        text,
        source,
        {name: suite.proforma for name, suite in installed.items()},
        {name: suite.profiles() for name, suite in installed.items()},
    )


def prepare(
    declaration: Declaration,
    *,
    links: Mapping[str, str] | None = None,
    selectors: Sequence[str] = (),
    quick: bool = False,
    allow_destructive: bool = False,
) -> Preparation:
    """Return the targets of a declaration; `links` replaces the link of an interface.

    Raises UsageError for a link of an interface that is not declared or that cannot be right.
    """
    overrides = dict(links or {})
    targets: dict[str, Target] = {}
    mistakes: list[Mistake] = []
    for name, interface in declaration.interfaces.items():
        try:
            url = LinkUrl.parse(overrides.pop(name, interface.link))
        except UsageError as error:
            mistakes.append(Mistake(f"{name}.link", "", str(error)))
            continue
        targets[name] = _target(catalogue.suite(name), interface, url)
    if overrides:
        names, declared = ", ".join(overrides), ", ".join(declaration.interfaces)
        raise UsageError(
            f"--link {names}: not declared for this device (declared: {declared}); make a "
            f"declaration: meterbench declare new {next(iter(overrides))} --out FILE"
        )
    if mistakes:
        raise DeclarationError("link", mistakes)
    for name, suite in catalogue.suites().items():
        spanned = [one for one in suite.spans if one in targets]
        if len(spanned) > 1:
            targets[name] = _spanning(suite, [targets[one] for one in spanned])
    aside: dict[str, Target] = {}
    if selectors:
        cases = catalogue.cases()
        chosen = select(cases, selectors)
        wanted = {case.interface for case in cases if case.id in chosen}
        if wanted & targets.keys():
            aside = {name: target for name, target in targets.items() if name not in wanted}
    return Preparation(
        declaration,
        {name: target for name, target in targets.items() if name not in aside},
        tuple(selectors),
        quick,
        allow_destructive,
        aside,
    )


def _target(suite: Suite, interface: Interface, url: LinkUrl) -> Target:
    profile = suite.profiles()[interface.profile]
    values = suite.proforma.values(interface.ixit)
    answers = {**suite.proforma.answers(interface.ics), **suite.facts(profile, values)}
    return Target(
        suite=suite,
        profile=profile,
        role=interface.role,
        link=url,
        line=suite.line(profile),
        answers=answers,
        values={**values, **_key_references(interface)},
        review=tuple(suite.proforma.review(answers)),
    )


def _spanning(suite: Suite, ports: Sequence[Target]) -> Target:
    """Return the target of a suite that compares these ports of the device.

    Its answers are theirs, those of ports that are not declared being no; a value is called by its
    port and its own name: `p1.baseline`.
    """
    (profile,) = suite.profiles().values()
    installed = catalogue.suites()
    spanned = [installed[one].proforma for one in suite.spans if one in installed]
    answers = {item: False for proforma in spanned for item in proforma.ics}
    values: dict[str, Any] = {}
    for port in ports:
        answers.update(port.answers)
        values.update({f"{port.interface}.{name}": value for name, value in port.values.items()})
    return Target(
        suite=suite,
        profile=profile,
        role="meter",
        link=LinkUrl.parse(f"ports:{'+'.join(port.interface for port in ports)}"),
        line=suite.line(profile),
        answers={**answers, **suite.facts(profile, values)},
        values=values,
        review=(),
    )


def _key_references(interface: Interface) -> dict[str, str]:
    """Return which keys are declared, as values that a case can need: `keys.NAME`."""
    return {f"keys.{name}": reference for name, reference in interface.keys.items()}


def declared_as(
    preparation: Preparation, interface: str, profile: str, declared: Mapping[str, object]
) -> Preparation:
    """Return the same preparation for another edition and other claims of one interface.

    `declared` holds ICS answers (ids with a slash) and IXIT values (the other ids).
    """
    target = preparation.targets[interface]
    ics = {key: value for key, value in declared.items() if "/" in key}
    ixit = {key: value for key, value in declared.items() if "/" not in key}
    section = preparation.declaration.interfaces[interface].model_copy(
        update={"profile": profile, "ics": ics, "ixit": ixit}
    )
    targets = {**preparation.targets, interface: _target(target.suite, section, target.link)}
    for name, one in targets.items():
        if interface in one.suite.spans:
            ports = [targets[port] for port in one.suite.spans if port in targets]
            targets[name] = _spanning(one.suite, ports)
    return replace(preparation, targets=targets)


def run_name(declaration: Declaration, now: datetime | None = None) -> str:
    """Return a run id: the time in UTC and the device, fit for a folder name."""
    stamp = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H-%M-%SZ")
    device = f"{declaration.item.manufacturer}-{declaration.item.type}-{declaration.item.serial}"
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-.") else "-" for c in device)
    return f"{stamp}_{safe[:60].strip('-.') or 'device'}"


def plan_json(
    preparation: Preparation,
    run: str,
    plan: Iterable[PlannedCase],
    capabilities: Mapping[str, frozenset[str] | None],
    uncertainties: Mapping[str, float | None],
) -> dict[str, Any]:
    """Return the content of plan.json."""
    return {
        "schema": 1,
        "run": run,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "mode": {
            "quick": preparation.quick,
            "observed_telegrams": preparation.observed_telegrams,
            "simulated": preparation.is_simulated,
        },
        "selectors": list(preparation.selectors),
        "allow_destructive": preparation.allow_destructive,
        "decision_rule": DECISION_RULE,
        "suites": {
            name: {
                "title": suite.title,
                "digest": catalogue.digest(name),
                "cases": len(catalogue.cases([name])),
            }
            for name, suite in catalogue.suites().items()
        },
        "interfaces": {
            name: {
                "profile": target.profile,
                "title": target.suite.titles(target.profile),
                "role": target.role,
                "link": str(target.link),
                "line": str(target.line) if target.is_port else "",
                "capabilities": None
                if (found := capabilities.get(name)) is None
                else sorted(found),
                "uncertainty_s": uncertainties.get(name),
                "answers": dict(target.answers),
                "review": list(target.review),
            }
            for name, target in preparation.targets.items()
        },
        "cases": [row.to_json() for row in plan],
    }


def links_of(plan: Mapping[str, Any]) -> dict[str, str]:
    """Return the links of a run's ports; `plan` is the content of plan.json."""
    suites = catalogue.suites()
    return {
        name: row["link"]
        for name, row in plan["interfaces"].items()
        if not (name in suites and suites[name].spans)
    }


def replan(plan: Mapping[str, Any], device_toml: str) -> tuple[PlannedCase, ...] | None:
    """Return the plan that the installed suites make of a declaration, to compare with a run's.

    None when the run was judged by other suites than the installed ones, so that nothing can be
    said. `plan` is the content of plan.json.
    """
    installed = catalogue.suites()
    suites = plan["suites"]
    if set(suites) != set(installed) or any(
        suites[name]["digest"] != catalogue.digest(name) for name in installed
    ):
        return None
    declaration = parse_declaration(device_toml, "device.toml")
    preparation = prepare(
        declaration,
        links=links_of(plan),
        selectors=plan["selectors"],
        quick=plan["mode"]["quick"],
        allow_destructive=plan["allow_destructive"],
    )
    capabilities = {
        name: None if row["capabilities"] is None else frozenset(row["capabilities"])
        for name, row in plan["interfaces"].items()
    }
    return preparation.plan(capabilities)


def environment_json(
    links: Mapping[str, Mapping[str, object]], self_test: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the content of environment.json: what the verdicts were made with."""
    packages = {}
    for name in _REPORTED_PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "bench": {"version": __version__},
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "station": socket.gethostname(),
        "packages": packages,
        "links": {name: dict(details) for name, details in links.items()},
        "self_test": None if self_test is None else dict(self_test),
    }
