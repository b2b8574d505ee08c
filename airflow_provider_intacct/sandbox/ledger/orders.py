"""Sales, purchasing and inventory documents: entering, converting, changing and deleting them.

A transaction definition says what a document is: an order posts nothing, a sales invoice becomes an AR invoice, a
vendor invoice an AP bill. A document made from another takes its quantities over, line by line.
Source: developer.intacct.com, Order Entry, Purchasing and Inventory Control transactions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.sandbox.records import Record, insert
from airflow_provider_intacct.sandbox.records import delete as erase
from airflow_provider_intacct.sandbox.records import update as write
from airflow_provider_intacct.sandbox.store import next_number

from . import approvals, documents
from .approvals import Workflow
from .audit import remember, stamps_of_change, stamps_of_creation
from .books import BASE_CURRENCY, Books
from .checks import missing, require_active, require_fields, require_references
from .entities import cents
from .journals import line_dimensions
from .refusals import document_number_exists, invalid_reference, refused
from .subledgers import BILL, INVOICE, Kind

_DRAFT, _PENDING, _PARTLY_CONVERTED, _CONVERTED = "I", "O", "P", "C"
"""Stored codes of a document's STATE; see document_state in catalog/values.toml."""
_ZERO = Decimal(0)
_CARRIED = (
    "LOCATIONID", "DEPARTMENTID", "PROJECTID", "CUSTOMERID", "VENDORID", "EMPLOYEEID", "ITEMID", "CLASSID",
    "WAREHOUSEID",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Module:
    """Sales, purchasing or inventory: its objects and, where there is one, the kind of document it posts."""

    object: str
    items: str
    container: str
    party: str
    account: str
    posts: Kind | None = None
    workflow: Workflow | None = None

    @property
    def unposted(self) -> frozenset[str]:
        """The states of a document that is nobody's business yet: a draft, or one that waits for approval."""
        return self.workflow.unposted if self.workflow else frozenset({_DRAFT})


@dataclass(frozen=True, slots=True)
class Definition:
    """A transaction definition: the number's prefix, its class, and what it can be converted from."""

    name: str
    module: Module
    prefix: str
    kind: str
    sources: tuple[str, ...] = ()


SALES = Module(
    "SODOCUMENT", "SODOCUMENTENTRY", "SODOCUMENTENTRIES", "CUSTOMER", "4000",
    replace(INVOICE, module="8.SO", workflow=None),
)  # fmt: skip
PURCHASING = Module(
    "PODOCUMENT", "PODOCUMENTENTRY", "PODOCUMENTENTRIES", "VENDOR", "5000",
    replace(BILL, module="9.PO", workflow=None), approvals.PURCHASE,
)  # fmt: skip
INVENTORY = Module("INVDOCUMENT", "INVDOCUMENTENTRY", "INVDOCUMENTENTRIES", "", "1300")
MODULES = (SALES, PURCHASING, INVENTORY)
DEFINITIONS: Mapping[str, Definition] = {
    definition.name: definition
    for definition in (
        Definition("Sales Quote", SALES, "SQ-", "Quote"),
        Definition("Sales Order", SALES, "SO-", "Order", ("Sales Quote",)),
        Definition("Sales Invoice", SALES, "SI-", "Invoice", ("Sales Quote", "Sales Order")),
        Definition("Purchase Requisition", PURCHASING, "PR-", "Quote"),
        Definition("Purchase Order", PURCHASING, "PO-", "Order", ("Purchase Requisition",)),
        Definition("PO Receiver", PURCHASING, "RC-", "Order", ("Purchase Order",)),
        Definition("Vendor Invoice", PURCHASING, "VI-", "Invoice", ("Purchase Order", "PO Receiver")),
        Definition("Inventory Adjustment Increase", INVENTORY, "AI-", "Adjustment"),
        Definition("Inventory Adjustment Decrease", INVENTORY, "AD-", "Adjustment"),
        Definition("Inventory Receipt", INVENTORY, "IR-", "Receipt"),
        Definition("Inventory Shipper", INVENTORY, "IS-", "Shipment"),
    )
}
"""The transaction definitions of the demo company."""


def create(books: Books, module: Module, record: Mapping[str, Any]) -> Record:
    """Enter a document with its lines, take over what it is converted from, post it, and return its header."""
    definition = _definition(module, record.get("DOCPARID"))
    objects = books.definition(module.object)
    header = _header(books, module, record, None)
    header |= {"DOCNO": _number(books, definition, record.get("DOCNO")), "DOCPARCLASS": definition.kind}
    header |= {"DOCID": f"{definition.name}-{header['DOCNO']}", "MEGAENTITYID": books.entity}
    source = _source(books, definition, record.get("CREATEDFROM"))
    lines = _lines(books, module, record.get(module.container) or (), source)
    header |= {"TRX_TOTAL": _total(lines), **stamps_of_creation(books, objects)}
    header["RECORDNO"] = insert(books.db, objects, header)
    _write_lines(books, module, header["RECORDNO"], lines)
    _take_over(books, module, lines)
    _post(books, definition, header)
    _note_submission(books, module, header)
    remember(books, objects, header, "Create")
    return header


def update(books: Books, module: Module, current: Record, changes: Mapping[str, Any]) -> None:
    """Change a document nothing was converted from; what it posted is deleted and entered anew, with a new key."""
    if module.workflow:
        approvals.require_decided(books, module.workflow, current)
    _require_unconverted(books, module, current, "changed")
    asked = {**current, "STATE": None, **changes}
    header = {**current, **_header(books, module, asked, current["STATE"])}
    _withdraw(books, current, module)
    given = changes.get(module.container)
    before = lines_of(books, module, current["RECORDNO"])
    _take_over(books, module, before, back=True)
    source = books.first(module.object, DOCID=current["CREATEDFROM"]) if current["CREATEDFROM"] else None
    lines = _lines(books, module, before if given is None else given, source)
    header |= {
        "TRX_TOTAL": _total(lines),
        "PRRECORDKEY": None,
        **stamps_of_change(books, books.definition(module.object)),
    }
    write(books.db, books.definition(module.object), current["RECORDNO"], header)
    _write_lines(books, module, current["RECORDNO"], lines)
    _take_over(books, module, lines)
    _post(books, DEFINITIONS[current["DOCPARID"]], header)
    _note_submission(books, module, header)
    remember(books, books.definition(module.object), header, "Modify")


def post_approved(books: Books, current: Record) -> None:
    """Let a purchasing document that its last approver has approved be converted, or post it."""
    header = {**current, "STATE": _PENDING}
    write(books.db, books.definition(PURCHASING.object), current["RECORDNO"], {"STATE": _PENDING})
    _post(books, DEFINITIONS[current["DOCPARID"]], header)


def delete(books: Books, module: Module, current: Record) -> None:
    """Delete a document nothing was converted from, with what it posted; its source is open again."""
    if module.workflow:
        approvals.require_deletable(books, module.workflow, current)
        approvals.forget(books, module.object, current["RECORDNO"])
    _require_unconverted(books, module, current, "deleted")
    _withdraw(books, current, module)
    lines = lines_of(books, module, current["RECORDNO"])
    _take_over(books, module, lines, back=True)
    for line in lines:
        erase(books.db, books.definition(module.items), line["RECORDNO"])
    erase(books.db, books.definition(module.object), current["RECORDNO"])
    remember(books, books.definition(module.object), current, "Delete")


def lines_of(books: Books, module: Module, key: int) -> list[Record]:
    """Return the lines of a document in their order."""
    return sorted(books.find(module.items, DOCHDRNO=key), key=lambda line: line["LINE_NO"])


def _definition(module: Module, name: str | None) -> Definition:
    definition = DEFINITIONS.get(name or "")
    if definition is None or definition.module is not module:
        raise invalid_reference("Transaction definition", name or "")
    return definition


def _header(books: Books, module: Module, record: Mapping[str, Any], present: str | None) -> Record:
    objects = books.definition(module.object)
    header = {name: value for name, value in record.items() if name in objects.fields and objects.fields[name].stored}
    require_fields(books, objects, header)
    require_references(books, objects, header)
    if module.party:
        party = require_active(books, module.party, header["CUSTVENDID"])
    header["STATE"] = _state(books, module, header.get("STATE"), present)
    if module is PURCHASING and header["STATE"] != _DRAFT:
        approvals.require_approved_party(books, party)
    header["CURRENCY"] = header.get("CURRENCY") or header.get("BASECURR") or BASE_CURRENCY
    return header


def _state(books: Books, module: Module, asked: str | None, present: str | None) -> str:
    """Return the state in which a document lands: what was asked for, or where approval holds it."""
    if asked not in (None, _DRAFT, _PENDING):
        raise refused("A document can be entered as Draft or Pending.")
    if asked == _DRAFT or module.workflow is None:
        return asked or present or _PENDING
    if present is None or asked:
        return approvals.landing(books, module.workflow)
    return present if present in module.unposted else approvals.landing_after_edit(books, module.workflow)


def _note_submission(books: Books, module: Module, header: Record) -> None:
    if module.workflow:
        approvals.note_submission(books, module.workflow, header["RECORDNO"], header["STATE"])


def _number(books: Books, definition: Definition, given: str | None) -> str:
    def taken(number: str) -> bool:
        return books.first(definition.module.object, DOCPARID=definition.name, DOCNO=number) is not None

    if given and taken(given):
        raise document_number_exists()
    number = given
    while not number or (number != given and taken(number)):
        number = f"{definition.prefix}{next_number(books.db, f'DOCNO {definition.name}'):05d}"
    return number


def _source(books: Books, definition: Definition, name: str | None) -> Record | None:
    """Return the document that this one is converted from, checked."""
    if not name:
        return None
    source = books.first(definition.module.object, DOCID=name)
    if source is None:
        raise invalid_reference("Source document", name)
    if source["DOCPARID"] not in definition.sources:
        raise refused(f"A {definition.name} cannot be converted from a {source['DOCPARID']}.")
    if source["STATE"] not in (_PENDING, _PARTLY_CONVERTED):
        raise refused(f"'{name}' cannot be converted: it is a draft, or has been converted.")
    return source


def _lines(
    books: Books, module: Module, given: Iterable[Mapping[str, Any]], source: Mapping[str, Any] | None
) -> list[Record]:
    lines = [_line(books, module, line, source) for line in given]
    if not lines:
        raise missing(books, module.container)
    return lines


def _line(books: Books, module: Module, line: Mapping[str, Any], source: Mapping[str, Any] | None) -> Record:
    fields = books.definition(module.items)
    values = {name: value for name, value in line.items() if name in fields.fields and fields.fields[name].stored}
    require_fields(books, fields, values)
    item = require_active(books, "ITEM", values["ITEMID"])
    if item["STANDARD_UNIT"] and values.get("UNIT") not in (None, item["STANDARD_UNIT"]):
        raise refused("Missing unit", "BL03000018")
    if values["QUANTITY"] <= 0:
        raise refused("The quantity must be more than zero.")
    values |= line_dimensions(books, line)
    if not values.get("LOCATIONID"):
        house = books.first("WAREHOUSE", WAREHOUSEID=values.get("WAREHOUSEID")) if values.get("WAREHOUSEID") else None
        values["LOCATIONID"] = (house or {}).get("LOCATIONID") or books.entity
    elif values["LOCATIONID"]:
        require_active(books, "LOCATION", values["LOCATIONID"])
    price = values.get("PRICE") if values.get("PRICE") is not None else item["BASEPRICE"] or _ZERO
    rebate = 1 - (values.get("DISCOUNTPERCENT") or _ZERO) / 100
    _require_left(books, module, values, source)
    return values | {
        "PRICE": price,
        "TOTAL": cents(values["QUANTITY"] * price * rebate),
        "QTY_CONVERTED": _ZERO,
        "QTY_REMAINING": values["QUANTITY"],
    }


def _require_left(books: Books, module: Module, line: Record, source: Mapping[str, Any] | None) -> None:
    """Refuse a line that takes more of its source line than is left of it."""
    key = line.get("SOURCE_DOCLINEKEY")
    if key is None:
        return
    origin = books.first(module.items, RECORDNO=key)
    if origin is None or source is None or origin["DOCHDRNO"] != source["RECORDNO"]:
        raise invalid_reference("Source line", key)
    if line["QUANTITY"] > origin["QTY_REMAINING"]:
        raise refused(f"The quantity {line['QUANTITY']} is more than the {origin['QTY_REMAINING']} left to convert.")


def _write_lines(books: Books, module: Module, key: int, lines: Sequence[Record]) -> None:
    definition = books.definition(module.items)
    for line in lines_of(books, module, key):
        erase(books.db, definition, line["RECORDNO"])
    for number, line in enumerate(lines):
        own = {"DOCHDRNO": key, "LINE_NO": number, "RECORDNO": line.get("RECORDNO")}
        insert(books.db, definition, {**line, **stamps_of_creation(books, definition), **own})


def _take_over(books: Books, module: Module, lines: Iterable[Record], *, back: bool = False) -> None:
    """Take the quantities of lines from their source lines, or give them back, and tell by the source's state."""
    definition = books.definition(module.items)
    sources = set()
    for line in lines:
        origin = (
            books.first(module.items, RECORDNO=line["SOURCE_DOCLINEKEY"]) if line.get("SOURCE_DOCLINEKEY") else None
        )
        if origin is not None:
            moved = -line["QUANTITY"] if back else line["QUANTITY"]
            taken = {"QTY_CONVERTED": origin["QTY_CONVERTED"] + moved, "QTY_REMAINING": origin["QTY_REMAINING"] - moved}
            write(books.db, definition, origin["RECORDNO"], taken)
            sources.add(origin["DOCHDRNO"])
    for key in sources:
        present = lines_of(books, module, key)
        left = any(line["QTY_REMAINING"] for line in present)
        begun = any(line["QTY_CONVERTED"] for line in present)
        state = _CONVERTED if not left else _PARTLY_CONVERTED if begun else _PENDING
        header = books.definition(module.object)
        write(books.db, header, key, {"STATE": state, **stamps_of_change(books, header)})


def _require_unconverted(books: Books, module: Module, current: Record, done: str) -> None:
    if any(line["QTY_CONVERTED"] for line in lines_of(books, module, current["RECORDNO"])):
        raise refused(f"'{current['DOCID']}' has been converted and cannot be {done}.")


def _total(lines: Iterable[Record]) -> Decimal:
    return sum((line["TOTAL"] for line in lines), _ZERO)


def _post(books: Books, definition: Definition, header: Record) -> None:
    """Enter the bill or invoice that a document of class Invoice becomes, unless it is a draft."""
    module = definition.module
    if definition.kind != "Invoice" or module.posts is None or header["STATE"] in module.unposted:
        return
    lines = lines_of(books, module, header["RECORDNO"])
    shared = ("WHENCREATED", "WHENPOSTED", "WHENDUE", "TERMNAME", "SUPDOCID", "CURRENCY", "EXCH_RATE_DATE",
              "EXCH_RATE_TYPE_ID", "EXCHANGE_RATE")  # fmt: skip
    document = {
        **{name: header.get(name) for name in shared},
        module.posts.party_field: header["CUSTVENDID"],
        "RECORDID": header["DOCNO"],
        "DOCNUMBER": header.get("PONUMBER") or header.get("VENDORDOCNO"),
        "DESCRIPTION": header.get("MESSAGE"),
        module.posts.container: [_posted(books, module, line) for line in lines],
    }
    key = documents.create(books, module.posts, document)
    write(books.db, books.definition(module.object), header["RECORDNO"], {"PRRECORDKEY": key})


def _posted(books: Books, module: Module, line: Record) -> Record:
    stocked = (books.first("ITEM", ITEMID=line["ITEMID"]) or {}).get("ITEMTYPE") in ("I", "SK")
    account = INVENTORY.account if module is PURCHASING and stocked else module.account
    return {
        **{name: line[name] for name in _CARRIED},
        "ACCOUNTNO": account,
        "TRX_AMOUNT": line["TOTAL"],
        "ENTRYDESCRIPTION": line["MEMO"],
    }


def _withdraw(books: Books, current: Record, module: Module) -> None:
    """Delete the bill or invoice that a document posted; one that was paid stays, and so does the document."""
    posted = books.first(module.posts.object, RECORDNO=current["PRRECORDKEY"]) if module.posts else None
    if posted is not None and module.posts is not None:
        documents.delete(books, module.posts, posted)
