"""What a state means: which ones reach which, which go no further, and what is needed next."""

import pytest

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.posting.act_table import ACTS
from airflow_provider_intacct.client.posting.state_table import STATES, states_of


@pytest.mark.parametrize(
    ("object_name", "state", "wanted", "reached", "ended"),
    [
        ("APBILL", "Posted", "Posted", True, False),
        ("APBILL", "Paid", "Posted", True, False),
        ("APBILL", "Submitted", "Posted", False, False),
        ("APBILL", "Partially Approved", "Posted", False, False),
        ("APBILL", "Declined", "Posted", False, True),
        ("APBILL", "Declined", "Declined", True, False),
        ("APBILL", "Reversed", "Posted", False, True),
        ("APBILL", "Draft", "Declined", False, False),
        ("APBILL", "posted", "POSTED", True, False),
        ("APBILL", "A", "Posted", True, False),
        ("GLBATCH", "Approved", "Posted", False, False),
        ("GLBATCH", "Reversed", "Posted", True, False),
        ("GLBATCH", "A", "Posted", False, False),
        ("APPYMT", "A", "Approved", True, False),
        ("APPYMT", "Voided", "Posted", False, True),
        ("PODOCUMENT", "Pending", "Approved", True, False),
        ("PODOCUMENT", "Converted", "Approved", True, False),
        ("TIMESHEET", "Partially Declined", "Approved", False, True),
        ("APBILL", "Analyzing", "Posted", False, False),
        ("MYOBJECT", "Ready", "Ready", True, False),
        ("MYOBJECT", "Ready", "Posted", False, False),
    ],
)
def test_a_state_reaches_what_lies_behind_it(
    object_name: str, state: str, wanted: str, reached: bool, ended: bool
) -> None:
    states = states_of(object_name)
    assert states.reached(state, wanted) is reached
    assert states.ended(state, wanted) is ended


def test_what_is_needed_next_names_a_way_that_the_gateway_offers() -> None:
    for states in STATES.values():
        for label, meaning in states.meanings.items():
            for act in ("approve", "submit"):
                if f'action="{act}"' in meaning.next:
                    assert states.object in ACTS[act], (states.object, label)


@pytest.mark.parametrize("state", ["Draft", "Submitted", "Partially Approved", "Declined"])
def test_a_bill_on_its_way_says_what_is_needed_next(state: str) -> None:
    assert states_of("APBILL").next_step(state)


def test_a_posted_bill_needs_nothing() -> None:
    assert states_of("APBILL").next_step("Posted") == ""


def test_a_state_that_the_object_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(InvalidRequestError, match="Partially Approved"):
        states_of("APBILL").check("Booked")
    assert states_of("APBILL").check("posted") == "Posted"
    assert states_of("MYOBJECT").check("Booked") == "Booked"


def test_every_code_stands_for_a_state_of_its_object() -> None:
    assert [(name, code) for name, states in STATES.items() for code, label in states.codes.items()
            if label not in states.meanings] == []  # fmt: skip
