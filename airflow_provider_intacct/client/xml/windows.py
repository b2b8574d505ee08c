"""How the records of a window are found: by their own time of change, by that of what owns them, or all of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import pairwise

from airflow_provider_intacct.client.changes import ChangePolicy, policy_of
from airflow_provider_intacct.client.errors import MalformedReplyError
from airflow_provider_intacct.client.paging import Changes, Extract
from airflow_provider_intacct.client.values import moment_reader
from airflow_provider_intacct.client.where import Condition, all_of
from airflow_provider_intacct.client.windows import Window, changed_in
from airflow_provider_intacct.client.xml.metadata import AUDIT_OBJECTS, ObjectDefinition, UserFormatting

DAY = timedelta(days=1)
LONGEST_LOOKED_AT = timedelta(days=120)
SET_BACK_MONTHS = frozenset({3, 4, 9, 10, 11})
WEEKEND = frozenset({5, 6})


@dataclass(frozen=True, slots=True)
class Incremental:
    """How one object is read by window.

    `changes`   the conditions of its own times; None if it has none
    `by_change` whether pages can be taken by time of change; else they are taken by key, within the same conditions
    """

    policy: ChangePolicy
    changes: Changes | None
    by_change: bool = False


def incremental(definition: ObjectDefinition, window: Window, formatting: UserFormatting) -> Incremental:
    """Return how the records of `definition` are found that changed in `window`.

    In a stretch of local time that comes twice, a time does not tell which of two records changed first. A window that
    holds one, or that has no beginning, is read by key.
    """
    policy = policy_of(definition)
    if policy.modified is None:
        return Incremental(policy, None)
    zone = formatting.zone_of(definition.name)

    def within(field: str) -> Condition:
        kind = found.datatype.upper() if (found := definition.field(field)) else ""
        return changed_in(field, window, zone, by_day=kind == "DATE")

    created = within(policy.created) if policy.created else None
    local = _local(definition.name, formatting)
    changes = Changes(policy.modified, within(policy.modified), created, local, zone)
    timed = (found := definition.field(policy.modified)) is not None and found.datatype.upper() != "DATE"
    certain = definition.name.upper() in AUDIT_OBJECTS or not isinstance(zone, timezone)
    repeats = repeats_an_hour(window, zone) if certain else may_repeat_an_hour(window, zone)
    return Incremental(policy, changes, timed and not repeats)


def by_key(extract: Extract, changes: Changes) -> Extract:
    """Return the extract of the records of a window, in whatever order."""
    conditions = [changes.both] if extract.where is None else [extract.where, changes.both]
    return replace(extract, where=all_of(*conditions))


def repeats_an_hour(window: Window, zone: tzinfo) -> bool:
    """Return whether local time goes back somewhere in what `window` reads, or that is too long to look at."""
    start, end = window.reads
    if start is None or end - start > LONGEST_LOOKED_AT:
        return True
    at, offsets = start - DAY, []
    while at < end + 2 * DAY:
        offsets.append(at.astimezone(zone).utcoffset() or timedelta(0))
        at += DAY
    return any(later < earlier for earlier, later in pairwise(offsets))


def may_repeat_an_hour(window: Window, offset: tzinfo) -> bool:
    """Return whether local time may go back in what `window` reads, where only its present offset is known.

    Clocks are set back in the night to a Sunday, in autumn, which is spring in the other half of the world.
    """
    start, end = window.reads
    if start is None or end - start > LONGEST_LOOKED_AT:
        return True
    at = start.astimezone(offset).date()
    while at <= end.astimezone(offset).date():
        if at.month in SET_BACK_MONTHS and at.weekday() in WEEKEND:
            return True
        at += DAY
    return False


def _local(object: str, formatting: UserFormatting) -> Callable[[str], datetime]:
    """Return what reads the text of a time as local time, without a zone."""
    zone = formatting.zone_of(object)
    read = moment_reader(formatting, zone)

    def local(text: str) -> datetime:
        try:
            moment = read(text)
        except ValueError:
            moment = None
        if not isinstance(moment, datetime):
            raise MalformedReplyError(f"query {object}: {text!r} is no time that pages could go by.")
        return moment.astimezone(zone).replace(tzinfo=None, fold=0)

    return local
