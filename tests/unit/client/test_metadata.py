"""What lookup and readUserFormatting tell is read whole, and a wrong field name is met with the right one."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from airflow_provider_intacct.client.errors import ConfigurationError, InvalidRequestError, MalformedReplyError
from airflow_provider_intacct.client.xml.metadata import (
    Entity,
    FieldDefinition,
    ObjectDefinition,
    Relationship,
    UserFormatting,
    datatype_of,
    needed_definitions,
    read_definition,
    read_entities,
    read_formatting,
    resolve,
    spell,
)

LOOKUP = """<data><Type Name="GLBATCH" DocumentType=""><Fields>
  <Field><ID>RECORDNO</ID><LABEL>Record number</LABEL><DESCRIPTION>Record Number</DESCRIPTION><REQUIRED>false</REQUIRED>
    <READONLY>true</READONLY><DATATYPE>INTEGER</DATATYPE><ISCUSTOM>false</ISCUSTOM></Field>
  <Field><ID>STATE</ID><LABEL>State</LABEL><DESCRIPTION></DESCRIPTION><REQUIRED>true</REQUIRED><READONLY>false</READONLY>
    <DATATYPE>TEXT</DATATYPE><VALIDVALUES><VALIDVALUE>Draft</VALIDVALUE><VALIDVALUE>Posted</VALIDVALUE></VALIDVALUES>
    <ISCUSTOM>false</ISCUSTOM></Field>
  <Field><ID>GLBATCH_NOTE</ID><DATATYPE></DATATYPE><ISCUSTOM>true</ISCUSTOM></Field>
</Fields><Relationships>
  <Relationship><OBJECTPATH>JOURNAL</OBJECTPATH><OBJECTNAME>GLJOURNAL</OBJECTNAME><LABEL></LABEL>
    <RELATIONSHIPTYPE>MANY2ONE</RELATIONSHIPTYPE><RELATEDBY>JOURNAL</RELATEDBY></Relationship>
</Relationships></Type></data>"""

BATCH = read_definition(etree.fromstring(LOOKUP))
JOURNAL = ObjectDefinition(
    "GLJOURNAL",
    (FieldDefinition("SYMBOL"), FieldDefinition("WHENMODIFIED", "TIMESTAMP")),
    (Relationship("BOOK", "GLBOOK"),),
)
BOOK = ObjectDefinition("GLBOOK", (FieldDefinition("ID"), FieldDefinition("RATE", "DECIMAL")))
ALL = {"GLBATCH": BATCH, "GLJOURNAL": JOURNAL, "GLBOOK": BOOK}


def test_a_lookup_is_read_whole() -> None:
    assert BATCH.name == "GLBATCH"
    assert BATCH.fields == (
        FieldDefinition("RECORDNO", "INTEGER", "Record number", "Record Number", readonly=True),
        FieldDefinition("STATE", "TEXT", "State", required=True, values=("Draft", "Posted")),
        FieldDefinition("GLBATCH_NOTE", custom=True),
    )
    assert BATCH.relationships == (Relationship("JOURNAL", "GLJOURNAL", "MANY2ONE", "JOURNAL"),)
    assert BATCH.field("state") is BATCH.fields[1]
    assert BATCH.field("nothing") is None


def test_an_answer_without_what_was_asked_for_is_malformed() -> None:
    for data in (None, etree.fromstring("<data/>")):
        with pytest.raises(MalformedReplyError):
            read_definition(data)
        with pytest.raises(MalformedReplyError):
            read_formatting(data)


@pytest.mark.parametrize(
    ("name", "fields", "key"),
    [
        ("VENDOR", [("VENDORID", "TEXT"), ("RECORDNO", "INTEGER")], "RECORDNO"),
        ("SUBSCRIPTION", [("id", "INTEGER"), ("name", "TEXT")], "id"),
        ("AUDITHISTORY", [("ID", "TEXT")], "ID"),
        ("VENDORGROUP", [("ID", "TEXT"), ("NAME", "TEXT")], None),
        ("VENDORGROUP", [("ID", "TEXT"), ("RECORDNO", "INTEGER")], "RECORDNO"),
        ("COMPANYPREF", [("PREF", "TEXT")], None),
    ],
)
def test_the_key_is_the_field_that_numbers_the_records(
    name: str, fields: list[tuple[str, str]], key: str | None
) -> None:
    assert ObjectDefinition(name, tuple(FieldDefinition(*item) for item in fields)).key == key


def test_dotted_fields_say_which_definitions_they_need() -> None:
    names = ["STATE", "JOURNAL.SYMBOL", "journal.book.rate"]
    assert needed_definitions("glbatch", names, {}) == {"GLBATCH"}
    assert needed_definitions("glbatch", names, {"GLBATCH": BATCH}) == {"GLJOURNAL"}
    assert needed_definitions("glbatch", names, {"GLBATCH": BATCH, "GLJOURNAL": JOURNAL}) == {"GLBOOK"}
    assert needed_definitions("glbatch", names, ALL) == set()
    assert needed_definitions("glbatch", ["NOWHERE.AT.ALL"], ALL) == set()


@pytest.mark.parametrize(
    ("name", "spelled", "datatype"),
    [
        ("state", "STATE", "TEXT"),
        ("journal.symbol", "JOURNAL.SYMBOL", "TEXT"),
        ("Journal.Book.Rate", "JOURNAL.BOOK.RATE", "DECIMAL"),
    ],
)
def test_names_are_found_in_any_case_and_through_relationships(name: str, spelled: str, datatype: str) -> None:
    assert spell("GLBATCH", name, ALL) == spelled
    assert datatype_of("GLBATCH", name, ALL) == datatype


def test_a_field_that_lookup_itself_lists_with_dots_needs_no_relationship() -> None:
    vendor = ObjectDefinition("VENDOR", (FieldDefinition("DISPLAYCONTACT.MAILADDRESS.CITY"),))
    assert needed_definitions("VENDOR", ["displaycontact.mailaddress.city"], {"VENDOR": vendor}) == set()
    assert spell("VENDOR", "displaycontact.mailaddress.city", {"VENDOR": vendor}) == "DISPLAYCONTACT.MAILADDRESS.CITY"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("STAT", "GLBATCH has no field STAT; did you mean STATE?"),
        ("RECORD_NO", "GLBATCH has no field RECORD_NO; did you mean RECORDNO?"),
        ("ZZZ", "GLBATCH has no field ZZZ; lookup lists what there is."),
        ("JOURNAL.SYMBAL", "GLJOURNAL has no field SYMBAL; did you mean JOURNAL.SYMBOL?"),
        ("JOURNL.SYMBOL", "GLBATCH leads nowhere by JOURNL; did you mean JOURNAL.SYMBOL?"),
        ("STATE.X", "GLBATCH leads nowhere by STATE; lookup lists what there is."),
    ],
)
def test_an_unknown_field_is_answered_with_the_nearest(name: str, advice: str) -> None:
    with pytest.raises(InvalidRequestError, match=re.escape(f"{name}: {advice}")):
        spell("GLBATCH", name, ALL)
    assert resolve("GLBATCH", name, ALL) is None


@pytest.mark.parametrize(
    ("name", "datatype"),
    [
        ("COUNT.STATE", "INTEGER"),
        ("SUM.JOURNAL.BOOK.RATE", "DECIMAL"),
        ("MAX.JOURNAL.WHENMODIFIED", "TIMESTAMP"),
        ("AVG.RECORDNO", "DECIMAL"),
        ("MIN.UNKNOWN", "DECIMAL"),
        ("OTHER.STATE", None),
        ("UNKNOWN", None),
    ],
)
def test_results_of_aggregates_are_typed(name: str, datatype: str | None) -> None:
    assert datatype_of("GLBATCH", name, ALL) == datatype


def formatting(offset: str, zone_name: str | None = None, now: datetime | None = None) -> UserFormatting:
    return read_formatting(
        etree.fromstring(
            "<data><userformatting><recordno>48</recordno><locale>en_US</locale><dateformat>/mdY</dateformat>"
            f"<gmtoffset>{offset}</gmtoffset><clock>24</clock></userformatting></data>"
        ),
        zone_name,
        now=now,
    )


@pytest.mark.parametrize(
    ("offset", "zone"),
    [
        ("-08:00", timezone(timedelta(hours=-8))),
        ("+05:30", timezone(timedelta(hours=5, minutes=30))),
        ("5:45", timezone(timedelta(hours=5, minutes=45))),
        ("GMT-3", timezone(timedelta(hours=-3))),
        ("", UTC),
    ],
)
def test_the_users_offset_is_a_zone(offset: str, zone: tzinfo) -> None:
    assert formatting(offset) == UserFormatting(zone, "/mdY", "24", "en_US", "48")


def test_a_zone_name_overrules_the_offset() -> None:
    assert formatting("-08:00", "America/Los_Angeles").zone == ZoneInfo("America/Los_Angeles")
    for wrong in ("Mars/Olympus", "America", "../etc", "-08:00"):
        with pytest.raises(ConfigurationError, match="is no time zone; give an IANA name"):
            formatting("-08:00", wrong)
    with pytest.raises(MalformedReplyError, match="name the time zone"):
        formatting("half past")


@pytest.mark.parametrize(
    ("offset", "name"),
    [
        ("-08:00", "America/Los_Angeles"),
        ("-07:00", "America/Los_Angeles"),
        ("-07:00", "America/Phoenix"),
        ("+00:00", "Europe/London"),
        ("+01:00", "Europe/London"),
        ("+10:30", "Australia/Lord_Howe"),
        ("+11:00", "Australia/Lord_Howe"),
        ("+00:00", "UTC"),
        ("", "America/Los_Angeles"),
        ("half past", "America/Los_Angeles"),
    ],
)
@pytest.mark.parametrize("month", [1, 7])
def test_a_zone_fits_the_users_offset_in_both_halves_of_the_year(offset: str, name: str, month: int) -> None:
    now = datetime(2026, month, 15, tzinfo=UTC)
    assert formatting(offset, name, now).zone == ZoneInfo(name)


@pytest.mark.parametrize(
    ("offset", "name", "listed"),
    [
        ("-08:00", "America/New_York", "-04:00 or -05:00 from GMT"),
        ("-08:00", "America/Phoenix", "-07:00 from GMT"),
        ("+00:00", "Asia/Kathmandu", "+05:45 from GMT"),
        ("+10:00", "Australia/Lord_Howe", "+10:30 or +11:00 from GMT"),
    ],
)
def test_a_zone_that_is_not_the_users_is_refused_naming_both(offset: str, name: str, listed: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        formatting(offset, name)
    for part in (name, listed, f"offset in Intacct is {offset}"):
        assert part in str(error.value)


def entities(inner: str) -> list[Entity]:
    return read_entities(etree.fromstring(f"<data>{inner}</data>"))


def test_entities_are_read_with_name_and_currency() -> None:
    details = "<recordno>1</recordno><currency>USD</currency><weekstart>Sunday</weekstart>"
    assert entities(f"<entity><id> 100 </id><name>East</name>{details}</entity><entity><id>2</id></entity>") == [
        Entity("100", "East", "USD"),
        Entity("2"),
    ]
    assert entities("") == []
    with pytest.raises(MalformedReplyError, match="without an id"):
        entities("<entity><name>East</name></entity>")
    with pytest.raises(MalformedReplyError, match="no data"):
        read_entities(None)


def test_what_has_no_record_number_has_no_keys() -> None:
    assert BATCH.record_key == "RECORDNO"
    with pytest.raises(InvalidRequestError, match="GLBOOK"):
        _ = ObjectDefinition("GLBOOK", (FieldDefinition("NAME"),)).record_key
