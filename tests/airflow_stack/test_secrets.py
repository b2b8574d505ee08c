"""No password and no session id is anywhere that Airflow writes to, whatever form it would be written in."""

import base64
import html
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

from cryptography.fernet import Fernet

from demo.accrual import CURRENCY, CUTOFF_DAYS, DAG_ID, PERIOD_END, REFERENCE, SENSOR_TASK
from demo.stack import Stack
from tests.airflow_stack.conftest import Accruals


def forms(secret: str) -> set[str]:
    """Return the secret as it may be written: plain, in XML, in a URL, in JSON, in base64."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {secret, html.escape(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], encoded}


def written(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield (where, text) of all that Airflow has written: its logs, what its processes printed, its database."""
    for folder in (stack.logs, stack.component_logs):
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix in {".log", ".json", ".txt", ""}:
                yield str(path.relative_to(stack.home)), path.read_text(errors="replace")
    yield "metadata database", database_text(stack.home / "airflow.db")


def database_text(path: Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        return "\n".join(db.iterdump())


def trigger_kwargs(stack: Stack) -> list[str]:
    """Return the stored arguments of the triggers that wait right now, decrypted where Airflow has encrypted them."""
    fernet = Fernet(stack.env["AIRFLOW__CORE__FERNET_KEY"])
    with closing(sqlite3.connect(stack.home / "airflow.db")) as db:
        stored = [str(row[0]) for row in db.execute("SELECT kwargs FROM trigger")]
    return [kwargs if kwargs.startswith("{") else fernet.decrypt(kwargs.encode()).decode() for kwargs in stored]


def test_no_secret_is_written_anywhere(accruals: Accruals) -> None:
    stack = accruals.stack
    run_id = accruals.start(more_bills=1)
    stack.airflow.wait_for_task(DAG_ID, run_id, SENSOR_TASK, ["deferred"])
    waiting = trigger_kwargs(stack)
    [bill, *_] = accruals.books.open_bills(PERIOD_END, CUTOFF_DAYS, CURRENCY)
    accruals.enter_bill_like(bill)
    for nth, fault in enumerate(("http_503", "expired_session", "gw_html", "reset_after"), 1):
        accruals.fault(fault, "create", nth=nth)  # so that there are errors, which must not quote what was sent
    assert accruals.finish(run_id) == "success"

    texts = [*written(stack), *(("trigger row", kwargs) for kwargs in waiting)]
    sessions = accruals.note_sessions()
    secrets = {stack.connection["password"], stack.connection["extra"]["sender_password"], *sessions}

    assert sessions
    assert waiting
    assert "intacct_default" in waiting[0]
    assert any(REFERENCE in text for where, text in texts if where == "metadata database")
    assert any("post_accrual" in where and "Trying again" in text for where, text in texts)
    leaks = {(where, secret) for where, text in texts for secret in secrets for form in forms(secret) if form in text}
    assert leaks == set()
