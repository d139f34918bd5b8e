"""Unpacks a ZIP file of a run for verification, trusting nothing that it says of itself."""

import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.core.errors import EvidenceError, SignatureError, UsageError
from reports.manifest import inside

MAX_FILES = 100_000
MAX_OCTETS = 4 << 30
_CHUNK = 1 << 20
_ENCRYPTED = 0x1


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """Yield the folder of the run in a ZIP file, unpacked for as long as the context lasts.

    Its files lie at the top or in one folder. Raises UsageError if `path` is no ZIP file, and
    SignatureError for names that lead out of it, links, entries named twice, encryption, damage,
    and more than MAX_FILES files or MAX_OCTETS octets.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="meterbench-") as name:
            root = Path(name)
            with zipfile.ZipFile(path) as archive:
                names = _unpack(archive, root)
            yield root / _top(names)
    except zipfile.BadZipFile as error:
        if not zipfile.is_zipfile(path):
            raise UsageError(f"{path} is neither a run folder nor a ZIP file") from None
        raise SignatureError(f"{path} is damaged: {error}") from None


def _unpack(archive: zipfile.ZipFile, root: Path) -> list[str]:
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise SignatureError(f"the ZIP file holds more than {MAX_FILES} entries")
    names: list[str] = []
    seen: set[str] = set()
    left = MAX_OCTETS
    for entry in entries:
        name = entry.filename
        _refuse_unsafe(entry)
        # Two names that differ in case alone are one file on some systems.
        if name.rstrip("/").casefold() in seen:
            raise SignatureError(f"the ZIP file holds {name!r} twice")
        seen.add(name.rstrip("/").casefold())
        if not entry.is_dir():
            left -= _write(archive, entry, root / name, left)
            names.append(name)
    return names


def _refuse_unsafe(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if not inside(name.removesuffix("/")):
        raise SignatureError(f"the ZIP file holds {name!r}, which leads out of its folder")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise SignatureError(f"the ZIP file holds {name!r}, which is a link or no regular file")
    if entry.flag_bits & _ENCRYPTED:
        raise SignatureError("the ZIP file is encrypted; unpack it and name the folder")


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int) -> int:
    """Unpack one entry and return its octets, counted as they come and not as announced."""
    count = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as source, target.open("xb") as file:
            while chunk := source.read(_CHUNK):
                count += len(chunk)
                if count > left:
                    raise SignatureError(f"the ZIP file unpacks to more than {MAX_OCTETS} octets")
                file.write(chunk)
    except (zlib.error, EOFError, NotImplementedError) as error:
        raise SignatureError(f"{entry.filename} in the ZIP file is damaged: {error}") from None
    except OSError as error:
        raise EvidenceError(f"cannot unpack {entry.filename}: {error.strerror}") from error
    return count


def _top(names: list[str]) -> str:
    if "plan.json" in names or "manifest.json" in names:
        return ""
    tops = {name.split("/", 1)[0] for name in names}
    if len(tops) != 1 or not all("/" in name for name in names):
        raise SignatureError("the ZIP file does not hold one run: its top is not one folder")
    return tops.pop()
