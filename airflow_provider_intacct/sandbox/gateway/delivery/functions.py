"""runDdsJob, getDdsObjects and getDdsDdl: read the request, refuse what the service does not do, queue the jobs."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition
from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.reading.request import is_true, literal_reader, text_of
from airflow_provider_intacct.sandbox.gateway.results import DataResult, FunctionError, Node, Result

from .files import FileConfiguration
from .jobs import Jobs, Specification, job_record
from .rows import Delivery, objects, periods_between
from .tables import create_table

_BALANCES = "GLACCOUNTBALANCE"
_MOST_SYNCHRONIZED = 5
_DELIMITERS = (".", ";", ",")
_ENCLOSURES = ('"', "'", "[", "/")
# as the answer of runDdsJob lists them
_SHOWN = (
    "DDSJOB", "OBJECT", "JOBTYPE", "SUBSCRIPTIONKEY", "QUEUETIME", "STARTTIME", "ENDTIME", "RECORDSCREATED",
    "RECORDSUPDATED", "RECORDSDELETED", "STATUS", "ERROR", "FILELIST", "DDSHISTORYKEY", "RECORDNO",
)  # fmt: skip


@function("getDdsObjects")
def get_dds_objects(call: Call) -> Result:
    """List the objects that can be delivered, standard and custom."""
    call.require("DDSJOB")
    names = [Node("Object", name) for name in objects(call.company.catalog)]
    return DataResult([Node("DdsObjects", [Node("Objects", names)])])


@function("getDdsDdl")
def get_dds_ddl(call: Call) -> Result:
    """Return the statement that creates a table for an object's files."""
    call.require("DDSJOB")
    statement = create_table(_deliverable(call, text_of(call.element, "object")))
    return DataResult([Node("DdsDdl", {"Ddl": statement})])


@function("runDdsJob", writes=True)
def run_dds_job(call: Call) -> Result:
    """Queue the jobs of a request and describe them; they are worked off afterwards."""
    call.require("DDSJOB")
    specifications = list(_specifications(call))
    jobs = call.company.part(Jobs)
    known: dict[str, int] = {}
    if is_true(call.element, "synchronized"):
        _refuse_unless_synchronizable(call, specifications)
        waiting = {asked.object: jobs.waiting_for(call.db, asked.object) for asked in specifications}
        known = {name: key for name, key in waiting.items() if key is not None}
        sets = [[asked for asked in specifications if asked.object not in known]]
    else:
        sets = [[asked] for asked in specifications]
    now = call.company.clock.now()
    for asked_together in sets:
        keys = jobs.queue(call.db, asked_together, now)
        known |= {asked.object: key for asked, key in zip(asked_together, keys, strict=True)}
    jobs.start()
    return DataResult([_described(call, known[asked.object]) for asked in specifications])


def _described(call: Call, key: int) -> Node:
    record = job_record(call.db, call.company, key)
    return Node("ddsjob", {name: _shown(record.get(name)) for name in _SHOWN})


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%m/%d/%Y %H:%M:%S")
    return "" if value is None else str(value)


def _specifications(call: Call) -> Iterator[Specification]:
    element = call.element
    kind = text_of(element, "jobType")
    if kind not in ("all", "change"):
        raise _refusal(call, f"jobType must be all or change, not {kind}")
    target = text_of(element, "cloudDelivery")
    known = [name.strip() for name in call.company.switches.text("cloud_deliveries").split(",")]
    if call.company.dds_folder is None or target not in known:
        raise _refusal(call, f"The cloud storage destination {target} is not set up for the company")
    since, files = _since(call, kind), _files(call)
    definitions = list(dict.fromkeys(_deliverable(call, name).name for name in _names(call)))
    for name in definitions:
        definition = call.company.catalog[name]
        query = _query(call, definition, files)
        yield Specification(name, kind, target, call.user.id, since, query, _periods(call, definition), files)


def _names(call: Call) -> list[str]:
    """Return the objects of a request: one alone, several, or the one of its query."""
    element = call.element
    one, several, query = element.find("object"), element.find("objects"), element.find("query")
    if sum(item is not None for item in (one, several, query)) != 1:
        raise _refusal(call, "A DDS job needs one of object, objects and query")
    if several is not None:
        return [(item.text or "").strip() for item in several.iterfind("object")]
    return [text_of(element if one is not None else element.find("query"), "object")]  # type: ignore[arg-type]


def _deliverable(call: Call, name: str) -> ObjectDefinition:
    definition = call.company.catalog.find(name)
    if definition is None or definition.name not in objects(call.company.catalog):
        raise _refusal(call, f"Object definition {name} not found")
    return definition


def _since(call: Call, kind: str) -> datetime | None:
    text = text_of(call.element, "timeStamp")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:  # xs:dateTime knows a little more, such as 24:00:00
        raise _refusal(call, f"timeStamp {text} is not a time") from error
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    if kind != "change":
        raise _refusal(call, "timeStamp is for jobs of type change")
    if moment > call.company.clock.now():
        raise _refusal(call, f"timeStamp {text} is in the future")
    return moment


def _files(call: Call) -> FileConfiguration:
    given = call.element.find("fileConfiguration")
    if given is None:
        return FileConfiguration()
    defaults = FileConfiguration()
    configuration = FileConfiguration(
        delimiter=text_of(given, "delimiter", defaults.delimiter),
        enclosure=text_of(given, "enclosure", defaults.enclosure),
        headers=is_true(given, "includeHeaders"),
        format=text_of(given, "fileFormat", defaults.format),
        split=int(text_of(given, "splitSize", str(defaults.split))),
        compress=is_true(given, "compress"),
    )
    if configuration.delimiter not in _DELIMITERS:
        raise _refusal(call, f"delimiter must be one of {' '.join(_DELIMITERS)}, not {configuration.delimiter}")
    if configuration.enclosure not in _ENCLOSURES:
        raise _refusal(call, f"enclosure must be one of {' '.join(_ENCLOSURES)}, not {configuration.enclosure}")
    return configuration


def _query(call: Call, definition: ObjectDefinition, files: FileConfiguration) -> str:
    """Return the query of the request as it is stored, once it is known to be one the company can answer."""
    query = call.element.find("query")
    if query is None:
        return ""
    inner = Call(query, call.control_id, call.company, call.session, call.db)
    next(Delivery(inner, definition, files, call.company.clock.now()).pages(), None)
    return etree.tostring(query, encoding="unicode", with_tail=False)


def _periods(call: Call, definition: ObjectDefinition) -> list[str]:
    given = {text_of(item, "name"): text_of(item, "value") for item in call.element.iterfind("additional_parameters/*")}
    if definition.name != _BALANCES:
        if given:
            raise _refusal(call, f"additional_parameters are for {_BALANCES} only")
        return []
    if set(given) == {"PERIOD"}:
        if not call.company.catalog.find("REPORTINGPERIOD") or not _is_period(call, given["PERIOD"]):
            raise _refusal(call, f"Reporting period {given['PERIOD']} not found")
        return [given["PERIOD"]]
    if given and set(given) != {"PERIODSTARTDATE", "PERIODENDDATE"}:
        raise _refusal(call, "Give PERIODSTARTDATE and PERIODENDDATE together, or PERIOD")
    return periods_between(call, *_days(call, given))


def _is_period(call: Call, name: str) -> bool:
    return call.db.execute('SELECT 1 FROM "REPORTINGPERIOD" WHERE "NAME" = ?', (name,)).fetchone() is not None


def _days(call: Call, given: Mapping[str, str]) -> tuple[str, str]:
    """Return the first and the last day asked for, ISO; without parameters every day until now."""
    if not given:
        return "0001-01-01", call.company.clock.now().date().isoformat()
    period = call.company.catalog["REPORTINGPERIOD"]
    reader = literal_reader(call, period, "labels")
    start, end = (given[name] for name in ("PERIODSTARTDATE", "PERIODENDDATE"))
    return str(reader.stored(period.fields["START_DATE"], start)), str(reader.stored(period.fields["END_DATE"], end))


def _refuse_unless_synchronizable(call: Call, specifications: list[Specification]) -> None:
    if any(asked.kind != "change" for asked in specifications):
        raise _refusal(call, "Synchronized jobs are of type change")
    if len(specifications) > _MOST_SYNCHRONIZED:
        raise _refusal(call, f"Synchronized jobs are for {_MOST_SYNCHRONIZED} objects or fewer")
    if any(asked.object == _BALANCES for asked in specifications):
        raise _refusal(call, f"Synchronized jobs cannot be run for {_BALANCES}")


def _refusal(call: Call, text: str) -> FunctionError:
    return FunctionError(call.company.switches.text("dds_errorno"), text)
