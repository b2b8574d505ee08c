"""What a bill, an invoice or an adjustment posts: its lines, and the control account for each location."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from airflow_provider_intacct.sandbox.records import Record
from airflow_provider_intacct.sandbox.records import update as write

from . import postings
from .books import Books
from .postings import Line
from .subledgers import Kind

_ZERO = Decimal(0)


def post(books: Books, kind: Kind, header: Record, items: Sequence[Record]) -> None:
    """Post a document, or post it anew after a change; one marked NOGL, a draft and one not approved post nothing."""
    if header.get("GLBATCHKEY") is not None:
        postings.remove(books, header["GLBATCHKEY"])
    key = None
    if header["STATE"] not in kind.unposted and not header.get("NOGL"):
        batch = {
            "JOURNAL": kind.journal,
            "BATCH_DATE": header["WHENPOSTED"],
            "BATCH_TITLE": f"{kind.name} {header['RECORDID']}"[:80],
            "MODULE": kind.module,
            "REFERENCENO": header["RECORDID"][:20],
            "PRBATCHKEY": header["RECORDNO"],
            "PRBATCHRECTYPE": header["RECORDTYPE"],
        }
        key = postings.enter(books, batch, postings.settled(_lines(kind, header, items)), header)
    write(books.db, books.definition(kind.object), header["RECORDNO"], {"GLBATCHKEY": key})


def _lines(kind: Kind, header: Record, items: Sequence[Record]) -> list[Line]:
    """Return the ledger lines of a document: its own lines, and one on the control account per location."""
    lines = [_line(header, item, item["ACCOUNTNO"], item["TRX_AMOUNT"], item["AMOUNT"], kind.side) for item in items]
    control: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [_ZERO, _ZERO])
    sample: dict[tuple[str, str], Record] = {}
    for item in items:
        place = (item["LOCATIONID"], item["OFFSETGLACCOUNTNO"])
        control[place][0] += item["TRX_AMOUNT"]
        control[place][1] += item["AMOUNT"]
        bare = {name: item[name] for name in ("LOCATIONID", "BASELOCATION")}
        sample.setdefault(place, {**bare, kind.party_field: header.get(kind.party_field)})
    for place, (trx, base) in control.items():
        lines.append(_line(header, sample[place], place[1], trx, base, -kind.side))
    return lines


def _line(header: Record, item: Record, account: str, trx: Decimal, base: Decimal, side: int) -> Line:
    return Line(
        account,
        side * trx,
        side * base,
        item["BASELOCATION"],
        item["LOCATIONID"],
        header["CURRENCY"],
        header["BASECURR"],
        header["EXCHANGE_RATE"],
        item.get("DEPARTMENTID"),
        postings.dimensions_of(item),
        item.get("ENTRYDESCRIPTION") or header.get("DESCRIPTION"),
        header.get("DOCNUMBER") or header["RECORDID"],
        {name: header.get(name) for name in ("EXCH_RATE_DATE", "EXCH_RATE_TYPE_ID")},
    )
