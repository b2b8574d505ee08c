"""The keys an author gives name records, or are refused with what to write instead."""

from typing import Any

import pytest

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.posting.targets import targets_of

POSTED = {"status": "posted", "control_id": "af-1", "object": "VENDOR", "key": "28", "note": ""}


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (28, ["RECORDNO 28"]),
        ("28", ["RECORDNO 28"]),
        ("28, 29,30", ["RECORDNO 28", "RECORDNO 29", "RECORDNO 30"]),
        ("V001", ["VENDORID V001"]),
        ([28, "V001", "28"], ["RECORDNO 28", "VENDORID V001"]),
        ('[28, {"VENDORID": "20000"}]', ["RECORDNO 28", "VENDORID 20000"]),
        ({"RECORDNO": "28", "VENDORID": "V001"}, ["RECORDNO 28"]),
        ([POSTED, {**POSTED, "status": "rejected", "key": ""}], ["RECORDNO 28"]),
        ([], []),
    ],
)
def test_keys_are_numbers_ids_fields_and_outcomes(given: Any, names: list[str]) -> None:
    assert [target.text for target in targets_of("VENDOR", given)] == names


def test_a_document_is_called_by_its_document_id() -> None:
    outcome = {**POSTED, "object": "PODOCUMENT", "key": "Purchase Order-PO7"}
    targets = targets_of("PODOCUMENT", ["Purchase Order-PO0213", outcome])
    assert [target.text for target in targets] == ["DOCID Purchase Order-PO0213", "DOCID Purchase Order-PO7"]


def test_the_order_of_fields_makes_no_other_record() -> None:
    first = {"VENDORID": "V1", "RECORDID": "B-1"}
    second = {"RECORDID": "B-1", "VENDORID": "V1"}
    assert len(targets_of("APBILL", [first, second])) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["B-1"], '{"VENDORID": ..., "RECORDID": ...}'),
        ([1.5], "a record number, an id, or a mapping"),
        ([True], "a record number"),
        ([" "], "is empty"),
        ([{"RECORDID": ""}], "leaves a field empty"),
        ([{**POSTED, "object": "CUSTOMER"}], "the outcome of a CUSTOMER, not of a APBILL"),
        ([{**POSTED, "object": "APBILL", "key": ""}], "record number is not known"),
    ],
)
def test_a_key_that_names_no_record_is_refused_with_what_to_write(given: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        targets_of("APBILL", given)
    assert said in str(refused.value)
    assert "Nothing was sent" in str(refused.value)
