"""What is shipped: the wheel has everything that is read at run time, and nothing that is only for working on it."""

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build wheel and source archive with the backend itself: no network, no isolated environment."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Iterator[zipfile.ZipFile]:
    [path] = distributions.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_the_wheel_has_every_module_and_data_file_of_the_package(wheel: zipfile.ZipFile) -> None:
    package = ROOT / "airflow_provider_intacct"
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.suffix in {".py", ".toml", ".xsd"} or path.name == "py.typed"
    }
    assert wanted <= set(wheel.namelist())
    assert any(name.startswith("airflow_provider_intacct/sandbox/catalog/objects/") for name in wanted)
    assert "airflow_provider_intacct/sandbox/gateway/schema.xsd" in wanted


def test_the_wheel_has_the_example_dags_where_airflow_looks_for_them(wheel: zipfile.ZipFile) -> None:
    shipped = {name for name in wheel.namelist() if name.startswith("airflow_provider_intacct/example_dags/")}
    examples = [path for path in (ROOT / "example_dags").rglob("*") if path.suffix in (".py", ".csv")]
    here = {f"airflow_provider_intacct/{path.relative_to(ROOT).as_posix()}" for path in examples}
    assert shipped == here


def test_the_wheel_registers_itself_with_airflow(wheel: zipfile.ZipFile) -> None:
    [entry_points] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    text = wheel.read(entry_points).decode()
    assert "[apache_airflow_provider]" in text
    assert "airflow_provider_intacct.get_provider_info:get_provider_info" in text


def test_the_wheel_has_nothing_that_is_only_for_working_on_it(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"airflow_provider_intacct"}
    assert not [name for name in wheel.namelist() if "__pycache__" in name or name.endswith((".db", ".pyc"))]


def test_the_source_archive_can_run_the_tests_and_the_demo(distributions: Path) -> None:
    [path] = distributions.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {
        "Makefile",
        "scripts/venv.sh",
        "demo/stack.py",
        "tests/conftest.py",
        "example_dags/intacct_accrual.py",
    } <= names
