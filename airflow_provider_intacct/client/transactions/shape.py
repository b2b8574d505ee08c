"""How a typed record becomes what Intacct takes. Pure: it knows values and element names, no session and no company.

A field says in its annotation which element it becomes: `Annotated[Money, "TRX_AMOUNT"]`; one path, `"A/B"`, for an
element in another. A sequence of parts becomes `"CONTAINER/LINE"`; the names of a mapping are put after what stands
there. What is None is left out. Every value is checked when the transaction is made, in words that begin with
"Bill, line 3: amount".
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, NoReturn, Union, cast, get_args, get_origin, get_type_hints

from airflow_provider_intacct.client.errors import InvalidRecordError, InvalidRequestError
from airflow_provider_intacct.client.xml.elements import check_name, check_text, scalar

Style = Literal["generic", "journal", "legacy"]
"""How fields are spelled: of `create`, of the journal lines of `create`, or of a function of its own."""


@dataclass(frozen=True, slots=True)
class Decimals:
    """How many decimals a number may have; None for any."""

    most: int | None


Money = Annotated[Decimal, Decimals(2)]
"""An amount. Intacct rounds more than two decimals without a word, so more are refused."""

Number = Annotated[Decimal, Decimals(None)]
"""A quantity, rate or percentage."""

CustomFields = Mapping[str, str | int | bool | Decimal | date]
"""Values by integration name."""


class Part:
    """What becomes one element of a transaction: a line, a split, an address.

    `order` is the sequence of the schema, for what stands in a function of its own; `word` is what messages call it.
    """

    __slots__ = ()
    word: ClassVar[str] = "line"
    style: ClassVar[Style] = "generic"
    order: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Keep copies, so that a list that grows later changes nothing."""
        for slot in slots_of(self):
            value = getattr(self, slot.attribute)
            if isinstance(value, Mapping):
                object.__setattr__(self, slot.attribute, dict(value))
            elif slot.many and isinstance(value, list):
                object.__setattr__(self, slot.attribute, tuple(value))

    def derived(self) -> dict[str, Any]:
        """Return the elements that no single field says."""
        return {}

    def problem(self) -> str:
        """Say what is wrong between the fields, or nothing."""
        return ""


class Spread(Part):
    """A part whose fields become elements of what holds it, spelled as is done there."""

    __slots__ = ()
    spelled: ClassVar[Mapping[str, Mapping[str, str]]] = {}

    @classmethod
    def spell(cls, name: str, style: Style) -> str:
        """Return the element's name in the given style."""
        own = cls.spelled.get(style, {})
        return own.get(name, name.lower() if style == "legacy" and not name.startswith("GLDIM") else name)


class Transaction(Part):
    """A record that can be posted. Making one checks it; InvalidRecordError names the line and what to do.

    `object_name` is the object for the generic `create`, or `function` the function of its own that creates it.
    """

    __slots__ = ()
    object_name: ClassVar[str] = ""
    function: ClassVar[str] = "create"
    statistical: ClassVar[bool] = False

    def __post_init__(self) -> None:
        Part.__post_init__(self)
        self.record()

    def record(self) -> dict[str, Any]:
        """Return the plain mapping that is posted: field names to values, in the order of the schema."""
        return rendered(self, type(self).__name__)


@dataclass(frozen=True, slots=True)
class Slot:
    """What is known of one field: which elements it goes into and what may stand in it."""

    attribute: str
    path: tuple[str, ...]
    types: tuple[type, ...]
    choices: tuple[Any, ...]
    decimals: int | None
    many: bool
    required: bool


def slots_of(part: Part) -> tuple[Slot, ...]:
    """Return the fields of a part, in the order they are declared."""
    kind: Any = type(part)
    return class_slots(kind)


@cache
def class_slots(kind: Any) -> tuple[Slot, ...]:
    """Return the fields that a class of parts declares."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        _slot(each.name, hints[each.name], each.default is MISSING and each.default_factory is MISSING)
        for each in fields(kind)
    )


def rendered(part: Part, where: str) -> dict[str, Any]:
    """Return the elements of `part`, checked. Raises InvalidRecordError; `where` begins its message."""
    entries: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    own = {slot.path[0] for slot in slots_of(part) if getattr(part, slot.attribute) is not None}
    for slot in slots_of(part):
        value = getattr(part, slot.attribute)
        if value is None or (slot.many and not value and not slot.required):
            if slot.required:
                refuse(where, f"{slot.attribute} is missing")
        elif isinstance(value, Spread) and isinstance(value, slot.types):
            for name, item in rendered(value, where).items():
                spelled = value.spell(name, part.style)
                if spelled in own:
                    refuse(where, f"{spelled} is given twice: in {slot.attribute} and by its own field")
                (custom if name.startswith("GLDIM") and part.style == "legacy" else entries)[spelled] = item
        elif slot.types == (dict,):
            custom |= {slot.path[0] + name: item for name, item in _custom(value, where, slot.attribute).items()}
        else:
            _put(entries, slot.path, _written(value, slot, where))
    entries |= part.derived()
    if problem := part.problem():
        refuse(where, problem)
    return _with_custom(part, entries, custom, where)


def refuse(where: str, problem: str) -> NoReturn:
    """Raise InvalidRecordError that says where and what."""
    raise InvalidRecordError(f"{where}: {problem}. Nothing was sent.")


def _slot(attribute: str, hint: Any, required: bool) -> Slot:
    marks: list[Any] = []
    types: list[Any] = [hint]
    while any(get_origin(each) in (Annotated, Union, UnionType) for each in types):
        opened: list[Any] = []
        for each in types:
            if get_origin(each) is Annotated:
                base, *more = get_args(each)
                marks += more
                opened.append(base)
            elif get_origin(each) in (Union, UnionType):
                opened += [one for one in get_args(each) if one is not NoneType]
            else:
                opened.append(each)
        types = opened
    path = next((mark for mark in marks if isinstance(mark, str)), "")
    decimals = next((mark.most for mark in marks if isinstance(mark, Decimals)), None)
    many = get_origin(types[0]) is Sequence
    choices = tuple(value for each in types if get_origin(each) is Literal for value in get_args(each))
    if many:
        types = list(get_args(types[0]))
    plain = tuple(dict if get_origin(each) is Mapping else each for each in types if get_origin(each) is not Literal)
    return Slot(attribute, tuple(path.split("/")), plain, choices, decimals, many, required)


def _put(entries: dict[str, Any], path: Sequence[str], value: Any) -> None:
    *outer, name = path
    for each in outer:
        entries = entries.setdefault(each, {})
    entries[name] = value


def _written(value: Any, slot: Slot, where: str) -> Any:
    if slot.many:
        return _lines(value, slot, where)
    if isinstance(value, Part) and isinstance(value, slot.types):
        return rendered(value, f"{where}, {slot.attribute}")
    if slot.choices:
        if value not in slot.choices:
            allowed = ", ".join(repr(choice) for choice in slot.choices)
            refuse(where, f"{slot.attribute} is {value!r}; it is one of {allowed}")
        return value
    return _scalar(value, slot, where)


def _lines(value: Any, slot: Slot, where: str) -> list[Any]:
    (kind,) = slot.types
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        refuse(where, f"{slot.attribute} is a {type(value).__name__}; give a list of {kind.__name__}")
    if not value:
        refuse(where, f"it has no {slot.attribute}; give at least one {kind.__name__}")
    if not issubclass(kind, Part):
        return [_scalar(item, slot, f"{where}, number {number}") for number, item in enumerate(value, 1)]
    made = []
    for number, item in enumerate(value, 1):
        if not isinstance(item, kind):
            refuse(f"{where}, {kind.word} {number}", f"give a {kind.__name__}, not {item!r:.60}")
        made.append(rendered(item, f"{where}, {item.word} {number}"))
    return made


def _scalar(value: Any, slot: Slot, where: str) -> Any:
    if Decimal in slot.types:
        return _decimal(value, slot, where)
    if isinstance(value, datetime) and date in slot.types:
        refuse(where, f"{slot.attribute} is a point in time ({value!r}); give the date it falls on, value.date()")
    if (isinstance(value, bool) and bool not in slot.types) or not isinstance(value, slot.types):
        refuse(where, f"{slot.attribute} is {value!r}; {_advice(value, slot)}")
    if isinstance(value, str):
        if not value.strip():
            refuse(where, f"{slot.attribute} is empty; " + ("it is required" if slot.required else "leave it out"))
        try:
            check_text(value, slot.attribute)
        except InvalidRequestError as error:
            refuse(where, error.message.rstrip("."))
    return value


def _decimal(value: Any, slot: Slot, where: str) -> Decimal:
    if isinstance(value, float):
        refuse(
            where,
            f"{slot.attribute} is the float {value!r}, which cannot hold an amount exactly; give Decimal('{value!r}')",
        )
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        refuse(where, f"{slot.attribute} is {value!r}; give a Decimal")
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        refuse(where, f"{slot.attribute} is {value!r}, which is no number; write it plainly, as in Decimal('1234.56')")
    if not number.is_finite():
        refuse(where, f"{slot.attribute} is {number}, which is no number")
    exponent = cast(int, number.normalize().as_tuple().exponent)
    if slot.decimals is not None and exponent < -slot.decimals:
        refuse(
            where,
            f"{slot.attribute} is {number}: Intacct keeps two decimals and would round it without a word; "
            "round it yourself",
        )
    return number


def _advice(value: Any, slot: Slot) -> str:
    if date in slot.types:
        return "give a date, as in date(2026, 3, 31)"
    if bool in slot.types:
        return "give True or False"
    if str in slot.types and isinstance(value, int) and not isinstance(value, bool):
        return f'give text: "{value}"'
    return f"give {' or '.join('text' if each is str else each.__name__ for each in slot.types)}"


def _custom(value: Any, where: str, attribute: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        refuse(where, f"{attribute} is {value!r}; give a mapping of integration names to values")
    for name, item in value.items():
        try:
            scalar(item, f"{attribute} {check_name(name, attribute)}")
        except InvalidRequestError as error:
            refuse(where, error.message.rstrip("."))
    return value


def _with_custom(part: Part, entries: dict[str, Any], custom: dict[str, Any], where: str) -> dict[str, Any]:
    """Return all elements: custom fields inline in the generic functions, listed in the others, in schema order."""
    if part.style == "legacy" and custom:
        entries["customfields"] = {
            "customfield": [{"customfieldname": name, "customfieldvalue": item} for name, item in custom.items()]
        }
    else:
        if both := sorted(entries.keys() & custom.keys()):
            refuse(where, f"{', '.join(both)} is given twice: as a custom field and by its own name")
        entries |= custom
    if not part.order:
        return entries
    if unknown := [name for name in entries if name not in part.order]:
        refuse(where, f"Intacct takes no {', '.join(unknown)} here; leave it out")
    return {name: entries[name] for name in part.order if name in entries}
