"""A way of writing: some records and the operator that writes them."""

import csv
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.faults.campaign.ledger import View
from tests.faults.campaign.records import Records

CREATE = "airflow_provider_intacct.operators.write:IntacctCreateOperator"
UPDATE = "airflow_provider_intacct.operators.write:IntacctUpdateOperator"
UPSERT = "airflow_provider_intacct.operators.write:IntacctUpsertOperator"
DELETE = "airflow_provider_intacct.operators.delete:IntacctDeleteOperator"
REVERSE = "airflow_provider_intacct.operators.acts:IntacctReverseOperator"
APPROVE = "airflow_provider_intacct.operators.acts:IntacctApprovalOperator"
ATTACH = "airflow_provider_intacct.operators.attachments:ObjectStorageToIntacctAttachmentsOperator"
FUNCTION = "airflow_provider_intacct.operators.function:IntacctFunctionOperator"
FILES = "airflow_provider_intacct.transfers.object_storage_to_intacct:ObjectStorageToIntacctOperator"
SQL = "airflow_provider_intacct.transfers.sql_to_intacct:SqlToIntacctOperator"

Given = Literal["records", "body", "attributes", "keys", "file", "table", "files"]


@dataclass(frozen=True, slots=True)
class Work:
    """Some records and the operator that writes them.

    `function`   the gateway's function that carries them, which faults strike at
    `views`      the rows that it adds to or changes; the first is that of the records themselves
    `records`    made anew for every try; the argument numbers the business event
    `given`      how the operator takes them
    `setup`      functions, as XML, that make beforehand what is then changed
    `switches`   settings of the sandbox that it needs
    `user`       whose connection the task has, with the password, where it is not the usual one
    `principal`  meets every fault with every core recovery; one for each operator and kind at least
    `only_long`  is left out of the sample that runs with the tests
    `numbered`   whether a second business event needs other numbers
    `findable`   whether a record can be looked up, by its number or by a stamped reference
    `creates`    whether it adds rows, so that what is called posted cannot have been there before
    `answers`    whether the operator tells a key for each record that is found in the first view
    `changed`    the same records with other content for the last of them
    """

    name: str
    function: str
    views: tuple[View, ...]
    records: Callable[[int], Records]
    operator: str = CREATE
    object: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    given: Given = "records"
    setup: Callable[[], str] | None = None
    switches: Mapping[str, Any] = field(default_factory=dict)
    user: tuple[str, str] | None = None
    principal: bool = False
    only_long: bool = False
    numbered: bool = False
    findable: bool = True
    creates: bool = True
    answers: bool = True
    changed: Callable[[Records], Records] | None = None

    def arguments(self, records: Records, folder: Path) -> dict[str, Any]:
        """Return the operator's arguments for these records; files for them are made in `folder`."""
        match self.given:
            case "body":
                return {"function": self.function, "body": records[0], **self.options}
            case "attributes":
                return {"function": self.function, "attributes": records[0], **self.options}
            case "keys":
                return {"object": self.object, "keys": list(records), **self.options}
            case "file":
                return {"path": str(_file(records, folder)), **_load(folder), **self.options}
            case "files":
                return {"path": str(_files(records, folder)), **self.options}
            case "table":
                _table(records, folder)
                return {"sql_conn_id": "warehouse", "sql": "SELECT * FROM bills", **_load(folder), **self.options}
        own = {"object": self.object} if self.object else {"function": self.function}
        return {"records": list(records), **(own if self.function != "create" or self.object else {}), **self.options}

    def keyed(self, event: int, order: list[int]) -> Any:
        """Return the idempotency keys for these records, as the operator takes them."""
        if self.given in ("file", "table"):
            return "{event}"
        keys = [f"event {event} record {index}" for index in order]
        return f"event {event}" if self.given in ("body", "attributes", "keys") else keys

    @property
    def loads(self) -> bool:
        """Whether it is a transfer, which keeps its own results."""
        return self.given in ("file", "table")


def warehouse(folder: Path) -> Path:
    """Return the database that the loads of `folder` read from."""
    return folder / "warehouse.db"


def _load(folder: Path) -> dict[str, Any]:
    return {
        "object": "APBILL",
        "header": {"VENDORID": "vendor", "RECORDID": "number", "WHENCREATED": "date", "WHENDUE": "due"},
        "lines": (
            "APBILLITEMS",
            {"ACCOUNTNO": "account", "TRX_AMOUNT": "amount", "LOCATIONID": {"value": "100"}},
        ),
        "group_by": ["event"],
    }


def _file(records: Records, folder: Path) -> Path:
    path = folder / "bills.csv"
    with path.open("w", newline="") as file:
        rows = csv.DictWriter(file, list(records[0][0]))
        rows.writeheader()
        rows.writerows(row for rows in records for row in rows)
    return path


def _files(records: Records, folder: Path) -> Path:
    place = folder / "files"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for record in records:
        (place / f"{record['name']}.txt").write_text(record["text"])
    return place


def _table(records: Records, folder: Path) -> None:
    with sqlite3.connect(warehouse(folder)) as database:
        names = ", ".join(records[0][0])
        database.execute("DROP TABLE IF EXISTS bills")
        database.execute(f"CREATE TABLE bills ({names})")
        values = [tuple(row.values()) for rows in records for row in rows]
        database.executemany(f"INSERT INTO bills VALUES ({', '.join('?' * len(records[0][0]))})", values)
    database.close()
