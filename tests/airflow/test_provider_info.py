"""What Airflow's providers manager, connection form and strict schemas make of our metadata."""

import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points, metadata
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft7Validator

from airflow_provider_intacct.get_provider_info import get_provider_info
from airflow_provider_intacct.hooks.connection import EXTRA_FIELDS


def connection_type() -> dict[str, Any]:
    (only,) = get_provider_info()["connection-types"]
    return only


@pytest.fixture(scope="module")
def form() -> Any:
    """What the connection form of Airflow's UI is sent for our type."""
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

    (ours,) = [meta for meta in HookMetaService.hook_meta_data() if meta.connection_type == "intacct"]
    return ours


def schema(name: str) -> dict[str, Any]:
    return json.loads(files("airflow").joinpath(name).read_text())


def test_the_metadata_fit_airflows_runtime_schema() -> None:
    assert list(Draft7Validator(schema("provider_info.schema.json")).iter_errors(get_provider_info())) == []


@pytest.mark.parametrize("part", ["connection-types", "integrations", "hooks", "operators", "sensors", "triggers"])
def test_each_part_fits_airflows_strict_authoring_schema(part: str) -> None:
    whole = schema("provider.yaml.schema.json")
    strict = {**whole["properties"][part], "definitions": whole.get("definitions", {})}
    assert list(Draft7Validator(strict).iter_errors(get_provider_info()[part])) == []


def test_the_package_name_is_the_distributions_own() -> None:
    assert get_provider_info()["package-name"] == metadata("airflow-provider-intacct")["Name"]


def test_airflow_finds_the_provider_by_its_entry_point() -> None:
    (point,) = [found for found in entry_points(group="apache_airflow_provider") if "intacct" in found.value]
    assert point.load()() == get_provider_info()


def test_every_catalogued_module_and_class_exists() -> None:
    info = get_provider_info()
    for kind in ("hooks", "operators", "sensors", "triggers"):
        for entry in info[kind]:
            for module in entry["python-modules"]:
                import_module(module)
    module, _, name = connection_type()["hook-class-name"].rpartition(".")
    assert getattr(import_module(module), name).conn_type == "intacct"


def test_the_form_names_the_service_and_shows_no_field_it_does_not_use(form: Any) -> None:
    assert form.hook_name == "Sage Intacct"
    standard = form.standard_fields
    assert standard.login.title == "Web Services user ID"
    assert standard.password.title == "Web Services user password"
    assert all(getattr(standard, hidden).hidden for hidden in ("host", "port", "url_schema"))


def test_the_form_has_exactly_the_fields_the_hook_reads(form: Any) -> None:
    assert set(form.extra_fields) == set(EXTRA_FIELDS)
    assert {name: field["schema"]["title"] for name, field in form.extra_fields.items()} == EXTRA_FIELDS


def test_the_form_blocks_saving_without_company_and_sender(form: Any) -> None:
    required = {name for name, field in form.extra_fields.items() if "null" not in field["schema"]["type"]}
    assert required == {"company_id", "sender_id", "sender_password"}


def test_every_field_has_a_section_and_a_help_text(form: Any) -> None:
    for name, field in form.extra_fields.items():
        assert field["schema"]["section"], name
        assert field["description"].endswith("."), name


def test_a_field_typed_as_a_password_is_one_that_airflow_masks(form: Any) -> None:
    from airflow.sdk._shared.secrets_masker import should_hide_value_for_key

    hidden = {name for name, field in form.extra_fields.items() if field["schema"].get("format") == "password"}
    assert hidden == {"sender_password"}
    assert all(should_hide_value_for_key(name) for name in hidden)


def test_reading_the_metadata_imports_nothing_of_ours_and_nothing_else() -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "from airflow_provider_intacct.get_provider_info import get_provider_info; get_provider_info()\n"
        "print(*sorted(set(sys.modules) - before - {'typing'}))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    ours = {name for name in printed if name.startswith("airflow_provider_intacct")}
    assert ours == {"airflow_provider_intacct", "airflow_provider_intacct.get_provider_info"}
    assert not {"airflow", "httpx", "lxml"} & set(printed)
