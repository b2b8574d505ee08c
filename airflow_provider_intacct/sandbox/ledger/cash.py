"""Money that comes in and goes out by itself: charge card transactions, other receipts, advances, and deposits of what
was received before.

Each is a document without terms: its lines, and a control account that the card or the bank account decides.
Source: developer.intacct.com, Cash Management; Accounts Receivable > AR advances.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_intacct.sandbox.records import Record

from . import documents
from .books import Books
from .checks import missing, require_active, require_fields
from .payment_postings import bank_account, require_bank_currency
from .refusals import no_record, refused
from .subledgers import (
    ADVANCE,
    CARD_CHARGE,
    DEPOSIT,
    DRAFT,
    INVOICE_PAYMENT,
    OTHER_RECEIPT,
    PAID,
    PARTLY_PAID,
    PAYMENT_POSTED,
    POSTED,
    Kind,
)

_ADVANCES = tuple((ADVANCE.object, state) for state in (POSTED, PARTLY_PAID, PAID))


def charge(books: Books, record: Mapping[str, Any]) -> int:
    """Enter what was paid by a charge card: owed to its issuer."""
    card = require_active(books, "CREDITCARD", record.get("FINANCIALENTITY") or "")
    return documents.create(books, CARD_CHARGE, _against(CARD_CHARGE, record, card["LIABACCTNO"]))


def receive(books: Books, record: Mapping[str, Any]) -> int:
    """Enter money that was received: in a bank account, or in an account of undeposited funds until it is deposited."""
    return documents.create(books, OTHER_RECEIPT, _received(books, OTHER_RECEIPT, record))


def advance(books: Books, record: Mapping[str, Any]) -> int:
    """Enter money that a customer paid before any invoice: owed to him on the accounts of its lines until applied."""
    require_fields(books, books.definition(ADVANCE.object), record)
    if record.get("PAYMENTDATE") is None:
        raise missing(books, "Payment date")
    _require_own(books, record)
    return documents.create(books, ADVANCE, _received(books, ADVANCE, {**record, **_dates(record)}))


def change_advance(books: Books, current: Record, changes: Mapping[str, Any]) -> None:
    """Change an advance that no deposit has brought to the bank; of one that was applied, what no payment rests on."""
    documents.require_undeposited(books, current, "changed")
    _require_own(books, {**current, **changes})
    asked: Record = {**changes, **_dates(changes)}
    places = ("FINANCIALENTITY", "UNDEPOSITEDACCOUNTNO")
    if any(changes.get(name) for name in places):
        asked = {**dict.fromkeys(places), **asked}
    if current["STATE"] in (DRAFT, POSTED):
        lines = changes.get(ADVANCE.container) or documents.items_of(books, ADVANCE, current["RECORDNO"])
        received = _received(books, ADVANCE, {**current, **asked, ADVANCE.container: lines})
        asked[ADVANCE.container] = received[ADVANCE.container]
    documents.update(books, ADVANCE, current, asked)


def deposit(books: Books, record: Mapping[str, Any], keys: Sequence[int]) -> int:
    """Move receipts from undeposited funds to a bank account; each can be deposited once."""
    bank = bank_account(books, record.get("FINANCIALENTITY") or "")
    if twice := [key for number, key in enumerate(keys) if key in keys[:number]]:
        raise refused(f"The receipt {twice[0]} is named twice.")
    receipts = [_undeposited(books, key) for key in keys]
    asked = {
        **record,
        **_money(receipts, bank),
        DEPOSIT.container: [line for receipt in receipts for line in _deposited(books, receipt)],
    }
    return documents.create(books, DEPOSIT, _against(DEPOSIT, asked, bank["GLACCOUNTNO"]))


def _received(books: Books, kind: Kind, record: Mapping[str, Any]) -> Record:
    """Return money received whose lines stand against the bank account, or the account of undeposited funds."""
    name, account = record.get("FINANCIALENTITY"), record.get("UNDEPOSITEDACCOUNTNO")
    if name:
        bank = bank_account(books, name)
        record = {**record, "CURRENCY": record.get("CURRENCY") or bank["CURRENCY"]}
        require_bank_currency(bank, record["CURRENCY"])
        account = bank["GLACCOUNTNO"]
    if not account:
        raise missing(books, "Bank account")
    return _against(kind, record, account)


def _require_own(books: Books, record: Mapping[str, Any]) -> None:
    """Refuse lines of an advance that name another customer. Source: AR advances, CUSTOMERID of ARADVANCEITEM."""
    payer = record["CUSTOMERID"]
    for line in record.get(ADVANCE.container) or ():
        customer, passed = line.get("CUSTOMERID"), set[str]()
        while customer and customer != payer and customer not in passed:
            passed.add(customer)
            customer = (books.master("CUSTOMER", "CUSTOMERID", customer) or {}).get("PARENTID")
        if line.get("CUSTOMERID") and customer != payer:
            raise refused(f"Customer '{line['CUSTOMERID']}' is neither '{payer}' nor below it.")


def _dates(record: Mapping[str, Any]) -> Record:
    """Return the dates of an advance as its header keeps them: it posts on the day it was received."""
    kept = {"WHENCREATED": record.get("PAYMENTDATE"), "WHENPOSTED": record.get("RECEIPTDATE")}
    return {name: day for name, day in kept.items() if day is not None}


def _against(kind: Kind, record: Mapping[str, Any], control: str) -> Record:
    """Return a transaction whose lines all stand against one account."""
    lines = [{**line, "OFFSETGLACCOUNTNO": control} for line in record.get(kind.container) or ()]
    return {**record, kind.container: lines}


def _money(receipts: Sequence[Record], bank: Record) -> Record:
    """Return the currency and the rate of a deposit: those of its receipts, or undeposited funds would keep a rest."""
    if not receipts:
        return {}
    if len({(receipt["CURRENCY"], receipt["EXCHANGE_RATE"]) for receipt in receipts}) > 1:
        raise refused("The receipts of one deposit are in one currency, at one exchange rate.")
    require_bank_currency(bank, receipts[0]["CURRENCY"])
    return {name: receipts[0][name] for name in ("CURRENCY", "EXCHANGE_RATE")}


def _undeposited(books: Books, key: int) -> Record:
    """Return a posted receipt that is not in a bank account yet."""
    posted = ((INVOICE_PAYMENT.object, PAYMENT_POSTED), (OTHER_RECEIPT.object, POSTED), *_ADVANCES)
    found = (books.first(name, RECORDNO=key, STATE=state) for name, state in posted)
    receipt = next((record for record in found if record is not None), None)
    if receipt is None:
        raise no_record(key)
    if not receipt["UNDEPOSITEDACCOUNTNO"]:
        raise refused(f"The receipt {key} is in a bank account already.")
    if books.first(DEPOSIT.items, RECEIPTKEY=key) is not None:
        raise refused(f"The receipt {key} has been deposited already.")
    return receipt


def _deposited(books: Books, receipt: Record) -> list[Record]:
    """Return the lines that take a receipt out of undeposited funds, one for each of its locations."""
    account, key = receipt["UNDEPOSITEDACCOUNTNO"], receipt["RECORDNO"]
    posted = books.find("GLENTRY", BATCHNO=receipt["GLBATCHKEY"], ACCOUNTNO=account)
    return [
        {"ACCOUNTNO": account, "TRX_AMOUNT": entry["TRX_AMOUNT"], "LOCATIONID": entry["LOCATION"], "RECEIPTKEY": key}
        for entry in posted
    ]
