"""All that Airflow discovers about this package: the connection type with its form, and the catalogue of modules.

Airflow calls this in every one of its processes, so it imports nothing and knows nothing but words.
Source: airflow/provider.yaml.schema.json and airflow/provider_info.schema.json of the installed Airflow.
"""

from typing import Any

INTEGRATION = "Sage Intacct"
_MODULES = {
    "hooks": ["hooks.intacct"],
    "operators": [
        f"operators.{name}"
        for name in (
            "acts",
            "attachments",
            "balances",
            "dds",
            "delete",
            "entities",
            "function",
            "query",
            "report",
            "write",
        )
    ],
    "sensors": ["sensors.record", "sensors.state"],
    "triggers": [f"triggers.{name}" for name in ("dds", "posting", "record", "report", "state")],
}
_TRANSFERS = [
    {
        "source-integration-name": INTEGRATION,
        "target-integration-name": INTEGRATION,
        "python-module": f"airflow_provider_intacct.transfers.{name}",
    }
    for name in ("attachments", "object_storage", "object_storage_to_intacct", "sql", "sql_to_intacct")
]


def get_provider_info() -> dict[str, Any]:
    """Return the provider's metadata in the shape of `airflow/provider_info.schema.json`."""
    return {
        "package-name": "airflow-provider-intacct",
        "name": INTEGRATION,
        "description": "Read, extract, post and watch `Sage Intacct <https://www.sageintacct.com/>`__ records.",
        "integrations": [
            {
                "integration-name": INTEGRATION,
                "external-doc-url": "https://developer.intacct.com/",
                "tags": ["service"],
            }
        ],
        **{
            kind: [
                {
                    "integration-name": INTEGRATION,
                    "python-modules": [f"airflow_provider_intacct.{module}" for module in modules],
                }
            ]
            for kind, modules in _MODULES.items()
        },
        "transfers": [dict(transfer) for transfer in _TRANSFERS],
        "asset-uris": [
            {
                "schemes": ["intacct"],
                "handler": "airflow_provider_intacct.assets.sanitize_uri",
                "factory": "airflow_provider_intacct.assets.create_asset",
                "to_openlineage_converter": "airflow_provider_intacct.assets.convert_asset_to_openlineage",
            }
        ],
        "connection-types": [_connection_type()],
    }


def _connection_type() -> dict[str, Any]:
    return {
        "connection-type": "intacct",
        "hook-name": INTEGRATION,
        "hook-class-name": "airflow_provider_intacct.hooks.intacct.IntacctHook",
        "ui-field-behaviour": {
            "hidden-fields": ["host", "port", "schema"],
            "relabeling": {"login": "Web Services user ID", "password": "Web Services user password"},
            "placeholders": {"login": "etl", "password": "the user's password, not the sender's"},
        },
        "conn-fields": {**_company_fields(), **_sender_fields(), **_transport_fields()},
    }


def _company_fields() -> dict[str, Any]:
    return {
        "company_id": {
            "label": "Company ID",
            "description": "The company to sign in to, as on Intacct's own sign-in page.",
            "schema": {"type": "string", "minLength": 1, "section": "Company"},
        },
        "entity_id": {
            "label": "Entity ID",
            "description": "Work inside this entity (its location ID). Leave empty for the top level. "
            "An operator's entity_id overrides it.",
            "schema": {"type": ["string", "null"], "section": "Company"},
        },
        "time_zone": {
            "label": "Time zone of the API user",
            "description": "The zone set in the user's preferences in Intacct, by its IANA name (America/Los_Angeles). "
            "Intacct itself only tells an offset, with which times of the other half of the year are an hour off.",
            "schema": {"type": ["string", "null"], "section": "Company"},
        },
    }


def _sender_fields() -> dict[str, Any]:
    return {
        "sender_id": {
            "label": "Web Services sender ID",
            "description": "The partner ID that Sage issued with your Web Services subscription. The company must "
            "list it under Company > Setup > Company > Security > Web Services authorizations.",
            "schema": {"type": "string", "minLength": 1, "section": "Web Services sender"},
        },
        # The word "password" in the key is what makes Airflow mask the value; `format` only hides the typing.
        "sender_password": {
            "label": "Web Services sender password",
            "description": "The sender's password. It is not the user's password.",
            "schema": {"type": "string", "minLength": 1, "format": "password", "section": "Web Services sender"},
        },
    }


def _transport_fields() -> dict[str, Any]:
    return {
        "endpoint": {
            "label": "Endpoint",
            "description": "Leave empty for https://api.intacct.com/ia/xml/xmlgw.phtml. Only https on intacct.com, or "
            "a loopback address for the local sandbox, is ever called.",
            "schema": {"type": ["string", "null"], "section": "Transport"},
        },
        "timeout": {
            "label": "Timeout (seconds)",
            "description": "How long one call may take. Default 300.",
            "schema": {"type": ["number", "null"], "minimum": 1, "maximum": 900, "section": "Transport"},
        },
        "max_concurrency": {
            "label": "Calls in flight",
            "description": "How many calls one task may have in flight. Default 1, which is what the standard "
            "Intacct level of service allows a company.",
            "schema": {"type": ["integer", "null"], "minimum": 1, "maximum": 50, "section": "Transport"},
        },
        "page_size": {
            "label": "Page size (rows)",
            "description": "Rows asked for in one call, 1 to 2000. Default 2000; each page is one API transaction.",
            "schema": {"type": ["integer", "null"], "minimum": 1, "maximum": 2000, "section": "Transport"},
        },
    }
