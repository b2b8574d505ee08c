"""A client of Sage Intacct that works without Airflow: in a notebook, in a script, and below the hooks."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_intacct.client import errors
    from airflow_provider_intacct.client.credentials import Credentials
    from airflow_provider_intacct.client.xml.client import AsyncIntacctClient, IntacctClient

__all__ = ["AsyncIntacctClient", "Credentials", "IntacctClient", "errors"]

# Imported when first asked for: whoever catches an error or names a credential need not load an HTTP library for it.
_HOMES = {
    "AsyncIntacctClient": "airflow_provider_intacct.client.xml.client",
    "Credentials": "airflow_provider_intacct.client.credentials",
    "IntacctClient": "airflow_provider_intacct.client.xml.client",
}


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("airflow_provider_intacct.client.errors")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
