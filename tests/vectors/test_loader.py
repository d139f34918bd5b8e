import pytest

from bench.core.errors import UsageError
from vectors.loader import data, names


def test_reads_toml():
    assert data("p1/profiles/nl50.toml")["key"] == "nl50"


def test_names_come_without_suffix_and_sorted():
    found = names("p1/profiles", ".toml")
    assert "nl50" in found
    assert list(found) == sorted(found)


@pytest.mark.parametrize("path", ["p1/none.toml", "p1/profiles", "../pyproject.toml", "loader.py"])
def test_refuses_what_is_no_shipped_data(path: str):
    with pytest.raises(UsageError, match=path.replace(".", r"\.")):
        data(path)


def test_refuses_an_unknown_folder():
    with pytest.raises(UsageError, match="there is no such folder"):
        names("p1/none", ".toml")
