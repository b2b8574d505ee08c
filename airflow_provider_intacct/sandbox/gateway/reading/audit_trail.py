"""getAuditTrail: what was done to one record, from AUDITHISTORY."""

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition
from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import DataResult, FunctionError, Node, Result
from airflow_provider_intacct.sandbox.records import fetch, find

from .request import as_number, text_of


@function("getAuditTrail")
def get_audit_trail(call: Call) -> Result:
    """Return the trail of a record named by recordNo or by objectKey, oldest entry first."""
    element = call.element
    name = text_of(element, "object")
    definition = call.company.catalog.find(name)
    if definition is None:
        raise FunctionError("WS", f"Object definition {name} not found")
    call.require(definition.name)
    key = _object_key(call, definition, text_of(element, "recordNo")) or text_of(element, "objectKey")
    history = call.company.catalog["AUDITHISTORY"]
    entries = [
        entry
        for stored in (key, f"{key}--REC")
        for entry in find(call.db, history, {"OBJECTTYPE": definition.name.lower(), "OBJECTKEY": stored})
    ]
    entries.sort(key=lambda entry: (entry["ACCESSTIME"], entry["ID"]))
    nodes = [_detail(history, definition, key, entry) for entry in entries]
    return DataResult(nodes, "auditTrailDetail", {"count": len(nodes)})


def _object_key(call: Call, definition: ObjectDefinition, record_no: str) -> str:
    """Return what the history knows a record by: for a few objects that is the natural id, not the number."""
    number = as_number(record_no)
    if definition.audited != "name" or number is None:
        return record_no
    record = fetch(call.db, definition, number)
    return str(record[definition.name_key]) if record else record_no


def _detail(history: ObjectDefinition, definition: ObjectDefinition, key: str, entry: dict[str, object]) -> Node:
    mode = history.fields["ACCESSMODE"].value_label(str(entry["ACCESSMODE"])).lower()
    moment = entry["ACCESSTIME"]
    content = {
        "userId": entry["USERID"],
        "object": definition.name.lower(),
        "objectKey": key,
        "accessTime": getattr(moment, "isoformat", str)(),
        "accessMode": mode,
        "workflowAction": entry["WORKFLOWACTION"],
        "webServer": entry["WEBSERVER"],
        "trackingId": entry["TRACKINGID"],
        "ipAddress": entry["IPADDRESS"],
        "source": entry["SOURCE"],
    }
    return Node("auditTrailDetail", {name: str(value or "") for name, value in content.items()})
