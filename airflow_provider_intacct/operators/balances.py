"""Read a trial balance and say whether it ties out. Thin: the client reads and adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.sdk import BaseOperator

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID, whole_number
from airflow_provider_intacct.hooks.failures import airflow_outcome
from airflow_provider_intacct.metrics import metered
from airflow_provider_intacct.xcom import plain

if TYPE_CHECKING:
    from datetime import date

    from airflow.sdk import Context

    from airflow_provider_intacct.client.xml.balances import TrialBalance


class IntacctTrialBalanceOperator(BaseOperator):
    """Read the trial balance of a period or of days, and fail if its debits and credits differ.

    The result is JSON: `rows`, one per account (and department or location, where asked) with Intacct's own names
    (`glaccountno`, `startbalance`, `debits`, `credits`, `endbalance`, ...), amounts as exact text, debits minus
    credits where they are signed; `totals`, a dict for each book and currency with `debits`, `credits` and
    `difference`; and `ties_out`. One API transaction. Per entity: map the task over `entity_id`.

    Raw balances by account, book and all dimensions are the object GLACCOUNTBALANCE: IntacctQueryOperator reads it with
    `where="PERIOD = 'Month Ended June 2026'"`. Sage advises this function instead, for it sums up as Intacct's own
    reports do.

    :param period: name of a reporting period, such as `Month Ended June 2026`; or give `start` and `end`.
    :param start: first day, a date or ISO 8601 text.
    :param end: last day.
    :param book: `ACCRUAL`, `CASH` or a consolidation book; default the company's own.
    :param adjustment_books: `GAAP`, `TAX` or user-defined books; a list, or text with commas.
    :param include_book: with adjustment books, whether the reporting book counts too.
    :param statistical: `exclude` (default), `include` or `only` statistical accounts.
    :param location_id: this location only; Intacct requires one in companies with several base currencies.
    :param dimensions: further filters by Intacct's element names, such as `{"departmentid": "10"}`.
    :param by_location: a row for each location. `by_department`: a row for each department.
    :param show_zero: list accounts without a balance too.
    :param must_tie: fail if debits and credits differ. Default: yes, unless statistical accounts or a filter other than
        a location are asked for, which take one side of an entry without the other.
    :param max_rows: the most rows an XCom of yours may hold.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: read inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = (
        "period",
        "start",
        "end",
        "book",
        "adjustment_books",
        "location_id",
        "dimensions",
        "max_rows",
        "intacct_conn_id",
        "entity_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"dimensions": "json"}
    ui_color = "#e3f1e8"

    def __init__(
        self,
        *,
        period: str | None = None,
        start: date | str | None = None,
        end: date | str | None = None,
        book: str | None = None,
        adjustment_books: Sequence[str] | str = (),
        include_book: bool | None = None,
        statistical: Literal["include", "exclude", "only"] = "exclude",
        location_id: str | None = None,
        dimensions: Mapping[str, Any] | None = None,
        by_location: bool = False,
        by_department: bool = False,
        show_zero: bool = False,
        must_tie: bool | None = None,
        max_rows: int | str = 1000,
        intacct_conn_id: str = DEFAULT_CONN_ID,
        entity_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.period = period
        self.start = start
        self.end = end
        self.book = book
        self.adjustment_books = adjustment_books
        self.include_book = include_book
        self.statistical = statistical
        self.location_id = location_id
        self.dimensions = dimensions
        self.by_location = by_location
        self.by_department = by_department
        self.show_zero = show_zero
        self.must_tie = must_tie
        self.max_rows = max_rows
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Return the trial balance. Raises AirflowFailException for one that does not tie out."""
        from airflow_provider_intacct.hooks.intacct import IntacctHook

        hook = IntacctHook(self.intacct_conn_id, self.entity_id or None)
        with airflow_outcome(), hook.client as client, metered(self, client) as meter:
            balance = client.trial_balance(
                period=self.period or None,
                start=self.start or None,
                end=self.end or None,
                book=self.book or None,
                adjustment_books=self.adjustment_books or (),
                include_book=self.include_book,
                statistical=self.statistical,
                dimensions=self._dimensions(),
                by_location=self.by_location,
                by_department=self.by_department,
                show_zero=self.show_zero,
            )
            result = self._bounded(balance)
            meter.done(f"Read a trial balance of {len(balance.rows)} rows", rows=len(balance.rows))
        self._tell(balance)
        return result

    def _dimensions(self) -> dict[str, Any]:
        place = {"locationid": self.location_id} if self.location_id else {}
        return {**place, **(self.dimensions or {})}

    @property
    def _must_tie(self) -> bool:
        if self.must_tie is not None:
            return self.must_tie
        return self.statistical == "exclude" and set(self._dimensions()) <= {"locationid", "loc_subs"}

    def _bounded(self, balance: TrialBalance) -> dict[str, Any]:
        from airflow_provider_intacct.client.errors import InvalidRequestError

        most = whole_number("max_rows", self.max_rows)
        if len(balance.rows) > most:
            raise InvalidRequestError(
                f"The trial balance has {len(balance.rows)} rows, and an XCom is kept in Airflow's metadata database. "
                "Nothing was returned. Raise `max_rows`, or leave out by_location, by_department and show_zero."
            )
        totals = [
            {
                "book": book or None,
                "currency": currency or None,
                "debits": plain(each.debits),
                "credits": plain(each.credits),
                "difference": plain(each.difference),
            }
            for (book, currency), each in balance.totals.items()
        ]
        rows = [plain(row) for row in balance.rows]
        return {"rows": rows, "totals": totals, "ties_out": not balance.differences}

    def _tell(self, balance: TrialBalance) -> None:
        from airflow.sdk.exceptions import AirflowFailException

        differences = [
            f"{difference:f} {currency} {f'in book {book}' if book else ''}".strip()
            for (book, currency), difference in balance.differences.items()
        ]
        if not differences:
            self.log.info("The trial balance ties out: debits equal credits.")
        elif self._must_tie:
            raise AirflowFailException(
                f"The trial balance does not tie out: debits and credits differ by {', '.join(differences)}. Set "
                "must_tie=False where what is asked for takes one side of an entry without the other."
            )
        else:
            self.log.warning("Debits and credits differ by %s.", ", ".join(differences))
