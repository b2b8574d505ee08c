"""The company's entities as a list, for tasks that are mapped over them. Thin: the client does the work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID, names
from airflow_provider_intacct.hooks.failures import airflow_outcome
from airflow_provider_intacct.metrics import metered

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.client.xml.metadata import Entity


class IntacctEntitiesOperator(BaseOperator):
    """Return the ids of the company's entities, to run a task in each: `.expand(entity_id=entities.output)`.

    A list of ids in Intacct's order. A company without entities fails the task, for a mapping over nothing would be
    skipped and look as good as done; with `include_top_level` it is a list of the top level alone.

    :param include_top_level: begin the list with None, for which the mapped task works at the top level. The
        connection must not name an entity then.
    :param exclude: ids to leave out, such as an elimination entity. A list, or text with commas.
    :param intacct_conn_id: the Airflow connection.
    """

    template_fields: Sequence[str] = ("exclude", "intacct_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"exclude": "json"}
    ui_color = "#e3f1e8"

    def __init__(
        self,
        *,
        include_top_level: bool = False,
        exclude: Sequence[str] | str | None = None,
        intacct_conn_id: str = DEFAULT_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.include_top_level = include_top_level
        self.exclude = exclude
        self.intacct_conn_id = intacct_conn_id

    def execute(self, context: Context) -> list[str | None]:
        """Return the ids. Raises AirflowFailException for what another try cannot mend."""
        from airflow_provider_intacct.hooks.intacct import IntacctHook

        with airflow_outcome():
            hook = IntacctHook(self.intacct_conn_id)
            with hook.client as client, metered(self, client) as meter:
                self._check_top_level(client.credentials.entity_id)
                entities = self._chosen(client.entities())
                meter.done(f"Found {len(entities)} entities", rows=len(entities))
        for entity in entities:
            self.log.info("Entity %s: %s, %s", entity.id, entity.name, entity.currency or "no currency named")
        return [*([None] if self.include_top_level else []), *(entity.id for entity in entities)]

    def _check_top_level(self, entity_id: str | None) -> None:
        from airflow_provider_intacct.client.errors import ConfigurationError

        if self.include_top_level and entity_id:
            raise ConfigurationError(
                f"Connection {self.intacct_conn_id!r} works inside entity {entity_id!r}, so no task of it reaches the "
                "top level. Clear its entity_id, or leave out include_top_level."
            )

    def _chosen(self, entities: list[Entity]) -> list[Entity]:
        from airflow_provider_intacct.client.errors import InvalidRequestError

        excluded = set(names("exclude", self.exclude)) if self.exclude else set()
        if unknown := sorted(excluded - {entity.id for entity in entities}):
            known = ", ".join(entity.id for entity in entities[:20]) or "none"
            raise InvalidRequestError(f"'exclude' names {', '.join(unknown)}; the company's entities are: {known}.")
        chosen = [entity for entity in entities if entity.id not in excluded]
        if not chosen and not self.include_top_level:
            raise InvalidRequestError(
                "There is no entity to run in, and tasks mapped over nothing would be skipped. A company without "
                "entities is read at the top level: include_top_level=True, or no mapping at all."
            )
        return chosen
