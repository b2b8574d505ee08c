"""Named allocations: amounts split to the cent over places, in bills, adjustments and journal entries."""

import pytest

from tests.sandbox.books import (
    adjustment,
    assert_books_tie_out,
    bill,
    create,
    delete,
    element,
    journal_entry,
    key_of,
    line,
    one,
    postings,
    refused,
    rows,
    succeed,
    update,
)
from tests.sandbox_process import SandboxProcess


def allocation(*entries: dict[str, object], **header: object) -> str:
    lines = "".join(element("ALLOCATIONENTRY", entry) for entry in entries)
    fields = {"ALLOCATIONID": "THIRDS"} | header
    return element("ALLOCATION", fields, f"<ALLOCATIONENTRIES>{lines}</ALLOCATIONENTRIES>")


def share(value: object, department: str, kind: str | None = None) -> dict[str, object]:
    return {"VALUETYPE": kind, "VALUE": value, "LOCATIONID": "100", "DEPARTMENTID": department}


def allocated(amount: str, name: str = "EAST-WEST", **more: object) -> str:
    return element("APBILLITEM", {"ACCOUNTNO": "6000", "TRX_AMOUNT": amount, "ALLOCATION": name} | more)


def lines_of(sandbox: SandboxProcess, key: int) -> list[tuple[object, ...]]:
    found = rows(sandbox, 'SELECT * FROM "APBILLITEM" WHERE "RECORDKEY" = ? ORDER BY "LINE_NO"', key)
    return [(item["LOCATIONID"], item["DEPARTMENTID"], item["TRX_AMOUNT"]) for item in found]


def test_a_bill_line_becomes_a_line_per_share_and_its_own_dimensions_are_ignored(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(allocated("100.01", LOCATIONID="110", DEPARTMENTID="40"))))
    assert lines_of(sandbox, key) == [("100", None, 6001), ("200", None, 4000)]
    assert postings(sandbox, one(sandbox, "APBILL", key)["GLBATCHKEY"]) == [
        ("6000", "100", 6001), ("6000", "200", 4000), ("2000", "100", -6001), ("2000", "200", -4000),
    ]  # fmt: skip
    assert_books_tie_out(sandbox)


def test_lines_that_were_split_are_not_split_again_by_a_change(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(allocated("100.00"))))
    succeed(sandbox, update(element("APBILL", {"RECORDNO": key, "DESCRIPTION": "New"})))
    assert lines_of(sandbox, key) == [("100", None, 6000), ("200", None, 4000)]
    assert_books_tie_out(sandbox)


def test_the_last_share_takes_the_cents(sandbox: SandboxProcess) -> None:
    thirds = [share(value, department) for value, department in (("33.33", "10"), ("33.33", "20"), ("33.34", "30"))]
    key_of(sandbox, create(allocation(*thirds)))
    key = key_of(sandbox, create(bill(allocated("100.02", "THIRDS"))))
    assert [amount for *_, amount in lines_of(sandbox, key)] == [3334, 3334, 3334]
    credit = key_of(sandbox, create(bill(allocated("100.00", "THIRDS"), allocated("-0.05", "THIRDS"))))
    assert sum(int(str(amount)) for *_, amount in lines_of(sandbox, credit)) == 9995
    assert_books_tie_out(sandbox)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("1000.00", [50000, 20000, 30000]), ("300.00", [30000]), ("500.01", [50000, 1])],
)
def test_fixed_amounts_come_first_and_percentages_share_the_rest(
    sandbox: SandboxProcess, amount: str, expected: list[int]
) -> None:
    entries = (share("500", "10", "Amount"), share("40", "20", "Percent"), share("60", "30", "Percent"))
    key_of(sandbox, create(allocation(*entries, TYPE="Fixed amount with over/under logic")))
    key = key_of(sandbox, create(bill(allocated(amount, "THIRDS"))))
    assert [cents for *_, cents in lines_of(sandbox, key)] == expected


def test_absolute_amounts_have_to_be_the_whole_amount(sandbox: SandboxProcess) -> None:
    key_of(sandbox, create(allocation(share("60", "10"), share("40", "20"), TYPE="Absolute")))
    assert len(lines_of(sandbox, key_of(sandbox, create(bill(allocated("100.00", "THIRDS")))))) == 2
    words = refused(sandbox, create(bill(allocated("100.50", "THIRDS"))))[0][1]
    assert words == "The amounts of allocation 'THIRDS' leave 0.50 of the transaction amount unallocated."


def test_a_journal_line_is_split_as_a_bill_line_is(sandbox: SandboxProcess) -> None:
    entry = journal_entry(
        line("6500", "100.00", None, ALLOCATION="EAST-WEST", DEPARTMENT="40"),
        line("2100", "-60.00"), line("2100", "-40.00", "200"),
    )  # fmt: skip
    key = key_of(sandbox, create(entry))
    assert postings(sandbox, key) == [
        ("6500", "100", 6000), ("6500", "200", 4000), ("2100", "100", -6000), ("2100", "200", -4000),
    ]  # fmt: skip
    found = rows(sandbox, 'SELECT "ALLOCATION", "DEPARTMENT" FROM "GLENTRY" WHERE "BATCHNO" = ?', key)[0]
    assert found == {"ALLOCATION": "EAST-WEST", "DEPARTMENT": None}
    succeed(sandbox, update(element("GLBATCH", {"RECORDNO": key, "BATCH_TITLE": "Mended"})))
    assert len(postings(sandbox, key)) == 4
    assert_books_tie_out(sandbox)


def test_legacy_lines_name_an_allocation_too(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, adjustment("ap", "-10.00", line="<allocationid>EAST-WEST</allocationid>"))
    batch = one(sandbox, "APADJUSTMENT", key)["GLBATCHKEY"]
    assert postings(sandbox, batch)[:2] == [("6000", "100", -600), ("6000", "200", -400)]
    assert_books_tie_out(sandbox)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (
            allocation(share("50", "10"), share("40", "20")),
            "The percentages of an allocation must add up to 100, not 90.",
        ),
        (allocation(), "Required field Allocation entries is missing"),
        (allocation(share("100", "99")), "Invalid Department '99' specified."),
        (
            allocation(share("100", "10"), TYPE="Fixed amount with over/under logic"),
            "Required field Value type is missing",
        ),
        (
            allocation(
                share("100", "10", "Percent"), share("5", "20", "Amount"), TYPE="Fixed amount with over/under logic"
            ),
            "Allocation entries for amounts must come before entries for percentages.",
        ),
    ],
)
def test_an_allocation_is_held_to_the_rules(sandbox: SandboxProcess, record: str, words: str) -> None:
    assert refused(sandbox, create(record))[0][1] == words


def test_an_allocation_is_changed_as_a_whole_and_deleted_with_its_lines(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(allocation(share("50", "10"), share("50", "20"))))
    succeed(sandbox, update(allocation(share("100", "30"))))
    assert [
        row["DEPARTMENTID"] for row in rows(sandbox, 'SELECT * FROM "ALLOCATIONENTRY" WHERE "ALLOCATIONKEY" = ?', key)
    ] == ["30"]
    assert refused(sandbox, create(bill(allocated("1.00", "NONE"))))[0][1] == "Invalid Allocation 'NONE' specified."
    succeed(sandbox, delete("ALLOCATION", key))
    assert rows(sandbox, 'SELECT * FROM "ALLOCATIONENTRY" WHERE "ALLOCATIONKEY" = ?', key) == []
