"""What a reader of changes meets: stamps, late commits, audit history, summer time (wire/xml-gateway.md §8)."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.gateway_requests import call, create_department, departments, query
from tests.sandbox.books import accrual, bill, bill_line, create, delete, element, key_of, line, one, update
from tests.sandbox_process import SandboxProcess

BY_ID = "<orderby><order><field>ID</field><ascending/></order></orderby>"


def stamp(sandbox: SandboxProcess, object_name: str, key: object) -> str:
    """WHENMODIFIED of a record as it is stored."""
    return str(one(sandbox, object_name, key)["WHENMODIFIED"])


def stamped(sandbox: SandboxProcess, name: str) -> str:
    """WHENMODIFIED of a department as a query shows it."""
    where = f"<filter><equalto><field>DEPARTMENTID</field><value>{name}</value></equalto></filter>"
    return call(sandbox, query("DEPARTMENT", ["WHENMODIFIED"], where)).texts(".//WHENMODIFIED")[0]


def history(sandbox: SandboxProcess, inner: str = "") -> list[str]:
    """OBJECTKEY of audit history's rows, in order."""
    answer = call(sandbox, query("AUDITHISTORY", ["ID", "OBJECTKEY"], BY_ID + inner))
    assert answer.statuses == ["success"], answer.body
    return answer.texts(".//OBJECTKEY")


def deleted(sandbox: SandboxProcess, object_name: str) -> list[str]:
    """OBJECTKEY of the deletions of an object, as clients ask for them."""
    return history(
        sandbox,
        f"<filter><and><equalto><field>OBJECTTYPE</field><value>{object_name.lower()}</value></equalto>"
        "<equalto><field>ACCESSMODE</field><value>D</value></equalto></and></filter>",
    )


def at(sandbox: SandboxProcess, moment: datetime) -> None:
    """Move the company's clock to a moment."""
    now = datetime.fromisoformat(sandbox.control("/sandbox/time")["now"])
    sandbox.advance((moment - now).total_seconds())


def test_a_late_commit_shows_up_behind_records_that_are_stamped_later(sandbox: SandboxProcess) -> None:
    call(sandbox, create_department("FIRST"))
    sandbox.fault("late_commit", function="create", seconds=600)
    call(sandbox, create_department("LATE"))
    call(sandbox, create_department("LAST"))
    first, late, last = (moment(stamped(sandbox, name)) for name in names())
    assert departments(sandbox, names()) == ["FIRST", "LATE", "LAST"], "record numbers follow the commits"
    assert first - late >= timedelta(seconds=599)
    assert last >= first


def moment(text: str) -> datetime:
    """A shown time."""
    return datetime.strptime(text + " +0000", "%m/%d/%Y %H:%M:%S %z")


def names() -> list[str]:
    """The departments of a test of late commits, in the order of their commits."""
    return ["FIRST", "LATE", "LAST"]


def test_an_update_of_lines_may_leave_the_header_as_it_was(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill()))
    entry = key_of(sandbox, create(accrual()))
    before = stamp(sandbox, "APBILL", key), stamp(sandbox, "GLBATCH", entry)
    lines = element("APBILL", {"RECORDNO": key}, f"<APBILLITEMS>{bill_line('55.00', '6500')}</APBILLITEMS>")
    entries = f"<ENTRIES>{line('6500', '7.00')}{line('2100', '-7.00')}</ENTRIES>"
    sandbox.advance(60)
    sandbox.switch(line_update_touches_header=False)
    key_of(sandbox, update(lines))
    key_of(sandbox, update(element("GLBATCH", {"RECORDNO": entry}, entries)))
    assert (stamp(sandbox, "APBILL", key), stamp(sandbox, "GLBATCH", entry)) == before
    assert one(sandbox, "APBILL", key)["TOTALENTERED"] == 5500
    sandbox.switch(line_update_touches_header=True)
    key_of(sandbox, update(lines))
    assert stamp(sandbox, "APBILL", key) > before[0]


def test_deletions_are_found_in_audit_history_by_every_objects_own_key(sandbox: SandboxProcess) -> None:
    department = key_of(sandbox, create_department("GONE"))
    paper = key_of(sandbox, create(bill()))
    entry = key_of(sandbox, create(accrual()))
    for object_name, key in (("DEPARTMENT", department), ("APBILL", paper), ("GLBATCH", entry)):
        assert call(sandbox, delete(object_name, key)).statuses == ["success"]
        assert deleted(sandbox, object_name)[-1] == f"{key}--REC"
    for lines in ("APBILLITEM", "GLENTRY", "GLDETAIL"):
        assert deleted(sandbox, lines) == [], "lines never appear"


def test_audit_history_may_name_records_by_their_natural_id(sandbox: SandboxProcess) -> None:
    sandbox.switch(audit_object_key="name")
    key = key_of(sandbox, create_department("GONE"))
    paper = key_of(sandbox, create(bill()))
    call(sandbox, delete("DEPARTMENT", key), delete("APBILL", paper))
    assert deleted(sandbox, "DEPARTMENT") == ["GONE"]
    assert deleted(sandbox, "APBILL")[-1] == f"{paper}--REC", "a bill has no natural id"


def test_a_poison_row_fails_every_page_that_holds_it(sandbox: SandboxProcess) -> None:
    for number in range(6):
        call(sandbox, create_department(f"P{number}"))
    rows = call(sandbox, query("AUDITHISTORY", ["ID"], BY_ID)).texts(".//ID")
    sandbox.switch(poison_audit_rows=rows[-3])
    after = "<filter><greaterthan><field>ID</field><value>{}</value></greaterthan></filter>{}<pagesize>{}</pagesize>"
    for size, start, status in ((2, -7, "success"), (2, -4, "failure"), (1, -4, "failure"), (2, -3, "success")):
        answer = call(sandbox, query("AUDITHISTORY", ["ID"], after.format(rows[start], BY_ID, size)))
        assert answer.statuses == [status], (size, start)
    assert answer.texts(".//ID") == rows[-2:]
    for _ in range(2):
        answer = call(sandbox, "<readByQuery><object>AUDITHISTORY</object><query></query></readByQuery>")
        assert answer.errors() == [("DL02000001", "There was an error processing the request.")]


@pytest.mark.parametrize(
    ("month", "current", "standard"), [(1, "-08:00", "-08:00"), (7, "-07:00", "-08:00")], ids=["winter", "summer"]
)
def test_the_offset_of_the_user_leaves_summer_time_in_or_out(
    sandbox: SandboxProcess, month: int, current: str, standard: str
) -> None:
    at(sandbox, datetime(2027, month, 10, 12, tzinfo=UTC))
    asked = "<readUserFormatting><userId>etl</userId></readUserFormatting>"
    assert call(sandbox, asked).texts(".//gmtoffset") == [current]
    sandbox.switch(gmtoffset="standard")
    assert call(sandbox, asked).texts(".//gmtoffset") == [standard]


def test_times_are_shown_in_the_users_zone_as_it_was_at_the_moment(sandbox: SandboxProcess) -> None:
    for name, month in (("WINTER", 1), ("SUMMER", 7)):
        at(sandbox, datetime(2027, month, 10, 12, tzinfo=UTC))
        call(sandbox, create_department(name))
    assert stamped(sandbox, "WINTER").startswith("01/10/2027 04:00:0")
    assert stamped(sandbox, "SUMMER").startswith("07/10/2027 05:00:0")


def test_the_repeated_hour_in_a_filter_is_the_first_or_the_second(sandbox: SandboxProcess) -> None:
    at(sandbox, datetime(2027, 11, 7, 8, 30, tzinfo=UTC))  # 01:30 in summer time
    call(sandbox, create_department("FIRST"))
    at(sandbox, datetime(2027, 11, 7, 9, 30, tzinfo=UTC))  # 01:30 again, in winter time
    call(sandbox, create_department("LAST"))
    assert stamped(sandbox, "FIRST")[:16] == stamped(sandbox, "LAST")[:16] == "11/07/2027 01:30"
    asked = query(
        "DEPARTMENT",
        ["DEPARTMENTID"],
        "<filter><greaterthanorequalto><field>WHENMODIFIED</field><value>11/07/2027 01:30:00</value>"
        "</greaterthanorequalto></filter>",
    )
    assert sorted(call(sandbox, asked).texts(".//DEPARTMENTID")) == ["FIRST", "LAST"]
    sandbox.switch(ambiguous_hour="second")
    assert call(sandbox, asked).texts(".//DEPARTMENTID") == ["LAST"]
