"""The readers that are compared: the limits, ours, and another client. Each reads everything there is.

A reader takes the endpoint and the fields and returns how many records it read and the sum of their numbers, so that a
read that lost or repeated one is noticed.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

Read = tuple[int, int]
"""How many records, and the sum of their RECORDNO."""
Work = Callable[[], Read]

PAGE = 2000


def query_body(names: list[str], form: str, after: int) -> bytes:
    """Return a request for one page, as a script without a client would send it."""
    fields = "".join(f"<field>{name}</field>" for name in names)
    return (
        f'<request><function controlid="f"><query><object>GLDETAIL</object><select>{fields}</select><filter>'
        f"<greaterthan><field>RECORDNO</field><value>{after}</value></greaterthan></filter>"
        f"<options><returnformat>{form}</returnformat></options><pagesize>{PAGE}</pagesize></query></function></request>"
    ).encode()


def bodies(endpoint: str, names: list[str], form: str, last: Callable[[bytes], tuple[int, int]]) -> Iterable[bytes]:
    """Download page after page; `last` tells how many rows a page has, and the number of the last."""
    import httpx

    after, rows = 0, PAGE
    with httpx.Client() as client:
        while rows == PAGE:
            body = client.post(endpoint, content=query_body(names, form, after)).content
            rows, after = last(body)
            yield body


def download(endpoint: str, names: list[str]) -> Read:
    """Download the JSON pages and look at nothing but the last record of each."""

    def last(body: bytes) -> tuple[int, int]:
        tail = body[body.rfind(b'{"RECORDNO":"') + 13 :]
        number = int(tail[: tail.find(b'"')]) if tail.startswith(tuple(b"%d" % digit for digit in range(10))) else 0
        return (number - 1) % PAGE + 1 if number else 0, number

    count = 0
    for body in bodies(endpoint, names, "json", last):
        rows, _ = last(body)
        count += rows
    return count, count * (count + 1) // 2


def decoded(form: str, decode: Callable[[bytes], list[dict[str, str]]]) -> Callable[[str, list[str]], Read]:
    """Return a reader that downloads pages and decodes them, and that is all."""

    def read(endpoint: str, names: list[str]) -> Read:
        import httpx

        count = total = after = 0
        rows = [{}] * PAGE
        with httpx.Client() as client:
            while len(rows) == PAGE:
                rows = decode(client.post(endpoint, content=query_body(names, form, after)).content)
                count += len(rows)
                total += sum(int(row["RECORDNO"]) for row in rows)
                after = int(rows[-1]["RECORDNO"]) if rows else 0
        return count, total

    return read


def decoded_alone(form: str, decode: Callable[[bytes], list[dict[str, str]]]) -> Callable[[str, list[str]], Work]:
    """Return what downloads all pages first, so that only their decoding is measured."""

    def prepare(endpoint: str, names: list[str]) -> Work:
        def last(body: bytes) -> tuple[int, int]:
            rows = decode(body)
            return len(rows), int(rows[-1]["RECORDNO"]) if rows else 0

        pages = list(bodies(endpoint, names, form, last))

        def read() -> Read:
            count = total = 0
            for body in pages:
                rows = decode(body)
                count += len(rows)
                total += sum(int(row["RECORDNO"]) for row in rows)
            return count, total

        return read

    return prepare


def decode_json(body: bytes) -> list[dict[str, str]]:
    import orjson

    return list(orjson.loads(body))


def decode_xml(body: bytes) -> list[dict[str, str]]:
    from lxml import etree

    data = etree.fromstring(body).find("operation/result/data")
    return [] if data is None else [{field.tag: field.text for field in record} for record in data]


def client(endpoint: str, **options: Any) -> Any:
    """Return the package's client for the static gateway."""
    from airflow_provider_intacct.client import Credentials, IntacctClient

    credentials = Credentials(
        company_id="DEMO", user_id="etl", password="p", sender_id="S", sender_password="s", endpoint=endpoint
    )
    return IntacctClient(credentials, **options)


def rows(max_concurrency: int = 1, **options: Any) -> Callable[[str, list[str]], Read]:
    """Return a reader that iterates over the rows of our client."""

    def read(endpoint: str, names: list[str]) -> Read:
        count = total = 0
        with client(endpoint, max_concurrency=max_concurrency) as intacct:
            for row in intacct.rows("GLDETAIL", fields=names, **options):
                count += 1
                total += int(row["RECORDNO"])
        return count, total

    return read


def sageintacctsdk(endpoint: str, names: list[str]) -> Read:
    """`get_all` of the client that Python users have. It asks for pages by offset, in no order."""
    from sageintacctsdk import SageIntacctSDK

    sdk = SageIntacctSDK("S", "s", "etl", "DEMO", "p", session_id="bench")
    sdk.gl_detail._ApiBase__api_url = endpoint
    records = sdk.gl_detail.get_all(fields=names)
    return len(records), sum(int(record["RECORDNO"]) for record in records)


def to_folder(format: str) -> Callable[[str, list[str]], Read]:
    """Return a reader that writes typed files with IntacctToObjectStorageOperator, in a process without a scheduler."""

    def read(endpoint: str, names: list[str]) -> Read:
        from airflow_provider_intacct.transfers.object_storage import IntacctToObjectStorageOperator

        extra = {"company_id": "DEMO", "sender_id": "S", "sender_password": "s", "endpoint": endpoint}
        connection = {"conn_type": "intacct", "login": "etl", "password": "p", "extra": extra}
        os.environ["AIRFLOW_CONN_INTACCT_DEFAULT"] = json.dumps(connection)
        with tempfile.TemporaryDirectory() as folder:
            operator = IntacctToObjectStorageOperator(
                task_id="write", object="GLDETAIL", fields=names, path=folder, format=format
            )
            operator.execute({})
            return numbers_in(Path(folder))

    return read


def numbers_in(folder: Path) -> Read:
    """Return what a folder of files holds; only as much is read as is needed for that."""
    count = total = 0
    for part in sorted(folder.glob("part-*")):
        if ".parquet" in part.name:
            from pyarrow.compute import sum as total_of
            from pyarrow.parquet import ParquetFile

            with ParquetFile(part) as file:
                for batch in file.iter_batches(columns=["RECORDNO"]):
                    count += len(batch)
                    total += total_of(batch.column(0)).as_py()
        else:
            with part.open("rb") as lines:
                for line in lines:
                    count += 1
                    total += int(line[12 : line.index(b",")].strip(b': "'))
    return count, total


READERS: dict[str, Callable[[str, list[str]], Read]] = {
    "download": download,
    "download + orjson": decoded("json", decode_json),
    "download + lxml + dict": decoded("xml", decode_xml),
    "rows json": rows(typed=False, returnformat="json"),
    "rows xml": rows(typed=False, returnformat="xml"),
    "rows csv": rows(typed=False, returnformat="csv"),
    "rows typed": rows(typed=True),
    "typed Parquet via csv": to_folder("parquet"),
    "JSONL": to_folder("jsonl"),
    "rows typed, 2 in flight": rows(max_concurrency=2),
    "sageintacctsdk get_all": sageintacctsdk,
}
PREPARED: dict[str, Callable[[str, list[str]], Work]] = {
    "orjson alone": decoded_alone("json", decode_json),
    "lxml + dict alone": decoded_alone("xml", decode_xml),
}


def work(reader: str, endpoint: str, names: list[str]) -> Work:
    """Return what is to be measured; what has to be there before is done when this returns."""
    if reader in PREPARED:
        return PREPARED[reader](endpoint, names)
    import airflow_provider_intacct.client.xml.client  # noqa: F401 - so that no read pays for importing

    return partial(READERS[reader], endpoint, names)
