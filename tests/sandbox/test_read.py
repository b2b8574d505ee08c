"""read, readByName and readRelated: whole records, nested, lines inside."""

import orjson
import pytest

from tests.sandbox.reading_company import ReadingCompany


def read(object_name: str, keys: str, fields: str = "*", function: str = "read", more: str = "") -> str:
    return f"<{function}><object>{object_name}</object><keys>{keys}</keys><fields>{fields}</fields>{more}</{function}>"


def test_records_come_upper_case_in_the_order_of_their_keys(shared_company: ReadingCompany) -> None:
    answer = shared_company.ask(read("VENDOR", "2, 1", "VENDORID"))
    assert answer.elements == ["VENDOR", "VENDOR"]
    assert answer.column("VENDORID") == ["V2", "V1"]
    assert answer.counts == {"count": 2}


def test_a_missing_key_is_no_error(shared_company: ReadingCompany) -> None:
    assert shared_company.ask(read("VENDOR", "999")).counts == {"count": 0}
    assert shared_company.ask(read("VENDOR", f"1,999,abc,{10**30}")).counts == {"count": 1}


def test_dotted_names_nest(shared_company: ReadingCompany) -> None:
    row = shared_company.ask(read("VENDOR", "1")).rows[0]
    assert row["DISPLAYCONTACT"]["PRINTAS"] == "Acme"
    assert row["DISPLAYCONTACT"]["MAILADDRESS"]["CITY"] == "Portland"


def test_lines_are_lower_case_inside_their_container(shared_company: ReadingCompany) -> None:
    row = shared_company.ask(read("APBILL", "1")).rows[0]
    (name, line) = row["APBILLITEMS"][0]
    assert name == "apbillitem"
    assert (line["ACCOUNTNO"], line["ACCOUNTTITLE"], line["LOCATIONID"]) == ("6000", "Rent", "100")
    assert shared_company.ask(read("APBILL", "1", "RECORDNO,APBILLITEMS")).rows[0]["APBILLITEMS"][0][0] == "apbillitem"
    assert "APBILLITEMS" not in shared_company.ask(read("APBILL", "1", "RECORDNO")).rows[0]


def test_unknown_fields_are_named_in_the_errorno(shared_company: ReadingCompany) -> None:
    assert shared_company.refusal(read("VENDOR", "1", "VENDORID,x")) == ("Invalid fields list x", "")


def test_unknown_objects(shared_company: ReadingCompany) -> None:
    assert shared_company.refusal(read("VENDOR2", "1")) == ("WS", "Object definition VENDOR2 not found")


@pytest.mark.parametrize("object_name", ["GLDETAIL", "GLACCOUNTBALANCE", "AUDITHISTORY"])
def test_what_has_no_read(shared_company: ReadingCompany, object_name: str) -> None:
    errorno, text = shared_company.refusal(read(object_name, "1"))
    assert errorno == "PL04000005"
    assert object_name in text


def test_more_than_a_hundred_keys_are_refused(shared_company: ReadingCompany) -> None:
    keys = ",".join(str(number) for number in range(1, 102))
    assert shared_company.refusal(read("VENDOR", keys))[0] == "XL03000006"


def test_by_name_is_by_natural_id(shared_company: ReadingCompany) -> None:
    answer = shared_company.ask(read("VENDOR", "V2,NOBODY", "RECORDNO,VENDORID", "readByName"))
    assert answer.rows == [{"RECORDNO": "2", "VENDORID": "V2"}]
    assert shared_company.ask(read("GLACCOUNT", "6000", "TITLE", "readByName")).column("TITLE") == ["Rent"]


def test_private_records_can_be_read_by_key_and_not_from_another_entity(shared_company: ReadingCompany) -> None:
    assert shared_company.ask(read("VENDOR", "3", "VENDORID")).column("VENDORID") == ["V3"]
    assert shared_company.ask(read("VENDOR", "3", "VENDORID"), entity="200").column("VENDORID") == ["V3"]
    assert shared_company.ask(read("VENDOR", "3", "VENDORID"), entity="100").rows == []


def test_fields_kept_from_the_user_are_left_out_of_all_and_refused_by_name(shared_company: ReadingCompany) -> None:
    assert "CREDITLIMIT" not in shared_company.ask(read("VENDOR", "1"), user="auditor").rows[0]
    assert shared_company.refusal(read("VENDOR", "1", "CREDITLIMIT"), user="auditor")[0] == "XL03000006"


def test_read_shows_fields_that_query_refuses(own_company: ReadingCompany) -> None:
    own_company.put("PROJECT", PROJECTID="P1", NAME="Bridge", CFDA="10.001")
    assert own_company.ask(read("PROJECT", "1", "CFDA")).rows == [{"CFDA": "10.001"}]


def test_json_and_csv(shared_company: ReadingCompany) -> None:
    json = shared_company.ask(read("APBILL", "1", "RECORDID,APBILLITEMS", more="<returnFormat>json</returnFormat>"))
    record = orjson.loads(json.text)[0]
    assert (record["RECORDID"], record["APBILLITEMS"][0]["ACCOUNTNO"]) == ("B-1", "6000")
    csv = shared_company.ask(read("VENDOR", "1", "VENDORID,NAME", more="<returnFormat>csv</returnFormat>"))
    assert csv.text == "VENDORID,NAME\nV1,Acme Supply\n"


def test_related_records_in_both_directions(own_company: ReadingCompany) -> None:
    customer = own_company.put("CUSTOMER", CUSTOMERID="C1", NAME="Delta")
    channel = own_company.put("CHANNEL", name="Partners")
    gold = own_company.put("SUBSCRIPTION", name="Gold", RCUSTOMER=customer, RCHANNEL=channel)
    silver = own_company.put("SUBSCRIPTION", name="Silver", RCHANNEL=channel)

    def related(object_name: str, keys: str, relation: str, field: str) -> list[str]:
        more = f"<relation>{relation}</relation>"
        return own_company.ask(read(object_name, keys, field, "readRelated", more)).column(field)

    assert related("SUBSCRIPTION", f"{gold},{silver}", "RCUSTOMER", "CUSTOMERID") == ["C1"]
    assert related("CHANNEL", str(channel), "Rsubscription", "name") == ["Gold", "Silver"]


def test_related_records_are_for_custom_objects(shared_company: ReadingCompany) -> None:
    xml = read("APBILL", "1", "*", "readRelated", "<relation>VENDOR</relation>")
    assert shared_company.refusal(xml)[0] == "XL03000006"
