"""Operators for Sage Intacct."""

from typing import TYPE_CHECKING

from airflow_provider_intacct.lazy import importer

if TYPE_CHECKING:
    from airflow_provider_intacct.operators.acts import IntacctApprovalOperator as IntacctApprovalOperator
    from airflow_provider_intacct.operators.acts import IntacctReverseOperator as IntacctReverseOperator
    from airflow_provider_intacct.operators.attachments import (
        ObjectStorageToIntacctAttachmentsOperator as ObjectStorageToIntacctAttachmentsOperator,
    )
    from airflow_provider_intacct.operators.balances import IntacctTrialBalanceOperator as IntacctTrialBalanceOperator
    from airflow_provider_intacct.operators.dds import IntacctDdsJobOperator as IntacctDdsJobOperator
    from airflow_provider_intacct.operators.delete import IntacctDeleteOperator as IntacctDeleteOperator
    from airflow_provider_intacct.operators.entities import IntacctEntitiesOperator as IntacctEntitiesOperator
    from airflow_provider_intacct.operators.function import IntacctFunctionOperator as IntacctFunctionOperator
    from airflow_provider_intacct.operators.query import IntacctQueryOperator as IntacctQueryOperator
    from airflow_provider_intacct.operators.report import IntacctReportOperator as IntacctReportOperator
    from airflow_provider_intacct.operators.write import IntacctCreateOperator as IntacctCreateOperator
    from airflow_provider_intacct.operators.write import IntacctUpdateOperator as IntacctUpdateOperator
    from airflow_provider_intacct.operators.write import IntacctUpsertOperator as IntacctUpsertOperator

__getattr__ = importer(
    __name__,
    {
        "IntacctApprovalOperator": "acts",
        "IntacctCreateOperator": "write",
        "IntacctDdsJobOperator": "dds",
        "IntacctDeleteOperator": "delete",
        "IntacctEntitiesOperator": "entities",
        "IntacctFunctionOperator": "function",
        "IntacctQueryOperator": "query",
        "IntacctReportOperator": "report",
        "IntacctReverseOperator": "acts",
        "IntacctTrialBalanceOperator": "balances",
        "IntacctUpdateOperator": "write",
        "IntacctUpsertOperator": "write",
        "ObjectStorageToIntacctAttachmentsOperator": "attachments",
    },
)
