"""A local Sage Intacct company: `python -m airflow_provider_intacct.sandbox`. The README beside this describes it."""
