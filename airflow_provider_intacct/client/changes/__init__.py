"""What changed and what was deleted, object by object.

`policy_of` says how that is seen of an object; `deletes` reads the audit history; `drift` compares the columns of two
reads. The times between which changes are looked for are a `client.windows.Window`.
"""

from airflow_provider_intacct.client.changes.policy import ChangePolicy, Deletes, policy_of

__all__ = ["ChangePolicy", "Deletes", "policy_of"]
