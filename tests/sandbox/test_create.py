"""create: any record of the catalogue, stopping at the first that is refused (wire/xml-gateway.md §2.5, §6.5, §7.9)."""

import pytest

from tests.gateway_requests import AUDITOR, Answer, begin_session, call, login, query, session
from tests.sandbox.books import accrual, bill, create, element, key_of, one, refused, rows, succeed, update
from tests.sandbox_process import SandboxProcess


def customer(id_: str | None = "ACME", name: str = "Acme Corp", inner: str = "", **fields: object) -> str:
    return element("CUSTOMER", {"CUSTOMERID": id_, "NAME": name} | fields, inner)


def project(id_: str) -> str:
    return element("PROJECT", {"PROJECTID": id_, "NAME": "x", "PROJECTCATEGORY": "Contract"})


def data(answer: Answer) -> tuple[dict[str, str], list[tuple[str, list[str]]]]:
    found = answer.root.find("operation/result/data")
    assert found is not None
    return dict(found.attrib), [(child.tag, [field.text or "" for field in child]) for child in found]


def test_a_user_brings_its_contact(sandbox: SandboxProcess) -> None:
    person = element("CONTACTINFO", {"LASTNAME": "Doe", "FIRSTNAME": "Jo", "EMAIL1": "jo@demo.example"})
    key = key_of(sandbox, create(element("USERINFO", {"LOGINID": "jo", "USERTYPE": "business user"}, person)))
    fields = ["CONTACTINFO.LASTNAME", "CONTACTINFO.FIRSTNAME", "CONTACTINFO.EMAIL1", "CONTACTINFO.CONTACTNAME"]
    where = f"<filter><equalto><field>RECORDNO</field><value>{key}</value></equalto></filter>"

    def read() -> list[str | None]:
        row = succeed(sandbox, query("USERINFO", fields, where)).find("data/USERINFO")
        assert row is not None
        return [child.text for child in row]

    assert read() == ["Doe", "Jo", "jo@demo.example", "Jo Doe(Ujo)"]
    changed = "<CONTACTINFO><LASTNAME>Roe</LASTNAME></CONTACTINFO>"
    succeed(sandbox, update(element("USERINFO", {"LOGINID": "jo"}, changed)))
    assert read() == ["Roe", "Jo", "jo@demo.example", "Jo Doe(Ujo)"]


def test_a_record_is_answered_in_lower_case_with_its_number_and_its_id(sandbox: SandboxProcess) -> None:
    attributes, records = data(call(sandbox, create(customer())))
    assert attributes == {"listtype": "objects", "count": "1"}
    [(tag, (number, id_))] = records
    assert (tag, id_) == ("customer", "ACME")
    assert one(sandbox, "CUSTOMER", number)["NAME"] == "Acme Corp"


def test_one_call_creates_records_of_several_objects(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, create("<CLASS><CLASSID>UT01</CLASSID><NAME>n</NAME></CLASS>", customer(), accrual()))
    assert [tag for tag, _ in data(answer)[1]] == ["class", "customer", "glbatch"]


def test_what_was_created_before_a_refusal_stays_and_is_listed(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, create(project("A1"), project("A2"), project("A1"), project("A3")))
    assert answer.statuses == ["failure"]
    attributes, records = data(answer)
    assert attributes == {"listtype": "objects", "count": "2"}
    assert [fields[1] for _, fields in records] == ["A1", "A2"]
    assert answer.errors() == [
        ("BL34000061", "Another Project with the given value(s) A1  already exists"),
        ("BL01001973", "Could not create project record!"),
        ("BL01001973", "Error while saving the Project info"),
    ]
    assert answer.text(".//correction") == "Use a unique value instead."
    names = {row["PROJECTID"] for row in rows(sandbox, 'SELECT "PROJECTID" FROM "PROJECT"')}
    assert names >= {"A1", "A2"}
    assert "A3" not in names


def test_in_a_transaction_nothing_of_it_stays(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, create(project("A1"), project("A1")), atomic=True)
    assert answer.errors()[-1][0] == "XL03000009"
    assert rows(sandbox, """SELECT 1 FROM "PROJECT" WHERE "PROJECTID" = 'A1'""") == []


def test_a_first_bad_record_lists_nothing(sandbox: SandboxProcess) -> None:
    assert data(call(sandbox, create("<CLASS><NAME>x</NAME></CLASS>"))) == ({"listtype": "objects", "count": "0"}, [])


def test_a_customer_brings_a_contact(sandbox: SandboxProcess) -> None:
    inner = (
        "<DISPLAYCONTACT><PRINTAS>Acme &amp; Co</PRINTAS><EMAIL1>a@b.example</EMAIL1>"
        "<MAILADDRESS><CITY>Rome</CITY></MAILADDRESS></DISPLAYCONTACT>"
    )
    key = key_of(sandbox, create(customer(inner=inner)))
    name = one(sandbox, "CUSTOMER", key)["DISPLAYCONTACT.CONTACTNAME"]
    assert name == "Acme Corp(CACME)"
    contact = rows(sandbox, 'SELECT * FROM "CONTACT" WHERE "CONTACTNAME" = ?', name)[0]
    assert (contact["PRINTAS"], contact["EMAIL1"], contact["MAILADDRESS.CITY"]) == ("Acme & Co", "a@b.example", "Rome")


def test_a_contact_that_exists_makes_the_customer_fail(sandbox: SandboxProcess) -> None:
    key_of(sandbox, create(element("CONTACT", {"CONTACTNAME": "Acme Corp(CACME)", "PRINTAS": "x"})))
    assert refused(sandbox, create(customer())) == [
        ("BL34000061", "Another Contact with the given value(s) Acme Corp(CACME)  already exists"),
        ("BL01001973", "Could not create Contact record!"),
        ("BL01001973", "Error While Saving the Display Contact"),
        ("BL01001973", "Could not create Customer record!"),
    ]
    assert rows(sandbox, """SELECT 1 FROM "CUSTOMER" WHERE "CUSTOMERID" = 'ACME'""") == []


def test_a_malformed_address_fails_seven_deep(sandbox: SandboxProcess) -> None:
    inner = "<DISPLAYCONTACT><EMAIL1>@aeon.org</EMAIL1></DISPLAYCONTACT>"
    assert refused(sandbox, create(customer(inner=inner))) == [
        ("BL03000018", "Illegal format for Contactversion : Primary Email Address @aeon.org."),
        ("BL01001973", "Validate contactversion record failed!"),
        ("BL01001973", "Could not create contactversion record!"),
        ("BL01001973", "Could not create ContactVersion record!"),
        ("BL01001973", "Could not create Contact record!"),
        ("BL01001973", "Error While Saving the Display Contact"),
        ("BL01001973", "Could not create Customer record!"),
    ]


@pytest.mark.parametrize(
    ("record", "error"),
    [
        (element("CLASS", {"CLASSID": "X"}), ("BL01001973", "Required field Name is missing")),
        (customer(PARENTID="NOBODY"), ("BL01001973", "Invalid Customer 'NOBODY' specified.")),
        (customer(TERMNAME="N99"), ("BL01001973", "Invalid AR term 'N99' specified.")),
        (customer(id_="X" * 21), ("BL03000018", "Customer ID is longer than 20 characters.")),
        (customer(CREDITLIMIT="many"), ("BL03000018", "Illegal format for Credit limit : many")),
        (customer(ONHOLD="maybe"), ("BL03000018", "Illegal format for On hold : maybe")),
        (customer(RENEWAL_DATE="02/30/2026"), ("BL03000018", "Illegal format for Renewal date : 02/30/2026")),
        (
            customer(CUST_RATING="Z"),
            ("BL03000018", "'Z' is not a valid value for Rating. Valid values: A, B, C."),
        ),
        (
            element("TASK", {"TASKID": "P001-1", "NAME": "again", "PROJECTID": "P001"}),
            ("BL34000061", "Another Task with the given value(s) P001-1  already exists"),
        ),
        (
            element("GLJOURNAL", {"SYMBOL": "GJ", "TITLE": "again"}),
            ("BL34000061", "Another Journal with the given value(s) GJ  already exists"),
        ),
        (
            element("STATACCOUNT", {"ACCOUNTNO": "6000", "TITLE": "again"}),
            ("BL34000061", "Another Statistical account with the given value(s) 6000  already exists"),
        ),
        (
            element("EMPLOYEE", {"EMPLOYEEID": "E9"}, "<PERSONALINFO><CONTACTNAME>Nobody</CONTACTNAME></PERSONALINFO>"),
            ("BL01001973", "Invalid Contact 'Nobody' specified."),
        ),
    ],
)
def test_a_record_is_held_to_the_catalogue(sandbox: SandboxProcess, record: str, error: tuple[str, str]) -> None:
    assert refused(sandbox, create(record))[0] == error


def test_values_of_every_type_are_kept(sandbox: SandboxProcess) -> None:
    record = customer(
        CREDITLIMIT="1234.565", ONHOLD="true", RENEWAL_DATE="3/1/2026", CUST_RATING="B", IS_STRATEGIC="false",
        STATUS="inactive", COMMENTS='<b> & "quotes" 漢字',
    )  # fmt: skip
    stored = one(sandbox, "CUSTOMER", key_of(sandbox, create(record)))
    expected = {"CREDITLIMIT": 123457, "ONHOLD": "true", "RENEWAL_DATE": "2026-03-01", "CUST_RATING": "B",
                "IS_STRATEGIC": "false", "STATUS": "F", "COMMENTS": '<b> & "quotes" 漢字'}  # fmt: skip
    assert {name: stored[name] for name in expected} == expected


def test_iso_dates_are_understood(sandbox: SandboxProcess) -> None:
    assert (
        one(sandbox, "CUSTOMER", key_of(sandbox, create(customer(RENEWAL_DATE="2026-03-01"))))["RENEWAL_DATE"]
        == "2026-03-01"
    )


def test_a_new_record_is_active_and_says_who_entered_it_when(sandbox: SandboxProcess) -> None:
    stored = one(sandbox, "CUSTOMER", key_of(sandbox, create(customer())))
    assert (stored["STATUS"], stored["CREATEDBY"], stored["MODIFIEDBY"]) == ("T", 1, 1)
    assert stored["WHENCREATED"] == stored["WHENMODIFIED"]
    sandbox.switch(whenmodified_on_create=False)
    later = one(sandbox, "CUSTOMER", key_of(sandbox, create(customer("LATER", "Later"))))
    assert (later["WHENMODIFIED"], later["MODIFIEDBY"]) == (None, None)


def test_read_only_fields_are_passed_over(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(customer(RECORDNO="77777", WHENCREATED="01/01/2000", TOTALDUE="5", CREATEDBY="9")))
    assert key != 77777
    assert one(sandbox, "CUSTOMER", key)["CREATEDBY"] == 1


def test_an_unknown_field_is_ignored_or_refused_as_the_switch_says(sandbox: SandboxProcess) -> None:
    key_of(sandbox, create(customer(NO_SUCH_FIELD="x")))
    sandbox.switch(unknown_field="refuse")
    errors = refused(sandbox, create(customer("B", "B", NO_SUCH_FIELD="x")))
    assert errors[0] == ("BL01001973", "Field NO_SUCH_FIELD is not a field of CUSTOMER.")


def test_an_unknown_object_is_named(sandbox: SandboxProcess) -> None:
    assert refused(sandbox, create("<VENDOR2><NAME>x</NAME></VENDOR2>")) == [
        ("WS", "Object definition VENDOR2 not found")
    ]


@pytest.mark.parametrize("name", ["GLDETAIL", "GLACCOUNTBALANCE", "AUDITHISTORY", "GLENTRY", "APBILLITEM"])
def test_what_only_the_company_writes_cannot_be_created(sandbox: SandboxProcess, name: str) -> None:
    words = f"You do not have permission for API operation CREATE on objects of type {name.lower()}"
    assert refused(sandbox, create(f"<{name}><RECORDNO>1</RECORDNO></{name}>"))[0] == ("PL04000005", words)


def test_who_may_not_write_is_told_so_and_nothing_is_written(sandbox: SandboxProcess) -> None:
    errors = refused(sandbox, create(customer()), credential=login(AUDITOR))
    assert errors == [("PL04000005", "You do not have permission for API operation CREATE on objects of type customer")]
    assert rows(sandbox, """SELECT 1 FROM "CUSTOMER" WHERE "CUSTOMERID" = 'ACME'""") == []


def test_a_hundred_records_pass_and_one_more_does_not(sandbox: SandboxProcess) -> None:
    def records(count: int) -> str:
        return create(*(element("CLASS", {"CLASSID": f"K{number}", "NAME": "n"}) for number in range(count)))

    assert refused(sandbox, records(101)) == [("XL03000006", "The number of records, 101, exceeds the maximum of 100")]
    assert data(call(sandbox, records(100)))[0]["count"] == "100"
    sandbox.switch(batch_limit=0)
    assert rows(sandbox, """SELECT count(*) AS n FROM "CLASS" WHERE "CLASSID" LIKE 'K%'""") == [{"n": 100}]


def test_each_record_written_is_one_api_transaction(sandbox: SandboxProcess) -> None:
    before = sandbox.transactions()
    call(sandbox, create(project("A1"), project("A2"), project("A1")))
    assert sandbox.transactions() == before + 2


def test_ids_are_drawn_where_none_is_given(sandbox: SandboxProcess) -> None:
    answers = [succeed(sandbox, create(customer(None, name))) for name in ("First", "Second")]
    assert [answer.findtext("data/customer/CUSTOMERID") for answer in answers] == ["CUST-00001", "CUST-00002"]
    key_of(sandbox, create(customer("CUST-00003", "By hand")))
    assert succeed(sandbox, create(customer(None, "Fourth"))).findtext("data/customer/CUSTOMERID") == "CUST-00004"


def test_a_custom_object_is_answered_by_its_id(sandbox: SandboxProcess) -> None:
    record = element("SUBSCRIPTION", {"name": "Trial", "SEATS": "3", "MONTHLY_FEE": "19.90", "RCHANNEL": "10001"})
    result = succeed(sandbox, create(record))
    id_ = result.findtext("data/subscription/id")
    stored = rows(sandbox, 'SELECT * FROM "SUBSCRIPTION" WHERE "id" = ?', id_)[0]
    assert (stored["name"], stored["SEATS"], stored["MONTHLY_FEE"], stored["createdBy"]) == ("Trial", 3, 1990, "etl")
    wrong = element("SUBSCRIPTION", {"name": "Trial", "RCHANNEL": "5"})
    assert refused(sandbox, create(wrong))[0][1] == "Invalid Channel '5' specified."


def test_a_record_entered_in_an_entity_belongs_to_it(sandbox: SandboxProcess) -> None:
    in_west = session(begin_session(sandbox, location="200"))
    key = key_of(sandbox, create(customer()), credential=in_west)
    assert one(sandbox, "CUSTOMER", key)["MEGAENTITYID"] == "200"
    assert one(sandbox, "CUSTOMER", key_of(sandbox, create(customer("TOP", "Top"))))["MEGAENTITYID"] is None


def test_a_location_belongs_to_the_entity_above_it(sandbox: SandboxProcess) -> None:
    key_of(sandbox, create(element("LOCATION", {"LOCATIONID": "211", "NAME": "Tacoma", "PARENTID": "210"})))
    entry = accrual().replace("<LOCATION>100</LOCATION>", "<LOCATION>211</LOCATION>")
    key_of(sandbox, create(entry))
    details = rows(sandbox, """SELECT DISTINCT "CHILDENTITY" FROM "GLDETAIL" WHERE "LOCATIONID" = '211'""")
    assert details == [{"CHILDENTITY": "200"}]


def test_a_new_entity_can_be_posted_to(sandbox: SandboxProcess) -> None:
    key_of(sandbox, create(element("LOCATIONENTITY", {"LOCATIONID": "400", "NAME": "Demo South", "CURRENCY": "USD"})))
    key_of(sandbox, create(accrual().replace("<LOCATION>100</LOCATION>", "<LOCATION>400</LOCATION>")))


def test_every_creation_is_remembered_in_the_audit_history(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(customer()))
    batch = key_of(sandbox, create(accrual()))
    task = key_of(sandbox, create(element("TASK", {"TASKID": "T9", "NAME": "n", "PROJECTID": "P001"})))
    key_of(sandbox, create(project("A1")))
    history = rows(sandbox, """SELECT * FROM "AUDITHISTORY" WHERE "ACCESSMODE" = 'C' ORDER BY "ID" DESC LIMIT 5""")
    assert [(row["OBJECTTYPE"], row["OBJECTKEY"], row["USERID"]) for row in reversed(history)] == [
        ("contact", str(history[4]["OBJECTKEY"]), "etl"), ("customer", f"{key}--REC", "etl"),
        ("glbatch", f"{batch}--REC", "etl"), ("task", str(task), "etl"), ("project", "A1", "etl"),
    ]  # fmt: skip


def test_comments_and_white_space_between_elements_mean_nothing(sandbox: SandboxProcess) -> None:
    record = "<CLASS>\n  <!-- why -->\n  <CLASSID>UT<!-- split -->02</CLASSID>\n  <NAME> spaced </NAME>\n</CLASS>"
    stored = one(sandbox, "CLASS", key_of(sandbox, f"<create>\n<!-- one -->{record}</create>"))
    assert (stored["CLASSID"], stored["NAME"]) == ("UT02", " spaced ")


def test_a_record_sees_the_master_data_that_came_before_it_in_the_same_call(sandbox: SandboxProcess) -> None:
    newcomer = element("VENDOR", {"VENDORID": "V900", "NAME": "Newcomer"})
    succeed(sandbox, create(bill(), newcomer, bill(VENDORID="V900")))
    first, second = (key_of(sandbox, create(bill())) for _ in range(2))
    changes = (
        element("APBILL", {"RECORDNO": first, "DESCRIPTION": "Before"}),
        element("VENDOR", {"VENDORID": "V001", "STATUS": "inactive"}),
        element("APBILL", {"RECORDNO": second, "DESCRIPTION": "After"}),
    )
    assert refused(sandbox, update(*changes))[0][1] == "Vendor 'V001' is inactive."
    assert (one(sandbox, "APBILL", first)["DESCRIPTION"], one(sandbox, "APBILL", second)["DESCRIPTION"]) == (
        "Before",
        None,
    )
