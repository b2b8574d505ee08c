"""Run the example DAG on a real Airflow against the sandbox: for `make demo`, `make airflow` and tests/airflow_stack."""
