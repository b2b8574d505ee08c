"""The books, read over plain HTTP with requests built by hand: what our client reports is held against this."""

import http.client
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

PATH = "/ia/xml/xmlgw.phtml"
REQUEST = """<?xml version="1.0" encoding="UTF-8"?>
<request><control><senderid>SANDBOX</senderid><password>sender-Secret-7Qf</password><controlid>ledger</controlid>\
<uniqueid>false</uniqueid><dtdversion>3.0</dtdversion><includewhitespace>false</includewhitespace></control>\
<operation><authentication><login><userid>etl</userid><companyid>DEMO</companyid><password>etl-Secret-9Kd</password>\
</login></authentication><content>{functions}</content></operation></request>"""
PAGE = 2000
AUDIT = "AUDITHISTORY"
AUDIT_FIELDS = ("OBJECTTYPE", "ACCESSMODE", "WORKFLOWACTION")


@dataclass(frozen=True, slots=True)
class View:
    """Rows of an object that count: those with a record number above what the company was founded with.

    `key` is the field that numbers its rows. With `where`, an XML filter, those rows instead, new or not. What no query
    reads is `listed` by get_list, under that name, all of it.
    """

    object: str
    fields: tuple[str, ...]
    key: str = "RECORDNO"
    where: str = ""
    listed: str = ""


GL = View("GLDETAIL", ("ACCOUNTNO", "AMOUNT", "TR_TYPE", "LOCATIONID"))
AUDITED = View(AUDIT, AUDIT_FIELDS, key="ID")


@dataclass(frozen=True, slots=True)
class Books:
    """What a moment's ledger holds: rows by number, for each view."""

    rows: dict[View, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def content(self) -> dict[str, Counter[tuple[str, ...]]]:
        """Return what the rows say and how often, whatever their numbers."""
        return {f"{view.object} {view.where}".strip(): Counter(rows.values()) for view, rows in self.rows.items()}

    def of(self, object_name: str) -> dict[str, dict[str, str]]:
        """Return the rows of an object by number, each as field and value."""
        return {
            number: dict(zip(view.fields, row, strict=True))
            for view, rows in self.rows.items()
            if view.object == object_name
            for number, row in rows.items()
        }


def differences(found: Books, expected: Books) -> list[str]:
    """Say, row by row, what is in the one and not in the other; nothing if they hold the same."""
    lines: list[str] = []
    there = expected.content()
    for name, rows in found.content().items():
        wanted = there.get(name, Counter())
        lines += [f"{name}: {count} too many of {row}" for row, count in (rows - wanted).items()]
        lines += [f"{name}: {count} missing of {row}" for row, count in (wanted - rows).items()]
    return lines


@dataclass(frozen=True, slots=True)
class Ledger:
    """One company's books. `port` is asked each time, for the sandbox may have been started again."""

    port: Callable[[], int]

    def call(self, functions: str) -> ET.Element:
        """Send functions, as XML, and return the operation; an AssertionError tells whatever failed."""
        body = REQUEST.format(functions=functions).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port(), timeout=60)
        try:
            connection.request("POST", PATH, body, {"Content-Type": "application/xml"})
            text = connection.getresponse().read()
        finally:
            connection.close()
        operation = ET.fromstring(text).find("operation")
        assert operation is not None, text.decode()
        for result in operation.iter("result"):
            assert result.findtext("status") == "success", text.decode()
        return operation

    def last(self, view: View) -> int:
        """Return the highest number in use."""
        if view.listed:
            return 0
        rows = self._rows(view.object, (view.key,), view.key, "", newest_first=True, at_most=1)
        return max((int(number) for number in rows), default=0)

    def books(self, views: Iterable[View], since: dict[View, int]) -> Books:
        """Return what counts of each view."""
        return Books({view: self._counting(view, since[view]) for view in views})

    def _counting(self, view: View, last: int) -> dict[str, tuple[str, ...]]:
        if view.listed:
            data = self.call(f'<function controlid="l"><get_list object="{view.listed}"/></function>').find(
                "result/data"
            )
            assert data is not None
            return {_text(row, view.key): tuple(_all_text(row, name) for name in view.fields) for row in data}
        where = view.where or f"<greaterthan><field>{view.key}</field><value>{last}</value></greaterthan>"
        return self._rows(view.object, view.fields, view.key, where)

    def _rows(
        self,
        object_name: str,
        fields: tuple[str, ...],
        key: str,
        where: str,
        *,
        newest_first: bool = False,
        at_most: int = PAGE,
    ) -> dict[str, tuple[str, ...]]:
        selected = "".join(f"<field>{name}</field>" for name in dict.fromkeys((key, *fields)))
        direction = "<descending/>" if newest_first else "<ascending/>"
        data = self.call(
            f'<function controlid="q"><query><object>{object_name}</object><select>{selected}</select>'
            + (f"<filter>{where}</filter>" if where else "")
            + f"<orderby><order><field>{key}</field>{direction}</order></orderby>"
            f"<options><showprivate>true</showprivate></options><pagesize>{at_most}</pagesize></query></function>"
        ).find("result/data")
        assert data is not None
        assert at_most < PAGE or data.get("numremaining") == "0", f"more than {PAGE} rows of {object_name}"
        return {_text(row, key): tuple(_text(row, name) for name in fields) for row in data}


def equals(name: str, value: str) -> str:
    """Return the filter for rows whose field has that value."""
    return f"<equalto><field>{name}</field><value>{escape(value)}</value></equalto>"


def _text(row: ET.Element, name: str) -> str:
    return (row.findtext(name) or "").strip()


def _all_text(row: ET.Element, name: str) -> str:
    return " ".join(text.strip() for each in row.findall(name) for text in each.itertext() if text.strip())
