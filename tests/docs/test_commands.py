"""Every command line that the documentation shows works, and prints what the page says."""

import re
import sys
from pathlib import Path

import pytest

_EXIT_CODE = re.compile(r"#.*exit code (\d)")
PAGES = (
    "README.md",
    "docs/adding-a-fault.md",
    "docs/evidence-and-signature.md",
    "docs/p1.md",
    "docs/s1.md",
    "docs/wan.md",
)


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_a_page_work(page, blocks_of, shell, tmp_path):
    printed, count = "", 0
    for block in blocks_of(page):
        if block.language == "sh" and "no-run" not in block.words:
            for line in block.text.splitlines():
                found = _EXIT_CODE.search(line)
                expected = int(found[1]) if found else 0
                done = shell(line)
                count += 1
                assert done.returncode == expected, f"{line}\n{done.stdout}{done.stderr}"
                printed += done.stdout
        elif block.language == "text" and "output" in block.words:
            for line in block.text.splitlines():
                assert line == "..." or line in printed.splitlines(), f"{page}: {line!r}"
        elif block.language == "python" and "run" in block.words:
            script = tmp_path / "shown.py"
            script.write_text(block.text, encoding="utf-8")
            done = shell(f"{sys.executable} {script} runs/signed/* lab.pem.pub")
            assert "hold" in done.stdout, done.stderr
    assert count > 2


def test_all_commands_are_shown_or_run_by_a_page_that_is_tested(blocks_of, pages):
    with_commands = {
        page
        for page in pages
        for block in blocks_of(page)
        if block.language == "sh" and "no-run" not in block.words
    }
    assert with_commands == set(PAGES)


def test_commands_that_are_only_shown_exist(blocks_of, pages, shell):
    from bench.cli.main import COMMANDS

    for page in pages:
        for block in blocks_of(page):
            for line in block.text.splitlines() if block.language == "sh" else ():
                match = re.match(r"(?:\./bench\.sh|meterbench) (\S+)", line)
                if match and not match[1].startswith("-"):
                    assert match[1] in {*COMMANDS, "test"}, f"{page}: {line}"


def test_options_that_the_documentation_names_exist(pages, shell, home: Path):
    commands = ("run", "watch", "decode", "simulate", "selftest", "sign", "verify")
    commands += ("key new", "declare new")
    helps = "".join(
        shell(f"meterbench {command} --help").stdout
        for command in (*commands, "baseline", "calibrate")
    )
    shown = "".join(pages[page] for page in pages if page != "CHANGELOG.md")
    # of pip, and of every command
    known = {"--no-deps", "--wheel-dir", "--help", "--faults", "--clauses"}
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", shown)) - known:
        assert option in helps, option
