"""Memory holds the pages in flight, however many records there are."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import csv, io, resource, sys
from airflow.sdk import ObjectStoragePath
from airflow_provider_intacct.client.extraction import Column, ExtractionReport, RawPage
from airflow_provider_intacct.client.values import Typing
from airflow_provider_intacct.client.xml.metadata import UserFormatting
from airflow_provider_intacct.transfers.delivery import Form, deliver
from airflow_provider_intacct.transfers.folder import Folder
from benchmarks.static_gateway import KINDS, field_names, value

names = field_names(20)
columns = tuple(Column(name, KINDS[at % len(KINDS)] if at else "INTEGER") for at, name in enumerate(names))


class Records:
    formatting = UserFormatting()
    report = ExtractionReport("GLDETAIL")

    def __init__(self, count):
        self.columns, self.count = columns, count
        self.page = [[value(at, record) for at in range(20)] for record in range(1, 2001)]

    def texts(self):
        for start in range(0, self.count, 2000):
            for record, row in enumerate(self.page):
                row[0] = str(start + record)
                row[1] = f"{start + record}.07"
            yield self.page

    def raw_pages(self):
        for page in self.texts():
            out = io.StringIO()
            csv.writer(out, quoting=csv.QUOTE_ALL).writerows([names, *page])
            yield RawPage("csv", 2000, out.getvalue().encode())

    def pages(self):
        typing = Typing("GLDETAIL", {column.name: column.datatype for column in columns}.get)
        for page in self.texts():
            yield typing.apply([dict(zip(names, row)) for row in page])


def peak(count):
    folder = Folder(ObjectStoragePath(sys.argv[1]))
    folder.prepare()
    delivered = deliver(Records(count), folder, Form(sys.argv[2]))
    assert sum(part.rows for part in delivered.parts) == count
    folder.discard()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


small = peak(10_000)
print("GREW", peak(100_000) - small)
"""


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_ten_times_the_records_take_hardly_more_memory(tmp_path: Path, form: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), form],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert float(ran.stdout.partition("GREW ")[2].split()[0]) < 10
