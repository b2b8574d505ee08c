"""Filters: text and Python make the same tree, and what the gateway cannot do is refused before anything is sent."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_intacct.client.errors import WhereError
from airflow_provider_intacct.client.where import (
    And,
    Between,
    Compare,
    Condition,
    In,
    IsNull,
    Like,
    Or,
    field,
    fields_of,
    needs_zone,
    parse,
    rename_fields,
    to_query_filter,
    to_read_by_query,
    to_text,
)
from airflow_provider_intacct.client.xml.elements import write

LOS_ANGELES = ZoneInfo("America/Los_Angeles")


def as_xml(condition: Condition, **options: object) -> str:
    return write(to_query_filter(condition, **options))


# --- the tree -------------------------------------------------------------------------------------------------------


def test_text_and_python_make_the_same_tree() -> None:
    text = parse(
        "STATE IN ('Posted', 'Paid') AND (WHENDUE < DATE '2026-01-31' OR NOT TOTALDUE BETWEEN 10 AND 500) "
        "AND VENDOR.NAME NOT LIKE 'B%' AND ONHOLD = FALSE AND DESCRIPTION IS NOT NULL"
    )
    built = (
        field("STATE").in_(["Posted", "Paid"])
        & ((field("WHENDUE") < date(2026, 1, 31)) | ~field("TOTALDUE").between(10, 500))
        & field("VENDOR.NAME").not_like("B%")
        & (field("ONHOLD") == False)  # noqa: E712
        & field("DESCRIPTION").is_not_null()
    )
    assert text == built


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("A = 1", Compare("A", "=", Decimal(1))),
        ("A == 1", Compare("A", "=", Decimal(1))),
        ("A <> 'x'", Compare("A", "!=", "x")),
        ("5 < A", Compare("A", ">", Decimal(5))),
        ("A >= -12.50", Compare("A", ">=", Decimal("-12.50"))),
        (f"A = -0.{'1' * 40}", Compare("A", "=", Decimal(f"-0.{'1' * 40}"))),
        ("A = 1e5", Compare("A", "=", Decimal(100000))),
        ("A = 'O''Brien & Söhne <日本>'", Compare("A", "=", "O'Brien & Söhne <日本>")),
        ("A = '-- no comment; here'", Compare("A", "=", "-- no comment; here")),
        ("A = ''", Compare("A", "=", "")),
        ("(A) = (1)", Compare("A", "=", Decimal(1))),
        ("A BETWEEN (1) AND 2", Between("A", Decimal(1), Decimal(2))),
        ("((A = 1))", Compare("A", "=", Decimal(1))),
        ("a.b.c.d.e.f = TRUE", Compare("a.b.c.d.e.f", "=", True)),
        ("A NOT IN (1, 'b')", In("A", (Decimal(1), "b"), negated=True)),
        ("NOT A IN (1)", In("A", (Decimal(1),), negated=True)),
        ("A LIKE '%x_'", Like("A", "%x_")),
        ("NOT A IS NULL", IsNull("A", negated=True)),
        ("A = 1 OR B = 2 AND C = 3", Or((parse("A = 1"), And((parse("B = 2"), parse("C = 3")))))),
        ("NOT (A = 1 AND (B < 2 OR C LIKE 'x'))", parse("A != 1 OR (B >= 2 AND C NOT LIKE 'x')")),
        ("NOT A BETWEEN 1 AND 2", parse("A < 1 OR A > 2")),
        ("NOT NOT A = 1", parse("A = 1")),
        ("A < TIMESTAMP '2026-01-31 12:00:00.25'", Compare("A", "<", datetime(2026, 1, 31, 12, 0, 0, 250000))),  # noqa: DTZ001
        ("A = TIMESTAMP '2026-01-31 12:00:00'", Compare("A", "=", datetime(2026, 1, 31, 12))),  # noqa: DTZ001
    ],
)
def test_text_is_read_as_sql_reads_it(text: str, tree: Condition) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    "word",
    [
        "STATE",
        "ORDER",
        "GROUP",
        "KEY",
        "DATE",
        "NAME",
        "TYPE",
        "STATUS",
        "END",
        "CASE",
        "DESC",
        "DEFAULT",
        "CLASS",
        "LOCATION",
        "TITLE",
        "FORMAT",
        "PERIOD",
        "VALUES",
        "SELECT",
        "FROM",
        "WHERE",
        "LEFT",
        "RIGHT",
        "INTERVAL",
        "CAST",
        "EXISTS",
        "UNION",
        "USER",
        "POSITION",
        "CURRENT_DATE",
        "TIMESTAMP",
        "SET",
        "ALL",
        "ANY",
        "LIMIT",
        "id",
    ],
)
def test_a_field_may_be_named_like_a_keyword(word: str) -> None:
    assert parse(f"{word} = 1 AND X.{word} IS NULL AND {word} NOT IN (2)") == (
        (field(word) == 1) & field(f"X.{word}").is_null() & field(word).not_in([2])
    )


def test_words_of_the_language_are_fields_in_double_quotes() -> None:
    assert parse('"AND" = 1 AND "VENDOR"."NOT" = 2') == (field("AND") == 1) & (field("VENDOR.NOT") == 2)


def test_parameters_carry_values_that_no_quote_can_break() -> None:
    hostile = "x' OR RECORDNO > '0"
    tree = parse(
        "NAME = :name AND STATE IN (:states) AND KEY IN :keys", {"name": hostile, "states": ["A", "B"], "keys": (1,)}
    )
    assert tree == And((Compare("NAME", "=", hostile), In("STATE", ("A", "B")), In("KEY", (Decimal(1),))))
    assert parse(to_text(tree)) == tree
    assert as_xml(tree).count("<equalto>") == 1


def test_a_long_chain_of_alternatives_is_read() -> None:
    tree = parse(" OR ".join(f"A = {n}" for n in range(3000)))
    assert isinstance(tree, Or)
    assert len(tree.conditions) == 3000


def test_fields_are_listed_once_and_can_be_respelled() -> None:
    tree = parse("b = 1 AND (A = 2 OR B.x IS NULL) AND b LIKE 'x' AND c IN (1) AND d BETWEEN 1 AND 2")
    assert fields_of(tree) == ["b", "A", "B.x", "c", "d"]
    assert fields_of(rename_fields(tree, str.upper)) == ["B", "A", "B.X", "C", "D"]


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "leave it out"),
        ("A = NULL", "A IS NULL"),
        ("A IN (1, NULL)", "A IS NULL"),
        ("A BETWEEN 2 AND 1", "lower bound comes first"),
        ("A = B", "cannot compare two fields"),
        ('A = "Posted"', "single quotes"),
        ("A BETWEEN B AND 2", "cannot compare two fields"),
        ("1 = 1", "no field"),
        ("ONHOLD", "FIELD = TRUE"),
        ("NOT ONHOLD", "FIELD = TRUE"),
        ("A = 1 AND TRUE", "FIELD = TRUE"),
        ("A IS TRUE", "A = TRUE"),
        ("LOWER(A) = 'x'", "case_insensitive=True"),
        ("A ILIKE 'x'", "case_insensitive=True"),
        ("A NOT ILIKE 'x'", "case_insensitive=True"),
        ("A RLIKE 'x'", "no regular expressions"),
        ("A SIMILAR TO 'x'", "no regular expressions"),
        ("A LIKE 'x' ESCAPE '!'", "always wildcards"),
        ("A LIKE 5", "a pattern is text"),
        ("A + 1 > 2", "does not calculate"),
        ("A > 2 * 3", "does not calculate"),
        ("A = 'x' || 'y'", "does not calculate"),
        ("A IN (SELECT B FROM C)", "no subqueries"),
        ("EXISTS (SELECT 1)", "no subqueries"),
        ("(A, B) = (1, 2)", "one field at a time"),
        ("CAST(A AS DATE) = '2026-01-01'", "does not convert"),
        ("A::date = '2026-01-01'", "does not convert"),
        ("A > CURRENT_DATE", "give the date as :name"),
        ("A > NOW()", "no "),
        ("COALESCE(A, 1) = 1", "no functions"),
        ("CASE WHEN A = 1 THEN 2 END = 2", "not a condition"),
        ("A IS DISTINCT FROM 1", "IS NULL with OR"),
        ("A = 1 ORDER BY B", "order_by"),
        ("A = 1 LIMIT 5", "limit"),
        ("WHERE A = 1", "leave out the word WHERE"),
        ("A = 1 UNION SELECT 1", "join conditions with OR"),
        ("A = 1; B = 2", "without ;"),
        ("A = 1 -- AND B = 2", "comment"),
        ("A = 1 /* AND B = 2 */ AND C = 3", "comment"),
        ("A = 'O\\'Brien'", "doubled"),
        ("A = 'open", "not closed"),
        ("A =", "cannot be read"),
        ("A = 1 B = 2", "cannot be read"),
        ("A IN ()", "empty list"),
        ("A = {{ ds }}", "Intacct"),
        ("A = DATE '2026-02-30'", "not a date"),
        ("A = DATE 'today'", "not a date"),
        ("5 LIKE A", "on the left of the operator"),
        ('A."b c" = 1', "not a field name"),
        ("A = -'x'", "Intacct's filters know"),
        ("A = ?", "write :name"),
        ("(" * 5000 + "A = 1" + ")" * 5000, "nested too deeply"),
        ("NOT " * 100_000 + "A = 1", "nested too deeply"),
        ("A = :missing", "there is no parameter 'missing'"),
    ],
)
def test_what_intacct_cannot_do_is_refused_with_the_alternative(text: str, reason: str) -> None:
    with pytest.raises(WhereError, match=re.escape(reason)):
        parse(text)


def test_the_place_of_an_error_is_named() -> None:
    # How well sqlglot keeps the place of what it has read depends on its version.
    with pytest.raises(WhereError, match=r"at UPPER\(B\)( \(line 2, column (7|13)\))?: Intacct has no functions"):
        parse("A = 1\n  AND UPPER(B) = 'X'")


def test_a_parameter_that_is_not_used_is_a_typing_error() -> None:
    with pytest.raises(WhereError, match=":until"):
        parse("A > :since", {"since": 1, "until": 2})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "IS NULL"),
        (1.5, r"Decimal\('1.5'\)"),
        (Decimal("NaN"), "no value"),
        (b"x", "no value"),
        (["a"], "no value"),
        ("a\x00b", r"U\+0000"),
        (field("B"), "two fields"),
    ],
)
def test_values_that_cannot_be_compared_exactly_are_refused(value: object, reason: str) -> None:
    with pytest.raises(WhereError, match=reason):
        field("A") > value  # noqa: B015
    with pytest.raises(WhereError, match=reason):
        parse("A = :value", {"value": value}) if not isinstance(value, list) else field("A") == value


@pytest.mark.parametrize("name", ["values", "from", "date", "and", "order", "day1", "end"])
def test_a_parameter_may_be_named_like_a_keyword(name: str) -> None:
    assert parse(f"A IN (:{name}) AND B > :{name}2", {name: ["x"], f"{name}2": 1}) == parse("A IN ('x') AND B > 1")


@pytest.mark.parametrize("given", [(n for n in "ab"), {"a": 1}.keys(), {"a": 1}, b"ab"])
def test_what_is_no_list_is_no_list_of_values(given: object) -> None:
    with pytest.raises(WhereError, match="give a list of them"):
        parse("A IN (:values)", {"values": given})


def test_python_words_between_conditions_are_refused() -> None:
    with pytest.raises(WhereError, match=r"&, \| and ~"):
        bool(field("A") == 1)
    with pytest.raises(WhereError, match="parentheses"):
        And(((field("A") == 1), True))
    with pytest.raises(WhereError, match="list of values"):
        field("A").in_("Posted")


@pytest.mark.parametrize("name", ["", "A B", "A.", ".A", "1A", "A'", "A-B", "*", "A..B"])
def test_names_that_name_no_field_are_refused(name: str) -> None:
    with pytest.raises(WhereError, match="not a field name"):
        field(name)


# --- written for query ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "xml"),
    [
        ("A = 'x'", "<equalto><field>A</field><value>x</value></equalto>"),
        ("A != 1", "<notequalto><field>A</field><value>1</value></notequalto>"),
        ("A < 1", "<lessthan><field>A</field><value>1</value></lessthan>"),
        ("A <= 1", "<lessthanorequalto><field>A</field><value>1</value></lessthanorequalto>"),
        ("A > 1", "<greaterthan><field>A</field><value>1</value></greaterthan>"),
        ("A >= 1e2", "<greaterthanorequalto><field>A</field><value>100</value></greaterthanorequalto>"),
        ("A BETWEEN 1 AND 2", "<between><field>A</field><value>1</value><value>2</value></between>"),
        ("A IN (1, 2)", "<in><field>A</field><value>1</value><value>2</value></in>"),
        ("A NOT IN (1)", "<notin><field>A</field><value>1</value></notin>"),
        ("A LIKE 'B%'", "<like><field>A</field><value>B%</value></like>"),
        ("A NOT LIKE 'B%'", "<notlike><field>A</field><value>B%</value></notlike>"),
        ("A IS NULL", "<isnull><field>A</field></isnull>"),
        ("A IS NOT NULL", "<isnotnull><field>A</field></isnotnull>"),
        ("A = TRUE", "<equalto><field>A</field><value>true</value></equalto>"),
        ("A = '2026-01-31'", "<equalto><field>A</field><value>01/31/2026</value></equalto>"),
        ("A > '2026-01-31 10:11:12'", "<greaterthan><field>A</field><value>01/31/2026 10:11:12</value></greaterthan>"),
        ("A = '<&>'", "<equalto><field>A</field><value>&lt;&amp;&gt;</value></equalto>"),
        (
            "A IS NULL AND (B IS NULL OR C IS NULL)",
            "<and><isnull><field>A</field></isnull>"
            "<or><isnull><field>B</field></isnull><isnull><field>C</field></isnull></or></and>",
        ),
    ],
)
def test_every_operator_of_query_is_written(text: str, xml: str) -> None:
    assert as_xml(parse(text)) == xml


@pytest.mark.parametrize(("negated", "joint"), [(False, "or"), (True, "and")])
def test_more_values_than_an_in_may_hold_become_several(negated: bool, joint: str) -> None:
    element = to_query_filter(In("A", tuple(map(Decimal, range(2001))), negated))
    assert element.tag == joint
    assert [len(part.children) - 1 for part in element.children] == [1000, 1000, 1]


def test_an_aware_time_is_written_in_the_users_zone_and_never_without_it() -> None:
    tree = parse("WHENMODIFIED >= '2026-07-01T00:00:00+00:00'")
    assert needs_zone(tree)
    assert "06/30/2026 17:00:00" in as_xml(tree, zone=LOS_ANGELES)
    assert "06/30/2026 16:00:00" in as_xml(tree, zone=timezone(timedelta(hours=-8)))
    with pytest.raises(WhereError, match="time zone"):
        as_xml(tree)
    assert not needs_zone(parse("WHENMODIFIED >= '2026-07-01T00:00:00' AND A IN (1, 'x') AND B BETWEEN 1 AND 2"))


@pytest.mark.parametrize(
    ("operator", "written"),
    [(">=", "00:00:02"), ("<", "00:00:02"), (">", "00:00:01"), ("<=", "00:00:01")],
)
def test_fractions_of_seconds_are_rounded_so_that_the_rows_stay_the_same(operator: str, written: str) -> None:
    tree = Compare("A", operator, datetime(2026, 1, 1, 0, 0, 1, 500000, tzinfo=UTC))
    assert f"01/01/2026 {written}" in as_xml(tree, zone=UTC)


def test_no_time_equals_a_fraction_of_a_second() -> None:
    with pytest.raises(WhereError, match="whole seconds"):
        as_xml(parse("A = '2026-01-01T00:00:01.5'"))


def test_a_known_type_decides_what_iso_text_means() -> None:
    def types(name: str) -> str:
        return {"DAY": "DATE", "NOTE": "TEXT", "STAMP": "TIMESTAMP"}[name]

    assert "<value>2026-01-31</value>" in as_xml(parse("NOTE = '2026-01-31'"), datatype=types)
    # A day has no zone: the author's midnight in UTC is that day, not the evening before in Los Angeles.
    day = parse("DAY >= '2026-01-31T00:00:00+00:00'")
    assert "<value>01/31/2026</value>" in as_xml(day, datatype=types, zone=LOS_ANGELES)
    assert not needs_zone(day, types)
    assert "<value>01/30/2026 16:00:00</value>" in as_xml(
        parse("STAMP >= '2026-01-31T00:00:00Z'"), datatype=types, zone=LOS_ANGELES
    )


def test_a_day_that_does_not_exist_is_refused() -> None:
    with pytest.raises(WhereError, match="calendar"):
        as_xml(parse("A = '2026-02-30'"))


@pytest.mark.parametrize(
    "text",
    [
        "A = ''",
        "A <> ''",
        "A > ''",
        "A IN ('x', '')",
        "A NOT IN ('')",
        "A BETWEEN '' AND 'x'",
        "A LIKE ''",
        "NOT A = ''",
    ],
)
@pytest.mark.parametrize("write_for", [to_query_filter, to_read_by_query])
def test_empty_text_is_asked_for_as_null(text: str, write_for: Callable[[Condition], object]) -> None:
    with pytest.raises(WhereError, match="write A IS NULL or A IS NOT NULL"):
        write_for(parse(text))


# --- written for readByQuery ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("A = 'x' AND B > 5", "A = 'x' AND B > 5"),
        ("A != 'x'", "A not in ('x')"),
        ("A BETWEEN 1 AND 2 OR C IS NULL", "(A >= 1 AND A <= 2) OR C IS NULL"),
        ("A = 1 AND (B = 2 OR C = 3)", "A = 1 AND (B = 2 OR C = 3)"),
        ("A NOT IN ('x', 'y')", "A not in ('x', 'y')"),
        ("A NOT LIKE 'x%'", "A not like 'x%'"),
        ("A LIKE 'x%'", "A like 'x%'"),
        ("A IS NOT NULL", "A IS NOT NULL"),
        ("A = TRUE OR A = FALSE", "A = 'T' OR A = 'F'"),
        ("A = 'O''Brien'", "A = 'O\\'Brien'"),
        ("A >= '2026-01-31'", "A >= '01/31/2026'"),
        ("A >= '2026-01-31 10:00:00'", "A >= '01/31/2026 10:00:00'"),
    ],
)
def test_filters_are_written_in_the_words_of_read_by_query(text: str, written: str) -> None:
    assert to_read_by_query(parse(text)) == written


def test_read_by_query_follows_no_relationships() -> None:
    with pytest.raises(WhereError, match="use query"):
        to_read_by_query(parse("A = 1 AND VENDOR.NAME = 'x'"))


def test_a_backslash_which_might_end_the_quotation_is_refused() -> None:
    with pytest.raises(WhereError, match="backslash"):
        to_read_by_query(parse("A = :value", {"value": "x\\"}))


# --- properties -----------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        "A",
        "state",
        "_x",
        "ORDER",
        "AND",
        "NULL",
        "Date1",
        "e",
        "N",
        "x",
        "b",
        "Not",
        "like",
        "IS",
        "end",
        "u",
        "r",
        "DATE",
        "TIMESTAMP",
        "interval",
        "Q2",
    ]
)
NAMES = st.lists(WORDS | st.text("abXY_", min_size=1, max_size=5), min_size=1, max_size=6).map(".".join)
TEXTS = st.text(  # never empty: text reads and writes it, but the gateway's filters refuse it
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="￾￿"), min_size=1, max_size=12
)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9)
ZONES = st.none() | st.just(UTC) | st.just(timezone(timedelta(hours=-8)))
MOMENTS = st.datetimes(min_value=datetime(1900, 1, 1), timezones=ZONES).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)  # nothing in Intacct equals a fraction of a second
)
VALUES = st.booleans() | NUMBERS | TEXTS | st.dates(min_value=date(1000, 1, 1)) | MOMENTS
LEAVES = (
    st.builds(Compare, NAMES, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), VALUES)
    | st.builds(lambda name, bounds: Between(name, min(bounds), max(bounds)), NAMES, st.tuples(NUMBERS, NUMBERS))
    | st.builds(In, NAMES, st.lists(VALUES, min_size=1, max_size=4).map(tuple), st.booleans())
    | st.builds(Like, NAMES, TEXTS, st.booleans())
    | st.builds(IsNull, NAMES, st.booleans())
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(And, st.lists(inner, min_size=2, max_size=4).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=4).map(tuple))
    ),
    max_leaves=12,
)


@given(TREES)
@settings(max_examples=150, deadline=None)
def test_a_tree_written_as_text_is_read_back_the_same(tree: Condition) -> None:
    assert parse(to_text(tree)) == tree


@given(TREES)
@settings(max_examples=100, deadline=None)
def test_a_filter_is_one_element_whose_joints_have_two_parts_or_more(tree: Condition) -> None:
    def check(element: object) -> None:
        if element.tag in ("and", "or"):
            assert len(element.children) >= 2
            for child in element.children:
                check(child)
        else:
            assert element.children[0].tag == "field"

    check(to_query_filter(tree, zone=UTC))


Truth = bool | None


def truth(condition: Condition, row: dict[str, Decimal | None]) -> Truth:
    """SQL's three-valued logic: None is unknown."""
    match condition:
        case And(conditions):
            parts = [truth(part, row) for part in conditions]
            return False if False in parts else None if None in parts else True
        case Or(conditions):
            parts = [truth(part, row) for part in conditions]
            return True if True in parts else None if None in parts else False
        case IsNull(name, negated):
            return (row[name] is None) != negated
    value = row[condition.field]
    if value is None:
        return None
    match condition:
        case Compare(_, operator, other):
            return {
                "=": value == other,
                "!=": value != other,
                "<": value < other,
                "<=": value <= other,
                ">": value > other,
                ">=": value >= other,
            }[operator]
        case Between(_, lower, upper):
            return lower <= value <= upper
        case In(_, values, negated):
            return (value in values) != negated
    raise AssertionError(condition)


SMALL = st.integers(0, 3).map(Decimal)
SHORT = st.sampled_from(["A", "B", "C"])
SMALL_LEAVES = (
    st.builds(Compare, SHORT, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), SMALL)
    | st.builds(lambda name, bounds: Between(name, min(bounds), max(bounds)), SHORT, st.tuples(SMALL, SMALL))
    | st.builds(In, SHORT, st.lists(SMALL, min_size=1, max_size=3).map(tuple), st.booleans())
    | st.builds(IsNull, SHORT, st.booleans())
)
SMALL_TREES = st.recursive(
    SMALL_LEAVES,
    lambda inner: (
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


@given(SMALL_TREES, st.fixed_dictionaries({name: st.none() | SMALL for name in "ABC"}))
@settings(max_examples=150, deadline=None)
def test_pushing_not_down_keeps_what_is_true_false_and_unknown(tree: Condition, row: dict[str, Decimal | None]) -> None:
    opposite = {True: False, False: True, None: None}[truth(tree, row)]
    assert truth(~tree, row) == opposite
    assert truth(parse(f"NOT ({to_text(tree)})"), row) == opposite
    assert truth(~~tree, row) == truth(tree, row)
