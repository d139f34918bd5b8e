import pytest

from bench.core.check import Level
from bench.core.errors import UsageError
from bench.protocols.p1.objects import Rule
from bench.protocols.p1.profile import load_profile, profile_names

ALL = [
    "nl22",
    "nl30",
    "nl40",
    "nl42",
    "nl50",
    "be13",
    "be14",
    "be15",
    "be16",
    "be17",
    "be21",
    "lu",
    "se",
    "at",
    "hu",
    "ch",
    "lt",
    "de",
]


def test_all_editions_are_there():
    assert set(profile_names()) == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_profile_loads(name: str):
    profile = load_profile(name)
    assert profile.key == name
    assert profile.title
    assert profile.objects
    assert profile.interval_s > 0
    for pattern in profile.patterns:
        assert pattern.meaning, pattern.obis
        assert ":" in pattern.clause, pattern.obis
    for code in ("crc", "grammar", "format", "line-end", "timestamp"):
        assert profile.clause(code).startswith(profile.standard + ":")
    if profile.version.obis:
        assert profile.find(profile.version.obis) is not None
    if profile.clock.obis:
        assert profile.find(profile.clock.obis) is not None


def test_aliases_are_unique_and_name_their_profile():
    seen: dict[str, str] = {}
    for name in ALL:
        for alias in load_profile(name).aliases:
            assert alias not in seen
            seen[alias] = name
            assert load_profile(alias) is load_profile(name)
    assert seen["dsmr-5.0.2"] == "nl50"
    assert seen["emucs-1.7.1"] == "be17"


def test_full_name_of_a_declaration_is_accepted():
    assert load_profile("p1/emucs-1.7.1").key == "be17"


def test_unknown_profile_lists_the_choices():
    with pytest.raises(UsageError, match=r"no P1 profile 'nl99'.*nl50 \(dsmr-5\.0\.2"):
        load_profile("nl99")


def test_channels_stand_for_the_wildcard():
    profile = load_profile("nl50")
    assert profile.find("0-4:24.2.1") is not None
    assert profile.find("0-5:24.2.1") is None
    assert profile.find("0-0:24.2.1") is None
    assert [p.obis for p in profile.by_rule(Rule.MBUS)] == [
        "0-n:24.1.0",
        "0-n:96.1.0",
        "0-n:24.2.1",
    ]


def test_mandatory_objects_of_dsmr_5():
    profile = load_profile("nl50")
    assert len(profile.by_rule(Rule.ALWAYS)) == 20
    assert len(profile.by_rule(Rule.POLYPHASE)) == 12


def test_editions_differ_where_the_standards_do():
    def notation(name: str, obis: str) -> str:
        found = load_profile(name).find(obis)
        assert found is not None
        return str(found.shapes[0])

    assert notation("nl50", "1-0:31.7.0") == "(F3(0,0)*A)"
    assert notation("be13", "1-0:31.7.0") == "(F3(0,0)*A)"
    assert notation("be14", "1-0:31.7.0") == "(F5(2,2)*A)"
    assert notation("be17", "1-0:31.7.0") == "(F5(2,2)*A)"
    assert notation("se", "1-0:1.8.0") == "(F11(3,3)*kWh)"
    assert load_profile("nl42").find("1-0:32.7.0") is None
    assert load_profile("nl42").find("0-0:96.13.1") is not None
    assert load_profile("be13").find("1-3:0.2.8") is None
    assert load_profile("be13").version.forbidden == ("1-3:0.2.8",)
    assert str(load_profile("nl30").line) == "9600 7E1"
    assert load_profile("se").clock.daylight is False


def test_clauses_follow_the_chapter_of_the_edition():
    assert load_profile("nl50").clause("crc") == "DSMR-5.0.2:6.2"
    assert load_profile("nl42").clause("crc") == "DSMR-4.2.2:5.2"
    assert load_profile("nl22").clause("grammar") == "DSMR-2.2:6"
    assert load_profile("be17").clause("crc") == "DSMR-5.0.2:6.2"


def test_what_is_known_from_telegrams_alone_never_fails():
    assert load_profile("nl50").level("crc-case") is Level.SHOULD
    assert load_profile("nl50").level("unknown-object") is Level.MAY
    be17 = load_profile("be17")
    assert be17.level("format", be17.find("1-0:1.6.0")) is Level.SHOULD
    assert be17.level("duplicate", be17.find("1-0:1.6.0")) is Level.MUST
    for name in ("at", "hu", "lt", "de"):
        assert {p.level for p in load_profile(name).patterns} == {Level.SHOULD}
