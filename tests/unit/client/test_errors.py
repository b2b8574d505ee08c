import copy
import inspect
import pickle

import pytest

from airflow_provider_intacct.client import errors, posting
from airflow_provider_intacct.client.errors import (
    AlreadyRecordedError,
    ConnectError,
    ErrorEntry,
    FieldsDeniedError,
    FunctionError,
    GatewayError,
    IntacctError,
    RecordExistsError,
    RecordKey,
    ReplyLostError,
    UnavailableError,
)

CLASSES = [
    each
    for module in (errors, posting)
    for _, each in inspect.getmembers(module, inspect.isclass)
    if issubclass(each, IntacctError)
]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_exception_stands_in_the_tree_of_the_module(kind: type[IntacctError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")
    assert kind.__doc__


@pytest.mark.parametrize("kind", [each for each in CLASSES if issubclass(each, GatewayError)])
def test_every_refusal_says_what_to_do(kind: type[GatewayError]) -> None:
    assert f"What to do: {kind.advice}" in str(kind("Intacct refused it.", level="function"))


def test_the_text_is_for_the_person_on_call() -> None:
    error = RecordExistsError(
        "Intacct refused create of PROJECT: it exists.",
        errors=(
            ErrorEntry(
                "BL34000061", "", "Another Project already exists [Support ID: EsppO%7EZE%40cj]", "Use another."
            ),
            ErrorEntry("BL01001973", "", "Could not create project record!"),
        ),
        function="create",
        object="PROJECT",
        control_id="af-12",
        committed=(RecordKey("project", {"RECORDNO": "1424"}),),
    )
    error.request, error.attempts = "create PROJECT (control id af-12)", 3
    assert str(error).splitlines() == [
        "Intacct refused create of PROJECT: it exists.",
        "Intacct: BL34000061: Another Project already exists -> Use another.",
        "Intacct: BL01001973: Could not create project record!",
        "Already written before the error, and kept: project 1424",
        "Control id af-12, support id EsppO~ZE@cj",
        "Request: create PROJECT (control id af-12), sent 3 times",
        f"What to do: {RecordExistsError.advice}",
    ]


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (ErrorEntry("X1", "description", "telling", "advice"), "telling"),
        (ErrorEntry("X1", "description", " ", "advice"), "description"),
        (ErrorEntry("X1", "", "", "advice"), "advice"),
        (ErrorEntry("Invalid fields list x"), "Invalid fields list x"),
        (ErrorEntry("", "", "[Support ID: x]"), ""),
        (ErrorEntry(), ""),
    ],
)
def test_the_most_telling_words_are_taken_wherever_they_stand(entry: ErrorEntry, text: str) -> None:
    assert entry.text == text


def test_prose_in_errorno_is_not_said_twice() -> None:
    assert str(ErrorEntry("Invalid fields list x")) == "Invalid fields list x"


def test_request_ids_of_the_front_door_are_read_like_support_ids() -> None:
    entry = ErrorEntry("GW-0011", "Invalid Request [Request ID: AC47C2BE:D9EE_63EBC07F.59]")
    assert entry.support_id == "AC47C2BE:D9EE_63EBC07F.59"
    assert str(entry) == "GW-0011: Invalid Request"


def test_a_text_as_long_as_a_reply_is_cut() -> None:
    assert len(str(FunctionError("no", errors=(ErrorEntry("X", "", "word " * 100_000),)))) < 2_000


def test_denied_fields_are_read_from_the_text() -> None:
    error = FieldsDeniedError(
        errors=(ErrorEntry("XL03000006", "", "The following fields cannot be queried: [PROJECT: [CFDA, FUNDEDNAME] ]"),)
    )
    assert error.fields == {"PROJECT": ("CFDA", "FUNDEDNAME")}


@pytest.mark.parametrize("kind", CLASSES)
def test_exceptions_survive_pickling_and_copying(kind: type[IntacctError]) -> None:
    error = kind("what failed")
    error.request = "query VENDOR (control id 1)"
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is kind
        assert str(twin) == str(error)
        assert (twin.retryable, twin.in_doubt) == (error.retryable, error.in_doubt)


def test_the_details_of_a_refusal_survive_pickling() -> None:
    error = UnavailableError("down", in_doubt=True, errors=(ErrorEntry("GW-0001", "x"),), retry_after=3.0)
    twin = pickle.loads(pickle.dumps(error))
    assert (twin.in_doubt, twin.retry_after, twin.errorno) == (True, 3.0, "GW-0001")
    assert pickle.loads(pickle.dumps(ConnectError("no", retryable=False))).retryable is False


def test_what_may_have_been_booked_is_told_from_what_was_not() -> None:
    assert ReplyLostError("x").in_doubt
    assert not ConnectError("x").in_doubt
    assert not UnavailableError("x").in_doubt
    assert not AlreadyRecordedError("x").in_doubt
    assert not FunctionError("x").retryable
