import importlib.metadata
import sys
from types import ModuleType

import pytest

from adapters import registry
from adapters.base import Link, LinkUrl
from adapters.registry import find_adapter, open_link, schemes
from adapters.replay import ReplayLink
from bench.core.clock import MonotonicClock
from bench.core.errors import AdapterUnavailable, UsageError
from bench.core.line import LineSettings


class OpticalLink(Link):
    """A third party's adapter."""

    read = write = close = lambda *_: None

    @classmethod
    def open(cls, url, line, clock):
        link = cls()
        link.url, link.line, link.clock = url, line, clock
        return link


@pytest.fixture
def third_party(monkeypatch):
    """Register `value` as the adapter of `scheme`, with `members` in its module."""

    def register(scheme: str, value: str, **members: object) -> None:
        if members:
            module = ModuleType("third_party_optical")
            module.__dict__.update(members)
            monkeypatch.setitem(sys.modules, "third_party_optical", module)
        point = importlib.metadata.EntryPoint(scheme, value, registry.GROUP)
        points = importlib.metadata.EntryPoints([point])
        monkeypatch.setattr(registry, "_entry_points", lambda: points)

    return register


def test_the_adapters_of_the_bench_are_known():
    assert {"replay", "serial", "simulated", "tcp", "udp"} <= set(schemes())
    assert find_adapter("replay") is ReplayLink


def test_a_third_party_adapter_is_opened(third_party):
    third_party("optical", "third_party_optical:OpticalLink", OpticalLink=OpticalLink)
    assert list(schemes()) == ["optical", "replay", "serial", "simulated", "tcp", "udp"]
    line, clock = LineSettings(300, 7, "E", 1), MonotonicClock()
    for url in ("OPTICAL:head-1?x=1", LinkUrl.parse("optical:head-1?x=1")):
        link = open_link(url, line=line, clock=clock)
        assert isinstance(link, OpticalLink)
        assert (link.url.target, link.url.options) == ("head-1", {"x": "1"})
        assert (link.line, link.clock) == (line, clock)


def test_a_scheme_of_the_bench_is_not_replaced(third_party):
    third_party("replay", "third_party_optical:OpticalLink", OpticalLink=OpticalLink)
    assert find_adapter("replay") is ReplayLink


def test_an_unknown_scheme_lists_the_known(third_party):
    third_party("optical", "third_party_optical:OpticalLink")
    with pytest.raises(UsageError) as caught:
        open_link("bluetooth:x", line=LineSettings(), clock=MonotonicClock())
    assert "no adapter is called 'bluetooth'" in str(caught.value)
    assert "optical, replay, serial, simulated, tcp, udp" in str(caught.value)


def test_a_missing_package_is_named_with_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "adapters.serial_port", raising=False)
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(AdapterUnavailable, match=r"needs the package serial.*pip install pyserial"):
        find_adapter("serial")


def test_a_missing_module_of_the_adapter_itself(third_party):
    third_party("optical", "nowhere_to_be_found:OpticalLink")
    with pytest.raises(AdapterUnavailable, match="has no module nowhere_to_be_found; reinstall"):
        find_adapter("optical")


def test_a_module_that_does_not_load(third_party, tmp_path, monkeypatch):
    (tmp_path / "broken_optical.py").write_text("from os import no_such_name\n")
    monkeypatch.syspath_prepend(tmp_path)
    third_party("optical", "broken_optical:OpticalLink")
    with pytest.raises(AdapterUnavailable, match="cannot be loaded: cannot import name"):
        find_adapter("optical")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("third_party_optical:Absent", "has no Absent; correct the entry point"),
        ("third_party_optical", "has no class named after a colon"),
        ("third_party_optical:Other", "which is no Link class"),
        ("third_party_optical:Half", "which is no Link class"),
        ("third_party_optical:function", "which is no Link class"),
    ],
)
def test_a_class_that_is_missing_or_no_link(third_party, value, message):
    half = type("Half", (Link,), {})
    third_party("optical", value, Other=dict, Half=half, function=open_link)
    with pytest.raises(AdapterUnavailable, match=message):
        find_adapter("optical")


def test_loading_the_registry_loads_no_adapter():
    import subprocess

    code = "import sys, adapters.registry; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "adapters.registry" in loaded
    assert not {"serial", "adapters.serial_port", "adapters.tcp", "pytest"} & set(loaded)
