"""Cash management: charge card transactions, other receipts, and deposits of what was received before.

Each is a document without terms: its lines, and a control account that the card or the bank account decides.
Source: developer.intacct.com, Cash Management.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_intacct.sandbox.records import Record

from . import documents
from .books import Books
from .checks import missing, require_active
from .payment_postings import bank_account
from .refusals import no_record, refused
from .subledgers import CARD_CHARGE, DEPOSIT, INVOICE_PAYMENT, OTHER_RECEIPT, PAYMENT_POSTED, POSTED, Kind


def charge(books: Books, record: Mapping[str, Any]) -> int:
    """Enter what was paid by a charge card: owed to its issuer."""
    card = require_active(books, "CREDITCARD", record.get("FINANCIALENTITY") or "")
    return documents.create(books, CARD_CHARGE, _against(CARD_CHARGE, record, card["LIABACCTNO"]))


def receive(books: Books, record: Mapping[str, Any]) -> int:
    """Enter money that was received: in a bank account, or in an account of undeposited funds until it is deposited."""
    name = record.get("FINANCIALENTITY")
    account = bank_account(books, name)["GLACCOUNTNO"] if name else record.get("UNDEPOSITEDACCOUNTNO")
    if not account:
        raise missing(books, "Bank account")
    return documents.create(books, OTHER_RECEIPT, _against(OTHER_RECEIPT, record, account))


def deposit(books: Books, record: Mapping[str, Any], keys: Sequence[int]) -> int:
    """Move receipts from undeposited funds to a bank account; each can be deposited once."""
    bank = bank_account(books, record.get("FINANCIALENTITY") or "")
    receipts = [_undeposited(books, key) for key in keys]
    asked = {
        **record,
        **_money(receipts, bank),
        DEPOSIT.container: [line for receipt in receipts for line in _deposited(books, receipt)],
    }
    return documents.create(books, DEPOSIT, _against(DEPOSIT, asked, bank["GLACCOUNTNO"]))


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
    money = {name: receipts[0][name] for name in ("CURRENCY", "EXCHANGE_RATE")}
    if bank["CURRENCY"] not in (None, money["CURRENCY"]):
        raise refused(f"Bank account '{bank['BANKACCOUNTID']}' is not in {money['CURRENCY']}.")
    return money


def _undeposited(books: Books, key: int) -> Record:
    """Return a posted receipt that is not in a bank account yet."""
    receipt = books.first(OTHER_RECEIPT.object, RECORDNO=key, STATE=POSTED)
    receipt = receipt or books.first(INVOICE_PAYMENT.object, RECORDNO=key, STATE=PAYMENT_POSTED)
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
