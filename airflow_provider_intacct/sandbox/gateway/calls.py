"""What a gateway function is given (`Call`), and how it is found.

A module in gateway/delivery, reading, reporting, writing or gateway/administration.py registers plain functions:

    @function("delete", writes=True)
    def delete(call: Call) -> Result: ...

`discover()` imports every module of those places. Refuses to know XML syntax, HTTP, sessions and transactions: dispatch
opens `call.db`, commits when the function returns, rolls back when it raises.
"""

import importlib
import pkgutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from airflow_provider_intacct.sandbox.company import Company
from airflow_provider_intacct.sandbox.users import User

from .results import Result
from .sessions import Session


@dataclass(frozen=True, slots=True)
class Call:
    """One function of a request, as its implementation sees it.

    `db` is open for the whole function: the writing connection where the function is registered with `writes=True` or
    the operation is atomic, a reading snapshot otherwise. `entity_id` is None at the top level. `lag` is how long ago
    the transaction began that ends now.
    """

    element: etree._Element
    control_id: str
    company: Company
    session: Session
    db: sqlite3.Connection
    lag: timedelta = timedelta(0)

    @property
    def now(self) -> datetime:
        """The moment that what is written is stamped with."""
        return self.company.clock.now() - self.lag

    @property
    def name(self) -> str:
        """The function's element name, such as readByQuery."""
        return str(self.element.tag)

    @property
    def attributes(self) -> Mapping[str, str]:
        """The attributes of the function element, such as get_list's object."""
        return {str(name): str(value) for name, value in self.element.attrib.items()}

    @property
    def user(self) -> User:
        """Who calls."""
        return self.company.users[self.session.user_id]

    @property
    def entity_id(self) -> str | None:
        """The entity the session is in, None at the top level."""
        return self.session.entity_id

    def require(self, object_name: str) -> None:
        """Raise the gateway's denial when the user may not do this function on that object."""
        self.company.permissions.require(self.user, self.name, object_name)

    def require_fields(self, fields: Mapping[str, Sequence[str]]) -> None:
        """Raise the gateway's denial when a field, by object, is kept from the user."""
        self.company.permissions.require_fields(self.user, fields)


@dataclass(frozen=True, slots=True)
class Implementation:
    """A registered function. `spends=False` marks what is no API transaction, such as getAPISession."""

    name: str
    run: Callable[[Call], Result]
    writes: bool
    spends: bool


FUNCTIONS: dict[str, Implementation] = {}


def function(
    *names: str, writes: bool = False, spends: bool = True
) -> Callable[[Callable[[Call], Result]], Callable[[Call], Result]]:
    """Register the decorated function as the implementation of the named gateway functions."""

    def register(run: Callable[[Call], Result]) -> Callable[[Call], Result]:
        for name in names:
            if name in FUNCTIONS:
                raise ValueError(f"gateway function {name} is implemented twice")
            FUNCTIONS[name] = Implementation(name, run, writes, spends)
        return run

    return register


def discover() -> Mapping[str, Implementation]:
    """Import every module that implements functions and return the registry."""
    from . import delivery, reading, reporting, writing

    importlib.import_module(f"{__package__}.administration")
    for package in (delivery, reading, reporting, writing):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)
    return FUNCTIONS
