"""Pages by time of change and key, inside a window: many records may bear the same second, more than a page holds.

Records that were never changed bear no time of change; those that were created in the window come in the same pages.
Where empty values stand in the order is the server's choice, so each page moves both places on: that of the changed
records in it, and that of the never changed ones.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from airflow_provider_intacct.client.errors import MalformedReplyError
from airflow_provider_intacct.client.paging.endings import START, Progress
from airflow_provider_intacct.client.paging.extract import Extract, Place, Places, check_total, rises
from airflow_provider_intacct.client.paging.places import leading
from airflow_provider_intacct.client.where import Compare, Condition, IsNull, all_of, any_of
from airflow_provider_intacct.client.xml.functions import Function


@dataclass(frozen=True, slots=True)
class Changes:
    """Which records a window holds.

    `modified`  the field with the time of change
    `changed`   the condition that it lies in the window
    `created`   the condition for records without one; None: all of these are wanted
    `moment`    reads the text of `modified` as local time, without its `zone`
    """

    modified: str
    changed: Condition
    created: Condition | None
    moment: Callable[[str], datetime]
    zone: tzinfo

    @property
    def never_changed(self) -> Condition:
        """The condition for records without a time of change."""
        return all_of(IsNull(self.modified), *([self.created] if self.created is not None else []))

    @property
    def both(self) -> Condition:
        """The condition for all records of the window."""
        return any_of(self.changed, self.never_changed)


@dataclass(frozen=True, slots=True)
class ChangeCursor:
    """The next page beyond `last`, the last changed record's place, and `last_new`, the key of a never changed one."""

    extract: Extract
    key: str
    changes: Changes
    last: tuple[datetime, str] | None = None
    last_new: str | None = None
    progress: Progress = START

    @property
    def place(self) -> Place:
        """The fields that tell where a row stands."""
        return (self.changes.modified, self.key)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields asked for: the author's, and those of the place where they are not among them."""
        return self.extract.fields + tuple(name for name in self.place if not self.extract.selects(name))

    @property
    def room(self) -> int:
        """How many rows the page may bring."""
        return self.extract.room(self.progress.read)

    def function(self) -> Function:
        """Return the query for this page."""
        form = self.progress.form(self.extract.return_format, self.room, self.extract.limit)
        fields = leading(self.fields, self.place) if form == "csv" else self.fields
        return self.extract.page(fields, self.where(), self.place, self.room, form=form)

    def where(self) -> Condition:
        """Return the condition for what is left of the window, the author's own first."""
        changed, new = self.changes.changed, self.changes.never_changed
        if self.last is not None:
            moment, key = self.last
            same_second = all_of(Compare(self.changes.modified, "=", moment), Compare(self.key, ">", key))
            changed = all_of(changed, any_of(Compare(self.changes.modified, ">", moment), same_second))
        if self.last_new is not None:
            new = all_of(new, Compare(self.key, ">", self.last_new))
        left = any_of(changed, new)
        return left if self.extract.where is None else all_of(self.extract.where, left)

    def after(self, places: Places, total: int | None = None) -> "ChangeCursor | None":
        """Return the cursor of the page after this one, None after the last. `total` is the reply's totalcount.

        Raises MalformedReplyError for a page that does not lead on from the one before.
        """
        check_total(self.extract, len(places), total)
        if not all(places.keys):
            raise MalformedReplyError(f"query {self.extract.object}: the reply has records without {self.key}.")
        placed = list(zip(places.moments, places.keys, strict=True))
        changed = [(self.changes.moment(moment), key) for moment, key in placed if moment]
        new = [key for moment, key in placed if not moment]
        self.check_order(changed, new)
        progress = self.progress.after(len(places), self.room, total, self.extract.limit)
        if progress is None:
            return None
        return replace(
            self,
            last=changed[-1] if changed else self.last,
            last_new=new[-1] if new else self.last_new,
            progress=progress,
        )

    def check_order(self, changed: list[tuple[datetime, str]], new: list[str]) -> None:
        """Refuse a page that does not go on where the one before ended: rows would be lost or read for ever."""
        runs: list[list[str]] = [([] if self.last_new is None else [self.last_new]) + new]
        before: datetime | None = None
        for moment, key in ([] if self.last is None else [self.last]) + changed:
            if before is not None and moment < before:
                raise self.out_of_order(f"{self.changes.modified} goes back from {before} to {moment}")
            if moment == before:
                runs[-1].append(key)
            else:
                runs.append([key])
            before = moment
        for keys in runs:
            if not rises(keys):
                raise self.out_of_order(f"{self.key} does not rise among records changed in the same second")

    def out_of_order(self, what: str) -> MalformedReplyError:
        """Return the error for a page that cannot be trusted."""
        return MalformedReplyError(f"query {self.extract.object}, read by time of change: {what}; nothing was used.")
