"""No secret appears in what a failing write leaves behind: log, exception, XCom, state store, files of results.

Looked for as in test_secrets, after a refusal by Intacct, of the sign-in, and after lost replies, for each operator.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import BaseOperator

from airflow_provider_intacct.operators import (
    IntacctApprovalOperator,
    IntacctCreateOperator,
    IntacctDeleteOperator,
    IntacctFunctionOperator,
    IntacctReverseOperator,
    IntacctUpdateOperator,
    IntacctUpsertOperator,
    ObjectStorageToIntacctAttachmentsOperator,
)
from airflow_provider_intacct.transfers import ObjectStorageToIntacctOperator
from tests.airflow.conftest import Connect
from tests.airflow.loads import MAPPING, rows, write_csv
from tests.airflow.test_create_operator import Task
from tests.airflow.test_secrets import AWKWARD, failure, logged, secrets, session_ids
from tests.faults.company import entry
from tests.sandbox_process import SandboxProcess

__all__ = ["logged"]


def no_account() -> dict[str, Any]:
    record = entry()
    record["ENTRIES"][0]["ACCOUNTNO"] = "nope"
    return record


def attached(folder: Path) -> BaseOperator:
    (folder / "a.txt").write_text("attached")
    return ObjectStorageToIntacctAttachmentsOperator(task_id="attach", path=str(folder / "a.txt"), folder="none such")


def loaded(folder: Path) -> BaseOperator:
    path = write_csv(folder / "bills.csv", rows([1], vendor="V-NONE"))
    return ObjectStorageToIntacctOperator(
        task_id="load", path=str(path), results_path=str(folder / "results"), **MAPPING
    )


ON_BILLS: dict[str, Any] = {"task_id": "act", "object": "APBILL", "keys": [987654]}
WRITES: dict[str, Callable[[Path], BaseOperator]] = {
    "create": lambda _: IntacctCreateOperator(task_id="post", object="GLBATCH", records=[no_account()]),
    "create, dry run": lambda _: IntacctCreateOperator(
        task_id="post", object="GLBATCH", records=[no_account()], dry_run=True
    ),
    "create by a policy": lambda _: IntacctCreateOperator(
        task_id="post", object="GLBATCH", records=[no_account()], policy_id="none such"
    ),
    "update": lambda _: IntacctUpdateOperator(
        task_id="update", object="VENDOR", records=[{"RECORDNO": "987654", "NAME": "x"}]
    ),
    "upsert": lambda _: IntacctUpsertOperator(
        task_id="upsert", object="VENDOR", records=[{"VENDORID": "V" * 30, "NAME": "x"}]
    ),
    "delete": lambda _: IntacctDeleteOperator(**ON_BILLS),
    "reverse": lambda _: IntacctReverseOperator(date="2026-03-31", **ON_BILLS),
    "recall": lambda _: IntacctApprovalOperator(action="recall", **ON_BILLS),
    "function": lambda _: IntacctFunctionOperator(
        task_id="call", function="create", body={"VENDOR": {"VENDORID": "V001", "NAME": "x"}}
    ),
    "attachments": attached,
    "load": loaded,
}
FAILURES = ("refused", "wrong password", "lost")


def left_behind(operator: BaseOperator, folder: Path) -> Iterator[str]:
    """Every text that a try leaves, besides what it logs."""
    task = Task()
    context: Any = {"ti": task.ti, "task_state_store": task.store}
    raised = failure(lambda: operator.execute(context))
    assert "Traceback" in raised, raised
    yield raised
    yield json.dumps(task.ti.pushed)
    yield json.dumps(task.store)
    yield json.dumps({name: repr(getattr(operator, name)) for name in operator.template_fields})
    yield repr(operator)
    yield from (path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("failing", FAILURES)
@pytest.mark.parametrize("write", WRITES)
def test_a_failing_write_leaks_nothing(
    connect: Connect,
    sandbox: SandboxProcess,
    logged: list[str],
    without_pauses: None,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    write: str,
    failing: str,
) -> None:
    connect(**({"password": AWKWARD} if failing == "wrong password" else {}))
    if failing == "lost":
        for function in ("create", "update", "delete", "reverse_bill", "recallApBill", "create_supdoc", "query"):
            sandbox.fault("reset_after", function=function, times=99)
    texts = [*left_behind(WRITES[write](tmp_path), tmp_path), *logged, *capfd.readouterr()]
    assert not [secret for secret in secrets(sandbox, AWKWARD) if any(secret in text for text in texts)]
    assert bool(session_ids(sandbox)) == (failing != "wrong password")
