"""Check an installed meterbench from folders in which a user may stand; no pytest, no checkout.

Run by `tox -e package` with the interpreter of an environment that holds nothing but the wheel
and what it requires. Exits non-zero with the first expectation that is not met.
"""

import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

METERBENCH = str(Path(sysconfig.get_path("scripts")) / "meterbench")


def expect(code: int, words: str, command: list[str], folder: Path) -> None:
    """End the check unless `command` exits with `code` and says `words`."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    print(f"{' '.join(command)}  in {folder.name}/: exit code {done.returncode}")
    if done.returncode != code or words not in said:
        sys.exit(f"expected exit code {code} and {words!r} in:\n{said}")


def main() -> None:
    """Stand in an empty folder, then in one with folders named like the packages."""
    with tempfile.TemporaryDirectory() as root:
        empty = Path(root) / "empty"
        lookalike = Path(root) / "lookalike"
        empty.mkdir()
        for name in ("reports", "adapters"):
            (lookalike / name).mkdir(parents=True)
            (lookalike / name / "__init__.py").write_text("raise SystemExit('wrong package')\n")
        module = [sys.executable, "-m", "bench"]
        expect(0, "meterbench ", [METERBENCH, "--version"], empty)
        expect(0, "meterbench ", [METERBENCH, "--version"], lookalike)
        expect(0, "meterbench ", [*module, "--version"], empty)
        expect(2, "reports: ", [*module, "--version"], lookalike)


if __name__ == "__main__":
    main()
