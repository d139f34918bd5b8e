"""Plays a recording as if the device were there: raw octets, hex text, or an earlier capture.

Only a capture knows when octets arrived, so only there stamps mean something. On a virtual clock it
plays in the recorded time and takes none: who watches a minute sees a minute of it. On a clock that
runs, `pace=recorded` waits; `pace=fast` gives the next octets at once, whatever the deadline, and
`link.clock` then follows the recording instead.
"""

import itertools
import os
from dataclasses import dataclass
from pathlib import Path

from adapters.base import Capability, Link, LinkEnded, LinkUrl
from adapters.hextext import looks_like_hex, parse_hex
from adapters.options import choice, uncertainty_s, whole_number
from bench.core.clock import Clock, VirtualClock
from bench.core.errors import AdapterLost, AdapterUnavailable, UsageError
from bench.core.line import LineSettings
from bench.core.trace import Chunk, Direction
from bench.protocols import pcapng

UNCERTAINTY_S = 0.005
#: of a recording without instants: so much that no timing check can decide by it
UNKNOWN_S = 86_400.0
CHUNK_OCTETS = 1024
_LARGEST_CHUNK = 1 << 30
_PLAYED = itertools.count(1)


@dataclass(frozen=True, slots=True)
class _Recording:
    """The pieces to play, each with nanoseconds since the first (0 where that is not known)."""

    kind: str
    pieces: tuple[tuple[int, bytes], ...]
    epoch_ns: int | None = None
    remark: str = ""


class ReplayLink(Link):
    """A file, from its first octet to its last, then LinkEnded: `replay:///path/file`.

    Options: `format` = raw, hex or pcapng (default: seen from the content); `pace` = fast
    (default) or recorded; `chunk` = octets that one read returns at most; `interface` = the one
    to play of a capture with several; `u_ms` = uncertainty of the stamps of a capture.
    """

    def __init__(
        self, url: LinkUrl, clock: Clock, path: Path, recording: _Recording, u_s: float
    ) -> None:
        self.url = url
        # a recording may be played many times at once, so no two links lock each other out
        self.identity = f"replay:{path}:{os.getpid()}.{next(_PLAYED)}"
        self.clock = clock
        self.capabilities = frozenset()
        self.timing_uncertainty_s = UNKNOWN_S
        if recording.epoch_ns is not None:
            self.capabilities = frozenset({Capability.TIMESTAMPS})
            self.timing_uncertainty_s = u_s
        self._path = path
        self._recording = recording
        self._opened_at = clock.now()
        self.epoch_ns = recording.epoch_ns
        self._at_once = recording.epoch_ns is None
        if recording.epoch_ns is not None and _fast(url) and not isinstance(clock, VirtualClock):
            self._at_once = True
            self.clock = VirtualClock(recording.epoch_ns - self._opened_at)
            self.clock.wait_until(self._opened_at)
        self._next = 0
        self._closed = False

    @classmethod
    def open(cls, url: LinkUrl, line: LineSettings, clock: Clock) -> "ReplayLink":  # noqa: ARG003
        """Return a link to the start of the recording; the errors name the file and the place."""
        url.check_options(("chunk", "format", "interface", "pace", "u_ms"))
        if not url.target:
            raise UsageError(f"link {url.text!r} names no file; write for example replay:p1.pcapng")
        kind = choice(url, "format", "", ("", "raw", "hex", "pcapng"))
        size = whole_number(url, "chunk", 0, 0, _LARGEST_CHUNK)
        fast, u_s = _fast(url), uncertainty_s(url, UNCERTAINTY_S)
        path = Path(url.target).expanduser().absolute()
        octets = _contents(url, path)
        recording = _recording(url, path, octets, kind or _sniff(octets))
        if recording.epoch_ns is None and not fast:
            raise UsageError(
                f"link {url.text!r}: {path.name} is {recording.kind} and does not say when octets "
                "arrived; pace=recorded needs a pcapng capture"
            )
        return cls(url, clock, path, _cut(recording, size), u_s)

    def read(self, until_ns: int) -> Chunk | None:
        """Return the next piece if it is due by `until_ns`; LinkEnded after the last."""
        self._check_open()
        if self._next == len(self._recording.pieces):
            raise LinkEnded(f"{self.url}: the recording ends here")
        after_ns, octets = self._recording.pieces[self._next]
        at_ns = self._opened_at + after_ns
        if self._recording.epoch_ns is None:
            at_ns = self.clock.now()
        if not self._at_once and at_ns > max(until_ns, self.clock.now()):
            self.clock.wait_until(until_ns)
            return None
        self.clock.wait_until(at_ns)
        self._next += 1
        return Chunk(at_ns, octets)

    def write(self, octets: bytes) -> int:
        """Raise UsageError: nobody is there to take octets."""
        self._check_open()
        raise UsageError(f"{self.url} is a recording: {len(octets)} octets cannot be sent to it")

    def close(self) -> None:
        """End the replay."""
        self._closed = True

    def describe(self) -> dict[str, str]:
        """Return file, kind, and whether the recording was cut."""
        described = super().describe() | {"file": str(self._path), "format": self._recording.kind}
        if self._recording.remark:
            described["remark"] = self._recording.remark
        return described

    def _check_open(self) -> None:
        if self._closed:
            raise AdapterLost(f"{self.url}: the link was closed by the bench")


def _fast(url: LinkUrl) -> bool:
    return choice(url, "pace", "fast", ("fast", "recorded")) == "fast"


def _contents(url: LinkUrl, path: Path) -> bytes:
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        raise AdapterUnavailable(f"cannot open {url.text}: there is no file {path}") from None
    except IsADirectoryError:
        raise AdapterUnavailable(
            f"cannot open {url.text}: {path} is a folder; name one file in it"
        ) from None
    except PermissionError:
        raise AdapterUnavailable(
            f"cannot open {url.text}: {path} may not be read; allow it: chmod u+r {path}"
        ) from None
    except OSError as error:
        raise AdapterUnavailable(f"cannot open {url.text}: {error}") from error
    if not octets:
        raise AdapterUnavailable(f"cannot open {url.text}: {path} is empty")
    return octets


def _sniff(octets: bytes) -> str:
    if octets.startswith(pcapng.MAGIC):
        return "pcapng"
    return "hex" if looks_like_hex(octets) else "raw"


def _recording(url: LinkUrl, path: Path, octets: bytes, kind: str) -> _Recording:
    if kind == "pcapng":
        return _from_capture(url, path, octets)
    if "interface" in url.options:
        raise UsageError(f"link {url.text!r}: only a pcapng capture has interfaces to choose from")
    if kind == "hex":
        octets = parse_hex(octets.decode("latin-1"), str(path))
        if not octets:
            raise AdapterUnavailable(f"cannot open {url.text}: {path} holds no hex digits")
    return _Recording(kind, ((0, octets),))


def _from_capture(url: LinkUrl, path: Path, octets: bytes) -> _Recording:
    capture = pcapng.read(octets)
    if capture.cut_at == 0:
        raise AdapterUnavailable(
            f"cannot open {url.text}: {path} is no pcapng capture; leave format=pcapng out "
            "or convert it: editcap -F pcapng"
        )
    received = [one for one in capture.packets if one.direction is not Direction.SENT]
    if not received:
        sent = len(capture.packets)
        raise AdapterUnavailable(
            f"cannot open {url.text}: {path} holds nothing that was received ({sent} sent)"
        )
    received = _of_one_interface(url, path, received)
    first, latest, pieces = received[0].at_unix_ns, 0, []
    for one in received:
        latest = max(latest, one.at_unix_ns - first)  # the wall clock may have been set back
        pieces.append((latest, one.octets))
    remark = f"cut at octet {capture.cut_at}" if capture.truncated else ""
    return _Recording("pcapng", tuple(pieces), first, remark)


def _of_one_interface(
    url: LinkUrl, path: Path, received: list[pcapng.Packet]
) -> list[pcapng.Packet]:
    names = list(dict.fromkeys(one.interface_name for one in received))
    wanted = url.options.get("interface")
    if wanted is None and len(names) == 1:
        return received
    if wanted not in names:
        raise UsageError(
            f"link {url.text!r}: {path.name} holds the interfaces {', '.join(names)}; "
            f"choose one with interface={names[0]}"
        )
    return [one for one in received if one.interface_name == wanted]


def _cut(recording: _Recording, size: int) -> _Recording:
    """Return the recording in pieces of `size` octets; 0 stands for what suits its kind."""
    if not size:
        size = CHUNK_OCTETS if recording.epoch_ns is None else _LARGEST_CHUNK
    pieces = tuple(
        (after, octets[start : start + size])
        for after, octets in recording.pieces
        for start in range(0, max(len(octets), 1), size)
    )
    return _Recording(recording.kind, pieces, recording.epoch_ns, recording.remark)
