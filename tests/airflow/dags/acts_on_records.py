"""Creates bills that wait for approval, waits for it, reverses them, and deletes a vendor: what acts on records."""

from airflow.sdk import DAG

from airflow_provider_intacct.operators import IntacctCreateOperator, IntacctDeleteOperator, IntacctReverseOperator
from airflow_provider_intacct.sensors import IntacctStateSensor

LINES = [{"glaccountno": "6000", "amount": "50.00", "locationid": "100"}]

with DAG("acts_on_records", schedule=None):
    bills = IntacctCreateOperator(
        task_id="bills",
        function="create_bill",
        records=[
            {
                "vendorid": "V001",
                "datecreated": "2026-03-02",
                "datedue": "2026-03-31",
                "billno": f"ACT-{number}",
                "billitems": LINES,
            }
            for number in (1, 2)
        ],
        require_state="Posted",
        on_state="wait",
        state_interval=0.1,
    )
    posted = IntacctStateSensor(
        task_id="posted",
        object="APBILL",
        where="RECORDID LIKE 'ACT-%'",
        deferrable=True,
        poke_interval=0.1,
        timeout=60,
    )
    reversed_ones = IntacctReverseOperator(
        task_id="reversed",
        object="APBILL",
        keys=bills.output,
        date="{{ '2026-04-01' }}",
        memo="Entered by {{ dag.dag_id }}",
    )
    vendor = IntacctCreateOperator(task_id="vendor", object="VENDOR", records={"VENDORID": "ACT", "NAME": "Acted on"})
    gone = IntacctDeleteOperator(
        task_id="gone",
        object="VENDOR",
        keys=lambda context, jinja_env: [row["key"] for row in context["ti"].xcom_pull("vendor")],
    )
    bills >> posted >> reversed_ones
    vendor >> gone
