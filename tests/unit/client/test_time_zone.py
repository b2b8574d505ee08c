"""The API user's time zone, given by name: times are right in summer, in winter, and in the hour that comes twice."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_intacct.client import Credentials, IntacctClient
from airflow_provider_intacct.client.errors import ConfigurationError
from airflow_provider_intacct.client.where import field
from airflow_provider_intacct.client.windows import Window
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.session import SessionPool
from tests.sandbox_process import SandboxProcess

Sign = Callable[[str | None], IntacctClient]
FIELDS = ("TITLE", "WHENMODIFIED")


@pytest.fixture
def sign(sandbox: SandboxProcess) -> Iterator[Sign]:
    """Return a function that signs a client in with a time zone; the user's own is America/Los_Angeles."""
    clients: list[IntacctClient] = []

    def sign(time_zone: str | None) -> IntacctClient:
        who = Credentials("DEMO", "etl", "etl-Secret-9Kd", "SANDBOX", "sender-Secret-7Qf", endpoint=sandbox.endpoint)
        clients.append(IntacctClient(who, pool=SessionPool(), time_zone=time_zone))
        return clients[-1]

    yield sign
    for client in clients:
        client.close()


def now(sandbox: SandboxProcess) -> datetime:
    return datetime.fromisoformat(sandbox.control("/sandbox/time")["now"])


def create_at(sandbox: SandboxProcess, sign: Sign, title: str, moment: datetime) -> None:
    """Create a department when the company's clock shows `moment`."""
    sandbox.advance((moment - now(sandbox)).total_seconds())
    sign(None).call(functions.create("DEPARTMENT", [{"DEPARTMENTID": title, "TITLE": title}]))


def titles(rows: Any) -> set[str]:
    return {row["TITLE"] for row in rows} - {None}


@pytest.mark.parametrize("gmtoffset", ["current", "standard"])
def test_typed_times_are_right_in_both_halves_of_the_year(sandbox: SandboxProcess, sign: Sign, gmtoffset: str) -> None:
    sandbox.switch(gmtoffset=gmtoffset)
    summer, winter = datetime(2027, 7, 1, 12, tzinfo=UTC), datetime(2028, 1, 5, 12, tzinfo=UTC)
    create_at(sandbox, sign, "SUMMER", summer)
    create_at(sandbox, sign, "WINTER", winter)
    new = field("TITLE").in_(["SUMMER", "WINTER"])
    read = {row["TITLE"]: row for row in sign("America/Los_Angeles").rows("DEPARTMENT", fields=FIELDS, where=new)}
    assert abs(read["SUMMER"]["WHENMODIFIED"] - summer) < timedelta(minutes=1)
    assert abs(read["WINTER"]["WHENMODIFIED"] - winter) < timedelta(minutes=1)


@pytest.mark.parametrize("ambiguous_hour", ["first", "second"])
def test_no_window_skips_what_changed_in_the_hour_that_comes_twice(
    sandbox: SandboxProcess, sign: Sign, ambiguous_hour: str
) -> None:
    sandbox.switch(ambiguous_hour=ambiguous_hour)
    back = datetime(2027, 11, 7, 9, tzinfo=UTC)  # 02:00 -07:00 is 01:00 -08:00
    quarter = timedelta(minutes=15)
    moments = {f"M{count:02}": back + count * quarter for count in range(-6, 7)}
    for title, moment in moments.items():
        create_at(sandbox, sign, title, moment)
    sandbox.advance(7200)  # a window that has not ended is cut short
    client = sign("America/Los_Angeles")
    for start in (back - 8 * quarter, back - 3 * quarter, back, back + 3 * quarter):
        window = Window(start - timedelta(minutes=5), start + timedelta(minutes=55))
        changed = {title for title, at in moments.items() if window.reads[0] <= at < window.end}  # type: ignore[operator]
        assert changed <= titles(client.rows("DEPARTMENT", fields=FIELDS, window=window))


def test_a_zone_that_is_not_the_users_is_refused_before_a_time_is_read_wrongly(sign: Sign) -> None:
    client = sign("Europe/London")
    with pytest.raises(ConfigurationError, match="'Europe/London'"):
        list(client.rows("DEPARTMENT", fields=FIELDS))
    assert len(list(client.rows("DEPARTMENT", fields=["TITLE"], limit=2))) == 2


def test_the_users_formatting_is_asked_for_once(sandbox: SandboxProcess, sign: Sign) -> None:
    client = sign("America/Los_Angeles")
    for _ in range(3):
        list(client.rows("DEPARTMENT", fields=FIELDS, limit=1))
    counted = sandbox.control("/sandbox/transactions")["by_function"]
    assert counted["readUserFormatting"] == 1
    assert counted["lookup"] == 1
