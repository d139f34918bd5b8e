"""Reads the options of a link URL; a wrong value is a UsageError that says what to write."""

import re

from adapters.base import LinkUrl
from bench.core.errors import UsageError
from bench.core.line import LineSettings

_FORMAT = re.compile(r"([5-8])([NEOMS])([12])")


def number(url: LinkUrl, name: str, default: float, low: float, high: float) -> float:
    """Return option `name` as a number between `low` and `high`, `default` without it."""
    text = url.options.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise UsageError(
            f"link {url.text!r}: {name}={text} is no number between {low:g} and {high:g}"
        )
    return value


def whole_number(url: LinkUrl, name: str, default: int, low: int, high: int) -> int:
    """Return option `name` as a whole number between `low` and `high`, `default` without it."""
    value = number(url, name, default, low, high)
    if value != int(value):
        raise UsageError(f"link {url.text!r}: {name}={url.options[name]} is no whole number")
    return int(value)


def choice(url: LinkUrl, name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Return option `name`, which is one of `allowed`; `default` without it."""
    text = url.options.get(name, default)
    if text not in allowed:
        raise UsageError(f"link {url.text!r}: {name}={text} is none of: {', '.join(allowed)}")
    return text


def uncertainty_s(url: LinkUrl, default_s: float) -> float:
    """Return the expanded uncertainty (k = 2) of a stamp: option `u_ms`, else `default_s`."""
    return number(url, "u_ms", default_s * 1000, 0, 60_000) / 1000


def line_settings(url: LinkUrl, line: LineSettings) -> LineSettings:
    """Return `line` with the options `baud` and `format` (8N1, 7E1) of the URL put over it."""
    baud_bd = whole_number(url, "baud", line.baud_bd, 50, 20_000_000)
    text = url.options.get("format")
    if text is None:
        return LineSettings(baud_bd, line.data_bits, line.parity, line.stop_bits)
    found = _FORMAT.fullmatch(text.upper())
    if found is None:
        raise UsageError(
            f"link {url.text!r}: format={text} is not data bits, parity (N, E, O, M, S) and "
            "stop bits; write for example format=8N1 or format=7E1"
        )
    return LineSettings(baud_bd, int(found[1]), found[2], int(found[3]))


def endpoint(url: LinkUrl) -> tuple[str, int]:
    """Return host and port of a URL such as tcp://127.0.0.1:2001; UsageError without them."""
    if not url.host or not url.port:
        what = "host" if not url.host else "port"
        raise UsageError(
            f"link {url.text!r} has no {what}; write for example {url.scheme}://127.0.0.1:2001"
        )
    extra = url.target.rpartition("]")[2].partition("/")[2]
    if extra:
        raise UsageError(f"link {url.text!r}: /{extra} after the port has no meaning, leave it out")
    return url.host, url.port
