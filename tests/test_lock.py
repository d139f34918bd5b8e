"""requirements.lock satisfies pyproject.toml and says nothing about where it was made."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HOME = Path(__file__).parents[1]
LOCK = (HOME / "requirements.lock").read_text(encoding="utf-8")


def locked():
    """Each entry of the lock: distribution name -> (version, number of hashes)."""
    entries = {}
    for block in re.split(r"\n(?=\S)", LOCK):
        match = re.match(r"([A-Za-z0-9._-]+)==(\S+)", block)
        if match:
            name = canonicalize_name(match[1])
            entries[name] = (match[2], len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block)))
    return entries


def required():
    """Requirements at run time and of the extra `dev`, its reference to other extras resolved."""
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    queue = [Requirement(line) for line in [*project["dependencies"], *extras["dev"]]]
    while queue:
        requirement = queue.pop()
        if requirement.name == project["name"]:
            queue += [Requirement(line) for extra in requirement.extras for line in extras[extra]]
        else:
            yield requirement


def test_every_requirement_is_locked_to_a_version_that_it_allows():
    entries = locked()
    for requirement in required():
        name = canonicalize_name(requirement.name)
        assert name in entries, f"{requirement} is not in requirements.lock: tox -e lock"
        version = entries[name][0]
        assert version in requirement.specifier, f"{requirement}, but {version} is locked"


def test_every_entry_has_hashes():
    entries = locked()
    assert len(entries) > 20
    assert [name for name, (_, hashes) in entries.items() if not hashes] == []


def test_the_lock_contains_the_build_backend():
    # bench.sh installs the checkout without build isolation, so that no index is asked for it.
    assert "hatchling" in locked()


def test_the_lock_names_packages_and_hashes_only():
    entry = re.compile(
        r"#.*|\s+# .*|\s+--hash=sha256:[0-9a-f]{64}( \\)?|[a-z0-9._-]+==[\w.]+( ; [^/]+)?( \\)?|"
    )
    odd = [line for line in LOCK.splitlines() if not entry.fullmatch(line)]
    assert odd == []
    assert "://" not in LOCK
    assert not re.search(r"\s/\w", LOCK)


def test_the_header_says_how_to_renew_it():
    assert "tox -e lock" in "".join(LOCK.splitlines(keepends=True)[:3])
