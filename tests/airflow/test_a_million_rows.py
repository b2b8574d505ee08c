"""The general ledger of the large company, a million lines, into Parquet: all of them, to the cent."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from airflow_provider_intacct.client import Credentials, IntacctClient
from airflow_provider_intacct.transfers.object_storage import IntacctToObjectStorageOperator
from tests.airflow.conftest import SENDERS, USERS, connection_to
from tests.sandbox_process import SandboxProcess

FIELDS = ["RECORDNO", "BATCHKEY", "ENTRY_DATE", "ACCOUNTNO", "LOCATIONID", "CURRENCY", "AMOUNT", "WHENMODIFIED"]


@pytest.mark.timeout(600)
def test_a_million_lines_tie_out_with_the_companys_own_totals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = SandboxProcess(tmp_path / "large.db", size="large").start()
    try:
        monkeypatch.setenv("AIRFLOW_CONN_INTACCT_DEFAULT", json.dumps(connection_to(large.endpoint)))
        before = large.transactions()
        told = IntacctToObjectStorageOperator(
            task_id="gl", object="GLDETAIL", fields=FIELDS, path=str(tmp_path / "gl"), max_rows_per_file=400_000
        ).execute({})
        used = large.transactions() - before
        with IntacctClient(
            Credentials("DEMO", "etl", USERS["etl"], "SANDBOX", SENDERS["SANDBOX"], endpoint=large.endpoint)
        ) as company:
            wanted = {
                row["ACCOUNTNO"]: (int(row["COUNT.RECORDNO"]), row["AMOUNT"])
                for row in company.rows("GLDETAIL", fields=["ACCOUNTNO", "COUNT(RECORDNO)", "SUM(AMOUNT)"])
            }
    finally:
        large.stop()

    numbers, totals = totals_in(tmp_path / "gl")
    assert totals == wanted
    assert numbers == told["rows"] == sum(count for count, _ in wanted.values()) > 1_000_000
    assert len(told["files"]) == 3
    assert used == told["api_transactions"] <= -(-told["rows"] // 2000) + 2  # pages, lookup, the user's formatting


def totals_in(folder: Path) -> tuple[int, dict[str, tuple[int, Decimal]]]:
    """How many distinct record numbers the files hold, and of each account the lines and the sum of their amounts."""
    import pyarrow as pa
    import pyarrow.parquet

    tables = [
        pyarrow.parquet.read_table(part, columns=["RECORDNO", "ACCOUNTNO", "AMOUNT"])
        for part in sorted(folder.glob("part-*.parquet"))
    ]
    lines = pa.concat_tables(tables)
    groups = lines.group_by("ACCOUNTNO").aggregate([("AMOUNT", "count"), ("AMOUNT", "sum")]).to_pylist()
    totals = {group["ACCOUNTNO"]: (group["AMOUNT_count"], group["AMOUNT_sum"]) for group in groups}
    return len(lines["RECORDNO"].unique()), totals
