"""Says why a serial port cannot be opened, and what to do about it; each cause has its message."""

import contextlib
import errno
import os
from pathlib import Path

from serial.tools import list_ports

from adapters.base import LinkUrl
from bench.core.errors import AdapterUnavailable, UsageError
from bench.core.line import LineSettings

_NO_TERMINAL = (errno.ENOTTY, errno.EISDIR)
_NO_HARDWARE = (errno.ENXIO, errno.ENODEV, errno.EIO)
_IN_USE = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)


def open_failure(
    url: LinkUrl, port: str, settings: LineSettings, error: Exception
) -> AdapterUnavailable | UsageError:
    """Return the error to raise for what the serial library raised when opening `port`."""
    number = _number_of(error)
    if isinstance(error, ValueError | OverflowError | NotImplementedError):
        return _bad_settings(url, settings, error)
    if port.startswith("hwgrep://"):
        return AdapterUnavailable(f"cannot open {url.text}: no port matches; {present_ports()}")
    if "://" in port:
        return AdapterUnavailable(f"cannot open {url.text}: {_without_class(error)}")
    if number == errno.ENOENT:
        return AdapterUnavailable(
            f"cannot open {url.text}: there is no device {port}; {present_ports()}"
        )
    if number in (errno.EACCES, errno.EPERM) and os.name != "nt":
        return AdapterUnavailable(f"cannot open {url.text}: no permission; {_permission(port)}")
    if number in _IN_USE or number in (errno.EACCES, errno.EPERM):
        return AdapterUnavailable(
            f"cannot open {url.text}: {port} is in use by {holders(port)}; end that first"
        )
    if number in _NO_TERMINAL:
        kind = "a folder" if os.path.isdir(port) else "no serial device"
        return AdapterUnavailable(
            f"cannot open {url.text}: {port} is {kind}; {present_ports()}. "
            "A recording is opened with replay:"
        )
    if number in _NO_HARDWARE:
        return AdapterUnavailable(
            f"cannot open {url.text}: {port} has no hardware behind it "
            f"({os.strerror(number)}); {present_ports()}"
        )
    if number == errno.EINVAL:
        return _bad_settings(url, settings, error)
    return AdapterUnavailable(f"cannot open {url.text}: {_without_class(error)}")


def present_ports() -> str:
    """Return a phrase that names the serial ports of this machine."""
    found = []
    for port in sorted(list_ports.comports(), key=lambda one: str(one.device)):
        what = port.description if port.description not in (None, "", "n/a") else ""
        found.append(f"{port.device} ({what})" if what else str(port.device))
    if not found:
        return "this machine has no serial port: is the adapter plugged in?"
    return f"serial ports here: {', '.join(found)}"


def holders(port: str) -> str:
    """Return which processes hold `port` open, as far as this user may see them."""
    target = os.path.realpath(port)
    found = []
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda one: int(one.name)):
        with contextlib.suppress(OSError):
            if any(_points_at(handle, target) for handle in (folder / "fd").iterdir()):
                name = (folder / "comm").read_text().strip()
                found.append(
                    "this bench itself"
                    if folder.name == str(os.getpid())
                    else f"{name} (process {folder.name})"
                )
    return " and ".join(found) or "another program"


def _points_at(handle: Path, target: str) -> bool:
    try:
        return str(handle.readlink()) == target
    except OSError:
        return False


def _permission(port: str) -> str:
    group = _group_of(port)
    if group is None or group == "root":
        return f"the port belongs to root; allow your user to read and write {port}"
    return (
        f"the port belongs to the group {group}: sudo usermod -aG {group} $USER, "
        "then log out and in again"
    )


def _group_of(port: str) -> str | None:
    try:
        import grp

        return grp.getgrgid(os.stat(port).st_gid).gr_name
    except (ImportError, KeyError, OSError):
        return None


def _bad_settings(url: LinkUrl, settings: LineSettings, error: Exception) -> UsageError:
    return UsageError(
        f"cannot open {url.text}: the port does not accept {settings} "
        f"({_without_class(error)}); choose others with ?baud=9600&format=7E1"
    )


def _number_of(error: Exception) -> int:
    """Return the errno, which the serial library sometimes leaves in the text only."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    text = str(error)
    if "FileNotFoundError" in text:
        return errno.ENOENT
    if "PermissionError" in text:
        return errno.EACCES
    found = [n for n in (*_NO_TERMINAL, *_NO_HARDWARE, errno.EINVAL) if f"({n}, " in text]
    return found[0] if found else 0


def _without_class(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.removeprefix("Could not open port ").removeprefix("could not open port ")
