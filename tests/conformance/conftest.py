"""Sage's schema, against which every request is validated. It is not shipped: see CONTRIBUTING for where to get it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

PLACES = (Path(__file__).parents[2].parent / "shared" / "wire" / "schema",)
NAMES = ("api-v3.0-plus-query-lookup.xsd", "api-v3.0.xsd")


def schema_path() -> Path | None:
    """Return the schema: INTACCT_XSD (a file, or a folder that holds one), else beside the repository."""
    given = os.environ.get("INTACCT_XSD")
    for place in (Path(given),) if given else PLACES:
        for path in (place, *(place / name for name in NAMES)):
            if path.is_file():
                return path
    return None


@pytest.fixture(scope="session")
def intacct_schema() -> etree.XMLSchema:
    """Sage's compiled schema; a test that needs it is skipped where it is absent."""
    path = schema_path()
    if path is None:
        pytest.skip(
            "Sage's request schema is not here. Set INTACCT_XSD to api-v3.0.xsd (github.com/Intacct/intacct_dtd), "
            "with query and lookup added, to validate every request against it."
        )
    return etree.XMLSchema(etree.parse(path))


@pytest.fixture(scope="session")
def schema_errors(intacct_schema: etree.XMLSchema) -> Callable[[bytes], list[str]]:
    """Return what the schema says against a request: nothing, when it is valid."""

    def errors(request: bytes) -> list[str]:
        intacct_schema.validate(etree.fromstring(request))
        return [str(entry.message) for entry in intacct_schema.error_log]

    return errors
