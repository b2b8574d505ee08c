"""`python -m airflow_provider_intacct.sandbox`: a local Sage Intacct company on a loopback port."""

import argparse
import contextlib
import json
import logging
import signal
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .switches import Switches

_HOST = "127.0.0.1"


class UsageError(Exception):
    """Something the caller can mend; the text says how."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox until it is told to stop; return the exit status."""
    options = _options().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        if options.print_connection:
            sys.stdout.write(json.dumps(connection(options.port)) + "\n")
            return 0
        return _serve(options)
    except UsageError as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Leave with status 0: to be told to stop is no failure. Requests that have arrived are answered first."""
    raise SystemExit(0)


def connection(port: int) -> dict[str, object]:
    """Return the Airflow connection that reaches a sandbox on that port as the user etl."""
    from .demo import DEMO_SENDERS, DEMO_USERS

    user, sender = DEMO_USERS[0], DEMO_SENDERS[0]
    return {
        "conn_type": "intacct",
        "login": user.id,
        "password": user.password,
        "extra": {
            "company_id": "DEMO",
            "sender_id": sender.id,
            "sender_password": sender.password,
            "endpoint": _endpoint(port),
        },
    }


def _serve(options: argparse.Namespace) -> int:
    switches = _switches(options.set)
    listener = _listener(options.port)
    with contextlib.ExitStack() as stack:
        stack.callback(listener.close)
        path = options.db or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="intacct-"))) / "intacct.db"
        return _run(options, switches, listener, path)


def _run(options: argparse.Namespace, switches: "Switches", listener: socket.socket, path: Path) -> int:
    from .app import Sandbox, serve
    from .founding import NotACompanyError, open_company
    from .gateway.envelope import SchemaFileError, load_schema
    from .store import OtherVersionError

    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(asctime)s %(message)s")
    try:
        schema = load_schema(options.schema)
        company = open_company(path, size=options.size, switches=switches)
    except (SchemaFileError, NotACompanyError, OtherVersionError) as error:
        raise UsageError(str(error)) from error
    except (OSError, sqlite3.DatabaseError) as error:
        raise UsageError(f"The database {path} cannot be opened: {error}") from error
    port = listener.getsockname()[1]
    company.endpoint = _endpoint(port)
    company.dds_folder = options.dds_folder
    company.policy_folder = options.policy_folder
    try:
        serve(Sandbox(company, schema), listener, f"Sandbox ready at http://{_HOST}:{port}")
    finally:
        company.close()
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_intacct.sandbox",
        description="A local Sage Intacct company that speaks the XML gateway. Binds the loopback interface only.",
    )
    parser.add_argument("--port", type=int, default=8088, help="port to listen on; 0 picks a free one (default 8088)")
    parser.add_argument("--db", type=Path, help="database file, made when absent (default: a temporary one)")
    parser.add_argument("--size", choices=("small", "medium", "large"), default="small", help="size of a new company")
    parser.add_argument("--dds-folder", type=Path, help="folder that DDS jobs write to; without one they are refused")
    parser.add_argument("--policy-folder", type=Path, help="folder for the responses to asynchronous requests")
    parser.add_argument("--schema", type=Path, help="validate requests with this XSD instead of the sandbox's own")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SWITCH=VALUE", help="set a switch; the README lists them"
    )
    parser.add_argument("--print-connection", action="store_true", help="print the Airflow connection and exit")
    parser.add_argument("--verbose", action="store_true", help="one line per call on stderr")
    return parser


def _switches(settings: Sequence[str]) -> "Switches":
    from .switches import SwitchError, Switches

    pairs = [setting.partition("=") for setting in settings]
    for name, equals, _ in pairs:
        if not equals:
            raise UsageError(f"--set takes SWITCH=VALUE, not {name!r}.")
    try:
        return Switches({name: value for name, _, value in pairs})
    except SwitchError as error:
        raise UsageError(str(error)) from error


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(f"Port {port} cannot be used ({error}); name another, or 0 for a free one.") from error
    return listener


def _endpoint(port: int) -> str:
    return f"http://{_HOST}:{port}/ia/xml/xmlgw.phtml"


if __name__ == "__main__":
    sys.exit(main())
