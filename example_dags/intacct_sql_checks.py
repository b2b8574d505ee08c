"""Checks before a month is closed, in SQL on Intacct: with Airflow's own SQL operators, no export in between.

The trial balance is in balance, every line has its account, nothing waits to be posted. Each check is one or a few API
calls, answered to the cent: the sums are Intacct's own. A month with drafts goes to the accountants instead of ahead.

It runs as it stands against the sandbox (`make airflow`); the connection is `intacct_default`. May 2026 is ready to be
closed there; June has a draft.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.providers.common.sql.operators.sql import (
    BranchSQLOperator,
    SQLCheckOperator,
    SQLColumnCheckOperator,
    SQLExecuteQueryOperator,
    SQLTableCheckOperator,
)
from airflow.sdk import Param, dag, task

from airflow_provider_intacct.xcom import plain


def exact(results: list[Any], _: Sequence[Any]) -> list[Any]:
    """Return money as text: Airflow would keep a Decimal as a float in an XCom."""
    return plain(results)


@task
def report(rows: list[list[Any]]) -> str:
    """Write the trial balance into the log."""
    lines = [f"{account:<8}{debit or '':>16}{credit or '':>16}" for account, debit, credit in rows]
    print("\n".join(lines))  # noqa: T201
    return f"{len(lines)} accounts"


@dag(
    schedule=None,
    params={
        "first_day": Param("2026-05-01", type="string", format="date"),
        "last_day": Param("2026-05-31", type="string", format="date"),
    },
    default_args={
        "conn_id": "intacct_default",
        "hook_params": {"max_api_transactions": 50},  # entity_id goes here too
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "retry_on_failure": False,  # a check that fails is not mended by another try; a network that fails is
    },
    doc_md=__doc__,
    tags=["intacct", "example"],
)
def intacct_sql_checks() -> None:
    in_balance = SQLCheckOperator(
        task_id="trial_balance_is_in_balance",
        sql="""
            SELECT SUM(DEBITAMOUNT) = SUM(CREDITAMOUNT) AS balanced, COUNT(*) > 0 AS booked FROM GLDETAIL
            WHERE STATISTICAL = FALSE AND ENTRY_DATE BETWEEN '{{ params.first_day }}' AND '{{ params.last_day }}'
        """,
    )
    complete = SQLColumnCheckOperator(
        task_id="every_line_is_complete",
        table="GLDETAIL",
        partition_clause="ENTRY_DATE BETWEEN '{{ params.first_day }}' AND '{{ params.last_day }}'",
        column_mapping={
            "RECORDNO": {"unique_check": {"equal_to": 0}},
            "ACCOUNTNO": {"null_check": {"equal_to": 0}},
            "LOCATIONID": {"null_check": {"equal_to": 0}, "distinct_check": {"geq_to": 1}},
        },
    )
    SQLTableCheckOperator(
        task_id="bills_are_posted",
        table="APBILL",
        partition_clause="WHENCREATED BETWEEN '{{ params.first_day }}' AND '{{ params.last_day }}'",
        checks={
            "posted": {"check_statement": "STATE NOT IN ('Draft', 'Submitted')"},  # every record
            "billed": {"check_statement": "SUM(TOTALENTERED) > 0 AND COUNT(*) > 0"},  # all of them together
        },
    )
    unposted = BranchSQLOperator(
        task_id="is_nothing_left_to_post",
        sql="""
            SELECT COUNT(*) = 0 FROM GLBATCH
            WHERE STATE IN ('Draft', 'Submitted', 'Partially Approved')
            AND BATCH_DATE BETWEEN '{{ params.first_day }}' AND '{{ params.last_day }}'
        """,
        follow_task_ids_if_true=["trial_balance"],
        follow_task_ids_if_false=["unposted_entries"],
    )
    balance = SQLExecuteQueryOperator(
        task_id="trial_balance",
        sql="""
            SELECT ACCOUNTNO, SUM(DEBITAMOUNT), SUM(CREDITAMOUNT) FROM GLDETAIL
            WHERE STATISTICAL = FALSE AND ENTRY_DATE BETWEEN '{{ params.first_day }}' AND '{{ params.last_day }}'
            GROUP BY ACCOUNTNO ORDER BY ACCOUNTNO
        """,
        output_processor=exact,
    )
    waiting = SQLExecuteQueryOperator(
        task_id="unposted_entries",
        sql="""
            SELECT RECORDNO, BATCH_DATE, JOURNAL, BATCH_TITLE, STATE FROM GLBATCH
            WHERE STATE IN ('Draft', 'Submitted', 'Partially Approved')
            AND BATCH_DATE BETWEEN '{{ params.first_day }}' AND '{{ params.last_day }}'
        """,
        output_processor=exact,
    )
    [in_balance, complete] >> unposted >> [balance, waiting]
    report(balance.output)


intacct_sql_checks()
