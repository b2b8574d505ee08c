"""The sandbox's README lists what there is, no more and no less."""

import re
from pathlib import Path

import airflow_provider_intacct.sandbox
from airflow_provider_intacct.sandbox.catalog import Catalog
from airflow_provider_intacct.sandbox.demo import DEMO_SENDERS, DEMO_USERS
from airflow_provider_intacct.sandbox.faults import KINDS
from airflow_provider_intacct.sandbox.gateway.calls import discover
from airflow_provider_intacct.sandbox.gateway.reading.views import VIEWS
from airflow_provider_intacct.sandbox.gateway.reporting.definitions import saved_reports
from airflow_provider_intacct.sandbox.switches import DEFINITIONS

PACKAGE = Path(airflow_provider_intacct.sandbox.__file__).parent
README = (PACKAGE / "README.md").read_text(encoding="utf-8")


def section(start: str, end: str) -> str:
    return README.split(start, 1)[1].split(end, 1)[0]


def rows(text: str) -> dict[str, str]:
    """First and second cell of each table row."""
    return dict(re.findall(r"^\| `([^`]+)` \| `?(.*?)`? \|", text, re.MULTILINE))


def test_every_switch_is_listed_with_its_default() -> None:
    defaults = {
        switch.name: str(switch.default).lower() if isinstance(switch.default, bool) else str(switch.default) or '""'
        for switch in DEFINITIONS
    }
    assert rows(section("### Switches", "### Choices without a switch")) == defaults


def test_every_fault_is_listed() -> None:
    assert rows(section("### Faults", "### Switches")) == {name: meaning.strip("`") for name, meaning in KINDS.items()}


def test_every_function_and_object_is_listed() -> None:
    assert set(re.findall(r"`(\w+)`", section("**Functions.**", "* **Objects.**"))) == set(discover())
    assert set(re.findall(r"`([A-Z]+)`", section("**Objects.**", "`lookup`"))) == {
        item.name for item in Catalog.load() if item.generic
    }


def test_every_user_and_sender_is_listed() -> None:
    listed = rows(section("## Who is who", "## What it does"))
    assert listed.items() >= {user.id: user.password for user in DEMO_USERS}.items()
    assert listed.items() >= {sender.id: sender.password for sender in DEMO_SENDERS}.items()


def test_every_report_is_listed_with_its_arguments_and_every_view() -> None:
    text = section("### Reports and views", "## Bench controls")
    listed = {row[0]: row[2] for row in re.findall(r"^\| `([^`]+)` \|([^|]*)\|([^|]*)\|", text, re.MULTILINE)}
    standard = listed.pop("get_accountbalancesbydimensions")
    assert standard.strip().startswith("an element of that name")
    told = {name: re.findall(r"(\**)\b([A-Z]+)\b(?![^(]*\))", arguments) for name, arguments in listed.items()}
    assert told == {
        report.name: [("**" if parameter.required else "", parameter.name) for parameter in report.parameters]
        for report in saved_reports()
    }
    assert all(f"`{view.id}`" in text for view in VIEWS)


def test_every_switch_is_asked_by_some_module_and_no_other() -> None:
    modules = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    asked = {
        name
        for source in modules
        for name in re.findall(r"switches(?:\.(?:on|number|text))?[\[(]\s*\"(\w+)\"[\])]", source)
    }
    assert asked == {switch.name for switch in DEFINITIONS}
