"""Transfers between Sage Intacct and files or databases."""

from typing import TYPE_CHECKING

from airflow_provider_intacct.lazy import importer

if TYPE_CHECKING:
    from airflow_provider_intacct.transfers.attachments import (
        IntacctAttachmentsToObjectStorageOperator as IntacctAttachmentsToObjectStorageOperator,
    )
    from airflow_provider_intacct.transfers.object_storage import (
        IntacctToObjectStorageOperator as IntacctToObjectStorageOperator,
    )
    from airflow_provider_intacct.transfers.object_storage_to_intacct import (
        ObjectStorageToIntacctOperator as ObjectStorageToIntacctOperator,
    )
    from airflow_provider_intacct.transfers.sql import IntacctToSqlOperator as IntacctToSqlOperator
    from airflow_provider_intacct.transfers.sql_to_intacct import SqlToIntacctOperator as SqlToIntacctOperator

__getattr__ = importer(
    __name__,
    {
        "IntacctAttachmentsToObjectStorageOperator": "attachments",
        "IntacctToObjectStorageOperator": "object_storage",
        "IntacctToSqlOperator": "sql",
        "ObjectStorageToIntacctOperator": "object_storage_to_intacct",
        "SqlToIntacctOperator": "sql_to_intacct",
    },
)
