"""What a task tells about its use of Intacct: the last line of its log, and packets to a real StatsD socket."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from airflow.sdk._shared.observability.metrics import statsd_logger
from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.observability import stats

from airflow_provider_intacct.client.usage import Usage
from airflow_provider_intacct.hooks.metering import Meter, size, transactions
from airflow_provider_intacct.operators.query import IntacctQueryOperator
from tests.airflow.conftest import Connect


@pytest.fixture
def statsd() -> Iterator[socket.socket]:
    """A StatsD server as far as Airflow can tell, tags in the InfluxDB notation."""
    from statsd import StatsClient

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        host, port = server.getsockname()
        sender = statsd_logger.get_statsd_logger(
            stats_class=StatsClient,
            host=host,
            port=port,
            prefix="airflow",
            influxdb_tags_enabled=True,
            statsd_influxdb_enabled=True,
        )
        stats.initialize(factory=lambda: sender, export_legacy_names=False)
        yield server
        stats.initialize(factory=NoStatsLogger, export_legacy_names=False)
        sender.statsd.close()


def packets(server: socket.socket, count: int) -> dict[str, str]:
    """The next packets: metric without its tags -> value."""
    received = [server.recv(1000).decode() for _ in range(count)]
    return {name.split(",")[0]: value for name, _, value in (packet.partition(":") for packet in received)}


def test_a_task_counts_its_api_transactions_rows_and_bytes(connect: Connect, statsd: socket.socket) -> None:
    connect()

    rows = IntacctQueryOperator(task_id="t", object="VENDOR", fields="VENDORID", limit=3).execute({})

    told = packets(statsd, 4)
    assert told["airflow.intacct.rows"] == f"{len(rows)}|c" == "3|c"
    assert told["airflow.intacct.api_transactions"] == "2|c"  # one lookup, one page
    assert told["airflow.intacct.requests"] == "3|c"  # and the sign-in, which costs nothing
    assert int(told["airflow.intacct.bytes_received"].removesuffix("|c")) > 500


def test_a_task_that_fails_counts_what_it_used(
    connect: Connect, statsd: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    connect()
    operator = IntacctQueryOperator(task_id="t", object="VENDOR", fields="VENDORID", max_rows=1)

    with pytest.raises(AirflowFailException):
        operator.execute({})

    assert packets(statsd, 3)["airflow.intacct.api_transactions"] == "2|c"
    assert "Ended early; 2 API transactions used" in capsys.readouterr().out


def test_metrics_say_which_task_and_connection_they_are_of(connect: Connect, statsd: socket.socket) -> None:
    connect()

    IntacctQueryOperator(task_id="nightly", object="VENDOR", fields="VENDORID", limit=1).execute({})

    tags = statsd.recv(1000).decode().partition(":")[0]
    assert "task_id=nightly" in tags
    assert "conn_id=intacct_default" in tags


def test_the_line_tells_retries_and_waits_only_where_there_were_some() -> None:
    client = SimpleNamespace(usage=Usage())
    meter = Meter(client)
    client.usage = Usage(transactions=1, requests=1, bytes_received=640)
    meter.done("Read 1 VENDOR record", rows=1)
    assert meter.line.startswith("Read 1 VENDOR record; 1 API transaction used, 640 B received, 0.0")

    client.usage = Usage(transactions=2, requests=4, bytes_received=1_500_000, retries=2, seconds_waited=3.25)
    assert "2 API transactions used, 1.5 MB received, 2 retries, 3.2 s waited" in meter.line


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (12_345, "12.3 kB"), (7.5e9, "7.5 GB"), (2e12, "2,000.0 GB")]
)
def test_bytes_are_told_in_a_unit_that_can_be_read(count: float, text: str) -> None:
    assert size(count) == text


def test_transactions_are_told_in_words() -> None:
    assert [transactions(1), transactions(0), transactions(1234)] == [
        "1 API transaction",
        "0 API transactions",
        "1,234 API transactions",
    ]
