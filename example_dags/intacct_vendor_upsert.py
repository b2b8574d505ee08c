"""Vendors from another system into Intacct: new ones are created, known ones updated, unchanged ones left alone.

Who is who is told by VENDORID, looked up a thousand at a time. A value of None leaves a field as it is, an empty text
clears it. What a vendor says already is not sent: a run that finds nothing new only reads.

It runs as it stands against the sandbox (`make airflow`).
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from airflow_provider_intacct.operators.query import IntacctQueryOperator
from airflow_provider_intacct.operators.write import IntacctUpsertOperator

VENDORS = [
    {"VENDORID": "V001", "NAME": "Acme Office Supply Inc.", "TERMNAME": "N30"},
    {"VENDORID": "V002", "NAME": "Smith & Sons", "TERMNAME": None},
    {"VENDORID": "V900", "NAME": "Brandneu Büromöbel GmbH", "TERMNAME": "N15"},
]


@task
def vendors_of(params: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the vendors as the other system has them; a real DAG would ask it."""
    vendors: list[dict[str, Any]] = params["vendors"]
    return vendors


@task
def tie_out(wanted: list[dict[str, Any]], found: list[dict[str, Any]]) -> int:
    """Fail unless Intacct says of every vendor what the other system says."""
    in_intacct = {vendor["VENDORID"]: vendor for vendor in found}
    for vendor in wanted:
        there = in_intacct[vendor["VENDORID"]]
        differing = {
            field: there[field]
            for field, value in vendor.items()
            if value is not None and (there[field] or "") != value
        }
        if differing:
            raise ValueError(f"{vendor['VENDORID']} is {differing} in Intacct")
    return len(wanted)


@dag(
    schedule=None,
    params={"vendors": Param(VENDORS, type="array", description="The vendors as the other system has them")},
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    doc_md=__doc__,
    tags=["intacct", "example"],
)
def intacct_vendor_upsert() -> None:
    vendors = vendors_of()
    upsert = IntacctUpsertOperator(task_id="upsert_vendors", object="VENDOR", records=vendors, on_reject="collect")
    found = IntacctQueryOperator(task_id="read_vendors", object="VENDOR", fields=["VENDORID", "NAME", "TERMNAME"])
    upsert >> found
    tie_out(vendors, found.output)


intacct_vendor_upsert()
