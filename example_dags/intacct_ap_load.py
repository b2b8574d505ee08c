"""Bills from a CSV file into accounts payable; what is refused is mended and fed back, and the ledger is tied out.

The first load posts what is right and writes the rest, whole bills with the reason beside each row, to dead letters. A
person would mend those; here `mend` does, by what the params say of vendors the file calls otherwise, and by taking
out thousands separators. The second load posts them. Neither posts a bill twice, however often the DAG runs: a bill is
its vendor and its number.

It runs as it stands against the sandbox (`make airflow`), with the file beside it.
"""

import csv
import io
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from airflow.sdk import ObjectStoragePath, Param, TriggerRule, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from airflow_provider_intacct.operators.query import IntacctQueryOperator
from airflow_provider_intacct.transfers.object_storage_to_intacct import ObjectStorageToIntacctOperator

BILLS: dict[str, Any] = {
    "object": "APBILL",
    "group_by": ["vendor", "number"],
    "header": {"VENDORID": "vendor", "RECORDID": "number", "WHENCREATED": "date", "WHENDUE": "due"},
    "lines": (
        "APBILLITEMS",
        {
            "ACCOUNTNO": "account",
            "LOCATIONID": "location",
            "DEPARTMENTID": "department",
            "TRX_AMOUNT": "amount",
            "ENTRYDESCRIPTION": "memo",
        },
    ),
    "results_path": "{{ params.results }}",
}


@task
def mend(summary: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    """Return the path of the dead letters, mended. Skips what comes after it if there are none."""
    if not summary["dead_letters"]:
        raise AirflowSkipException("Every bill was posted.")
    letters = ObjectStoragePath(summary["dead_letters"])
    rows = list(csv.DictReader(io.StringIO(letters.read_text(), newline="")))
    for row in rows:
        row["vendor"] = params["vendor_ids"].get(row["vendor"], row["vendor"])
        row["amount"] = row["amount"].replace(",", "")
    mended = letters.parent / "mended.csv"
    with mended.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))  # with the columns that say what was wrong
        writer.writeheader()
        writer.writerows(rows)
    return str(mended)


@task(trigger_rule=TriggerRule.NONE_FAILED)
def tie_out(ledger: list[dict[str, Any]], params: Mapping[str, Any]) -> dict[str, str]:
    """Fail unless the ledger has every line of the file, once and to the cent; return the total of each bill."""
    file = ObjectStoragePath(params["inbox"]).read_text()
    wanted = sorted(
        (row["number"], row["account"], Decimal(row["amount"].replace(",", "")))
        for row in csv.DictReader(io.StringIO(file, newline=""))
    )
    booked = sorted((line["RECORDID"], line["ACCOUNTNO"], Decimal(line["AMOUNT"])) for line in ledger)
    if booked != wanted:
        raise ValueError(f"The ledger has {booked}, the file {wanted}")
    totals: dict[str, Decimal] = {}
    for number, _, amount in booked:
        totals[number] = totals.get(number, Decimal(0)) + amount
    return {number: f"{total:.2f}" for number, total in totals.items()}


@dag(
    schedule=None,
    params={
        "inbox": Param(
            f"file://{Path(__file__).parent}/data/bills.csv", type="string", description="The file of bills"
        ),
        "results": Param("file:///tmp/intacct/ap_load", type="string", description="Where results and dead letters go"),
        "vendor_ids": Param({"ACME": "V003"}, type="object", description="Intacct's ids of vendors the file misnames"),
    },
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    doc_md=__doc__,
    tags=["intacct", "example"],
)
def intacct_ap_load() -> None:
    load = ObjectStorageToIntacctOperator(
        task_id="load_bills",
        path="{{ params.inbox }}",
        on_reject="collect",
        max_rejects=100,  # so many wrong bills are no matter of mending: the file is wrong
        **BILLS,
    )
    mended = mend(load.output)
    feed_back = ObjectStorageToIntacctOperator(task_id="feed_back", path=f"{mended}", **BILLS)
    ledger = IntacctQueryOperator(
        task_id="read_ledger",
        object="GLDETAIL",
        fields=["RECORDID", "ACCOUNTNO", "AMOUNT"],
        where="RECORDTYPE = 'pi' AND RECORDID LIKE 'AP-2026-06%' AND TR_TYPE = 1",
        trigger_rule=TriggerRule.NONE_FAILED,
    )
    mended >> feed_back >> ledger
    tie_out(ledger.output)


intacct_ap_load()
