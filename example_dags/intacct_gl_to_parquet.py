"""Nightly general ledger: what was posted or changed in a day becomes Parquet files, one folder for each day.

Each run reads the changes of its own data interval, so a backfill fills the days that were missed (`airflow backfill
create --dag-id intacct_gl_to_parquet --from-date 2026-06-21 --to-date 2026-06-30`), and a run that is cleared writes
its day again, not twice. Beside the files of a day lies its manifest: rows, checksums, the window and what it cost.
Only the columns that are named travel; money arrives as decimal128, dates as date32.

It runs as it stands against the sandbox (`make airflow`); for a bucket set the param `folder` to `s3://conn@bucket/gl`.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, Param, dag, task
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_intacct.transfers.object_storage import IntacctToObjectStorageOperator

GL_FILES = Asset("intacct_gl_files")


@task
def check_day(manifest: dict) -> str:
    """Say what arrived. A real DAG would compare the manifest's sums with a trial balance."""
    return f"{manifest['rows']} lines for {manifest['api_transactions']} API transactions"


@dag(
    # Airflow's plain cron strings give runs without a data interval; this timetable gives each run its day.
    schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"),
    start_date=datetime(2026, 6, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,  # one run after the other: the company allows few calls at a time
    params={
        "folder": Param(
            "file:///tmp/intacct/gl", type="string", description="Where the files go, any ObjectStoragePath"
        )
    },
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
    tags=["intacct", "example"],
)
def intacct_gl_to_parquet() -> None:
    lines = IntacctToObjectStorageOperator(
        task_id="gl_lines",
        object="GLDETAIL",
        fields=[
            *("RECORDNO", "BATCHKEY", "BATCH_DATE", "BATCH_TITLE", "ACCOUNTNO", "LOCATIONID", "DEPARTMENTID"),
            *("CURRENCY", "TRX_AMOUNT", "AMOUNT", "TR_TYPE", "WHENMODIFIED"),
        ],
        path="{{ params.folder }}",
        format="parquet",
        incremental=True,
        max_api_transactions=500,  # a day that needs more is no ordinary day: somebody should look
        outlets=[GL_FILES],
    )
    check_day(lines.output)


intacct_gl_to_parquet()
