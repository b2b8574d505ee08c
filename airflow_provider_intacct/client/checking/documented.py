"""What Intacct documents of each kind of record: its entries, which are required, their values and their order.

Read from the typed transactions, which hold exactly that, and from the content models of the 3.0 schema for functions
that have no type of their own. `lookup` lists neither what is only said at posting (ACTION) nor what an object owns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from airflow_provider_intacct.client import transactions
from airflow_provider_intacct.client.posting.kinds import Kind
from airflow_provider_intacct.client.transactions.documents import EXCHANGE, LINE, TAX
from airflow_provider_intacct.client.transactions.shape import Part, Slot, Spread, Transaction, class_slots


@dataclass(frozen=True, slots=True)
class Entry:
    """One documented entry. `inner` are the entries below it, where it holds any."""

    required: bool = False
    choices: tuple[Any, ...] = ()
    inner: "Shape | None" = None


@dataclass(frozen=True, slots=True)
class Shape:
    """The documented entries of a record or of a part of it. `order` is the schema's, where it asks for one."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    order: tuple[str, ...] = ()


_ENTRY_LINE = (
    *("trtype", "amount", "glaccountno", "document", "datecreated", "memo", "locationid", "departmentid", "customerid"),
    *("vendorid", "employeeid", "projectid", "itemid", "classid", "contractid", "warehouseid", "customfields"),
    *("recon_date", "currency", "exchratedate", "exchratetype", "exchrate"),
)
# Functions without a typed transaction: their order in the schema, and the container, element and order of their lines.
_SEQUENCES: Mapping[str, tuple[tuple[str, ...], str, str, tuple[str, ...]]] = {
    "create_bill": (
        (
            *("vendorid", "datecreated", "dateposted", "datedue", "termname", "action", "batchkey", "billno"),
            *("ponumber", "onhold", "description", "externalid", "payto", "returnto", *EXCHANGE, "nogl", "supdocid"),
            *("customfields", *TAX, "billitems"),
        ),
        "billitems",
        "lineitem",
        LINE,
    ),
    "create_gltransaction": (
        (
            *("journalid", "datecreated", "reversedate", "description", "referenceno", "sourceentity"),
            *("customfields", "gltransactionentries"),
        ),
        "gltransactionentries",
        "glentry",
        _ENTRY_LINE,
    ),
    "create_statgltransaction": (
        ("journalid", "datecreated", "reversedate", "description", "statgltransactionentries"),
        "statgltransactionentries",
        "glentry",
        (),
    ),
}
_REQUIRED = frozenset({"vendorid", "datecreated", "journalid"})
_REQUIRED_OF_LINES = {"lineitem": frozenset({"amount"}), "glentry": frozenset({"trtype", "amount", "glaccountno"})}
"""Entries of those functions that the schema requires whatever else is given."""


def documented(kind: Kind) -> Shape | None:
    """Return what is documented of records of `kind`; None where nothing is."""
    return _shapes().get(kind.name)


@cache
def _shapes() -> dict[str, Shape]:
    """Return the shapes by the name of their kind: the function, or the object of the generic `create`."""
    shapes = {name: _sequence(*parts) for name, parts in _SEQUENCES.items()}
    for name in transactions.__all__:
        made = getattr(transactions, name)
        if isinstance(made, type) and issubclass(made, Transaction) and made is not Transaction:
            key = made.object_name if made.function == "create" else made.function
            shapes[key] = _merged(shapes.get(key), _shape(made))
    return shapes


def _sequence(header: tuple[str, ...], container: str, line: str, order: tuple[str, ...]) -> Shape:
    lines = Shape({name: Entry(name in _REQUIRED_OF_LINES[line]) for name in order}, order)
    entries = {name: Entry(name in _REQUIRED) for name in header}
    return Shape({**entries, container: Entry(inner=Shape({line: Entry(inner=lines)}))}, header)


def _merged(one: Shape | None, other: Shape) -> Shape:
    """Return what both have: an entry is required where both of an object's types (GLBATCH has two) require it."""
    if one is None:
        return other
    entries = {
        name: Entry(
            all(name in shape.entries and shape.entries[name].required for shape in (one, other)),
            (one.entries.get(name) or other.entries[name]).choices,
            _inner(one.entries.get(name), other.entries.get(name)),
        )
        for name in {**one.entries, **other.entries}
    }
    return Shape(entries, one.order)


def _inner(one: Entry | None, other: Entry | None) -> Shape | None:
    found = [each.inner for each in (one, other) if each is not None and each.inner is not None]
    return _merged(*found) if len(found) == 2 else (found[0] if found else None)


def _shape(part: type[Part]) -> Shape:
    entries: dict[str, Entry] = {}
    for slot in _slots(part):
        spread = next((each for each in slot.types if issubclass(each, Spread)), None)
        if spread is not None:
            entries |= {spread.spell(name, part.style): Entry() for name in _shape(spread).entries}
        elif slot.path[0] and dict not in slot.types:
            entries[slot.path[0]] = _entry(slot)
    return Shape(entries, part.order)


def _slots(part: Any) -> tuple[Slot, ...]:
    return class_slots(part)


def _entry(slot: Slot) -> Entry:
    below = next((each for each in slot.types if issubclass(each, Part)), None)
    made = Entry(slot.required, slot.choices, None if below is None else _shape(below))
    for name in reversed(slot.path[1:]):
        made = Entry(slot.required, inner=Shape({name: made}))
    return made
