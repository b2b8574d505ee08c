"""Who may call the company: users with their rights, and Web Services senders. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ALL_RIGHTS = ("List", "View", "Add", "Edit", "Delete")
READING_RIGHTS = ("List", "View")


@dataclass(frozen=True, slots=True)
class Grants:
    """A user's rights: one set for every policy, exceptions by (application, policy), and fields kept by object."""

    everywhere: tuple[str, ...]
    except_for: Mapping[tuple[str, str], tuple[str, ...]]
    denied_fields: Mapping[str, frozenset[str]]

    def rights(self, application: str, policy: str) -> tuple[str, ...]:
        """Return the rights granted under one policy."""
        return self.except_for.get((application, policy), self.everywhere)


@dataclass(frozen=True, slots=True)
class User:
    """A person or a program that signs in. `record_no` is its RECORDNO in USERINFO, where LOGINID is `id`.

    `entity_ids` restricts the user to those entities; empty means the top level and every entity.
    """

    id: str
    password: str = field(repr=False)
    record_no: int
    name: str
    grants: Grants = field(repr=False)
    entity_ids: tuple[str, ...] = ()
    locked: bool = False
    time_zone: str = "America/Los_Angeles"
    locale: str = "en_US"
    date_format: str = "/mdY"
    clock: str = "24"


@dataclass(frozen=True, slots=True)
class Sender:
    """A Web Services sender id, and whether the company authorised it."""

    id: str
    password: str = field(repr=False)
    authorised: bool = True
