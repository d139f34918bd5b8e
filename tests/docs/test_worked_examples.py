"""The code of the worked examples does what the pages say of it."""

import json
import os
import shutil
import subprocess
import sys


def run(folder, *command):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(folder)
    environment["METERBENCH_STATE"] = str(folder / "state")
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_added_case_is_proved_by_the_self_test(blocks_of, home, tmp_path):
    for package in ("bench", "adapters", "suites", "reports", "vectors"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(home / package, tmp_path / package, ignore=ignored)
    blocks = blocks_of("docs/adding-a-case.md")
    for block in blocks:
        if name := block.option("file"):
            assert not (tmp_path / name).exists(), f"{name} is taken; choose another example"
            (tmp_path / name).write_text(block.text, encoding="utf-8")
        if name := block.option("append"):
            with (tmp_path / name).open("a", encoding="utf-8") as file:
                file.write(block.text)
    done = run(tmp_path, "-m", "bench", "selftest", "--json", "p1.example")
    assert done.returncode == 0, done.stdout + done.stderr
    [fault] = json.loads(done.stdout)["faults"]
    assert (fault["outcome"], fault["by"]) == ("killed", ["P1-X-001:same"])
    done = run(tmp_path, "-m", "bench", "run", "--json", "P1-X")
    [verdict] = [c["verdict"] for c in json.loads(done.stdout)["cases"] if c["id"] == "P1-X-001"]
    assert verdict == "pass", done.stdout


def test_added_adapter_keeps_the_contract(blocks_of, home, tmp_path):
    for block in blocks_of("docs/adding-an-adapter.md"):
        if name := block.option("file"):
            (tmp_path / name).write_text(block.text, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    for package in ("bench", "adapters"):
        (tmp_path / package).symlink_to(home / package)
    options = ("-p", "no:randomly", "-p", "no:cacheprovider", "-q", "test_unix_link.py")
    done = run(tmp_path, "-m", "pytest", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
