"""The approver's desk: what people decide at the user interface, where no API reaches. A bench control, not Intacct's.

Knows the company and its rules; refuses to know HTTP.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from .company import Company
from .ledger import approvals, workflows
from .ledger.books import Books
from .ledger.refusals import RefusedError, refused
from .records import Record, fetch
from .users import User


class DeskError(ValueError):
    """A decision that cannot be taken; the text names the reason, in the company's words where they are its own."""


class Desk:
    """What waits for approval, and the decisions of people on it."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def waiting(self) -> list[dict[str, Any]]:
        """Return every record that waits, with who submitted it, who approved it, and how many approvals it needs."""
        with self._company.store.read() as db:
            books = self._books(db, self._company.users["etl"])
            return [
                {
                    "object": name,
                    "key": record["RECORDNO"],
                    **self._state(books, name, record),
                    "needed": of.workflow.levels(books),
                }
                for name, of in workflows.CONSEQUENCES.items()
                for state in sorted(of.workflow.waiting)
                for record in books.find(name, STATE=state)
            ]

    def approve(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Approve `{"object", "key", "user", "comment"}` and return what became of it.

        Without a user, the first who may and has not yet.
        """
        return self._decide(values, workflows.approve)

    def decline(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Decline a record, as `approve` approves one."""
        return self._decide(values, workflows.decline)

    def _decide(
        self, values: Mapping[str, Any], decide: Callable[[Books, str, Record, str | None], None]
    ) -> dict[str, Any]:
        unknown = set(values) - {"object", "key", "user", "comment"}
        if unknown:
            raise DeskError(f"{', '.join(sorted(unknown))}: a decision has object, key, user and comment.")
        name, number = str(values.get("object")), str(values.get("key"))
        if name not in workflows.CONSEQUENCES:
            raise DeskError(f"object is one of {', '.join(workflows.CONSEQUENCES)}, not {values.get('object')!r}.")
        if not number.isdecimal():
            raise DeskError(f"key is a RECORDNO, not {values.get('key')!r}.")
        key = int(number)
        try:
            with self._company.store.write() as db:
                user = self._person(db, name, key, values.get("user"))
                books = self._books(db, user)
                decide(books, name, self._record(books, user, name, key), values.get("comment"))
                record = self._record(books, user, name, key)
                return {"object": name, "key": key, "by": user.id, **self._state(books, name, record)}
        except RefusedError as refusal:
            raise DeskError(refusal.reasons[0].text or refusal.reasons[0].errorno) from refusal

    def _person(self, db: sqlite3.Connection, name: str, key: int, asked: Any) -> User:
        permitted = [user for user in self._company.users.values() if self._company.permissions.may_approve(user, name)]
        if asked is not None:
            user = self._company.users.get(str(asked))
            if user is None:
                raise DeskError(f"There is no user {asked!r}. Users: {', '.join(self._company.users)}.")
            if user not in permitted:
                raise DeskError(f"{user.id} may not approve {name}.")
            return user
        submitter, approvers = approvals.decided(self._books(db, permitted[0]), name, key)
        people = ("approver", "controller", *(user.id for user in permitted))
        free = [person for person in people if person != submitter and person not in approvers]
        return self._company.users[free[0] if free else people[0]]

    def _record(self, books: Books, user: User, name: str, key: int) -> Record:
        record = fetch(books.db, books.definition(name), key)
        if record is None:
            raise DeskError(f"There is no {name} {key}.")
        if user.entity_ids and record["MEGAENTITYID"] not in user.entity_ids:
            raise refused(f"{user.id} does not see {name} {key}, which belongs to another entity.")
        return record

    def _state(self, books: Books, name: str, record: Record) -> dict[str, Any]:
        submitter, approvers = approvals.decided(books, name, record["RECORDNO"])
        label = books.definition(name).fields["STATE"].value_label(record["STATE"])
        return {"state": label, "submitted_by": submitter, "approved_by": approvers}

    def _books(self, db: sqlite3.Connection, user: User) -> Books:
        company = self._company
        return Books(db, company.catalog, company.switches, company.clock.now(), user.id, user.record_no)
