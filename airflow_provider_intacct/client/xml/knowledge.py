"""What one client asks Intacct once and then knows: definitions of objects, and how the API user sees dates and times.

Flows over a gateway. Reading the answers is `metadata`'s business.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.xml import functions, metadata
from airflow_provider_intacct.client.xml.gateway import Gateway
from airflow_provider_intacct.client.xml.metadata import ObjectDefinition, UserFormatting


@dataclass(slots=True)
class Knowledge:
    """Definitions by (object, document type), and the user's formatting. `time_zone` overrules Intacct's offset."""

    gateway: Gateway
    time_zone: str | None = None
    _definitions: dict[tuple[str, str], ObjectDefinition] = field(default_factory=dict)
    _lengths: dict[str, dict[str, int]] = field(default_factory=dict)
    _formatting: UserFormatting | None = None

    def definition(self, object: str, doc_par_id: str | None = None) -> Flow[ObjectDefinition]:
        """Flow: the fields and relationships of an object. Raises ObjectNotFoundError."""
        key = (object.upper(), doc_par_id or "")
        if key not in self._definitions:
            result = yield from self.gateway.call(functions.lookup(object, doc_par_id=doc_par_id))
            self._definitions[key] = metadata.read_definition(result.data)
        return self._definitions[key]

    def known(self, objects: Iterable[str]) -> Flow[dict[str, ObjectDefinition | None]]:
        """Flow: the definitions of several objects by upper-case name, asked in one request; None: no such object."""
        names = [name.upper() for name in objects]
        missing = [name for name in names if (name, "") not in self._definitions]
        if missing:
            reply = yield from self.gateway.execute([functions.lookup(name) for name in missing])
            reply.raise_for_access()
            for name, result in zip(missing, reply.results, strict=True):
                if result.ok:
                    self._definitions[name, ""] = metadata.read_definition(result.data)
        return {name: self._definitions.get((name, "")) for name in names}

    def lengths(self, objects: Iterable[str]) -> Flow[dict[str, dict[str, int]]]:
        """Flow: how long texts may be, by upper-case name of object and field, as far as inspect tells; in one request.

        Of some objects it tells nothing.
        """
        names = [name.upper() for name in objects]
        missing = [name for name in names if name not in self._lengths]
        if missing:
            reply = yield from self.gateway.execute([functions.inspect(name, detail=True) for name in missing])
            reply.raise_for_access()
            for name, result in zip(missing, reply.results, strict=True):
                self._lengths[name] = metadata.read_lengths(result.data) if result.ok else {}
        return {name: self._lengths[name] for name in names}

    def formatting(self) -> Flow[UserFormatting]:
        """Flow: how Intacct writes dates and times for this user, and in which zone."""
        if self._formatting is None:
            session = yield from self.gateway.session()
            result = yield from self.gateway.call(functions.read_user_formatting(user_id=session.user_id))
            self._formatting = metadata.read_formatting(result.data, self.time_zone)
        return self._formatting

    def definitions(
        self, object: str, names: Iterable[str], doc_par_id: str | None
    ) -> Flow[dict[str, ObjectDefinition]]:
        """Flow: the definition of an object, and of those that dotted `names` lead to, by name in upper case."""
        names = list(names)
        known = {object.upper(): (yield from self.definition(object, doc_par_id))}
        while missing := metadata.needed_definitions(object, names, known):
            for each in sorted(missing):
                known[each] = yield from self.definition(each)
        return known
