"""One process per device: a lock on what the link really is, held while the link is open."""

import fcntl
import hashlib
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO

from bench.core.errors import AdapterUnavailable


def lock_folder() -> Path:
    """Return where the locks of this machine are, the same for all its users."""
    configured = os.environ.get("METERBENCH_LOCKS")
    return Path(configured) if configured else Path(tempfile.gettempdir()) / "meterbench-locks"


class DeviceLock:
    """Holds the device behind `identity` for this process until released.

    The lock goes with the process, however it ends. Raises AdapterUnavailable, naming the
    process that holds the device, when it is taken.
    """

    def __init__(self, identity: str, run: str) -> None:
        folder = lock_folder()
        name = hashlib.sha256(identity.encode()).hexdigest()[:24]
        self._file: IO[str] | None = None
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(0o1777)  # all users of the station share it, whatever the umask
            path = folder / name
            is_new = not path.exists()
            file = path.open("a+", encoding="utf-8")
            if is_new:
                path.chmod(0o666)
        except OSError as error:
            raise AdapterUnavailable(
                f"cannot make the lock for {identity} in {folder}: {error.strerror}; "
                "set METERBENCH_LOCKS to a folder that you may write to"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            raise AdapterUnavailable(
                f"{identity} is in use by {holder}; one device serves one run at a time"
            ) from None
        file.truncate(0)
        file.write(f"run {run}, process {os.getpid()}")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the device back; calling it again does nothing."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None

    def __enter__(self) -> "DeviceLock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()
