"""A stack that cannot start says why, keeps its logs, and leaves nothing running."""

import tempfile
from pathlib import Path

import pytest

from demo.stack import StackError, stack


@pytest.fixture
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_stack_that_does_not_start_names_the_reason_and_keeps_its_logs(
    temporary_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dags = temporary_folder / "dags"
    dags.mkdir()

    with (
        pytest.raises(StackError, match=r"airflow db migrate.*(?s:.*)nowhere"),
        stack(dags, env={"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "nowhere://"}),
    ):
        pytest.fail("it must not get here")

    [home] = temporary_folder.glob("intacct-airflow-*")
    assert (home / "components" / "migrate.log").read_text()
    assert str(home) in capsys.readouterr().err
