"""What changed and what was deleted, object by object.

`policy_of` says how that is seen of an object, `deletes` reads the audit history, `drift` tells how the columns of two
reads differ. The times between which changes are looked for are a `client.windows.Window`.
"""

from airflow_provider_intacct.client.changes.deletes import Tombstone
from airflow_provider_intacct.client.changes.policy import ChangePolicy, Deletes, policy_of
from airflow_provider_intacct.client.changes.schema import Drift, drift, schema_of

__all__ = ["ChangePolicy", "Deletes", "Drift", "Tombstone", "drift", "policy_of", "schema_of"]
