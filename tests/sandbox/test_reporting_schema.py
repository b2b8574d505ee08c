"""What the sandbox's schema says of reports and balances is what Sage's says: the same children, in the same order."""

import itertools

import pytest

from airflow_provider_intacct.sandbox.gateway.envelope import (
    OWN_SCHEMA,
    InvalidDocumentError,
    load_schema,
    read_request,
)
from tests.gateway_requests import request
from tests.sage_schema import ABSENT, schema_path

DATE = "<year>2026</year><month>03</month><day>31</day>"
SPAN = ("reportingperiodname",)
PARTIES = tuple(
    name
    for party in ("customer", "vendor", "employee")
    for name in (f"{party}id", f"{party}id_subs")
)  # fmt: skip
OTHERS = (
    "projectid", "projectid_subs", "taskid", "taskid_subs", *PARTIES, "itemid", "productlineid", "classid",
    "classid_subs", "contractid", "contractid_subs", "warehouseid", "warehouseid_subs", "userDefinedDimensions",
)  # fmt: skip
BOOKS = ("reportingbook", "adjbooks", "includereportingbook", "statistical")
FUNCTIONS: dict[str, tuple[str, ...]] = {
    "get_trialbalance": (
        *SPAN, "showzerobalances", "showdeptdetail", "showlocdetail", *BOOKS, "departmentid", "dept_subs",
        "locationid", "loc_subs", *OTHERS,
    ),
    "get_accountbalances": (
        *SPAN, "glaccountno", "locationid", "departmentid", "showzerobalances", *BOOKS, "dept_subs", "loc_subs",
        *OTHERS,
    ),
    "get_accountbalancesbydimensions": (
        *SPAN, "glaccountno", *BOOKS, "departmentid", "dept_subs", "locationid", "loc_subs",
        *(name for name in OTHERS if not name.startswith("task")), "groupby",
    ),
    "get_araging": (
        "agingperiods", "customerid", "invoiceno", "locationid", "departmentid", "asofdate", "useduedate",
        "showdetails", "documenttype", "useglpostdate", "showzerowithactivity",
    ),
}  # fmt: skip
INSIDE = {
    "adjbooks": "<adjbook>GAAP</adjbook>",
    "userDefinedDimensions": "<userDefinedDimension><objectName>channel</objectName><recordId>1</recordId>"
    "</userDefinedDimension>",
    "asofdate": DATE,
    "startdate": DATE,
    "enddate": DATE,
}
TYPES = ("projecttypeid", "customertypeid", "vendortypeid", "employeetypeid")


def document(function: str, names: tuple[str, ...]) -> bytes:
    children = "".join(f"<{name}>{INSIDE.get(name, 'x')}</{name}>" for name in names)
    return request(f"<{function}>{children}</{function}>")


def variants(function: str) -> list[tuple[str, ...]]:
    """The full list, every swap of neighbours, every child left out or doubled, each choice taken the other way."""
    full = FUNCTIONS[function]
    swapped = [(*full[:n], full[n + 1], full[n], *full[n + 2 :]) for n in range(len(full) - 1)]
    without = [full[:n] + full[n + 1 :] for n in range(len(full))]
    doubled = [full[: n + 1] + full[n:] for n in range(len(full))]
    dates = [("startdate", "enddate", *full[1:]), ("enddate", "startdate", *full[1:]), ("startdate", *full[1:])]
    typed = [
        tuple(kind if name == f"{kind.removesuffix('typeid')}id" else name for name in full if name != drop)
        for kind in TYPES
        for drop in ("", f"{kind.removesuffix('typeid')}id_subs")
    ]
    typed += [tuple("customertypeid" if name == "customerid" else name for name in full if name != "customerid_subs")]
    ranges = [
        tuple(itertools.chain.from_iterable(given if name == "glaccountno" else (name,) for name in full))
        for given in (("startaccountno", "endaccountno"), ("startaccountno",), ("accountgroupname",))
    ]
    return [full, *swapped, *without, *doubled, *dates, *typed, *ranges, full[:1], (), ("surprise",)]


def accepts(schema: object, body: bytes) -> bool:
    try:
        read_request(body, schema)  # type: ignore[arg-type]
    except InvalidDocumentError:
        return False
    return True


@pytest.mark.parametrize("function", FUNCTIONS)
def test_balances_and_agings_are_checked_as_sage_checks_them(function: str) -> None:
    path = schema_path()
    if path is None:
        pytest.skip(ABSENT)
    own, sage = load_schema(OWN_SCHEMA), load_schema(path)
    verdicts = {names: (accepts(own, body), accepts(sage, body)) for names in variants(function)
                for body in [document(function, names)]}  # fmt: skip
    assert [names for names, (ours, theirs) in verdicts.items() if ours != theirs] == []
    assert {ours for ours, _ in verdicts.values()} == {True, False}


def test_what_the_documentation_added_since_that_schema_is_accepted_in_its_place() -> None:
    own = load_schema(OWN_SCHEMA)
    accepted = (
        ("get_trialbalance", (*SPAN, "showlocdetail", "debitcreditbalance", "locationid")),
        ("get_accountbalances", (*SPAN, "projectid", "taskid", "costtypeid")),
        ("get_accountbalancesbydimensions", (*SPAN, "contentselection", "budgetid", "budgetcomparison", "glaccountno")),
        ("get_accountbalancesbydimensions", (*SPAN, "showperiodbalancedetail", "showzerowithactivity", "groupby")),
    )
    for function, names in accepted:
        assert accepts(own, document(function, names)), (function, names)


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ('<readReport type="STANDARD" returnDef="false" libraryReport="false"><report>r</report></readReport>', True),
        ("<readReport><waitTime>0</waitTime><report>r</report><listSeparator>,</listSeparator></readReport>", True),
        ("<readReport><report>r</report><arguments><A><B/></A><C>1</C></arguments><pagesize>5</pagesize>"
         "<returnFormat>xml</returnFormat></readReport>", True),
        ("<readReport><report>r</report><arguments/></readReport>", False),
        ("<readReport><pagesize>5</pagesize></readReport>", False),
        ('<readReport kind="x"><report>r</report></readReport>', False),
        ("<readReport><report>r</report><returnformat>xml</returnformat></readReport>", False),
        ("<readMore><reportId>r</reportId></readMore>", True),
        ("<readMore><reportId>r</reportId><resultId>r</resultId></readMore>", False),
    ],
)  # fmt: skip
def test_read_report_is_checked_as_sage_checks_it(body: str, verdict: bool) -> None:
    assert accepts(load_schema(OWN_SCHEMA), request(body)) is verdict
    if path := schema_path():
        assert accepts(load_schema(path), request(body)) is verdict
