"""The hook for Sage Intacct."""

from typing import TYPE_CHECKING

from airflow_provider_intacct.lazy import importer

if TYPE_CHECKING:
    from airflow_provider_intacct.hooks.intacct import IntacctHook as IntacctHook

__getattr__ = importer(__name__, {"IntacctHook": "intacct"})
