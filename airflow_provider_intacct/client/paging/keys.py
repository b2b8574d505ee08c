"""Pages by key: what is asked for is everything above the key of the last row read."""

from dataclasses import dataclass, replace

from airflow_provider_intacct.client.errors import MalformedReplyError
from airflow_provider_intacct.client.paging.endings import START, Progress
from airflow_provider_intacct.client.paging.extract import Extract, Place, Places, check_total, rises
from airflow_provider_intacct.client.paging.places import leading
from airflow_provider_intacct.client.where import Compare, Condition, all_of
from airflow_provider_intacct.client.xml.functions import Function


@dataclass(frozen=True, slots=True)
class KeyCursor:
    """The next page above `last` and below `until`; `falling` turns the order round, and both bounds with it."""

    extract: Extract
    key: str
    last: str | None = None
    until: str | None = None
    falling: bool = False
    progress: Progress = START

    @property
    def place(self) -> Place:
        """The fields that tell where a row stands."""
        return (self.key,)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields asked for: the author's, and the key where it is not among them."""
        return self.extract.fields + (() if self.extract.selects(self.key) else (self.key,))

    @property
    def room(self) -> int:
        """How many rows the page may bring."""
        return self.extract.room(self.progress.read)

    def function(self) -> Function:
        """Return the query for this page."""
        conditions: list[Condition] = [] if self.extract.where is None else [self.extract.where]
        if self.last is not None:
            conditions.append(Compare(self.key, "<" if self.falling else ">", self.last))
        if self.until is not None:
            conditions.append(Compare(self.key, ">" if self.falling else "<", self.until))
        where = all_of(*conditions) if conditions else None
        order = f"{self.key} DESC" if self.falling else self.key
        form = self.progress.form(self.extract.return_format, self.room, self.extract.limit)
        fields = leading(self.fields, self.place) if form == "csv" else self.fields
        return self.extract.page(fields, where, [order], self.room, form=form)

    def after(self, places: Places, total: int | None = None) -> "KeyCursor | None":
        """Return the cursor of the page after this one, None after the last. `total` is the reply's totalcount.

        Raises MalformedReplyError for a page that does not lead on from the one before.
        """
        check_total(self.extract, len(places), total)
        last = self.check_order(places.keys) if places.keys else self.last
        progress = self.progress.after(len(places), self.room, total, self.extract.limit)
        return None if progress is None else replace(self, last=last, progress=progress)

    def check_order(self, keys: list[str]) -> str:
        """Return the last of `keys`, which must all lie beyond the one before: else rows are lost or read twice."""
        if not all(keys):
            raise MalformedReplyError(
                f"query {self.extract.object}: the reply has records without {self.key}, so the next page cannot be "
                "told. Read with order_by, which does not need it."
            )
        bounds = [[] if bound is None else [bound] for bound in (self.last, self.until)]
        if not rises([*bounds[0], *keys, *bounds[1]], falling=self.falling):
            raise MalformedReplyError(
                f"query {self.extract.object}: the page after {self.key} {self.last or '(none)'} does not go on in the "
                f"order of {self.key} (it runs from {keys[0]} to {keys[-1]}, {len(keys)} rows); nothing of it was used."
            )
        return keys[-1]
