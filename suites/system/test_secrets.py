"""Secrets: they stay inside."""

from collections.abc import Iterable, Iterator
from typing import Any

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Place
from bench.core.errors import UsageError
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.engine.secrets import declared_secret
from bench.engine.session import Session
from suites.system.leaks import SHORTEST, Search
from suites.system.ports import Ports
from suites.wan_dlms.survey import Survey

_HEARD_S = 3.0
_ASSOCIATIONS = ("main", "reading", "public")


@case(
    Case(
        id="SYS-SEC-01",
        version=1,
        interface="system",
        title="Secrets stay inside",
        purpose="Ensure that nobody learns a key by listening, or by reading an object.",
        stimulus="Search all that the ports have sent during the run, in this process and in the "
        "recordings, and all that may be read over WAN by the management, reading and public "
        "clients, deciphered.",
        criterion="No declared secret key or password of at least "
        f"{SHORTEST} octets is there: as it is, in hexadecimal digits or in base64.",
        kind=Kind.VALID,
        clauses=("VTT-review:9",),
        detects=(
            "system.wan-shows-key",
            "system.wan-shows-key-to-all",
            "system.p1-shows-key",
            "system.s1-shows-key",
        ),
        spans=("p1", "s1", "wan", "han", "mep"),
        bound_s=600,
    )
)
def test_secrets_stay_inside(ports: Ports, bench_session: Session, verify: Checks) -> None:
    """A debug object is read by everybody but who forgot it."""
    search = _search(bench_session)
    surveys = list(_surveys(ports)) if ports.has("wan") else []
    ports.begin()
    ports.hear(_HEARD_S + ports.lag_s)
    overheard = bench_session.overheard
    recorded = list(overheard.recorded())
    for port in ports.declared:
        octets = overheard.octets(port)
        found = [_told(str(leak)) for leak in search.leaks(octets)]
        examined = len(octets)
        for interface, name, content in recorded:
            if interface == port:
                examined += len(content)
                found += [_told(f"{leak} of {name}") for leak in search.leaks(content)]
        expected = "no secret in what was sent"
        verify.none_of(port, found, examined=examined, expected=expected, things="octets")
    if surveys:
        _judge_objects(search, surveys, verify)


def _told(text: str) -> Deviation:
    """Return a deviation; the frame itself is not shown: it holds a secret."""
    return Deviation(Place(0), "no secret", text)


def _search(session: Session) -> Search:
    """Return what looks for the secrets of all ports; Inconclusive where none is declared."""
    secrets = {}
    for interface in session.preparation.ports:
        declared = session.preparation.declaration.interfaces[interface]
        proforma = session.preparation.target(interface).suite.proforma
        for name in declared.keys:
            item = proforma.keys.get(f"keys.{name}")
            if item is not None and item.public:
                continue
            try:
                secret = declared_secret(session.preparation, interface, name)
            except UsageError as error:
                raise Inconclusive(Reason.IXIT, str(error)) from None
            if secret is not None:
                secrets[f"[{interface}.keys] {name}"] = secret.reveal()
    if not secrets:
        raise Inconclusive(Reason.IXIT, "no key is declared, so none can be looked for")
    return Search(secrets)


def _surveys(ports: Ports) -> Iterator[Survey]:
    """Yield what may be read through each association that is declared."""
    for name in _ASSOCIATIONS:
        if ports.meter.declared.has(name):
            try:
                yield ports.meter.survey(name)
            except Inconclusive as failure:
                if failure.reason is Reason.BUDGET:
                    raise


def _judge_objects(search: Search, surveys: Iterable[Survey], verify: Checks) -> None:
    found: list[Deviation] = []
    examined = 0
    for survey in surveys:
        for (class_id, name, attribute), answer in survey.answers.items():
            examined += 1
            where = f"attribute {attribute} of class {class_id} {name}, {survey.association}"
            for octets in _octets_in(answer.value):
                found += [_told(f"{leak} of {where}") for leak in search.leaks(octets)]
    expected = "no secret in what may be read"
    verify.none_of("wan-objects", found, examined=examined, expected=expected, things="attributes")


def _octets_in(value: Any) -> Iterator[bytes]:
    """Yield octets and texts in a value, however deep."""
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, str):
        yield value.encode("utf-8", "surrogatepass")
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _octets_in(one)
