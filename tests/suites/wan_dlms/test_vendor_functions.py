from importlib.metadata import EntryPoint, EntryPoints

import pytest

from bench.core.errors import UsageError
from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.protocols.dlms.security.hls import aes_ecb
from suites.wan_dlms import vendor_functions
from suites.wan_dlms.vendor_functions import GROUP, declared_function, vendor_function


@pytest.fixture
def offered(monkeypatch):
    """Let packages offer these functions: name -> "module:attribute"."""

    def offer(**functions):
        points = [EntryPoint(name, value, GROUP) for name, value in functions.items()]
        found = EntryPoints(points)
        monkeypatch.setattr(
            vendor_functions, "entry_points", lambda group: found.select(group=group)
        )

    return offer


def test_one_function_is_built_in(offered):
    offered()
    assert vendor_function("aes-ecb") is aes_ecb
    assert declared_function({}) is aes_ecb


def test_a_package_offers_another(offered):
    offered(theirs="hmac:digest")
    import hmac

    assert vendor_function("theirs") is hmac.digest
    assert declared_function({"hls2_function": "theirs"}) is hmac.digest


def test_a_package_does_not_replace_what_is_built_in(offered):
    offered(**{"aes-ecb": "hmac:digest"})
    assert vendor_function("aes-ecb") is aes_ecb


def test_an_unknown_name_is_told_with_those_that_are_known(offered):
    offered(theirs="hmac:digest")
    with pytest.raises(UsageError, match=r"'none' is not known \(known: aes-ecb, theirs\)"):
        vendor_function("none")
    with pytest.raises(Inconclusive) as found:
        declared_function({"hls2_function": "none"})
    assert found.value.reason is Reason.IXIT


@pytest.mark.parametrize("value", ["no_such_module_at_all:f", "hmac:no_such_function"])
def test_what_cannot_be_loaded_is_told(offered, value):
    offered(theirs=value)
    with pytest.raises(UsageError, match="'theirs' cannot be loaded"):
        vendor_function("theirs")


def test_what_is_no_function_is_told(offered):
    offered(theirs="hmac:trans_5C")
    with pytest.raises(UsageError, match="'theirs' is no function but bytes"):
        vendor_function("theirs")
