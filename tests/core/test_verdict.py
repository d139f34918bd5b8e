"""The lattice of verdicts and its words."""

import pytest

from bench.core.verdict import Verdict


def test_the_lattice_is_none_pass_inconclusive_fail_error():
    order = [Verdict.NONE, Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.ERROR]
    assert sorted(Verdict) == order
    assert max(Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE) is Verdict.FAIL


@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_survives_its_word(verdict):
    assert Verdict.parse(str(verdict)) is verdict


@pytest.mark.parametrize("word", ["", "ok", "passed", "PASS "])
def test_another_word_is_no_verdict(word):
    with pytest.raises(ValueError, match="is not a verdict"):
        Verdict.parse(word)
