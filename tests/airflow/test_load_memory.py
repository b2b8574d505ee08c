"""Memory of a load holds a chunk, however many rows there are: read, grouped, checked, posted, resumed, refused."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import csv, resource, sys, tempfile
from contextlib import closing
from pathlib import Path
from airflow.sdk import ObjectStoragePath
from airflow_provider_intacct.client.posting import Outcome, Scope, Settled, Sending
from airflow_provider_intacct.transfers.folder import Folder
from airflow_provider_intacct.transfers.inbound.dead_letters import Csv, write_dead_letters
from airflow_provider_intacct.transfers.inbound.files import FileSource, Form
from airflow_provider_intacct.transfers.inbound.ledger import Ledger
from airflow_provider_intacct.transfers.inbound.load import Load, Manner
from airflow_provider_intacct.transfers.inbound.mapping import mapped
from airflow_provider_intacct.transfers.inbound.recording import Asked, Recorder
from airflow_provider_intacct.transfers.inbound.spool import Spool, temporary_database

COLUMNS = ["vendor", "number", "date", "due", "account", "amount", "memo"]
LINES = ("APBILLITEMS", {"ACCOUNTNO": "account", "TRX_AMOUNT": "amount", "ENTRYDESCRIPTION": "memo"})
HEADER = {"VENDORID": "vendor", "RECORDID": "number", "WHENCREATED": "date", "WHENDUE": "due"}


class Company:
    "Books everything but each tenth record, as client.post tells it."

    def post(self, postings, *, tell, **options):
        tell(Sending(tuple(postings)))
        outcomes = [
            Outcome(each, "rejected" if each.position % 10 == 0 else "posted", key=str(each.position))
            for each in postings
        ]
        tell(Settled(tuple(outcomes)))
        return outcomes


def write(path, bills, lines):
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        for line in range(lines):  # so that no two rows of a bill stand together
            for bill in range(bills):
                out.writerow(["V1", f"B-{bill}", "2026-03-02", "2026-03-31", "6000", "10.00", f"line {line}"])


def spooled(path, folder, work):
    with tempfile.TemporaryDirectory() as temporary, closing(temporary_database(temporary)) as database:
        spool, ledger = Spool(database, ["vendor", "number"]), Ledger(folder, database, 1)
        ledger.load()
        path = ObjectStoragePath(str(path))
        spool.add(1, FileSource(path.fs, path.path, Form()), lambda columns: None)
        work(spool, ledger)
        write_dead_letters(folder, spool, Csv(",", "utf-8"), Scope("DEMO", key="load"))


def load(spool, ledger):
    asked = Asked(mapping=mapped(HEADER, LINES), object="APBILL")
    recorder = Recorder(asked, Scope("DEMO", key="load"), Scope("DEMO", "d", "r", "t"), None)
    load = Load(spool, recorder, ledger, Manner(collect=True))
    load.check(Company())
    load.post(Company())
    ledger.close()
    assert sum(load.counts[status] for status in ("posted", "already_posted", "rejected")) == spool.count()


def refuse(spool, ledger):
    for group in spool.groups():
        assert len(group.rows) == 5
        spool.mark(group.id, "rejected", "for no reason")


def peak(bills, of_many_rows):
    root = Path(sys.argv[1], str(bills))
    root.mkdir()
    folder = Folder(ObjectStoragePath(str(root / "results")))
    folder.prepare()
    write(root / "bills.csv", bills, 1)
    for _ in ("first", "again"):
        spooled(root / "bills.csv", folder, load)
    write(root / "bills.csv", of_many_rows, 5)
    spooled(root / "bills.csv", folder, refuse)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


small = peak(300, 2_000)
print("GREW", peak(3_000, 20_000) - small)
"""


def test_ten_times_the_rows_take_hardly_more_memory(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert float(ran.stdout.partition("GREW ")[2].split()[0]) < 10
