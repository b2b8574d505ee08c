"""get_trialbalance: every account's start, debits, credits and end over a span of days."""

from collections.abc import Sequence

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.reading.request import is_true
from airflow_provider_intacct.sandbox.gateway.results import Content, DataResult, Node

from .balances import Balance, asked_of, balances, money, with_idle_accounts
from .dimensions import DIMENSIONS, Dimension, named_records

_DETAILS = {"department": "showdeptdetail", "location": "showlocdetail"}


@function("get_trialbalance")
def get_trial_balance(call: Call) -> DataResult:
    """List the accounts, or account and department or location where their detail is asked for."""
    call.require("TRIALBALANCE")
    element = call.element
    asked = asked_of(call, element, statistical="include")
    by_name = {dimension.name: dimension for dimension in DIMENSIONS}
    groups = [by_name[name] for name, switch in _DETAILS.items() if is_true(element, switch)]
    found = balances(call, element, asked, groups)
    found = shown(call, with_idle_accounts(call, asked, found) if is_true(element, "showzerobalances") else found)
    labels = [named_records(call, group) for group in groups]
    nodes = []
    for balance in found:
        content: dict[str, Content] = {"glaccountno": balance.account}
        content |= group_ids(groups, labels, balance)
        content |= figures(balance)
        if is_true(element, "debitcreditbalance"):
            content |= _sides("start", balance.start) | _sides("end", balance.end)
        content |= {"reportingbook": asked.book, "currency": balance.currency}
        nodes.append(Node("trialbalance", content))
    return DataResult(nodes)


def shown(call: Call, found: Sequence[Balance]) -> list[Balance]:
    """Return the balances shown: all where zero ones are asked for, else those that hold or moved something.

    A switch decides on an account that moved and stands at zero: the schema does not say.
    """
    if is_true(call.element, "showzerobalances"):
        return list(found)
    hidden = call.company.switches.text("zero_balance_with_activity") == "hidden"
    return [balance for balance in found if balance.end or (balance.moves and not hidden)]


def figures(balance: Balance) -> dict[str, str]:
    """Return the amounts of a balance as the legacy functions name them."""
    return {
        "startbalance": money(balance.start),
        "debits": money(balance.debits),
        "credits": money(balance.credits),
        "adjdebits": money(balance.adjusting_debits),
        "adjcredits": money(balance.adjusting_credits),
        "endbalance": money(balance.end),
    }


def group_ids(
    groups: Sequence[Dimension], labels: Sequence[dict[object, tuple[str, str]]], balance: Balance
) -> dict[str, Content]:
    """Return the ids of what a balance is grouped by; an entry without the dimension has an empty one."""
    return {
        f"{group.name}id": label.get(key, ("", ""))[0]
        for group, label, key in zip(groups, labels, balance.group, strict=True)
    }


def _sides(which: str, amount: int) -> dict[str, Content]:
    return {f"{which}debitbalance": money(max(amount, 0)), f"{which}creditbalance": money(max(-amount, 0))}
