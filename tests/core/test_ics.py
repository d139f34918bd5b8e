"""Predicates over what a device claims, the static review, and mistakes in a declaration."""

import pytest

from bench.core.errors import UsageError
from bench.core.ics import Proforma, holds

ANSWERS = {"A": True, "B": False, "C": True, "P1/CRC": True, "P1/LINE-9600": False}


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        ("", True),
        ("   ", True),
        ("A", True),
        ("B", False),
        ("not B", True),
        ("not not A", True),
        ("A and B", False),
        ("A or B", True),
        ("B and B or A", True),  # `and` binds tighter
        ("A or B and B", True),
        ("(A or B) and B", False),
        ("not A or A", True),  # `not` binds tightest
        ("not (A or B)", False),
        ("not B and C", True),
        ("((A))", True),
        ("P1/CRC and not P1/LINE-9600", True),
        ("B and B or B", False),
    ],
)
def test_precedence_is_not_then_and_then_or(predicate, expected):
    assert holds(predicate, ANSWERS) is expected


@pytest.mark.parametrize(
    ("predicate", "words"),
    [
        ("A and", "ends too early"),
        ("not", "ends too early"),
        ("(A", "parenthesis is not closed"),
        ("A)", "unexpected '\\)'"),
        ("A B", "unexpected 'B'"),
        ("A & B", "cannot read at column 2"),
        ("()", "unknown item '\\)'"),
        ("or A", "unknown item 'or'"),
        ("D", "unknown item 'D'"),
        ("A or D", "unknown item 'D'"),  # looked at even where it cannot matter
        ("B and D", "unknown item 'D'"),
    ],
)
def test_a_malformed_predicate_says_what_is_wrong(predicate, words):
    with pytest.raises(UsageError, match=words):
        holds(predicate, ANSWERS)


def proforma(**status):
    rows = [
        {"id": name, "question": "?", "clause": "STD:1", "status": one}
        for name, one in status.items()
    ]
    return Proforma.from_data({"ics": rows})


@pytest.mark.parametrize(
    ("status", "answers", "findings"),
    [
        ({"A": "m"}, {"A": True}, []),
        ({"A": "m"}, {}, ["A is mandatory (STD:1) and declared absent"]),
        ({"A": "o"}, {"A": False}, []),
        ({"A": "o"}, {"A": True}, []),
        ({"A": "x"}, {"A": False}, []),
        ({"A": "x"}, {"A": True}, ["A is prohibited (STD:1) and declared present"]),
        ({"A": "o.1", "B": "o.1"}, {"B": True}, []),
        ({"A": "o.1", "B": "o.1"}, {}, ["at least one of A, B must be declared"]),
        (
            {"A": "o.1", "B": "o.2"},
            {"A": True},
            ["at least one of B must be declared"],
        ),
        ({"A": "c:B", "B": "o"}, {"B": True, "A": True}, []),
        ({"A": "c:B", "B": "o"}, {}, []),
        ({"A": "c:B", "B": "o"}, {"B": True}, ["A is mandatory when B (STD:1)"]),
        ({"A": "c:not B", "B": "o"}, {}, ["A is mandatory when not B (STD:1)"]),
    ],
)
def test_the_static_review_follows_the_status(status, answers, findings):
    asked = proforma(**status)
    assert asked.review(asked.answers(answers)) == findings


def test_what_is_not_declared_has_its_default():
    asked = Proforma.from_data(
        {
            "ics": [{"id": "A", "question": "?", "clause": "c", "status": "o", "default": True}],
            "ixit": [
                {"id": "limit", "question": "?", "type": "number", "default": 1.5},
                {"id": "serial", "question": "?", "type": "text"},
            ],
        }
    )
    assert asked.answers({}) == {"A": True}
    assert asked.answers({"A": False}) == {"A": False}
    assert asked.values({}) == {"limit": 1.5}
    assert asked.values({"serial": "7", "limit": 2}) == {"limit": 2, "serial": "7"}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["", "x"], [1, True, 1.0, ["x"]]),
        ("integer", [0, -3], ["1", 1.0, True]),
        ("number", [1, 1.5], ["1", True]),
        ("boolean", [True, False], [1, "true"]),
    ],
)
def test_a_test_value_has_the_type_that_is_asked_for(kind, good, bad):
    asked = Proforma.from_data({"ixit": [{"id": "v", "question": "?", "type": kind}]})
    for value in good:
        assert list(asked.mistakes("p1", {}, {"v": value})) == []
    for value in bad:
        (mistake,) = asked.mistakes("p1", {}, {"v": value})
        assert mistake.message == f"must be {kind}"
        assert mistake.path == "p1.ixit.v"


def test_an_unknown_item_is_answered_with_a_near_one():
    asked = proforma(**{"P1/POLYPHASE": "o", "P1/MBUS": "o"})
    near, far = asked.mistakes("p1", {"P1/POLIPHASE": True, "quite else": True}, {})
    assert near.message == "unknown item"
    assert near.remedy == "P1/POLYPHASE, perhaps"
    assert far.remedy == "one of P1/POLYPHASE, P1/MBUS"


def test_an_answer_is_true_or_false():
    (mistake,) = proforma(A="o").mistakes("p1", {"A": "yes"}, {})
    assert (
        str(mistake) == 'p1.ics."A": must be true or false (got \'yes\')\n      write: "A" = true'
    )


def test_a_key_that_no_case_knows_is_answered_with_a_near_one():
    asked = Proforma.from_data({"key": [{"id": "keys.encryption", "question": "?"}]})
    (mistake,) = asked.key_mistakes("p1", ["encryption", "encyrption"])
    assert mistake.path == "p1.keys.encyrption"
    assert mistake.remedy == "encryption, perhaps"
    (mistake,) = asked.key_mistakes("p1", ["x"])
    assert mistake.remedy == "one of encryption"
    # a suite that asks for none leaves them to others
    assert list(Proforma().key_mistakes("p1", ["x"])) == []
