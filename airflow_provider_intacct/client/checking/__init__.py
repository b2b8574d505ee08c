"""Say what is wrong with prepared records before anything is sent, and show the exact request. Reads only.

problems = client.check(prepare(records, scope=scope, object_name="GLBATCH"))
"""

from airflow_provider_intacct.client.checking.dry_run import DryRun, DryRunError, dry_run
from airflow_provider_intacct.client.checking.flow import check
from airflow_provider_intacct.client.checking.problem import Problem, errors
from airflow_provider_intacct.client.checking.request import rendered

__all__ = ["DryRun", "DryRunError", "Problem", "check", "dry_run", "errors", "rendered"]
