"""Intacct objects as Airflow assets: `intacct://COMPANY/OBJECT`, with `?entity=` for what one entity sees.

Airflow imports this module while it parses any DAG with such an asset, so it stays small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from airflow.sdk import Asset

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from airflow.providers.common.compat.openlineage.facet import Dataset

SCHEME = "intacct"


def create_asset(
    *, company_id: str, object: str, entity_id: str | None = None, extra: dict[str, Any] | None = None
) -> Asset:
    """Return the asset of an object of a company, or of what one of its entities sees."""
    query = f"?{urlencode({'entity': entity_id})}" if entity_id else ""
    return Asset(uri=f"{SCHEME}://{quote(company_id)}/{quote(object.upper())}{query}", extra=extra)


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """Return the URI in its one spelling, object names in upper case. Raises ValueError if it names no object."""
    object = uri.path.strip("/")
    if not uri.netloc or not object or "/" in object or "@" in uri.netloc:
        raise ValueError(f"An Intacct asset is written {SCHEME}://COMPANY/OBJECT, such as {SCHEME}://ACME/GLDETAIL.")
    if unknown := [name for name, _ in parse_qsl(uri.query, keep_blank_values=True) if name != "entity"]:
        raise ValueError(f"An Intacct asset takes only ?entity=, not {unknown[0]!r}.")
    return uri._replace(path=f"/{object.upper()}")


def convert_asset_to_openlineage(asset: Asset, lineage_context: object) -> Dataset:  # noqa: ARG001 - Airflow passes it
    """Return the same as an OpenLineage dataset: namespace `intacct://COMPANY`, name the object."""
    from airflow.providers.common.compat.openlineage.facet import Dataset

    parts = urlsplit(asset.uri)
    return Dataset(namespace=f"{SCHEME}://{parts.netloc}", name=unquote(parts.path.strip("/")))


def tell_outlets(context: Mapping[str, Any], outlets: Iterable[Any], facts: Mapping[str, Any]) -> None:
    """Put `facts` (window, counts, cursor; JSON) into the event of each asset among a task's outlets."""
    events = context.get("outlet_events")
    if events is None:
        return
    for outlet in outlets:
        if isinstance(outlet, Asset):
            events[outlet].extra = {**events[outlet].extra, **facts}
