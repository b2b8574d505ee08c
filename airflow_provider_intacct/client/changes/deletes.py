"""Deleted records, from the audit history: what to ask for, and what the answer means. Sends nothing.

ACCESSTIME is documented as GMT, but a client that runs in production takes it for the user's local time. So the read is
wide enough for both: a tombstone may lie some hours outside of the window. That does no harm, since numbers of deleted
records are not given out again; a tombstone too many removes nothing that exists.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

from airflow_provider_intacct.client.changes.policy import policy_of
from airflow_provider_intacct.client.errors import (
    AuditHistoryError,
    FunctionError,
    InvalidRequestError,
    MalformedReplyError,
    ObjectNotFoundError,
    PermissionDeniedError,
)
from airflow_provider_intacct.client.where import Compare, Condition, all_of
from airflow_provider_intacct.client.windows import Window, local_end, local_start

log = logging.getLogger(__name__)

AUDIT_HISTORY = "AUDITHISTORY"
FIELDS = ("ID", "OBJECTKEY", "ACCESSTIME")
UNREADABLE = "DL02000001"
DELETED = "D"
"""ACCESSMODE of a deletion in query; readByQuery says it in words. Source: developer.intacct.com, Audit trails."""

OBJECT_KEY = re.compile(r"0*([1-9]\d*)(?:--REC)?", re.ASCII)
"""A record named by its number: `123--REC` for most objects, plain `123` for TASK. Source: estuary/connectors."""


UNNAMED = timedelta(hours=1)
"""By how much a fixed offset may be wrong: it does not tell whether it is the one of summer or of winter."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A record that was deleted: its number, and when, the audit history's time taken for the GMT it is said to be."""

    object: str
    key: str
    deleted_at: datetime


class AuditRead:
    """One look for the deleted records of `object` in a window: `where` and FIELDS of AUDITHISTORY, read by number.

    `zone` is the API user's. Raises InvalidRequestError for an object whose deletes the audit history does not tell,
    and names the way that does.
    """

    def __init__(self, object: str, window: Window, zone: tzinfo) -> None:
        policy = policy_of(object)
        if policy.audit_type is None:
            instead = f" Ask for those of {policy.parent}, which owns them." if policy.parent else ""
            raise InvalidRequestError(f"{policy.object} has no tombstones: {policy.reason}.{instead}")
        self.object = policy.object
        self.audit_type = policy.audit_type
        self.seen: set[str] = set()
        since, until = bounds(window, zone)
        self.where: Condition = all_of(
            Compare("OBJECTTYPE", "=", self.audit_type),
            Compare("ACCESSMODE", "=", DELETED),
            *([] if since is None else [Compare("ACCESSTIME", ">=", since)]),
            Compare("ACCESSTIME", "<", until),
        )
        log.info(
            "Deleted %s records: ACCESSTIME is said to be GMT and may be local; read from %s to %s on its clock.",
            *(self.object, since or "the beginning", until),
        )

    def tombstone(self, row: dict[str, Any]) -> Tombstone | None:
        """Return what a typed row of FIELDS tells; None for a record that has been told. Raises AuditHistoryError."""
        found = OBJECT_KEY.fullmatch(str(row["OBJECTKEY"] or "").strip())
        if found is None:
            raise AuditHistoryError(
                f"The audit history names a deleted {self.object} record {str(row['OBJECTKEY'])[:80]!r} (ID "
                f"{row['ID']}), which is not a record number, so which one is gone cannot be told. Find the deletes of "
                f"{self.object} by comparing keys (key_set)."
            )
        if found[1] in self.seen:
            return None
        self.seen.add(found[1])
        return Tombstone(self.object, found[1], self.moment(row["ACCESSTIME"]))

    def moment(self, value: Any) -> datetime:
        """Return an ACCESSTIME as a datetime; a day alone is its beginning."""
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime.combine(value, time.min, UTC)
        raise MalformedReplyError(f"AUDITHISTORY: {str(value)[:40]!r} is no time at which {self.object} was deleted.")

    @contextmanager
    def refusals_explained(self) -> Iterator[None]:
        """Say which right is missing where Intacct does not hand out the audit history, and the way without it.

        Sources: developer.intacct.com, Audit trails (View permission for custom reports, Platform Services); that some
        rows of it can never be read: hotgluexyz/tap-intacct, MeltanoLabs/tap-intacct.
        """
        try:
            yield
        except FunctionError as error:
            if error.object.upper() != AUDIT_HISTORY:
                raise
            why = f"deleted {self.object} records are not seen ({error.message.rstrip('.')})"
            keys = f"find the deletes of {self.object} by comparing keys (key_set)"
            if isinstance(error, PermissionDeniedError | ObjectNotFoundError):
                raise AuditHistoryError(
                    f"The user may not read the audit history, so {why}. Grant the user's role View permission for "
                    f"custom reports, which comes with the Platform Services subscription; or {keys}, which needs no "
                    "such right."
                ) from error
            if error.has(UNREADABLE):
                raise AuditHistoryError(
                    f"A part of the audit history cannot be read, so {why}. If it stays so, {keys}: some rows are "
                    "never handed out, nor is any page that holds one."
                ) from error
            raise


def bounds(window: Window, zone: tzinfo) -> tuple[datetime | None, datetime]:
    """Return from and before which ACCESSTIME is read, so that GMT and the local time of `zone` are both covered."""
    start, end = window.reads
    spare = UNNAMED if isinstance(zone, timezone) else timedelta(0)
    until = max(local_end(end, UTC), local_end(end, zone) + spare)
    if start is None:
        return None, until
    return min(local_start(start, UTC), local_start(start, zone) - spare), until
