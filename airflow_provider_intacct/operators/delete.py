"""Delete records, each once: what a retry finds gone it knows to be its own work, or says that it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_intacct.operators.acts import IntacctActOperator


class IntacctDeleteOperator(IntacctActOperator):
    """Delete records in Intacct one by one, and return what became of each.

    Intacct deletes one record at a time, and what is deleted stays so: with `on_reject="fail"` the task stops at the
    first request of 100 in which one was refused, with `"collect"` it goes on. A later try of the task goes on where
    the last one ended.

    Returns the list of outcomes that IntacctCreateOperator returns, with `act` "delete": `posted` is deleted now,
    `already_posted` gone because an earlier try deleted it. A record that is not there and that this task did not
    delete is `rejected`; `note` says what is known: that somebody deleted it, when and who (from the audit history, if
    the user may read it), or that it never existed.

    :param object: the object to delete, such as `VENDOR`.
    :param keys: the records: see IntacctActOperator.
    :param function: a legacy function that deletes, such as `delete_vendor`, for keys that are the ids it takes. Not
        needed for objects that only a legacy function deletes, such as `SUPDOC`.
    :param on_reject: `fail`, or `collect` to return what was refused among the outcomes and go on.
    :param max_rejects: with `collect`: send nothing more, and fail, once more than this are rejected.
    :param idempotency_key: names the business event in place of DAG, run and task.
    """

    template_fields: Sequence[str] = ("function", *IntacctActOperator.template_fields)

    def __init__(self, *, function: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function = function

    @property
    def act(self) -> str:
        """Delete."""
        return "delete"

    @property
    def legacy_function(self) -> str | None:
        """The legacy function the author chose."""
        return self.function
