"""Companies for the tests of reading; tests over a socket use `sandbox` of the conftest above."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import postgres, postgres_server
from tests.sandbox.reading_company import ReadingCompany, fill

__all__ = ["postgres", "postgres_server"]


@pytest.fixture(scope="session")
def filled_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled company's database file, made once and copied by whoever needs one."""
    path = tmp_path_factory.mktemp("filled") / "company.db"
    company = ReadingCompany(path)
    fill(company)
    company.close()
    return path


@pytest.fixture(scope="session")
def shared_company(filled_db: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadingCompany]:
    """A filled company for tests that only read."""
    company = ReadingCompany(shutil.copy(filled_db, tmp_path_factory.mktemp("shared")))
    yield company
    company.close()


@pytest.fixture
def own_company(filled_db: Path, tmp_path: Path) -> Iterator[ReadingCompany]:
    """A filled company that the test may change."""
    company = ReadingCompany(shutil.copy(filled_db, tmp_path))
    yield company
    company.close()
