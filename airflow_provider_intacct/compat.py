"""What differs between the supported Airflow versions (3.2 and later), looked up in this module only.

Each name works on every supported version; where an older Airflow lacks a feature, the docstring says what is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk.log import mask_secret

if TYPE_CHECKING:
    from typing import Protocol

    class TaskStateStore(Protocol):
        """`context["task_state_store"]`: JSON values that outlive a retry and a deferral of one task instance."""

        def get(self, key: str, default: Any = None) -> Any: ...

        def set(self, key: str, value: Any, **options: Any) -> None: ...

        def delete(self, key: str) -> None: ...


def task_state_store(context: Mapping[str, Any]) -> TaskStateStore | None:
    """Return the task's state store, or None before Airflow 3.3 and where no task runs.

    The values are stored as plain JSON: never keep a secret there.
    """
    store: TaskStateStore | None = context.get("task_state_store")
    return store


async def amask_secret(secret: str) -> None:
    """Mask `secret` from inside a coroutine, without blocking the event loop.

    Airflow 3.2 has no such call; there the synchronous one is used, which holds the loop for one message.
    """
    try:
        from airflow.sdk.log import amask_secret as native
    except ImportError:
        mask_secret(secret)
    else:
        await native(secret)
