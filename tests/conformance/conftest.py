"""Sage's schema, against which every request is validated."""

from collections.abc import Callable

import pytest
from lxml import etree

from tests.sage_schema import ABSENT, schema_path


@pytest.fixture(scope="session")
def intacct_schema() -> etree.XMLSchema:
    """Sage's compiled schema; a test that needs it is skipped where it is absent."""
    path = schema_path()
    if path is None:
        pytest.skip(ABSENT)
    return etree.XMLSchema(etree.parse(path))


@pytest.fixture(scope="session")
def schema_errors(intacct_schema: etree.XMLSchema) -> Callable[[bytes], list[str]]:
    """Return what the schema says against a request: nothing, when it is valid."""

    def errors(request: bytes) -> list[str]:
        intacct_schema.validate(etree.fromstring(request))
        return [str(entry.message) for entry in intacct_schema.error_log]

    return errors
