"""Records that are gone: whether they are, and whether somebody deleted them or they never were. Flows of reads.

A delete that finds nothing says only "cannot find"; the audit history, where the user may read it, tells the rest.
"""

from collections.abc import Mapping, Sequence

from airflow_provider_intacct.client.changes.deletes import AUDIT_HISTORY, DELETED, OBJECT_KEY
from airflow_provider_intacct.client.changes.policy import policy_of
from airflow_provider_intacct.client.errors import FunctionError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.acts import KEY, how_of
from airflow_provider_intacct.client.posting.existing import Execute, Found
from airflow_provider_intacct.client.posting.lookups import MOST_VALUES, rows, rows_of_keys
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.where import Compare, In, all_of

UNTOLD = (
    "there is no such record: it never existed, it was deleted before, or it is in an entity that this user does not "
    "see; {why}"
)
NEVER = (
    "there is no such record, and the audit history knows of no deletion: it never existed, or it is in an entity that "
    "this user does not see"
)
UNLISTED = "whether the audit history names deleted ones of this object by number is not known, and it names none"
DELETED_BEFORE = "it was deleted before, on {when} by {who} (audit history), and not by this task as far as is known"


def find_gone(execute: Execute, postings: Sequence[Posting]) -> Flow[dict[str, Found]]:
    """Flow: the deletions whose record is not there any more, shown as done; the others as not shown.

    What the user may not query, or what the generic functions do not know, is not shown either.
    """
    there = yield from find_existing(execute, postings)
    return {
        posting.control_id: Found(posting.record[KEY], shown=there.get(posting.control_id) is False)
        for posting in postings
    }


def find_existing(execute: Execute, postings: Sequence[Posting]) -> Flow[dict[str, bool]]:
    """Flow: whether each record is there, by control id; those that cannot be asked for are left out."""
    found: dict[str, bool] = {}
    groups: dict[tuple[str, str], list[Posting]] = {}
    for posting in postings:
        if (field := how_of(posting).found_by) and posting.record[KEY]:
            groups.setdefault((posting.kind.object_name, field), []).append(posting)
    for (object_name, field), group in groups.items():
        keys = [posting.record[KEY] for posting in group]
        try:
            by_key = yield from rows_of_keys(execute, object_name, field, keys)
        except FunctionError:
            continue
        found |= {posting.control_id: posting.record[KEY] in by_key for posting in group}
    return found


def missing_notes(execute: Execute, object_name: str, numbers: Sequence[str]) -> Flow[Mapping[str, str]]:
    """Flow: for each record number that is not there, in words, what the audit history knows of it."""
    told: dict[str, str] = {}
    try:
        for start in range(0, len(numbers), MOST_VALUES // 2):
            some = [key for number in numbers[start : start + MOST_VALUES // 2] for key in (number, f"{number}--REC")]
            where = all_of(
                Compare("OBJECTTYPE", "=", object_name.lower()),
                Compare("ACCESSMODE", "=", DELETED),
                In("OBJECTKEY", tuple(some)),
            )
            for row in (yield from rows(execute, AUDIT_HISTORY, ["ID", "OBJECTKEY", "ACCESSTIME", "USERID"], where)):
                if key := OBJECT_KEY.fullmatch(row.get("OBJECTKEY", "").strip()):
                    told[key[1]] = DELETED_BEFORE.format(
                        when=row.get("ACCESSTIME"), who=row.get("USERID") or "somebody"
                    )
    except FunctionError as error:
        why = f"the audit history cannot tell ({error.message.rstrip('.')})"
        return {number: UNTOLD.format(why=why) for number in numbers}
    otherwise = NEVER if policy_of(object_name).audit_type else UNTOLD.format(why=UNLISTED)
    return {number: told.get(number, otherwise) for number in numbers}
