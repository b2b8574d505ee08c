"""What the check finds wrong the company refuses, and what it lets pass the company takes. It only ever reads."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_intacct.client import AsyncIntacctClient, IntacctClient
from airflow_provider_intacct.client.checking import Problem, errors
from airflow_provider_intacct.client.posting import Posting, Scope, prepare
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.session import SessionPool
from tests.faults.company import (
    MORE_WORK,
    WORK,
    Books,
    Work,
    bill,
    entry,
    generic_bill,
    invoice,
    legacy_entry,
    sign_in,
)
from tests.sandbox_process import SandboxProcess

Change = Callable[[Any], Any]
READS = {"getAPISession", "lookup", "inspect", "query", "read", "readEntityDetails"}


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    with sign_in(sandbox) as client:
        yield client


def ready(record: Any, object: str = "GLBATCH", **options: Any) -> list[Posting]:
    """One record, or a list of them, prepared; `object` may be a create function."""
    records = record if isinstance(record, list) else [record]
    named = {"function": object} if object.startswith("create_") else {"object_name": object}
    return prepare(records, scope=Scope.unguarded("DEMO"), **named, **options)


def told(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in errors(problems)]


def with_line(record: dict[str, Any], number: int, **changes: Any) -> dict[str, Any]:
    """The record with entries of one of its lines changed; None takes one out."""
    container = next(name for name, value in record.items() if isinstance(value, list))
    lines = [dict(line) for line in record[container]]
    lines[number - 1] = {name: value for name, value in {**lines[number - 1], **changes}.items() if value is not None}
    return {**record, container: lines}


def without(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != name}


def custom(*shares: dict[str, str]) -> dict[str, Any]:
    """A journal entry whose first line is shared out by hand."""
    return with_line(entry(), 1, LOCATION=None, ALLOCATION="Custom", SPLIT=list(shares))


REFUSED: list[tuple[str, Any, str, str]] = [
    (
        "an unknown account",
        with_line(entry(), 2, ACCOUNTNO="nope"),
        "GLBATCH",
        "record 1, line 2 ACCOUNTNO: there is no account 'nope'; check the number",
    ),
    (
        "an unknown location",
        with_line(entry(), 1, LOCATION="nope"),
        "GLBATCH",
        "record 1, line 1 LOCATION: there is no location 'nope'; check the id",
    ),
    (
        "an unknown department",
        with_line(entry(), 1, DEPARTMENT="x&y"),
        "GLBATCH",
        "record 1, line 1 DEPARTMENT: there is no department 'x&y'",
    ),
    (
        "an unknown value of an own dimension",
        with_line(entry(), 2, GLDIMCHANNEL="7"),
        "GLBATCH",
        "record 1, line 2 GLDIMCHANNEL: there is no channel '7'; give the record id",
    ),
    (
        "the name of an own dimension's value",
        with_line(entry(), 2, GLDIMCHANNEL="Web shop"),
        "GLBATCH",
        "record 1, line 2 GLDIMCHANNEL: 'Web shop' is no whole number",
    ),
    ("an unknown journal", entry(JOURNAL="ZZ"), "GLBATCH", "record 1, JOURNAL: there is no journal 'ZZ'"),
    (
        "an account in a statistical journal",
        entry(JOURNAL="STJ"),
        "GLBATCH",
        "record 1, line 1 ACCOUNTNO: there is no statistical account '6000'; the journal is statistical",
    ),
    (
        "a day without a period",
        entry(BATCH_DATE="2035-03-31"),
        "GLBATCH",
        "record 1, BATCH_DATE: no reporting period of the company holds 03/31/2035; check the date",
    ),
    (
        "two entities out of balance",
        with_line(entry(), 2, LOCATION="210"),
        "GLBATCH",
        "record 1: the journal entry does not balance within each entity: entity 100 debits 100.00, credits 0, "
        "difference 100.00; "
        "entity 200 debits 0, credits 100.00, difference 100.00; balance each, or name the entity it is made in "
        "(BASELOCATION_NO)",
    ),
    (
        "lines without a location",
        with_line(entry(), 2, LOCATION=None),
        "GLBATCH",
        "record 1, line 2 LOCATION: the company has several entities, so each line needs a location; give it",
    ),
    (
        "shares that are not the whole",
        custom({"AMOUNT": "60.00", "LOCATIONID": "100"}, {"AMOUNT": "30.00", "LOCATIONID": "100"}),
        "GLBATCH",
        "record 1, line 1 SPLIT: the shares add up to 90.00, and the line is 100.00",
    ),
    (
        "a negative share",
        custom({"AMOUNT": "160.00", "LOCATIONID": "100"}, {"AMOUNT": "-60.00", "LOCATIONID": "100"}),
        "GLBATCH",
        "record 1, line 1 SPLIT: a share is negative",
    ),
    (
        "shares in another entity",
        custom({"AMOUNT": "60.00", "LOCATIONID": "100"}, {"AMOUNT": "40.00", "LOCATIONID": "210"}),
        "GLBATCH",
        "record 1: the journal entry does not balance within each entity: entity 100 debits 60.00, credits 100.00",
    ),
    (
        "an invoice line without an amount",
        with_line(invoice("C001", "I-1"), 1, amount=None),
        "create_invoice",
        "record 1, line 1 amount: it has no amount; give it",
    ),
    (
        "a text too long",
        entry(BATCH_TITLE="x" * 81),
        "GLBATCH",
        "record 1, BATCH_TITLE: it has 81 characters, and the field holds 80; shorten it",
    ),
    (
        "a state that is none",
        entry(STATE="Postd"),
        "GLBATCH",
        "record 1, STATE: 'Postd' is none of its values; did you mean 'Posted'?",
    ),
    (
        "an entry without a title",
        without(entry(), "BATCH_TITLE"),
        "GLBATCH",
        "record 1, BATCH_TITLE: it is required; give it",
    ),
    (
        "an unknown vendor",
        {**generic_bill(), "VENDORID": "nope"},
        "APBILL",
        "record 1, VENDORID: there is no vendor 'nope'",
    ),
    (
        "an unknown term",
        {**generic_bill(), "TERMNAME": "N31"},
        "APBILL",
        "record 1, TERMNAME: there is no AP term 'N31'",
    ),
    (
        "neither true nor false",
        {**generic_bill(), "ONHOLD": "maybe"},
        "APBILL",
        "record 1, ONHOLD: 'maybe' is neither true nor false",
    ),
    (
        "a bill that comes to less than nothing",
        generic_bill(amount="-5.00"),
        "APBILL",
        "record 1: the lines of the bill come to -5.00, and a bill is owed; post what reduces a debt as an adjustment",
    ),
    (
        "a bill line without an account",
        with_line(generic_bill(), 1, ACCOUNTNO=None),
        "APBILL",
        "record 1, line 1 ACCOUNTNO: it has no account",
    ),
    (
        "an unknown account of a legacy bill",
        with_line(bill("V001"), 1, glaccountno="nope"),
        "create_bill",
        "record 1, line 1 glaccountno: there is no account 'nope'",
    ),
    (
        "an element that the function lacks",
        {**bill("V001"), "notes": "x"},
        "create_bill",
        "record 1, notes: create_bill has no such field",
    ),
    (
        "elements in another order",
        {**without(bill("V001"), "datedue"), "datedue": "2026-03-31"},
        "create_bill",
        "record 1, datedue: it stands after description; the function is a strict sequence; put it before description",
    ),
    (
        "an unknown customer",
        invoice("nope", "I-1"),
        "create_invoice",
        "record 1, customerid: there is no customer 'nope'",
    ),
    (
        "an unknown account of a legacy entry",
        with_line(legacy_entry(), 1, glaccountno="nope"),
        "create_gltransaction",
        "record 1, line 1 glaccountno: there is no account 'nope'",
    ),
    (
        "a vendor that is there",
        {"VENDORID": "V001", "NAME": "Another"},
        "VENDOR",
        "record 1: the company has VENDORID V001 already, as 1, with other content: NAME is",
    ),
    (
        "an id too long",
        {"VENDORID": "V" * 21, "NAME": "Long"},
        "VENDOR",
        "record 1, VENDORID: it has 21 characters, and the field holds 20",
    ),
    (
        "a parent that is not there",
        {"VENDORID": "V-N", "NAME": "New", "PARENTID": "nope"},
        "VENDOR",
        "record 1, PARENTID: there is no vendor 'nope'",
    ),
    (
        "a task of an unknown project",
        {"PROJECTID": "nope", "NAME": "x", "TASKID": "T", "TASKSTATUS": "Planned"},
        "TASK",
        "record 1, PROJECTID: there is no project 'nope'",
    ),
]


@pytest.mark.parametrize(
    ("record", "object", "words"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_the_check_finds_the_company_refuses(client: IntacctClient, record: Any, object: str, words: str) -> None:
    postings = ready(record, object)
    assert told(client.check(postings))[0].startswith(words)
    assert refused(client, postings)


def refused(client: IntacctClient, postings: list[Posting]) -> bool:
    from airflow_provider_intacct.client.errors import SchemaError

    try:
        return {outcome.status for outcome in client.post(postings)} == {"rejected"}
    except SchemaError:
        return True


@pytest.mark.parametrize("work", [*WORK, *MORE_WORK], ids=lambda work: work.name)
def test_what_the_company_takes_passes_the_check(client: IntacctClient, work: Work) -> None:
    assert told(client.check(work.postings())) == []


def test_an_unknown_field_is_named_with_the_nearest_for_the_company_only_ignores_it(client: IntacctClient) -> None:
    postings = ready(with_line(entry(BATCH_TITEL="x"), 2, DEPARTMNT="10"))
    assert told(client.check(postings)) == [
        "record 1, BATCH_TITEL: GLBATCH has no such field; Intacct may ignore it silently; did you mean BATCH_TITLE?",
        "record 1, line 2 DEPARTMNT: GLENTRY has no such field; Intacct may ignore it silently; did you mean "
        "DEPARTMENT?",
    ]
    assert not refused(client, postings)


def test_a_bill_that_may_never_be_due_is_said_to_be_unknown(client: IntacctClient) -> None:
    problems = client.check(ready(without(generic_bill(), "WHENDUE"), "APBILL"))
    assert "not checked: record 1, WHENDUE: Intacct documents it as required" in "; ".join(map(str, problems))
    assert errors(problems) == []


def test_a_field_that_intacct_sets_itself_is_named(client: IntacctClient) -> None:
    (problem,) = told(client.check(ready({**generic_bill(), "TOTALDUE": "5.00"}, "APBILL")))
    assert problem == "record 1, TOTALDUE: Intacct sets it itself and keeps no other value; leave it out"


def test_custom_fields_and_own_dimensions_that_exist_pass(client: IntacctClient) -> None:
    record = with_line({**generic_bill(), "BILL_SOURCE": "portal"}, 1, GLDIMCHANNEL="10001")
    assert told(client.check(ready(record, "APBILL"))) == []


def test_an_inactive_account_is_named(client: IntacctClient) -> None:
    account = {"ACCOUNTNO": "6999", "TITLE": "Old", "STATUS": "inactive"}
    client.post(ready(account, "GLACCOUNT"))
    (problem,) = told(client.check(ready(with_line(entry(), 1, ACCOUNTNO="6999"))))
    assert problem.startswith("record 1, line 1 ACCOUNTNO: the account '6999' is inactive; choose another")


def test_a_dimension_that_the_account_requires_is_named(client: IntacctClient) -> None:
    client.post(ready({"ACCOUNTNO": "6998", "TITLE": "By department", "REQUIREDEPT": True}, "GLACCOUNT"))
    record = with_line(entry(), 1, ACCOUNTNO="6998")
    assert told(client.check(ready(record))) == [
        "record 1, line 1 DEPARTMENT: the account '6998' requires it; give it, or choose another account"
    ]
    assert told(client.check(ready(with_line(record, 1, DEPARTMENT="10")))) == []


def test_a_line_that_is_shared_out_needs_no_location_of_its_own(client: IntacctClient) -> None:
    by_hand = custom({"AMOUNT": "60.00", "LOCATIONID": "100"}, {"AMOUNT": "40.00", "LOCATIONID": "110"})
    parts = [{"VALUE": "50", "LOCATIONID": "100"}, {"VALUE": "50", "LOCATIONID": "110"}]
    halves = {
        "ALLOCATIONID": "HALVES",
        "METHODOFALLOCATION": "Percentage",
        "ALLOCATIONENTRIES": {"ALLOCATIONENTRY": parts},
    }
    client.call(functions.create("ALLOCATION", halves))
    by_name = with_line(entry(), 1, LOCATION=None, ALLOCATION="HALVES")
    for record in (by_hand, by_name):
        assert told(client.check(ready(record))) == []
        assert not refused(client, ready(record))


def test_taxes_and_tasks_that_sage_documents_are_known(client: IntacctClient) -> None:
    record = invoice("C001", "I-1")
    line = {**record["invoiceitems"][0], "projectid": "P001", "taskid": "P001-1"}
    line["taxentries"] = {"taxentry": [{"detailid": "G1"}]}
    head = {**without(record, "invoiceitems"), "ponumber": "7"}
    record = {**head, "taxsolutionid": "Australia - GST", "invoiceitems": [line]}
    assert told(client.check(ready(record, "create_invoice"))) == []


def test_an_entry_between_entities_passes_with_its_source_entity(client: IntacctClient) -> None:
    record = with_line(entry(BASELOCATION_NO="100"), 2, LOCATION="210")
    assert told(client.check(ready(record))) == []
    assert not refused(client, ready(record))


def test_locations_below_one_entity_balance_together(client: IntacctClient) -> None:
    record = with_line(entry(), 2, LOCATION="120")
    assert told(client.check(ready(record))) == []
    assert not refused(client, ready(record))


def test_an_entry_that_was_said_to_be_statistical_is_balanced_if_its_journal_is_not(client: IntacctClient) -> None:
    record = with_line(entry(), 1, TRX_AMOUNT="90.00")
    (problem,) = told(client.check(ready(record, statistical=True)))
    assert "debits 90.00 and credits 100.00 differ by 10.00" in problem


def test_a_record_may_refer_to_one_that_comes_before_it_in_the_call(client: IntacctClient) -> None:
    parent, child = {"VENDORID": "V-P", "NAME": "Parent"}, {"VENDORID": "V-C", "NAME": "Child", "PARENTID": "V-P"}
    assert told(client.check(ready([parent, child], "VENDOR"))) == []
    assert told(client.check(ready([child, parent], "VENDOR")))[0].startswith("record 1, PARENTID: there is no vendor")


def test_a_record_that_is_there_with_the_same_content_is_no_problem(client: IntacctClient) -> None:
    postings = ready(generic_bill("B-77"), "APBILL")
    client.post(postings)
    assert told(client.check(postings)) == []


def test_whether_a_period_is_open_is_said_to_be_unknown(client: IntacctClient) -> None:
    problems = client.check(ready([entry(BATCH_DATE="2025-03-31"), entry(BATCH_DATE="2026-03-31")]))
    assert [(problem.level, problem.position) for problem in problems] == [("unknown", 0)]
    assert "whether the books are open on 03/31/2025 to 03/31/2026" in str(problems[0])


def test_what_this_user_may_not_look_up_is_said_to_be_unknown(sandbox: SandboxProcess, client: IntacctClient) -> None:
    sandbox.fault("large_page", function="query", nth=2, times=99)
    problems = client.check(ready(entry()))
    assert errors(problems) == []
    assert any("whether there is an account '6000' could not be looked up" in str(each) for each in problems)


def test_entities_that_cannot_be_asked_for_leave_the_balance_within_each_unknown(
    sandbox: SandboxProcess, client: IntacctClient
) -> None:
    sandbox.fault("large_page", function="readEntityDetails", times=99)
    problems = client.check(ready(with_line(entry(), 2, LOCATION="210")))
    assert errors(problems) == []
    assert any("whether entries balance within each entity" in str(each) for each in problems)


def test_an_object_that_is_not_described_is_said_to_be_unknown(client: IntacctClient) -> None:
    problems = client.check(ready({"A": "b"}, "NOSUCH"))
    assert [problem.level for problem in problems] == ["unknown"]
    assert "names and types of the entries of NOSUCH" in str(problems[0])


def test_all_that_is_wrong_is_told_record_by_record(client: IntacctClient) -> None:
    first = with_line(with_line(entry(), 1, ACCOUNTNO="a"), 2, LOCATION="b")
    problems = errors(client.check(ready([entry(), first, entry(JOURNAL="ZZ")])))
    assert [(problem.position, problem.path) for problem in problems] == [
        (2, "line 1 ACCOUNTNO"),
        (2, "line 2 LOCATION"),
        (3, "JOURNAL"),
    ]


def test_a_check_reads_and_never_writes(sandbox: SandboxProcess, client: IntacctClient) -> None:
    books = [Books(client, name) for name in ("GLBATCH", "APBILL", "VENDOR")]
    sandbox.control("/sandbox/log", method="DELETE")
    for work in WORK:
        client.check(work.postings())
    assert {call["function"] for call in sandbox.control("/sandbox/log")} <= READS
    assert [each.added() for each in books] == [[], [], []]


def test_many_records_are_checked_with_as_few_calls_as_one(sandbox: SandboxProcess, client: IntacctClient) -> None:
    client.check(ready(entry()))  # learns the definitions
    before = client.usage
    client.check(ready([entry(amount=f"{number}.00") for number in range(1, 91)]))
    many = client.usage
    client.check(ready(entry()))
    one = client.usage
    assert many.requests - before.requests == one.requests - many.requests
    assert many.transactions - before.transactions == one.transactions - many.transactions


def test_coroutines_can_check_too(sandbox: SandboxProcess, client: IntacctClient) -> None:
    async def check() -> list[Problem]:
        async with AsyncIntacctClient(client.credentials, pool=SessionPool()) as other:
            return await other.check(ready(entry(JOURNAL="ZZ")))

    assert asyncio.run(check()) == client.check(ready(entry(JOURNAL="ZZ")))


@pytest.mark.parametrize(
    ("record", "place"),
    [
        (with_line(entry(), 2, ACCOUNTNO="nope"), "'nope' stands in line 2 ACCOUNTNO"),
        (with_line(entry(), 1, GLDIMCHANNEL="1"), "'1' stands in line 1 GLDIMCHANNEL"),
        (entry(BATCH_DATE="2025-03-31"), "'03/31/2025' stands in BATCH_DATE"),
    ],
    ids=["account", "own dimension", "closed period"],
)
def test_a_refusal_of_the_company_is_told_with_the_line_it_speaks_of(
    client: IntacctClient, record: Any, place: str
) -> None:
    (outcome,) = client.post(ready(record))
    assert (outcome.status, outcome.note) == ("rejected", place)
    assert place in str(outcome)
