"""What the documentation names is there: links, files, cases, faults, editions, words."""

import re

import pytest

from bench.cli.main import main
from bench.core.rollup import Conclusion
from bench.core.verdict import Reason
from bench.engine import catalogue
from bench.engine.selftest import accepted_exceptions
from bench.protocols.p1.profile import load_profile, profile_names
from bench.simulator.faults import deviation
from bench.simulator.ports.p1 import Stage

_EXAMPLE = ("P1-X-", "p1.example")  # names of the worked examples
_TOP = ("adapters", "bench", "benchmarks", "docs", "examples", "reports", "suites", "tests")


def test_relative_links_lead_somewhere(pages, home):
    for page, text in pages.items():
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if "://" not in target:
                assert (home / page).parent.joinpath(target).exists(), f"{page}: {target}"


def test_files_that_are_named_exist(pages, home):
    written = {"bench/simulator/faults/p1_example.py", "suites/p1/test_example.py"}
    for page, text in pages.items():
        for name in re.findall(r"`([\w./*-]+/[\w./*-]*|[\w-]+\.sh|[\w-]+\.lock)`", text):
            if name.split("/")[0] in (*_TOP, "vectors", "bench.sh", "requirements.lock"):
                assert name in written or any(home.glob(name.rstrip("/"))), f"{page}: {name}"


def test_cases_that_are_named_exist(pages):
    known = {case.id for case in catalogue.cases()}
    for page, text in pages.items():
        named = set(re.findall(r"P1-[A-Z]-\d{3}|(?:DLMS|S1|SYS)-[A-Z]+-\d{2}", text))
        assert {n for n in named if not n.startswith(_EXAMPLE)} <= known, page


@pytest.mark.parametrize(
    ("interface", "cases"),
    [
        ("p1", r"P1-[A-Z]-\d{3}"),
        ("s1", r"S1-[A-Z]+-\d{2}"),
        ("wan", r"DLMS-[A-Z]+-\d{2}"),
        ("system", r"SYS-[A-Z]+-\d{2}"),
    ],
)
def test_every_case_is_in_the_page_of_its_interface(pages, interface, cases):
    rows = re.findall(rf"^\| ({cases}) \|", pages[f"docs/{interface}.md"], re.MULTILINE)
    assert rows == [case.id for case in catalogue.cases([interface])]


def test_checks_and_faults_that_are_named_exist(pages):
    for page, text in pages.items():
        for name in re.findall(r"\b(?:p1|s1|system|wan)\.[a-z0-9]+(?:-[a-zA-Z0-9]+)+\b", text):
            if not name.startswith(_EXAMPLE):
                assert deviation(name).killers, f"{page}: {name}"


def test_editions_are_all_told_with_their_facts(pages):
    rows = re.findall(
        r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \| ([^|]*) \| (\d+) s \| (yes|no) \|$",
        pages["docs/p1.md"],
        re.MULTILINE,
    )
    assert {row[0] for row in rows} == set(profile_names())
    for key, aliases, title, line, interval, crc in rows:
        profile = load_profile(key)
        assert tuple(aliases.split(", ")) == profile.aliases
        assert (title, line) == (profile.title, str(profile.line))
        assert (int(interval), crc == "yes") == (profile.interval_s, profile.has_crc)
    for page in ("README.md", "CHANGELOG.md"):
        assert re.search(rf"\b{len(rows)}\s+editions", pages[page]), page


def test_editions_known_from_telegrams_alone_are_called_uncertain(pages):
    uncertain = pages["docs/p1.md"].partition("### What is uncertain")[2]
    for key in profile_names():
        if any(pattern.level == "should" for pattern in load_profile(key).patterns):
            newest = key if not key.startswith("be") else "be15"  # the others build on it
            assert f"`{newest}`" in uncertain, key


def test_no_exception_is_listed_as_the_readme_says(pages):
    assert ("no exception listed" in pages["README.md"]) == (not accepted_exceptions())


def test_words_of_verdicts_are_all_explained(pages):
    for word in (*Conclusion, *Reason):
        assert str(word) in pages["README.md"], word
    for stage in Stage:
        assert f"| `{stage}` |" in pages["docs/adding-a-fault.md"], stage


@pytest.mark.parametrize("name", ["p1-nl50", "p1-be17", "p1-lu", "s1-be", "wan-tcp", "wan-optical"])
def test_example_declarations_check_clean(name, home, capsys):
    file = home / "examples" / f"device-{name}.toml"
    assert main(["declare", "check", str(file)]) == 0, capsys.readouterr().err
    assert "no mistakes" in capsys.readouterr().out


@pytest.mark.parametrize(("interface", "count"), [("p1", 3), ("s1", 1), ("wan", 2)])
def test_examples_answer_every_question(home, interface, count):
    items = catalogue.suite(interface).proforma.ics
    files = sorted((home / "examples").glob(f"device-{interface}-*.toml"))
    assert len(files) == count
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert all(f'"{item}" =' in text for item in items), file.name
