"""Triggers for Sage Intacct."""

from typing import TYPE_CHECKING

from airflow_provider_intacct.lazy import importer

if TYPE_CHECKING:
    from airflow_provider_intacct.triggers.dds import IntacctDdsJobTrigger as IntacctDdsJobTrigger
    from airflow_provider_intacct.triggers.posting import IntacctPostingTrigger as IntacctPostingTrigger
    from airflow_provider_intacct.triggers.record import IntacctRecordTrigger as IntacctRecordTrigger
    from airflow_provider_intacct.triggers.report import IntacctReportTrigger as IntacctReportTrigger
    from airflow_provider_intacct.triggers.state import IntacctStateTrigger as IntacctStateTrigger

__getattr__ = importer(
    __name__,
    {
        "IntacctDdsJobTrigger": "dds",
        "IntacctPostingTrigger": "posting",
        "IntacctRecordTrigger": "record",
        "IntacctReportTrigger": "report",
        "IntacctStateTrigger": "state",
    },
)
