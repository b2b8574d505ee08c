"""Run the example DAG on a real Airflow beside the sandbox: `make demo`, `make airflow` and tests/airflow_stack."""
