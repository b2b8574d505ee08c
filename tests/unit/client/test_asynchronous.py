"""Posting through an asynchronous policy: what is sent, what is refused before, and how the outcome is found."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_intacct.client import Credentials, IntacctClient
from airflow_provider_intacct.client.errors import InvalidRecordError, InvalidRequestError, PolicyError
from airflow_provider_intacct.client.flows import run
from airflow_provider_intacct.client.posting import (
    ChangedSincePostedError,
    Known,
    Outcome,
    Posting,
    Scope,
    Sending,
    Settled,
    Sought,
    missing,
    prepare,
    raise_unless_posted,
    sought,
)
from airflow_provider_intacct.client.posting.outcome import RecordsInDoubtError
from airflow_provider_intacct.client.retry import RetryPolicy
from airflow_provider_intacct.client.xml.session import SessionPool

from . import canned
from .canned import error, result
from .gateway_server import Answer, Seen, Server, serving

TASK = Scope("DEMO", "close", "scheduled__2026-03-31", "post_bills")
ACKNOWLEDGED = (
    f"<response><acknowledgement><status>success</status></acknowledgement>{canned.control()}</response>".encode()
)
PASSWORD = "etl-Secret-9Kd"


@dataclass
class Company:
    """Knows one policy, carries nothing out by itself, and shows the bills that the test puts there."""

    policy: str = "nightly"
    bills: list[dict[str, str]] = field(default_factory=list)
    submitted: list[Seen] = field(default_factory=list)
    lose: int = 0
    asked: int = 0

    def answer(self, server: Server, seen: Seen) -> Answer | bytes:
        policy = re.search(r"<policyid>([^<]*)", seen.text)
        if policy is None:
            self.asked += 1
            return self._found(seen)
        if policy[1] != self.policy:
            return canned.control_failure(error("XL03000006", f"{policy[1]} is not a valid transport policy."))
        self.submitted.append(seen)
        if self.lose:
            self.lose -= 1
            return Answer(drop=True)
        return ACKNOWLEDGED

    def _found(self, seen: Seen) -> bytes:
        rows = [
            bill
            for bill in self.bills
            if any(value[:15] in seen.text for name, value in bill.items() if name in ("DOCNUMBER", "RECORDID"))
        ]
        inner = "".join(
            f"<APBILL>{''.join(f'<{name}>{value}</{name}>' for name, value in row.items())}</APBILL>" for row in rows
        )
        data = f'<data listtype="APBILL" totalcount="{len(rows)}" count="{len(rows)}" numremaining="0">{inner}</data>'
        return canned.response(
            *(result(name, own, data) for name, own in zip(seen.functions, seen.control_ids, strict=True))
        )

    def carry_out(self, postings: list[Posting]) -> None:
        self.bills += [
            {"RECORDNO": str(700 + each.position), "DOCNUMBER": each.reference, "VENDORID": "V1"} for each in postings
        ]


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
def client(company: Company) -> Iterator[IntacctClient]:
    with serving(company.answer) as server:
        credentials = Credentials(
            company_id="DEMO",
            user_id="etl",
            password=PASSWORD,
            sender_id="SANDBOX",
            sender_password="sender-Secret-7Qf",
            entity_id="100",
            endpoint=server.endpoint,
        )
        with IntacctClient(credentials, pool=SessionPool(), retry=RetryPolicy(first_wait=0.01)) as made:
            yield made


def bill(amount: str = "10.00", **more: Any) -> dict[str, Any]:
    lines = [{"ACCOUNTNO": "6500", "TRX_AMOUNT": Decimal(amount)}]
    return {
        "VENDORID": "V1",
        "WHENCREATED": date(2026, 3, 1),
        "WHENDUE": date(2026, 4, 1),
        "APBILLITEMS": lines,
        **more,
    }


def bills(*records: dict[str, Any], **options: Any) -> list[Posting]:
    return prepare(records or (bill(),), scope=TASK, object_name="APBILL", **options)


class TestSubmitting:
    def test_names_the_policy_and_shows_the_login_instead_of_a_session(
        self, client: IntacctClient, company: Company
    ) -> None:
        (outcome,) = client.submit(bills(), policy_id="nightly")
        (seen,) = company.submitted
        assert outcome.status == "in_doubt"
        assert "<dtdversion>3.0</dtdversion><policyid>nightly</policyid><includewhitespace>" in seen.text
        assert "<uniqueid>true</uniqueid>" in seen.text
        assert seen.password == PASSWORD
        assert seen.session_id == ""
        assert "<locationid>100</locationid></login>" in seen.text
        assert seen.control_ids == [outcome.posting.control_id]

    def test_keeps_the_control_ids_of_synchronous_posting(self, client: IntacctClient, company: Company) -> None:
        client.submit(bills(), policy_id="nightly")
        client.submit(bills(), policy_id="nightly")
        first, second = company.submitted
        assert first.control_ids == second.control_ids == [bills()[0].control_id]

    def test_sends_again_what_was_not_acknowledged(self, client: IntacctClient, company: Company) -> None:
        company.lose = 1
        client.submit(bills(), policy_id="nightly")
        first, second = company.submitted
        assert first.control_ids == second.control_ids

    def test_writes_down_before_and_after(self, client: IntacctClient) -> None:
        told: list[Sending | Settled] = []
        client.submit(bills(), policy_id="nightly", tell=told.append)
        before, after = told
        assert isinstance(before, Sending)
        assert isinstance(after, Settled)
        assert [each.status for each in after.outcomes] == ["in_doubt"]

    def test_looks_before_it_sends(self, client: IntacctClient, company: Company) -> None:
        company.carry_out(bills())
        (outcome,) = client.submit(bills(), policy_id="nightly")
        assert (outcome.status, outcome.key) == ("already_posted", "701")
        assert company.submitted == []

    def test_counts_what_intacct_will_bill(self, client: IntacctClient) -> None:
        client.submit(bills(), policy_id="nightly")
        assert client.transactions_used == 2  # the look-up and the bill

    def test_holds_no_request_back_for_another(self, client: IntacctClient, company: Company) -> None:
        many = [bill(RECORDID=f"D{number}") for number in range(101)]
        assert {each.status for each in client.submit(bills(*many), policy_id="nightly")} == {"in_doubt"}
        assert [len(seen.control_ids) for seen in company.submitted] == [100, 1]

    def test_says_that_the_policy_is_unknown(self, client: IntacctClient, company: Company) -> None:
        with pytest.raises(
            PolicyError, match=r"(?s)weekly is not a valid transport policy\..*check policy_id"
        ) as refused:
            client.submit(bills(), policy_id="weekly")
        assert not refused.value.retryable
        assert company.submitted == []

    def test_stops_if_what_was_submitted_has_changed(self, client: IntacctClient, company: Company) -> None:
        numbered = bills(bill(RECORDID="4711"))
        known = {each.control_id: Known("in_doubt", each.digest, label=each.label) for each in numbered}
        with pytest.raises(ChangedSincePostedError):
            client.submit(bills(bill("11.00", RECORDID="4711")), policy_id="nightly", known=known)
        assert company.submitted == []


class TestWhatIsRefusedBeforeAnythingIsSent:
    @pytest.mark.parametrize("policy", ["", "  "])
    def test_no_policy(self, client: IntacctClient, policy: str) -> None:
        with pytest.raises(InvalidRequestError, match="policy_id is empty"):
            client.submit(bills(), policy_id=policy)

    def test_a_policy_id_that_is_too_long(self, client: IntacctClient, company: Company) -> None:
        with pytest.raises(InvalidRequestError, match="longer than the 40 characters"):
            client.submit(bills(), policy_id="p" * 41)
        assert company.submitted == []

    def test_a_record_that_cannot_be_found_afterwards(self, client: IntacctClient, company: Company) -> None:
        with pytest.raises(InvalidRecordError, match=r"record 2 .* Give it VENDORID and RECORDID, or leave stamp_ref"):
            client.submit(bills(bill(RECORDID="1"), bill(), stamp_reference=False), policy_id="nightly")
        sheet = {"EMPLOYEEID": "E1", "BEGINDATE": "2026-03-01", "TIMESHEETENTRIES": [{"QTY": 1}]}
        with pytest.raises(InvalidRecordError, match="Records of this kind have none in Intacct: leave policy_id out"):
            client.submit(prepare([sheet], scope=TASK, object_name="TIMESHEET"), policy_id="nightly")
        assert company.asked == 0
        assert company.submitted == []

    def test_a_record_larger_than_a_request_may_be(self, client: IntacctClient, company: Company) -> None:
        with pytest.raises(InvalidRecordError, match=r"record 1 .* has 500,\d\d\d characters; .* takes 500,000"):
            client.submit(bills(bill(DESCRIPTION="x" * 500_000)), policy_id="nightly")
        assert company.asked == 0

    def test_nothing_of_the_largest_that_fits(self, client: IntacctClient, company: Company) -> None:
        client.submit(bills(bill(DESCRIPTION="é" * 490_000)), policy_id="nightly")
        assert len(company.submitted[0].text) <= 500_000


class TestSettling:
    def test_finds_what_was_carried_out_and_leaves_the_rest_in_doubt(
        self, client: IntacctClient, company: Company
    ) -> None:
        both = bills(bill("1.00"), bill("2.00"))
        client.submit(both, policy_id="nightly")
        company.carry_out(both[1:])
        told: list[Any] = []
        waiting, done = client.settle(both, tell=told.append)
        assert (waiting.status, done.status, done.key) == ("in_doubt", "posted", "702")
        assert [each.posting.position for news in told for each in news.outcomes] == [2]
        assert "without policy_id: what was carried out is found" in waiting.note
        assert waiting.posting.reference in waiting.note
        with pytest.raises(RecordsInDoubtError):
            raise_unless_posted([waiting, done])

    def test_keeps_what_is_known(self, client: IntacctClient, company: Company) -> None:
        one, other = bills(bill("1.00"), bill("2.00"))
        known = {one.control_id: Known("posted", one.digest, "9"), other.control_id: Known("rejected", other.digest)}
        outcomes = client.settle([one, other], known=known)
        assert [(each.status, each.key) for each in outcomes] == [("posted", "9"), ("rejected", "")]
        assert company.asked == 0

    def test_asks_for_what_was_only_acknowledged(self, client: IntacctClient, company: Company) -> None:
        (one,) = bills()
        company.carry_out([one])
        for status in ("sending", "in_doubt"):
            (outcome,) = client.settle([one], known={one.control_id: Known(status, one.digest)})  # type: ignore[arg-type]
            assert outcome == Outcome(one, "posted", key="701")


class TestSeeking:
    """What a trigger does: it knows numbers and nothing else of the records."""

    def test_knows_the_numbers_only(self) -> None:
        stamped, numbered = bills(bill(DESCRIPTION="secret plans"), bill(RECORDID="4711", DOCNUMBER="PO 7"))
        wanted = sought([stamped, numbered])
        assert wanted == [
            Sought("APBILL", ("DOCNUMBER",), (stamped.reference,)),
            Sought("APBILL", ("VENDORID", "RECORDID"), ("V1", "4711")),
        ]
        assert [Sought.of(each.as_list()) for each in wanted] == wanted

    def test_tells_what_is_not_there_yet(self, client: IntacctClient, company: Company) -> None:
        company.bills = [
            {"RECORDNO": "1", "VENDORID": "V2", "RECORDID": "4711"},
            {"RECORDNO": "2", "VENDORID": "V1", "RECORDID": "4712"},
        ]
        numbers = ["4711", "4712", "4713"]
        wanted = [Sought("APBILL", ("VENDORID", "RECORDID"), ("V1", number)) for number in numbers]
        left = run(missing(client._gateway.execute, wanted), client._transport)
        assert [each.values[1] for each in left] == ["4711", "4713"]
        gone = [Sought("APBILL", ("RECORDID",), (number,), gone=True) for number in numbers]
        left = run(missing(client._gateway.execute, gone), client._transport)
        assert [each.values[0] for each in left] == ["4711", "4712"]
