"""What a record refers to: which accounts, vendors, dimensions it names, and whether the company has them, active.

Which field leads where is a table; user-defined dimensions are found through the relationships that lookup tells.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from airflow_provider_intacct.client.checking.content import Section, is_blank, text_of
from airflow_provider_intacct.client.checking.problem import Problem
from airflow_provider_intacct.client.posting.kinds import NAME_KEYS
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.where import In
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.functions import Function
from airflow_provider_intacct.client.xml.metadata import ObjectDefinition

VALUES_IN_A_QUERY = 1000
"""Values that `in` takes. Source: the 3.0 schema."""

WITHOUT_STATUS = frozenset({"TASK", "CONTRACT", "ALLOCATION", "TIMETYPE", "CONTRACTTYPE"})
"""Objects that are not known to be active or not."""

ACCOUNT, STATISTICAL_ACCOUNT = "GLACCOUNT", "STATACCOUNT"

TARGETS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            *("ACCOUNTNO", "OFFSETGLACCOUNTNO", "APACCOUNT", "ARACCOUNT", "DEFREVACCOUNT", "UNDEPOSITEDACCOUNTNO"),
            *("UNDEPGLACCOUNTNO", "UNDEPFUNDSACCT"),
        ),
        (ACCOUNT,),
    ),
    "JOURNAL": ("GLJOURNAL",),
    **dict.fromkeys(("LOCATION", "LOCATIONID", "BASELOCATION_NO", "OVERPAYLOCID"), ("LOCATION",)),
    **dict.fromkeys(("DEPARTMENT", "DEPARTMENTID", "OVERPAYDEPTID"), ("DEPARTMENT",)),
    **dict.fromkeys(("VENDORID", "VATVENDORID"), ("VENDOR",)),
    **dict.fromkeys(("CUSTOMERID", "VATCUSTOMERID"), ("CUSTOMER",)),
    **dict.fromkeys(("EMPLOYEEID", "SUPERVISORID"), ("EMPLOYEE",)),
    **dict.fromkeys(("BILLTOPAYTOCONTACTNAME", "SHIPTORETURNTOCONTACTNAME"), ("CONTACT",)),
    **dict.fromkeys(("FINANCIALENTITY", "BANKACCOUNTID"), ("CHECKINGACCOUNT", "SAVINGSACCOUNT", "CREDITCARD")),
    "CHARGECARDID": ("CREDITCARD",),
    "ITEMID": ("ITEM",),
    "CLASSID": ("CLASS",),
    "PROJECTID": ("PROJECT",),
    "TASKID": ("TASK",),
    "WAREHOUSEID": ("WAREHOUSE",),
    "CONTRACTID": ("CONTRACT",),
    "VENDTYPE": ("VENDTYPE",),
    "CUSTTYPE": ("CUSTTYPE",),
    "TIMETYPE": ("TIMETYPE",),
}
PAYABLES = frozenset({"APBILL", "APADJUSTMENT", "VENDOR", "APPYMT"})
RECEIVABLES = frozenset({"ARINVOICE", "ARADJUSTMENT", "CUSTOMER", "ARPYMT"})
DIMENSION = "GLDIM"
PROJECTS = "projects"
"""Under which the row of a task has the ids of all projects that have such a task."""
NOUNS = {
    "GLACCOUNT": "account",
    "STATACCOUNT": "statistical account",
    "GLJOURNAL": "journal",
    "CHECKINGACCOUNT": "bank account",
    "APTERM": "AP term",
    "ARTERM": "AR term",
    "APACCOUNTLABEL": "AP account label",
    "ARACCOUNTLABEL": "AR account label",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A value of a record that names another record: of the first of `objects` that has it, under `key`."""

    posting: Posting
    path: str
    objects: tuple[str, ...]
    key: str
    value: str

    @property
    def noun(self) -> str:
        """What a person calls the other record."""
        return NOUNS.get(self.objects[0], self.objects[0].lower())


@dataclass(slots=True)
class Known:
    """What the company has of the records that are referred to: rows by object and key.

    `unasked` says of objects why they could not be looked up.
    """

    rows: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    unasked: dict[str, str] = field(default_factory=dict)

    def add(self, object: str, row: dict[str, str]) -> None:
        """Take in a row of a query. Tasks of several projects may have one id."""
        name = row.get(key_of(object), "")
        before = self.rows.get((object, name), {})
        projects = f"{before.get(PROJECTS, '')} {row.get('PROJECTID', '')}".strip()
        self.rows[object, name] = {**row, PROJECTS: projects} if object == "TASK" else row

    def row(self, object: str, value: str) -> dict[str, str] | None:
        """Return the record of `object` that `value` names; None if there is none."""
        return self.rows.get((object, value))

    def found(self, reference: Reference) -> dict[str, str] | None:
        """Return the record that a reference leads to; None if there is none."""
        return next((row for each in reference.objects if (row := self.row(each, reference.value)) is not None), None)


def key_of(object: str) -> str:
    """Return the field that names the records of `object`: TASKID, custom objects `id`."""
    return "TASKID" if object == "TASK" else NAME_KEYS.get(object, ("id", ""))[0]


def references(
    section: Section, definition: ObjectDefinition | None, *, statistical: bool = False
) -> Iterator[Reference]:
    """Yield what a header or line refers to."""
    kind = section.posting.kind
    for entry, name, value in section.fields():
        objects = _objects(section, name.upper(), definition, statistical=statistical)
        own = kind.object_name in objects and not section.is_line
        if not objects or (own and name in map(kind.reads_as, kind.natural_key)):
            continue
        written = text_of(value).strip()
        yield Reference(section.posting, section.path(entry), objects, key_of(objects[0]), written)
    yield from _contacts(section)


def _contacts(section: Section) -> Iterator[Reference]:
    """Yield the contacts that an entry names by what stands in it: PERSONALINFO of an employee, billto of an invoice.

    DISPLAYCONTACT makes a contact, so it is none of them.
    """
    for entry, held in section.entries.items():
        if isinstance(held, Mapping) and entry.upper() != "DISPLAYCONTACT":
            for name, value in held.items():
                if name.upper() == "CONTACTNAME" and not is_blank(value):
                    path = f"{section.path(entry)}/{name}"
                    yield Reference(section.posting, path, ("CONTACT",), key_of("CONTACT"), text_of(value).strip())


def _objects(section: Section, name: str, definition: ObjectDefinition | None, *, statistical: bool) -> tuple[str, ...]:
    header = section.posting.kind.object_name
    if name == "ACCOUNTNO" and statistical:
        return (STATISTICAL_ACCOUNT,)
    if name in ("TERMNAME", "ACCOUNTLABEL"):
        ending = "TERM" if name == "TERMNAME" else name
        return (f"AP{ending}",) if header in PAYABLES else (f"AR{ending}",) if header in RECEIVABLES else ()
    if name == "PARENTID":
        return (header,) if header in NAME_KEYS else ()
    if name.startswith(DIMENSION):
        related = () if definition is None else definition.relationships
        led = next((each.object for each in related if each.related_by.upper() == name), name.removeprefix(DIMENSION))
        return (led,)
    return TARGETS.get(name, ())


def queries(
    wanted: Iterable[Reference], account: ObjectDefinition | None, more: Mapping[str, Iterable[str]]
) -> Iterator[tuple[str, Function]]:
    """Yield (object, query) for all that is referred to: each object once for 1,000 of its records.

    `account` is the definition of GLACCOUNT, which tells what dimensions an account may require; `more` are values of
    an object that are wanted beside.
    """
    values: dict[str, dict[str, None]] = defaultdict(dict)
    for each in wanted:
        for object in each.objects:
            if key_of(object) != "id" or each.value.isdecimal():
                values[object][each.value] = None
    for object, names in more.items():
        values[object] |= dict.fromkeys(names)
    for object, found in values.items():
        listed = list(found)
        for start in range(0, len(listed), VALUES_IN_A_QUERY):
            yield object, _query(object, listed[start : start + VALUES_IN_A_QUERY], account)


def _query(object: str, values: Sequence[str], account: ObjectDefinition | None) -> Function:
    key = key_of(object)
    fields = [key]
    if key != "id" and object not in WITHOUT_STATUS:
        fields.append("STATUS")
    fields += {"GLJOURNAL": ["STATISTICAL", "BOOKID"], "LOCATION": ["PARENTID"], "TASK": ["PROJECTID"]}.get(object, [])
    if object == ACCOUNT and account is not None:
        fields += requirements(account)
    # A number that looks like a date is a number.
    return functions.query(object, fields, where=In(key, tuple(values)), show_private=True, datatype=lambda _: "TEXT")


def requirements(account: ObjectDefinition) -> list[str]:
    """Return the fields of GLACCOUNT that say which dimensions its lines must have."""
    return [each.id for each in account.fields if each.id.upper() in REQUIRED_DIMENSIONS]


REQUIRED_DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "REQUIREDEPT": ("DEPARTMENT", "DEPARTMENTID"),
    "REQUIRELOC": ("LOCATION", "LOCATIONID"),
    **{
        f"REQUIRE{name}": (f"{name}ID",)
        for name in ("PROJECT", "TASK", "CUSTOMER", "VENDOR", "EMPLOYEE", "ITEM", "CLASS", "CONTRACT", "WAREHOUSE")
    },
}


def reference_problems(wanted: Iterable[Reference], postings: Sequence[Posting], known: Known) -> Iterator[Problem]:
    """Yield what is wrong with references. What an earlier record of the call makes is held to be there."""
    made = {
        (posting.kind.object_name, value): posting.position
        for posting in reversed(postings)
        for _, value in posting.natural_key[-1:]
    }
    for each in wanted:
        position = each.posting.position
        if any(made.get((object, each.value), position) < position for object in each.objects):
            continue
        row = known.found(each)
        unasked = [reason for object in each.objects if (reason := known.unasked.get(object))]
        if row is None and unasked:
            text = f"whether there is {_article(each.noun)} {each.value!r} could not be looked up ({unasked[0]})"
            yield Problem(position, each.path, text, level="unknown")
        elif row is None:
            yield Problem(position, each.path, f"there is no {each.noun} {each.value!r}", _remedy(each))
        elif row.get("STATUS", "active").lower() != "active":
            text = f"the {each.noun} {each.value!r} is {row['STATUS']}"
            yield Problem(position, each.path, text, "choose another, or have it made active")


def _article(noun: str) -> str:
    return f"an {noun}" if noun[:1].lower() in "aeiou" else f"a {noun}"


def _remedy(each: Reference) -> str:
    if each.key == "id":
        return "give the record id of the dimension's value, not its name"
    if each.objects == (ACCOUNT,):
        return "check the number; a statistical account goes with a statistical journal only"
    if each.objects == (STATISTICAL_ACCOUNT,):
        return "the journal is statistical: give a statistical account, or another journal"
    return "check the id, and that it is visible to this user in this entity"


def requirement_problems(section: Section, known: Known) -> Iterator[Problem]:
    """Yield the dimensions that the account of a line requires and the line lacks."""
    number = section.value("ACCOUNTNO")
    row = known.row(ACCOUNT, text_of(number).strip()) if number is not None else None
    for flag, names in REQUIRED_DIMENSIONS.items():
        if row is None or row.get(flag, "").lower() != "true":
            continue
        if not any(section.value(name) is not None for name in names):
            name = names[0] if section.object == "GLENTRY" else names[-1]
            text = f"the account {text_of(number)!r} requires it"
            yield Problem(section.posting.position, section.path(name), text, "give it, or choose another account")


def task_problems(section: Section, known: Known) -> Iterator[Problem]:
    """Yield a task without its project, or of other projects than the line's."""
    task, project = section.value("TASKID"), section.value("PROJECTID")
    if task is None or section.posting.kind.object_name == "TASK":
        return
    if project is None:
        yield Problem(section.posting.position, section.path("TASKID"), "a task needs its project", "give PROJECTID")
    elif (row := known.row("TASK", text_of(task).strip())) and text_of(project).strip() not in row[PROJECTS].split():
        text = f"the project {text_of(project)!r} has no task {text_of(task)!r}"
        yield Problem(section.posting.position, section.path("TASKID"), text, "check both ids")
