"""Bills, invoices and adjustments: entering, changing, reversing and deleting them, and what they post to the ledger.

Source: developer.intacct.com, Accounts Payable > Bills and Accounts Receivable > Invoices,
both > Adjustments, Account labels.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.sandbox.records import Record, insert, insert_all
from airflow_provider_intacct.sandbox.records import delete as erase
from airflow_provider_intacct.sandbox.records import update as write

from . import allocations, approvals, document_postings, postings
from .audit import remember, stamps_of_change, stamps_of_creation, stamps_of_update
from .books import Books
from .calendar import require_open
from .checks import missing, require_active, require_references
from .entities import base_currency, cents, entity_of, exchange_rate, require_currency
from .journals import line_dimensions
from .numbering import next_document_id
from .refusals import (
    document_number_exists,
    document_number_missing,
    invalid_reference,
    no_account,
    refused,
)
from .subledgers import DEPOSIT, DRAFT, PAID, PARTLY_PAID, POSTED, REVERSAL, REVERSED, SELECTED, Kind
from .terms import discount_date, due_date

_MEMO_FIELDS = frozenset({
    "DESCRIPTION", "DOCNUMBER", "WHENDUE", "SUPDOCID", "ONHOLD", "RECPAYMENTDATE", "PAYMENTPRIORITY", "EXTERNALID",
})  # fmt: skip
_ZERO = Decimal(0)


def create(books: Books, kind: Kind, record: Mapping[str, Any]) -> int:
    """Enter a document with its lines and return its record number.

    It is posted unless its ACTION is Draft, or somebody has to approve it first.
    """
    header = _header(books, kind, record, {})
    header |= {"RECORDTYPE": kind.record_type, "MODULEKEY": kind.module, "MEGAENTITYID": books.entity}
    header |= stamps_of_creation(books, books.definition(kind.object))
    header["RECORDID"] = _number(books, kind, header, None)
    items = _items(books, kind, header, record.get(kind.container) or ())
    header |= _totals(kind, header, items)
    header["RECORDNO"] = insert(books.db, books.definition(kind.object), header)
    _write_items(books, kind, header, items)
    document_postings.post(books, kind, header, items)
    _note_submission(books, kind, header)
    remember(books, books.definition(kind.object), header, "Create")
    return int(header["RECORDNO"])


def update(books: Books, kind: Kind, current: Record, changes: Mapping[str, Any]) -> None:
    """Change a document: named header fields only; the line container, when given, replaces all lines."""
    definition = books.definition(kind.object)
    if current["STATE"] in (REVERSED, REVERSAL):
        raise refused(f"{kind.name} '{current['RECORDID']}' has been reversed and cannot be changed.")
    if kind.workflow:
        approvals.require_decided(books, kind.workflow, current)
    if current["STATE"] not in kind.unposted:
        require_open(books, current["WHENPOSTED"])
    if current["STATE"] in (PAID, PARTLY_PAID, SELECTED):
        _change_memo(books, kind, current, changes)
        return
    asked = {**current, **_consequences(current, changes), **changes, "RECORDID": current["RECORDID"]}
    header = {**current, **_header(books, kind, asked, current)}
    if changes.get("RECORDID"):
        header["RECORDID"] = changes["RECORDID"]
        _number(books, kind, header, current["RECORDNO"])
    given = changes.get(kind.container)
    items = _items(books, kind, header, items_of(books, kind, current["RECORDNO"]) if given is None else given)
    header |= _totals(kind, header, items) | stamps_of_update(books, definition, changes)
    write(books.db, definition, current["RECORDNO"], header)
    _write_items(books, kind, header, items)
    document_postings.post(books, kind, header, items)
    _note_submission(books, kind, header)
    remember(books, definition, header, "Modify")


def post_approved(books: Books, kind: Kind, current: Record) -> None:
    """Post a document that its last approver has approved."""
    require_open(books, current["WHENPOSTED"])
    header = {**current, "STATE": POSTED}
    items = items_of(books, kind, current["RECORDNO"])
    header |= _totals(kind, header, items)
    write(books.db, books.definition(kind.object), current["RECORDNO"], header)
    document_postings.post(books, kind, header, items)


def delete(books: Books, kind: Kind, current: Record) -> None:
    """Delete a document that nothing was paid on, with its lines and what it posted."""
    if current["MODULEKEY"] != kind.module:
        raise refused(f"{kind.name} '{current['RECORDID']}' comes from another module; delete the document it is of.")
    if current["STATE"] in (PAID, PARTLY_PAID, SELECTED):
        raise refused(f"{kind.name} '{current['RECORDID']}' has payments and cannot be deleted.")
    if current["STATE"] in (REVERSED, REVERSAL):
        raise refused(f"{kind.name} '{current['RECORDID']}' has been reversed and cannot be deleted.")
    require_undeposited(books, current, "deleted")
    if kind.workflow:
        approvals.require_deletable(books, kind.workflow, current)
        approvals.forget(books, kind.object, current["RECORDNO"])
    if current["STATE"] not in kind.unposted:
        require_open(books, current["WHENPOSTED"])
    if current["GLBATCHKEY"] is not None:
        postings.remove(books, current["GLBATCHKEY"])
    for item in items_of(books, kind, current["RECORDNO"]):
        erase(books.db, books.definition(kind.items), item["RECORDNO"])
    erase(books.db, books.definition(kind.object), current["RECORDNO"])
    remember(books, books.definition(kind.object), current, "Delete")


def require_undeposited(books: Books, receipt: Record, done: str) -> None:
    """Refuse to undo a receipt that a deposit has brought to the bank: delete the deposit first."""
    line = books.first(DEPOSIT.items, RECEIPTKEY=receipt["RECORDNO"])
    if line is not None:
        deposit = books.first(DEPOSIT.object, RECORDNO=line["RECORDKEY"]) or {}
        name = receipt["RECORDID"] or receipt["RECORDNO"]
        raise refused(f"'{name}' is in deposit '{deposit.get('RECORDID')}' and cannot be {done}; delete that first.")


def reverse(books: Books, kind: Kind, current: Record, day: date, memo: str | None) -> int:
    """Reverse a posted, unpaid document on a day: a second document with opposite amounts, both settled."""
    if current["STATE"] != POSTED:
        raise refused(f"{kind.name} '{current['RECORDID']}' cannot be reversed: it is not posted, or has payments.")
    require_open(books, day)
    definition = books.definition(kind.object)
    items = items_of(books, kind, current["RECORDNO"])
    opposite = [
        {**item, **{name: -item[name] for name in ("AMOUNT", "TRX_AMOUNT")}, "RECORDNO": None, "ENTRY_DATE": day}
        for item in items
    ]
    header = {
        **{name: current[name] for name, field in definition.fields.items() if field.stored},
        **stamps_of_creation(books, definition),
        "RECORDNO": None,
        "GLBATCHKEY": None,
        "STATE": REVERSAL,
        "WHENCREATED": day,
        "WHENPOSTED": day,
        "WHENDUE": day,
        "WHENPAID": day,
        "RECORDID": f"Reversed - {current['RECORDID']}"[:45],
        "DESCRIPTION": memo or current["DESCRIPTION"],
        "REVERSEDKEY": current["RECORDNO"],
    }
    header |= _settled_totals(-current["TRX_TOTALENTERED"], -current["TOTALENTERED"])
    header["RECORDNO"] = insert(books.db, definition, header)
    _write_items(books, kind, header, [_as_paid(item) for item in opposite])
    document_postings.post(books, kind, header, opposite)
    remember(books, definition, header, "Create")
    original = {
        **_settled_totals(current["TRX_TOTALENTERED"], current["TOTALENTERED"]),
        **stamps_of_change(books, definition),
        "STATE": REVERSED,
        "WHENPAID": day,
        "REVERSALKEY": header["RECORDNO"],
        "REVERSALDATE": day,
    }
    write(books.db, definition, current["RECORDNO"], original)
    for item in items:
        write(books.db, books.definition(kind.items), item["RECORDNO"], _as_paid(item))
    postings.refresh_source(books, {**current, **original})
    remember(books, definition, current, "Modify")
    return int(current["RECORDNO"])


def items_of(books: Books, kind: Kind, key: int) -> list[Record]:
    """Return the lines of a document in their order."""
    return sorted(books.find(kind.items, RECORDKEY=key), key=lambda item: item["LINE_NO"])


def refresh(books: Books, kind: Kind, key: int, paid_on: date | None) -> None:
    """Bring a document's totals and state in line with what its lines say is paid and selected for payment."""
    definition = books.definition(kind.object)
    document = books.first(kind.object, RECORDNO=key)
    if document is None:
        raise invalid_reference(kind.name, key)
    items = items_of(books, kind, key)
    trx_paid = sum((item["TRX_TOTALPAID"] or _ZERO for item in items), _ZERO)
    paid = sum((item["TOTALPAID"] or _ZERO for item in items), _ZERO)
    trx_selected = sum((item["TRX_TOTALSELECTED"] or _ZERO for item in items), _ZERO)
    selected = sum((item["TOTALSELECTED"] or _ZERO for item in items), _ZERO)
    due = document["TRX_TOTALENTERED"] - trx_paid
    state = POSTED if not any(item["TRX_TOTALPAID"] for item in items) else PARTLY_PAID if due else PAID
    state = SELECTED if trx_selected else state
    spoken_for = books.switches["selected_lowers_due"]
    changes = {
        "TRX_TOTALPAID": trx_paid,
        "TRX_TOTALSELECTED": trx_selected,
        "TRX_TOTALDUE": due - trx_selected if spoken_for else due,
        "TOTALPAID": paid,
        "TOTALSELECTED": selected,
        "TOTALDUE": document["TOTALENTERED"] - paid - (selected if spoken_for else _ZERO),
        "STATE": state,
        "WHENPAID": paid_on if state == PAID else None,
    }
    if books.switches["payment_touches_document"]:
        changes |= stamps_of_change(books, definition)
    write(books.db, definition, key, changes)
    postings.refresh_source(books, {**document, **changes})


def _header(books: Books, kind: Kind, record: Mapping[str, Any], current: Mapping[str, Any]) -> Record:
    """Return the stored header fields of a document as asked for, with dates, terms and state settled."""
    definition = books.definition(kind.object)
    header = {
        name: value
        for name, value in record.items()
        if name in definition.fields and definition.fields[name].stored and not definition.fields[name].readonly
    }
    header["STATE"] = _state(books, kind, record.get("ACTION"), current.get("STATE"))
    draft = header["STATE"] == DRAFT
    require_references(books, definition, header)
    party = _party(books, kind, header, draft=draft)
    if header.get("WHENCREATED") is None and not draft:
        raise missing(books, "Date Created")
    header["WHENDUE"] = _due(books, kind, header, party)
    if header["WHENDUE"] is None and not draft:
        raise missing(books, "Date Due")
    header["WHENPOSTED"] = header.get("WHENPOSTED") or header.get("WHENCREATED")
    if kind.term:
        header["WHENDISCOUNT"] = header.get("WHENDISCOUNT") or _last_discount(books, kind, header)
    if not draft:
        require_open(books, header["WHENPOSTED"])
    for field in ("BILLTOPAYTOCONTACTNAME", "SHIPTORETURNTOCONTACTNAME"):
        header[field] = header.get(field) or party.get("DISPLAYCONTACT.CONTACTNAME")
    return header


def _consequences(current: Record, changes: Mapping[str, Any]) -> Record:
    """Return the fields that a change makes stale: they are worked out anew unless they are given too."""
    stale: Record = {}
    if changes.get("CURRENCY") not in (None, current["CURRENCY"]):
        stale["EXCHANGE_RATE"] = None
    if changes.get("TERMNAME") or (changes.get("WHENCREATED") and current.get("TERMNAME")):
        stale |= {"WHENDUE": None, "WHENDISCOUNT": None}
    if changes.get("WHENCREATED") and current["WHENPOSTED"] == current["WHENCREATED"]:
        stale["WHENPOSTED"] = None
    return stale


def _state(books: Books, kind: Kind, action: str | None, present: str | None) -> str:
    """Return the state in which a document lands: what was asked for, or where approval holds it."""
    if action not in (None, "", "Submit", "Draft"):
        raise refused(f"ACTION must be Submit or Draft, not '{action}'.")
    posted = present is not None and present not in kind.unposted
    if action == "Draft" and posted:
        raise refused("A posted transaction cannot become a draft.")
    if action == "Draft":
        return DRAFT
    if present is not None and not posted and not action:
        return present
    if kind.workflow is None:
        return POSTED
    return (approvals.landing_after_edit if posted else approvals.landing)(books, kind.workflow)


def _party(books: Books, kind: Kind, header: Record, *, draft: bool) -> Record:
    name = header.get(kind.party_field)
    if not kind.party:
        return {}
    if name:
        party = require_active(books, kind.party, name)
        if not draft:
            approvals.require_approved_party(books, party)
        return party
    if draft:
        return {}
    raise missing(books, books.definition(kind.object).fields[kind.party_field].label)


def _due(books: Books, kind: Kind, header: Record, party: Record) -> date | None:
    due: date | None = header.get("WHENCREATED") if kind.signed else header.get("WHENDUE")
    if due is not None or header.get("WHENCREATED") is None:
        return due
    name = header.get("TERMNAME") or party.get("TERMNAME")
    if not name:
        return None
    header["TERMNAME"] = name
    return due_date(require_active(books, kind.term, name), header["WHENCREATED"])


def _last_discount(books: Books, kind: Kind, header: Record) -> date | None:
    if not header.get("TERMNAME") or header.get("WHENCREATED") is None:
        return None
    return discount_date(require_active(books, kind.term, header["TERMNAME"]), header["WHENCREATED"])


def _number(books: Books, kind: Kind, header: Record, own: int | None) -> str:
    """Return the document's number: the given one, held to be unique for its party, or the next of the sequence."""
    definition = books.definition(kind.object)
    given = header.get("RECORDID")
    if not given:
        if not books.switches["document_numbering"]:
            raise document_number_missing()
        return next_document_id(books, definition)
    if books.switches["duplicate_document_number"] == "refuse":
        party = {kind.party_field: header.get(kind.party_field)} if kind.party else {}
        same = books.find(kind.object, RECORDID=given, **party)
        if any(other["RECORDNO"] != own for other in same):
            raise document_number_exists()
    return str(given)


def _items(books: Books, kind: Kind, header: Record, given: Sequence[Mapping[str, Any]]) -> list[Record]:
    """Return the stored lines of a document after every rule has been held against them; sets the currencies."""
    if not given:
        raise missing(books, kind.container)
    parts = [part for item in given for part in _parts(books, item)]
    items = [_item(books, kind, item, number) for number, item in enumerate(parts, start=1)]
    bases = {item["BASECURR"] for item in items}
    if len(bases) > 1:
        raise refused("The lines of one transaction belong to entities with the same base currency.")
    header["BASECURR"] = bases.pop()
    header["CURRENCY"] = header.get("CURRENCY") or header["BASECURR"]
    rate = _rate(books, header)
    header["EXCHANGE_RATE"] = rate
    for item in items:
        item |= {"CURRENCY": header["CURRENCY"], "EXCHANGE_RATE": rate, "AMOUNT": cents(item["TRX_AMOUNT"] * rate)}
        item |= {name: header.get(name) for name in ("EXCH_RATE_DATE", "EXCH_RATE_TYPE_ID")}
        item["ENTRY_DATE"] = header["WHENPOSTED"]
    _require_signs(kind, [item["TRX_AMOUNT"] for item in items])
    return items


def _require_signs(kind: Kind, amounts: Sequence[Decimal]) -> None:
    if kind.memo and min(amounts) < 0 < max(amounts):
        raise refused("The amounts of an adjustment must be all positive or all negative.")
    if kind.prepaid and min(amounts) <= 0:
        raise refused("The amounts of an advance must be more than zero.")
    if not kind.signed and sum(amounts, _ZERO) < 0:
        raise refused(f"The total of a {kind.name.lower()} cannot be negative.")


def _parts(books: Books, item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a line, or its parts where a named allocation splits it; the line's own dimensions are ignored then.

    A line that names its record number was split before.
    """
    name, amount = item.get("ALLOCATION"), _amount(item)
    if not name or item.get("RECORDNO") is not None:
        return [item]
    if amount is None:
        raise missing(books, "Transaction amount")
    own = ("LOCATIONID", "DEPARTMENTID", "TASKID", *postings.DIMENSIONS)
    bare = {field: value for field, value in item.items() if field not in own}
    return [{**bare, **part} for part in allocations.split(books, name, cents(amount))]


def _amount(item: Mapping[str, Any]) -> Any:
    return item.get("TRX_AMOUNT") if item.get("TRX_AMOUNT") is not None else item.get("AMOUNT")


def _item(books: Books, kind: Kind, item: Mapping[str, Any], number: int) -> Record:
    definition = books.definition(kind.items)
    values = {
        name: value for name, value in item.items() if name in definition.fields and definition.fields[name].stored
    }
    if values.get("ACCOUNTLABEL"):
        label = require_active(books, kind.label, values["ACCOUNTLABEL"])
        values["ACCOUNTNO"] = values.get("ACCOUNTNO") or label["GLACCOUNTNO"]
        values["OFFSETGLACCOUNTNO"] = values.get("OFFSETGLACCOUNTNO") or label["OFFSETGLACCOUNTNO"]
    if not values.get("ACCOUNTNO"):
        raise no_account(number)
    require_active(books, "GLACCOUNT", values["ACCOUNTNO"])
    amount = _amount(values)
    if amount is None:
        raise missing(books, "Transaction amount")
    location = values.get("LOCATIONID") or books.entity
    if not location:
        raise refused("Use of empty Location is invalid. A valid Multi-Entity Location must be specified.")
    entity = entity_of(books, location)
    if books.entity and entity != books.entity:
        raise invalid_reference("Location", location)
    control = values.get("OFFSETGLACCOUNTNO") or kind.control_account
    require_active(books, "GLACCOUNT", control)
    return {
        **values,
        **line_dimensions(books, item),
        "TRX_AMOUNT": cents(amount),
        "LOCATIONID": location,
        "BASELOCATION": entity,
        "BASECURR": base_currency(books, entity),
        "OFFSETGLACCOUNTNO": control,
        "LINE_NO": number,
        "LINEITEM": True,
        **dict.fromkeys(("TOTALPAID", "TRX_TOTALPAID", "TOTALSELECTED", "TRX_TOTALSELECTED"), _ZERO),
    }


def _rate(books: Books, header: Record) -> Decimal:
    currency, base = header["CURRENCY"], header["BASECURR"]
    require_currency(books, currency)
    if currency == base:
        return Decimal(1)
    if header.get("EXCHANGE_RATE"):
        return Decimal(header["EXCHANGE_RATE"])
    day = header.get("EXCH_RATE_DATE") or header.get("WHENCREATED") or books.now.date()
    return exchange_rate(books, header.get("EXCH_RATE_TYPE_ID"), currency, base, day)


def _totals(kind: Kind, header: Record, items: Sequence[Record]) -> Record:
    """Return a document's totals before any payment; what is not posted is not due."""
    trx = sum((item["TRX_AMOUNT"] for item in items), _ZERO)
    base = sum((item["AMOUNT"] for item in items), _ZERO)
    owed = header["STATE"] not in kind.unposted
    return {
        "TRX_TOTALENTERED": trx,
        "TOTALENTERED": base,
        "TRX_TOTALDUE": trx if owed else _ZERO,
        "TOTALDUE": base if owed else _ZERO,
        **dict.fromkeys(("TRX_TOTALPAID", "TOTALPAID", "TRX_TOTALSELECTED", "TOTALSELECTED"), _ZERO),
    }


def _settled_totals(trx: Decimal, base: Decimal) -> Record:
    return {
        "TRX_TOTALENTERED": trx,
        "TOTALENTERED": base,
        "TRX_TOTALPAID": trx,
        "TOTALPAID": base,
        "TRX_TOTALDUE": _ZERO,
        "TOTALDUE": _ZERO,
    }


def _as_paid(item: Record) -> Record:
    return {**item, "TRX_TOTALPAID": item["TRX_AMOUNT"], "TOTALPAID": item["AMOUNT"]}


def _write_items(books: Books, kind: Kind, header: Record, items: Sequence[Record]) -> None:
    """Replace the lines of a document; a line that names its record number keeps it."""
    definition = books.definition(kind.items)
    present = {item["RECORDNO"]: item for item in items_of(books, kind, header["RECORDNO"])}
    for key in present:
        erase(books.db, definition, key)
    rows = []
    for item in items:
        kept = item.get("RECORDNO") in present
        stamps = stamps_of_change(books, definition) if kept else stamps_of_creation(books, definition)
        own = {"RECORDKEY": header["RECORDNO"], "RECORDNO": item["RECORDNO"] if kept else None}
        rows.append({**item, **stamps, **own})
    insert_all(books.db, definition, rows)


def _note_submission(books: Books, kind: Kind, header: Record) -> None:
    if kind.workflow:
        approvals.note_submission(books, kind.workflow, header["RECORDNO"], header["STATE"])


def _change_memo(books: Books, kind: Kind, current: Record, changes: Mapping[str, Any]) -> None:
    """Change what a payment does not rest on: memos, references, custom fields."""
    definition = books.definition(kind.object)
    asked = {name: value for name, value in changes.items() if name in definition.fields and current.get(name) != value}
    asked = {name: value for name, value in asked.items() if definition.fields[name].stored}
    fixed = [name for name in asked if name not in _MEMO_FIELDS and not definition.fields[name].custom]
    if fixed or changes.get(kind.container) is not None:
        what = ", ".join(fixed) or "its lines"
        raise refused(f"{kind.name} '{current['RECORDID']}' has payments; {what} cannot be changed.")
    write(books.db, definition, current["RECORDNO"], asked | stamps_of_change(books, definition))
    remember(books, definition, {**current, **asked}, "Modify")
