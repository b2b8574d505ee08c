"""The legacy get_list and get: lower-case elements, date objects, filters, sorts, fields."""

from airflow_provider_intacct.sandbox.gateway.results import ListResult
from tests.sandbox.reading_company import Answer, ReadingCompany


def listed(company: ReadingCompany, inside: str = "", *, object_name: str = "bill", attributes: str = "") -> Answer:
    return company.ask(f'<get_list object="{object_name}" {attributes}>{inside}</get_list>')


def expression(field: str, operator: str, value: str = "") -> str:
    return f"<expression><field>{field}</field><operator>{operator}</operator><value>{value}</value></expression>"


def window(answer: Answer) -> tuple[int, int, int]:
    assert isinstance(answer.result, ListResult)
    return answer.result.start, answer.result.end, answer.result.total


def test_dates_are_objects_and_timestamps_are_text(shared_company: ReadingCompany) -> None:
    row = listed(shared_company, '<sorts><sortfield order="asc">key</sortfield></sorts>').rows[0]
    assert row["datecreated"] == {"year": "2026", "month": "01", "day": "10"}
    assert row["whenmodified"] == "07/01/2026 05:00:00"
    assert (row["key"], row["billno"], row["state"], row["totaldue"]) == ("1", "B-1", "Posted", "100.1")
    assert row["datedue"] == ""


def test_the_window_is_zero_based_and_inclusive(shared_company: ReadingCompany) -> None:
    answer = listed(shared_company, attributes='start="1" maxitems="2"')
    assert window(answer) == (1, 2, 3)
    assert answer.elements == ["bill", "bill"]
    assert window(listed(shared_company, attributes='showprivate="true"'))[2] == 4


def test_filters_sorts_and_fields(shared_company: ReadingCompany) -> None:
    filter_ = (
        '<filter><logical logical_operator="and">' + expression("whenmodified", "&gt;=", "01/14/2015")
        + expression("totaldue", "&gt;", "0") + "</logical></filter>"
    )  # fmt: skip
    sorts = '<sorts><sortfield order="desc">totaldue</sortfield></sorts>'
    fields = "<fields><field>billno</field></fields>"
    assert listed(shared_company, filter_ + sorts + fields).rows == [{"billno": "B-1"}, {"billno": "B-3"}]


def test_operators(shared_company: ReadingCompany) -> None:
    def found(field: str, operator: str, value: str = "") -> list[str]:
        return listed(shared_company, f"<filter>{expression(field, operator, value)}</filter>").column("billno")

    assert found("state", "=", "Paid") == ["B-2"]
    assert found("billno", "!=", "B-1") == ["B-2", "B-3"]
    assert found("billno", "like", "B-%") == ["B-1", "B-2", "B-3"]
    assert found("description", "is null") == ["B-1", "B-2", "B-3"]
    assert found("datecreated", "&lt;", "02/10/2026") == ["B-1"]


def test_get_returns_one_record_with_its_lines(shared_company: ReadingCompany) -> None:
    (bill,) = shared_company.ask('<get object="bill" key="1"/>').rows
    (name, line) = bill["billitems"][0]
    assert (name, line["glaccountno"], line["amount"], line["locationid"]) == ("lineitem", "6000", "100.1", "100")
    (vendor,) = shared_company.ask('<get object="vendor" key="V1"/>').rows
    assert vendor["contactinfo"]["contact"]["mailaddress"]["city"] == "Portland"


def test_a_group_of_fields_can_be_named(shared_company: ReadingCompany) -> None:
    answer = listed(shared_company, "<fields><field>contactinfo</field></fields>", object_name="vendor")
    assert [list(row) for row in answer.rows] == [["contactinfo"], ["contactinfo"]]


def test_a_missing_record_and_an_unknown_field(shared_company: ReadingCompany) -> None:
    assert shared_company.refusal('<get object="vendor" key="NOBODY"/>') == ("BL03002028", "No Data Found")
    unknown = '<get_list object="bill"><fields><field>nosuch</field></fields></get_list>'
    assert shared_company.refusal(unknown)[0] == "XL03000006"


def test_a_window_that_is_no_number_is_refused(shared_company: ReadingCompany) -> None:
    for attributes in ('start="x"', f'maxitems="{10**30}"'):
        assert shared_company.refusal(f'<get_list object="bill" {attributes}/>')[0] == "XL03000006"


def test_company_info(shared_company: ReadingCompany) -> None:
    assert listed(shared_company, object_name="company_info").rows == [{"title": "DEMO", "name": "Demo Company"}]


def test_what_the_sandbox_has_not_is_said_so(shared_company: ReadingCompany) -> None:
    errorno, text = shared_company.refusal('<get_list object="smarteventlog"/>')
    assert (errorno, "does not implement" in text) == ("SANDBOX-0001", True)
