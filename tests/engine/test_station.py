"""One device serves one process."""

import os
import subprocess
import sys

import pytest

from bench._home import home
from bench.core.errors import AdapterUnavailable
from bench.engine.station import DeviceLock, lock_folder


@pytest.fixture(autouse=True)
def locks(tmp_path, monkeypatch):
    monkeypatch.setenv("METERBENCH_LOCKS", str(tmp_path / "locks"))
    return tmp_path / "locks"


def other_process(identity):
    """Try to take the lock from another process; return what it says."""
    script = (
        "import sys\n"
        "from bench.engine.station import DeviceLock\n"
        "from bench.core.errors import AdapterUnavailable\n"
        "try:\n    DeviceLock(sys.argv[1], 'other run')\n    print('taken')\n"
        "except AdapterUnavailable as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, identity],
        env={**os.environ, "PYTHONPATH": str(home())},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_second_process_is_refused_and_told_who_holds_the_device(locks):
    with DeviceLock("tcp:h:1", "first run"):
        said = other_process("tcp:h:1")
    assert "tcp:h:1 is in use by" in said
    assert f"run first run, process {os.getpid()}" in said
    assert other_process("tcp:h:1") == "taken"
    assert lock_folder() == locks


def test_another_device_is_free():
    with DeviceLock("tcp:h:1", "a"), DeviceLock("tcp:h:2", "b"):
        assert other_process("tcp:h:3") == "taken"


def test_a_second_lock_in_the_same_process_is_refused_too():
    with DeviceLock("x", "a"), pytest.raises(AdapterUnavailable, match="run a, process"):
        DeviceLock("x", "b")
    DeviceLock("x", "c").release()


def test_releasing_twice_does_nothing():
    lock = DeviceLock("x", "a")
    lock.release()
    lock.release()


def test_the_lock_goes_with_a_killed_process():
    script = (
        "import os, signal\nfrom bench.engine.station import DeviceLock\n"
        "lock = DeviceLock('x', 'doomed')\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(home())},
        check=False,
    )
    assert done.returncode == -9
    with DeviceLock("x", "next"):
        assert "run next" in other_process("x")


def test_a_folder_that_cannot_be_made_says_what_to_set(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("METERBENCH_LOCKS", str(tmp_path / "file" / "locks"))
    with pytest.raises(AdapterUnavailable, match="set METERBENCH_LOCKS to a folder"):
        DeviceLock("x", "a")


def test_an_odd_identity_makes_no_odd_file(locks):
    with DeviceLock("../../etc/passwd\n\0ü", "a"):
        (name,) = [path.name for path in locks.iterdir()]
    assert name.isalnum()
