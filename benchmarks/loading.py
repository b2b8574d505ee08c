"""What loading 10,000 bills of 5 lines takes beside the sandbox's own time for the same requests, and what memory.

Run: python -m benchmarks.loading [BILLS] (10,000 take about five minutes; not part of python -m benchmarks)

The load keeps each request it sends. The company is reset, and plain httpx replays them with new control ids: what that
takes is the sandbox's own time.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.table import Table
from tests.faults.company import sign_in
from tests.sandbox_process import SandboxProcess

FEW, MANY, LINES = 1_000, 10_000, 5
WARM_UP = 100
"""Bills that are loaded before it counts, as others are read: for what Python and Airflow import."""
LOAD = "--load"
COLUMNS = "vendor,number,date,due,account,amount,memo"
MAPPING: dict[str, Any] = {
    "object": "APBILL",
    "header": {"VENDORID": "vendor", "RECORDID": "number", "WHENCREATED": "date", "WHENDUE": "due"},
    "lines": (
        "APBILLITEMS",
        {
            "ACCOUNTNO": "account",
            "TRX_AMOUNT": "amount",
            "ENTRYDESCRIPTION": "memo",
            "LOCATIONID": {"value": "100"},
        },
    ),
    "group_by": ["vendor", "number"],
}
HEADERS = {"Content-Type": "application/xml"}
LIMIT = b"</request>\n"
"""Between two requests in the file that keeps them."""


@dataclass(frozen=True)
class Loaded:
    """What one load took, and what it sent."""

    wall: float
    peak_mb: float
    posted: int
    api_transactions: int
    requests: list[bytes]

    @property
    def creates(self) -> list[int]:
        """How many records each request that creates has."""
        return [found for body in self.requests if (found := body.count(b"<create>"))]


def main(table: Table, bills: int = MANY) -> None:
    table.head(f"Loading: {bills:,} bills of {LINES} lines from CSV")
    with tempfile.TemporaryDirectory() as folder:
        sandbox = SandboxProcess(Path(folder, "company.db")).start()
        try:
            few = load(sandbox, Path(folder, "few"), FEW)
            sandbox.reset()
            many = load(sandbox, Path(folder, "many"), bills)
            sandbox.reset()
            own = replayed(sandbox, many.requests)
        finally:
            sandbox.stop()
    full = sum(records == 100 for records in many.creates)
    table.add("requests", f"{len(many.requests)}, of which {len(many.creates)} create, {full} of them 100 records")
    table.add("API transactions", f"{many.api_transactions:,}")
    table.add("load, and its requests replayed", f"{many.wall:.1f} s and {own:.1f} s")
    table.at_most("requests that create", len(many.creates), bills / 100, "requests", 0)
    table.at_most("load / replay", many.wall / own, 1.3)
    table.at_most(f"memory, {FEW:,} to {bills:,} bills", many.peak_mb - few.peak_mb, 10, "MB", 1)


def load(sandbox: SandboxProcess, folder: Path, bills: int) -> Loaded:
    """Load so many bills in a process of its own."""
    folder.mkdir()
    for name, count in (("warm", WARM_UP), ("bills", bills)):
        rows = (
            f"V00{bill % 5 + 1},{name}-{bill},2026-03-02,2026-03-31,6000,{line}.{bill % 100:02},line {line}"
            for bill in range(count)
            for line in range(1, LINES + 1)
        )
        (folder / f"{name}.csv").write_text("\n".join([COLUMNS, *rows]) + "\n")
    environment = {
        **os.environ,
        "AIRFLOW_CONN_INTACCT_DEFAULT": json.dumps(sandbox.connection),
        "AIRFLOW_HOME": str(folder),
    }
    command = [sys.executable, "-m", "benchmarks.loading", LOAD, str(folder)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"The load failed:\n{ran.stdout[-2000:]}{ran.stderr[-4000:]}")
    found = json.loads((folder / "taken.json").read_text())
    if found["posted"] != bills:
        raise SystemExit(f"{found['posted']:,} of {bills:,} bills were posted.")
    bodies = (folder / "requests.xml").read_bytes().split(LIMIT)[:-1]
    return Loaded(requests=[body + LIMIT.rstrip() for body in bodies], **found)


def replayed(sandbox: SandboxProcess, requests: list[bytes]) -> float:
    """Return the seconds that the requests take, sent one after the other, in a session and with ids of their own."""
    with sign_in(sandbox) as signed_in:
        session = signed_in.session.session_id
    with httpx.Client(timeout=600) as client:
        bodies = []
        for body in requests:
            renewed = re.sub(rb"<sessionid>[^<]*", b"<sessionid>" + session.encode(), body)
            bodies.append(re.sub(rb'controlid="af-[^"]*"', lambda _: f'controlid="{uuid.uuid4()}"'.encode(), renewed))
        began = time.perf_counter()
        replies = [client.post(sandbox.endpoint, content=body, headers=HEADERS).text for body in bodies]
        wall = time.perf_counter() - began
    posted = sum(reply.count("<key>") for reply in replies)
    failed = [reply for reply in replies if "<status>failure" in reply]
    if failed:
        raise SystemExit(f"{len(failed)} replayed requests failed, {posted:,} went through: {failed[0][:1500]}")
    return wall


def load_here(folder: Path) -> None:
    """Load the bills of a folder in this process, keep what is sent, and write down what it took."""
    from airflow_provider_intacct.transfers import ObjectStorageToIntacctOperator
    from tests.airflow.loads import Ti

    def operator(name: str) -> ObjectStorageToIntacctOperator:
        path, results = str(folder / f"{name}.csv"), str(folder / name)
        return ObjectStorageToIntacctOperator(task_id=name, path=path, results_path=results, **MAPPING)

    operator("warm").execute({"ti": Ti()})  # type: ignore[typeddict-item]
    send = httpx.Client.send
    with (folder / "requests.xml").open("wb") as kept:

        def keep(client: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
            kept.write(request.read().rstrip() + b"\n")
            return send(client, request, **options)

        httpx.Client.send = keep  # type: ignore[method-assign,assignment]
        began = time.perf_counter()
        summary = operator("bills").execute({"ti": Ti()})  # type: ignore[typeddict-item]
        wall = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    taken = {"posted": summary["posted"], "api_transactions": summary["api_transactions"]}
    (folder / "taken.json").write_text(json.dumps({"wall": wall, "peak_mb": peak, **taken}))


if __name__ == "__main__":
    if sys.argv[1:2] == [LOAD]:
        load_here(Path(sys.argv[2]))
    else:
        result = Table()
        main(result, *map(int, sys.argv[1:2]))
        sys.exit(bool(result.missed))
