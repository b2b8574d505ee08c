"""Sensors for Sage Intacct."""

from typing import TYPE_CHECKING

from airflow_provider_intacct.lazy import importer

if TYPE_CHECKING:
    from airflow_provider_intacct.sensors.record import IntacctRecordSensor as IntacctRecordSensor
    from airflow_provider_intacct.sensors.state import IntacctStateSensor as IntacctStateSensor

__getattr__ = importer(__name__, {"IntacctRecordSensor": "record", "IntacctStateSensor": "state"})
