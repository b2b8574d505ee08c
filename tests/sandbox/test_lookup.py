"""lookup and inspect: what an object is made of."""

from typing import Any

from tests.sandbox.reading_company import ReadingCompany


def looked_up(company: ReadingCompany, name: str, **who: Any) -> dict[str, Any]:
    return company.ask(f"<lookup><object>{name}</object></lookup>", **who).rows[0]


def field(description: dict[str, Any], name: str) -> dict[str, Any]:
    return next(content for _, content in description["Fields"] if content["ID"] == name)


def test_a_field_says_what_it_is(shared_company: ReadingCompany) -> None:
    assert field(looked_up(shared_company, "GLBATCH"), "STATE") == {
        "ID": "STATE",
        "LABEL": "State",
        "DESCRIPTION": "",
        "REQUIRED": "true",
        "READONLY": "false",
        "DATATYPE": "TEXT",
        "VALIDVALUES": [
            ("VALIDVALUE", label)
            for label in (
                "Draft", "Submitted", "Partially Approved", "Approved", "Posted", "Declined", "Reversal pending",
                "Reversed",
            )
        ],
        "ISCUSTOM": "false",
    }  # fmt: skip


def test_relationships_are_paths_for_dotted_names(shared_company: ReadingCompany) -> None:
    relationships = [content for _, content in looked_up(shared_company, "GLBATCH")["Relationships"]]
    assert {
        "OBJECTPATH": "JOURNAL", "OBJECTNAME": "JOURNAL", "LABEL": "Journal", "RELATIONSHIPTYPE": "MANY2ONE",
        "RELATEDBY": "JOURNAL",
    } in relationships  # fmt: skip


def test_custom_fields_are_marked(shared_company: ReadingCompany) -> None:
    description = looked_up(shared_company, "CUSTOMER")
    assert field(description, "CUST_RATING")["ISCUSTOM"] == "true"
    assert field(description, "NAME")["ISCUSTOM"] == "false"


def test_lookup_lists_fields_that_query_refuses_and_asks_for_no_right(shared_company: ReadingCompany) -> None:
    assert field(looked_up(shared_company, "PROJECT", user="auditor"), "CFDA")["ID"] == "CFDA"
    assert field(looked_up(shared_company, "AUDITHISTORY", user="auditor"), "ACCESSMODE")["DATATYPE"] == "ENUM"


def test_every_type_of_field_occurs(shared_company: ReadingCompany) -> None:
    types = {
        content["DATATYPE"]
        for definition in shared_company.company.catalog
        if definition.generic
        for _, content in looked_up(shared_company, definition.name)["Fields"]
    }
    assert types == {
        "TEXT", "INTEGER", "BOOLEAN", "DATE", "TIMESTAMP", "ENUM", "DECIMAL", "CURRENCY", "PERCENT", "SEQUENCE",
    }  # fmt: skip


def test_unknown_objects(shared_company: ReadingCompany) -> None:
    assert (
        shared_company.refusal("<lookup><object>VENDOR2</object></lookup>")[1] == "Object definition VENDOR2 not found"
    )
    expected = ("XXX", "Object type CLASS1 not found")
    assert shared_company.refusal("<inspect><object>CLASS1</object></inspect>") == expected


def test_inspect_lists_all_types(shared_company: ReadingCompany) -> None:
    answer = shared_company.ask("<inspect><object>*</object></inspect>")
    assert answer.counts == {"count": 1}
    assert "AP Bill" in answer.rows
    assert set(answer.elements) == {"type"}


def test_inspect_names_fields(shared_company: ReadingCompany) -> None:
    (type_,) = shared_company.ask("<inspect><object>EMPLOYEE</object></inspect>").rows
    assert type_["Fields"][0] == ("Field", "RECORDNO")


def test_inspect_in_detail_tells_custom_fields_by_their_id(shared_company: ReadingCompany) -> None:
    (type_,) = shared_company.ask('<inspect detail="1"><object>CUSTOMER</object></inspect>').rows
    assert type_["Attributes"]["SingularName"] == "Customer"
    fields = {content["Name"]: content for _, content in type_["Fields"]}
    assert (fields["CUSTOMERID"]["maxLength"], fields["CUSTOMERID"]["isRequired"]) == ("20", "true")
    assert (fields["TOTALDUE"]["dataName"], fields["TOTALDUE"]["externalDataName"]) == ("Pt_FieldDouble", "currency")
    custom = [name for name, content in fields.items() if 1000 <= int(content["id"][-6:]) <= 9999]
    assert custom == ["CUST_RATING", "IS_STRATEGIC", "RENEWAL_DATE"]
