"""get_trialbalance: it balances, it ties out with the ledger, and it is narrowed as the schema says."""

from decimal import Decimal

import pytest

from tests.gateway_requests import AUDITOR, WEST, call, login
from tests.sandbox.books import accrual, create, element, journal_entry, key_of, line, rows
from tests.sandbox.reporting import EAST, ENTITIES, MARCH, entity, records, refusal, total
from tests.sandbox_process import SandboxProcess


def trial_balance(inner: str = MARCH + EAST) -> str:
    return f"<get_trialbalance>{inner}</get_trialbalance>"


def ledger(sandbox: SandboxProcess, entity_id: str, period: str) -> dict[str, tuple[Decimal, ...]]:
    """Start, debits, credits and end of each account that holds or moved anything, from the raw balances."""
    found = rows(
        sandbox,
        """SELECT "ACCOUNTNO" AS a, sum("OPENBAL") AS s, sum("TOTDEBIT" + "TOTADJDEBIT") AS d,
                  sum("TOTCREDIT" + "TOTADJCREDIT") AS c, sum("ENDBAL") AS e
           FROM "GLACCOUNTBALANCE" WHERE "PERIOD" = ? AND "LOCATIONID" LIKE ? GROUP BY 1 HAVING s OR d OR c OR e""",
        period,
        entity_id[0] + "%",
    )
    return {row["a"]: tuple(Decimal(row[name]).scaleb(-2) for name in "sdce") for row in found}


@pytest.mark.parametrize("entity_id", ENTITIES)
@pytest.mark.parametrize(
    "period", ["Month Ended March 2026", "Quarter Ended June 2025", "Calendar Year Ended December 2026"]
)
def test_it_ties_out_with_the_raw_balances_to_the_cent(sandbox: SandboxProcess, entity_id: str, period: str) -> None:
    found = records(sandbox, trial_balance(f"<reportingperiodname>{period}</reportingperiodname>"), **entity(entity_id))
    names = ("startbalance", "debits", "credits", "endbalance")
    told = {row["glaccountno"]: tuple(Decimal(row[name]) for name in names) for row in found}
    assert told == ledger(sandbox, entity_id, period)
    assert len(told) == len(found) > 5


@pytest.mark.parametrize("entity_id", ENTITIES)
def test_debits_equal_credits_and_all_balances_add_up_to_nothing(sandbox: SandboxProcess, entity_id: str) -> None:
    found = records(sandbox, trial_balance(MARCH + "<statistical>exclude</statistical>"), **entity(entity_id))
    assert total(found, "debits") == total(found, "credits") > 0
    assert total(found, "startbalance") == total(found, "endbalance") == 0
    assert {row["currency"] for row in found} == {"GBP" if entity_id == "300" else "USD"}


def test_each_account_starts_plus_debits_minus_credits_ends(sandbox: SandboxProcess) -> None:
    for row in records(sandbox, trial_balance()):
        names = ("startbalance", "debits", "credits", "adjdebits", "adjcredits", "endbalance")
        start, debits, credits_, adjusting_debits, adjusting_credits, end = (Decimal(row[name]) for name in names)
        assert start + debits - credits_ + adjusting_debits - adjusting_credits == end


def test_elements_come_in_the_order_of_the_response_definition(sandbox: SandboxProcess) -> None:
    [first, *_] = records(sandbox, trial_balance())
    assert list(first) == [
        "glaccountno", "startbalance", "debits", "credits", "adjdebits", "adjcredits", "endbalance", "reportingbook",
        "currency",
    ]  # fmt: skip
    assert first["reportingbook"] == "ACCRUAL"


def test_a_posting_moves_exactly_its_accounts(sandbox: SandboxProcess) -> None:
    before = {row["glaccountno"]: row for row in records(sandbox, trial_balance())}
    key_of(sandbox, create(accrual("12.34")))
    after = {row["glaccountno"]: row for row in records(sandbox, trial_balance())}
    changed = {account for account in after if after[account] != before.get(account)}
    assert changed == {"6500", "2100"}
    moved = {name: Decimal(after["6500"][name]) - Decimal(before["6500"][name]) for name in ("debits", "endbalance")}
    assert moved == {"debits": Decimal("12.34"), "endbalance": Decimal("12.34")}


def test_two_dates_may_stand_for_a_period(sandbox: SandboxProcess) -> None:
    dates = element("startdate", {"year": 2026, "month": "03", "day": "01"})
    dates += element("enddate", {"year": 2026, "month": "03", "day": "31"})
    assert records(sandbox, trial_balance(dates + EAST)) == records(sandbox, trial_balance())


def test_periods_that_the_system_reckons_end_with_the_companys_clock(sandbox: SandboxProcess) -> None:
    inception = trial_balance("<reportingperiodname>Inception To Date</reportingperiodname>" + EAST)
    rows_ = records(sandbox, inception)
    assert {row["startbalance"] for row in rows_} == {"0"}
    assert total([row for row in rows_ if row["currency"]], "endbalance") == 0


def test_sub_locations_are_included_unless_the_request_says_otherwise(sandbox: SandboxProcess) -> None:
    def cash(more: str, location: str) -> Decimal:
        inner = f"{MARCH}<locationid>{location}</locationid>{more}"
        return total(records(sandbox, trial_balance(inner)), "debits")

    alone = cash("<loc_subs>false</loc_subs>", "100")
    assert cash("", "100") == alone + cash("", "110") + cash("", "120")


def test_location_and_department_detail_split_the_accounts_and_add_up(sandbox: SandboxProcess) -> None:
    whole = records(sandbox, trial_balance())
    detail = "<showdeptdetail>true</showdeptdetail><showlocdetail>true</showlocdetail>"
    split = records(sandbox, trial_balance(MARCH + detail + EAST))
    assert list(split[0])[:4] == ["glaccountno", "departmentid", "locationid", "startbalance"]
    assert {row["locationid"] for row in split} == {"100", "110", "120"}
    for name in ("startbalance", "debits", "credits", "endbalance"):
        assert total(split, name) == total(whole, name)


def test_dimensions_narrow_with_those_below_them(sandbox: SandboxProcess) -> None:
    year = "<reportingperiodname>Calendar Year Ended December 2026</reportingperiodname>"

    def revenue(filter_: str) -> Decimal:
        return total(records(sandbox, trial_balance(year + filter_)), "credits")

    project = revenue(f"{EAST}<projectid>P001</projectid>")
    assert project == Decimal(
        rows(
            sandbox,
            """SELECT sum("CREDITAMOUNT") AS c FROM "GLDETAIL" WHERE "PROJECTID" = 'P001'
             AND "ENTRY_DATE" >= '2026-01-01' AND "LOCATIONID" IN ('100', '110', '120')""",
        )[0]["c"]
        or 0
    ).scaleb(-2)
    department = revenue(f"<departmentid>10</departmentid>{EAST}")
    assert department >= revenue(f"<departmentid>10</departmentid><dept_subs>false</dept_subs>{EAST}") > 0
    kinds = [revenue(f"{EAST}<customertypeid>{kind}</customertypeid>") for kind in
             ("Enterprise", "Small Business", "Nonprofit")]  # fmt: skip
    customers = Decimal(
        rows(sandbox, """SELECT sum("CREDITAMOUNT") AS c FROM "GLDETAIL" WHERE "CUSTOMERID" IS NOT NULL
             AND "ENTRY_DATE" >= '2026-01-01' AND "LOCATIONID" IN ('100', '110', '120')""")[0]["c"]
    )  # fmt: skip
    assert sum(kinds) == customers.scaleb(-2)


def test_a_user_defined_dimension_narrows_by_id_or_name(sandbox: SandboxProcess) -> None:
    def debits(by: str) -> Decimal:
        channel = f"<userDefinedDimension><objectName>channel</objectName>{by}</userDefinedDimension>"
        inner = f"{MARCH}{EAST}<userDefinedDimensions>{channel}</userDefinedDimensions>"
        return total(records(sandbox, trial_balance(inner.replace("March", "May"))), "debits")

    each = [debits(f"<recordId>{key}</recordId>") for key in range(10_001, 10_005)]
    assert debits("<recordName>Web shop</recordName>") == each[0]
    assert any(each)


def test_statistical_accounts_are_included_by_default(sandbox: SandboxProcess) -> None:
    def accounts(which: str) -> set[str]:
        inner = f"{MARCH}{f'<statistical>{which}</statistical>' if which else ''}{EAST}"
        return {row["glaccountno"] for row in records(sandbox, trial_balance(inner))}

    assert accounts("only") == {"9000"}
    assert accounts("exclude") == accounts("include") - {"9000"}
    assert accounts("") == accounts("include")


def test_zero_balances_bring_every_account_of_the_chart(sandbox: SandboxProcess) -> None:
    found = records(sandbox, trial_balance(MARCH + "<showzerobalances>true</showzerobalances>" + EAST))
    chart = [row["n"] for row in rows(sandbox, 'SELECT "ACCOUNTNO" AS n FROM "GLACCOUNT" ORDER BY 1')]
    assert sorted({row["glaccountno"] for row in found}) == chart


def test_an_account_that_moved_and_stands_at_zero_is_shown_or_hidden(sandbox: SandboxProcess) -> None:
    for sign in ("", "-"):
        opposite = "-" if not sign else ""
        key_of(sandbox, create(journal_entry(line("6990", f"{sign}5.00"), line("1400", f"{opposite}5.00"))))
    row = next(row for row in records(sandbox, trial_balance()) if row["glaccountno"] == "6990")
    assert (row["debits"], row["credits"], row["endbalance"]) == ("5", "5", "0")
    sandbox.switch(zero_balance_with_activity="hidden")
    assert "6990" not in {row["glaccountno"] for row in records(sandbox, trial_balance())}


def test_debit_and_credit_balances_are_shown_on_request(sandbox: SandboxProcess) -> None:
    sides = "<debitcreditbalance>true</debitcreditbalance><statistical>exclude</statistical>"
    found = records(sandbox, trial_balance(MARCH + sides + EAST))
    assert total(found, "enddebitbalance") == total(found, "endcreditbalance") > 0
    assert total(found, "startdebitbalance") == total(found, "startcreditbalance") > 0


def test_a_company_with_several_base_currencies_wants_a_location(sandbox: SandboxProcess) -> None:
    assert refusal(sandbox, trial_balance(MARCH)) == ("BL01001973", "Required field Location ID is missing")
    sandbox.switch(reports_need_location=False)
    found = records(sandbox, trial_balance(MARCH))
    for currency in ("USD", "GBP"):
        rows_ = [row for row in found if row["currency"] == currency]
        assert total(rows_, "debits") == total(rows_, "credits") > 0


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("<reportingperiodname>Month Ended Smarch 2026</reportingperiodname>" + EAST,
         "Invalid Reporting period 'Month Ended Smarch 2026' specified."),
        (MARCH + "<reportingbook>CASH</reportingbook>" + EAST, "Invalid Reporting book 'CASH' specified."),
        (MARCH + "<adjbooks><adjbook>GAAP</adjbook></adjbooks>" + EAST, "Invalid Adjustment book 'GAAP' specified."),
        (MARCH + "<statistical>perhaps</statistical>" + EAST, "Invalid Statistical 'perhaps' specified."),
        (MARCH + "<departmentid>99</departmentid>" + EAST, "Invalid Department '99' specified."),
        (MARCH + EAST + "<contractid>K1</contractid>", "Invalid Contract 'K1' specified."),
    ],
)  # fmt: skip
def test_what_names_nothing_is_refused(sandbox: SandboxProcess, inner: str, text: str) -> None:
    assert refusal(sandbox, trial_balance(inner)) == ("BL01001973", text)


def test_children_out_of_order_are_a_schema_error(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, trial_balance(EAST + MARCH))
    assert answer.text("control/status") == "failure"
    assert "Error 1871: Element 'locationid': This element is not expected." in answer.errors()[0][1]


def test_a_restricted_user_sees_its_entity_and_no_other(sandbox: SandboxProcess) -> None:
    own = records(sandbox, trial_balance(MARCH), credential=login(WEST))
    assert own == records(sandbox, trial_balance(MARCH), **entity("200"))
    refused = refusal(sandbox, trial_balance(), credential=login(WEST))
    assert refused == ("BL01001973", "Invalid Location '100' specified.")


def test_the_auditor_may_see_balances_and_each_call_is_one_transaction(sandbox: SandboxProcess) -> None:
    assert records(sandbox, trial_balance(), credential=login(AUDITOR)) == records(sandbox, trial_balance())
    assert sandbox.control("/sandbox/transactions")["by_function"] == {"get_trialbalance": 2}
