"""get_accountbalances and get_accountbalancesbydimensions, the latter also for readReport."""

from collections.abc import Mapping

from lxml import etree

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.reading.request import is_true, text_of
from airflow_provider_intacct.sandbox.gateway.results import Content, DataResult, Node

from .balances import asked_of, balances, money, with_idle_accounts
from .dimensions import grouping, named_records
from .spans import invalid
from .trial_balance import figures, shown

_DETAILS = ("debits", "credits", "adjdebits", "adjcredits")


@function("get_accountbalances")
def get_account_balances(call: Call) -> DataResult:
    """List the accounts asked for; the location and department asked for are repeated on each."""
    call.require("ACCOUNTBALANCE")
    element = call.element
    asked = asked_of(call, element, statistical="include")
    found = balances(call, element, asked)
    if is_true(element, "showzerobalances"):
        found = with_idle_accounts(call, asked, found)
    named = [name for name in ("departmentid", "locationid") if text_of(element, name)]
    nodes = []
    for balance in shown(call, found):
        content: dict[str, Content] = {"glaccountno": balance.account}
        content |= {name: text_of(element, name) for name in named}
        content |= figures(balance)
        content |= {"reportingbook": asked.book, "currency": balance.currency}
        nodes.append(Node("accountbalance", content))
    return DataResult(nodes)


@function("get_accountbalancesbydimensions")
def get_account_balances_by_dimensions(call: Call) -> DataResult:
    """List the accounts asked for, by the dimensions of `groupby`."""
    _, rows = balances_by_dimensions(call, call.element)
    return DataResult([Node("accountbalance", _nested(row)) for row in rows])


def balances_by_dimensions(call: Call, element: etree._Element) -> tuple[list[str], list[dict[str, str]]]:
    """Return the element names of a row, and the rows. `element` is the function, wherever the request holds it."""
    call.require("ACCOUNTBALANCE")
    _refuse_budgets(element)
    asked = asked_of(call, element, statistical="exclude")
    groups = grouping(text_of(element, "groupby"))
    labels = [named_records(call, group) for group in groups]
    details = _DETAILS if is_true(element, "showperiodbalancedetail") else ()
    with_activity = is_true(element, "showzerowithactivity")
    rows = []
    for balance in balances(call, element, asked, groups):
        if not (balance.end or (with_activity and balance.moves)):
            continue
        amounts = figures(balance)
        row = {"glaccountno": balance.account, "startbalance": amounts["startbalance"]}
        row |= {"periodbalance": money(balance.moved), **{name: amounts[name] for name in details}}
        row |= {"endbalance": amounts["endbalance"], "currency": balance.currency}
        for group, label, key in zip(groups, labels, balance.group, strict=True):
            row[f"{group.name}id"], row[f"{group.name}name"] = label.get(key, ("", ""))
        rows.append(row)
    names = ["glaccountno", "startbalance", "periodbalance", *details, "endbalance", "currency"]
    return names + [f"{group.name}{part}" for group in groups for part in ("id", "name")], rows


def _nested(row: Mapping[str, str]) -> Content:
    """Return a row as the synchronous function shows it: the details of the period in an element of their own."""
    content: dict[str, Content] = {}
    for name, value in row.items():
        if name not in _DETAILS:
            content[name] = value
        elif name == _DETAILS[0]:
            content["periodbalancedetail"] = {name: row[name] for name in _DETAILS}
    return content


def _refuse_budgets(element: etree._Element) -> None:
    """The company keeps no budgets: only actual amounts can be asked for."""
    content = text_of(element, "contentselection", "Actual")
    if content not in ("Actual", "Budget", "Actual and Budget"):
        raise invalid("Content selection", content)
    if content != "Actual":
        raise invalid("Budget", text_of(element, "budgetid"))
