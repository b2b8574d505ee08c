"""get_accountbalances and get_accountbalancesbydimensions: shape, grouping, and figures that are the ledger's."""

from decimal import Decimal

import pytest

from tests.gateway_requests import call
from tests.sandbox.books import create, journal_entry, key_of, line, rows
from tests.sandbox.reporting import EAST, ENTITIES, MARCH, entity, records, refusal, total
from tests.sandbox_process import SandboxProcess

YEAR = "<reportingperiodname>Calendar Year Ended December 2026</reportingperiodname>"


def account_balances(inner: str) -> str:
    return f"<get_accountbalances>{inner}</get_accountbalances>"


def by_dimensions(inner: str) -> str:
    return f"<get_accountbalancesbydimensions>{inner}</get_accountbalancesbydimensions>"


def account_range(first: str, last: str) -> str:
    return f"<startaccountno>{first}</startaccountno><endaccountno>{last}</endaccountno>"


@pytest.mark.parametrize("entity_id", ENTITIES)
def test_account_balances_are_the_trial_balance(sandbox: SandboxProcess, entity_id: str) -> None:
    trial = records(sandbox, f"<get_trialbalance>{MARCH}</get_trialbalance>", **entity(entity_id))
    assert records(sandbox, account_balances(MARCH), **entity(entity_id)) == trial


def test_one_account_or_a_range_is_chosen_and_the_place_is_repeated(sandbox: SandboxProcess) -> None:
    place = "<locationid>100</locationid><departmentid>10</departmentid>"
    [row] = records(sandbox, account_balances(f"{YEAR}<glaccountno>4000</glaccountno>{place}"))
    assert list(row)[:3] == ["glaccountno", "departmentid", "locationid"]
    assert (row["departmentid"], row["locationid"]) == ("10", "100")
    revenue = records(sandbox, account_balances(f"{YEAR}{account_range('4000', '4999')}{EAST}"))
    assert {row["glaccountno"] for row in revenue} == {"4000", "4010", "4020"}


def test_grouped_balances_have_the_documented_shape_and_sign(sandbox: SandboxProcess) -> None:
    inner = f"{YEAR}{account_range('4000', '4999')}{EAST}<groupby>location,department</groupby>"
    found = records(sandbox, by_dimensions(inner))
    assert list(found[0]) == [
        "glaccountno", "startbalance", "periodbalance", "endbalance", "currency", "locationid", "locationname",
        "departmentid", "departmentname",
    ]  # fmt: skip
    assert all(Decimal(row["periodbalance"]) < 0 for row in found), "revenue is credit, credit is negative"
    names = {(row["locationid"], row["locationname"]) for row in found}
    assert names <= {("100", "Demo East"), ("110", "Boston"), ("120", "New York")}
    assert {row["departmentname"] for row in found} == {"Sales", "Customer Success"}


@pytest.mark.parametrize(
    "grouping",
    [
        "",
        "location",
        "department,location",
        "customer",
        "vendor",
        "item",
        "project",
        "class",
        "channel",
        "employee,task",
    ],
)
def test_whatever_they_are_grouped_by_they_add_up_to_the_ledger(sandbox: SandboxProcess, grouping: str) -> None:
    inner = f"{YEAR}<showzerowithactivity>true</showzerowithactivity><groupby>{grouping}</groupby>"
    found = records(sandbox, by_dimensions(inner), **entity("100"))
    expected = rows(
        sandbox,
        """SELECT "ACCOUNTNO" AS a, sum("AMOUNT") AS n FROM "GLDETAIL" WHERE "STATISTICAL" = 'false'
           AND "LOCATIONID" IN ('100', '110', '120') AND "ENTRY_DATE" LIKE '2026-%' GROUP BY 1""",
    )
    for account, cents in ((row["a"], row["n"]) for row in expected):
        grouped = [row for row in found if row["glaccountno"] == account]
        assert total(grouped, "periodbalance") == Decimal(cents).scaleb(-2), account
    keys = [tuple(row[name] for name in row if name.endswith(("no", "id"))) for row in found]
    assert len(set(keys)) == len(keys)


def test_grouping_by_a_user_defined_dimension_names_its_records(sandbox: SandboxProcess) -> None:
    found = records(sandbox, by_dimensions(f"{YEAR}{EAST}<groupby>channel</groupby>"))
    assert {(row["channelid"], row["channelname"]) for row in found} > {("10001", "Web shop"), ("", "")}


def test_zero_balances_with_activity_are_hidden_until_asked_for(sandbox: SandboxProcess) -> None:
    for sign in (1, -1):
        key_of(sandbox, create(journal_entry(line("6990", 5 * sign), line("1400", -5 * sign))))
    inner = "<glaccountno>6990</glaccountno>"
    assert records(sandbox, by_dimensions(MARCH + inner + EAST)) == []
    shown = records(sandbox, by_dimensions(f"{MARCH}<showzerowithactivity>true</showzerowithactivity>{inner}{EAST}"))
    assert [(row["periodbalance"], row["endbalance"]) for row in shown] == [("0", "0")]


def test_the_periods_debits_and_credits_come_on_request(sandbox: SandboxProcess) -> None:
    inner = f"{MARCH}<showperiodbalancedetail>true</showperiodbalancedetail><glaccountno>1000</glaccountno>{EAST}"
    [record] = call(sandbox, by_dimensions(inner)).root.find("operation/result/data")
    detail = {item.tag: Decimal(item.text) for item in record.find("periodbalancedetail")}
    assert list(detail) == ["debits", "credits", "adjdebits", "adjcredits"]
    assert detail["debits"] - detail["credits"] == Decimal(record.findtext("periodbalance"))


def test_statistical_accounts_are_excluded_by_default(sandbox: SandboxProcess) -> None:
    def accounts(more: str) -> set[str]:
        return {row["glaccountno"] for row in records(sandbox, by_dimensions(MARCH + more + EAST))}

    assert "9000" not in accounts("")
    assert accounts("<statistical>only</statistical>") == {"9000"}


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (MARCH + "<accountgroupname>Total Revenue</accountgroupname>" + EAST,
         "Invalid Account group 'Total Revenue' specified."),
        (MARCH + "<glaccountno>4711</glaccountno>" + EAST, "Invalid GL account '4711' specified."),
        (MARCH + "<contentselection>Budget</contentselection><budgetid>B1</budgetid>" + EAST,
         "Invalid Budget 'B1' specified."),
        (MARCH + EAST + "<groupby>moonphase</groupby>", "Invalid Group by 'moonphase' specified."),
    ],
)  # fmt: skip
def test_what_the_company_does_not_have_is_refused(sandbox: SandboxProcess, inner: str, text: str) -> None:
    assert refusal(sandbox, by_dimensions(inner)) == ("BL01001973", text)


def test_raw_balances_of_a_period_are_read_as_the_documentation_reads_them(sandbox: SandboxProcess) -> None:
    idle = " AND ".join(f"{name} = 0" for name in ("TOTDEBIT", "TOTCREDIT", "TOTADJDEBIT", "FORBAL", "ENDBAL"))

    def raw(condition: str) -> list[dict[str, str]]:
        body = "<fields>*</fields><pagesize>1000</pagesize>"
        query = f"<query>PERIOD = 'Month Ended March 2026'{condition}</query>"
        return records(sandbox, f"<readByQuery><object>GLACCOUNTBALANCE</object>{query}{body}</readByQuery>")

    everything, busy = raw(""), raw(f" AND NOT ({idle})")
    assert 0 < len(busy) < len(everything)
    trial = records(sandbox, f"<get_trialbalance>{MARCH}{EAST}</get_trialbalance>")
    for row in trial:
        mine = [item for item in busy if item["ACCOUNTNO"] == row["glaccountno"] and item["LOCATIONID"][0] == "1"]
        assert total(mine, "ENDBAL") == Decimal(row["endbalance"])
    refused = refusal(sandbox, "<readByQuery><object>GLACCOUNTBALANCE</object><query/></readByQuery>")
    assert refused == ("DL02000001", "There was an error processing the request.")
