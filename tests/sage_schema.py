"""Where Sage's request schema is. It is not shipped with this project: see CONTRIBUTING, "Sage's schema"."""

import os
from pathlib import Path

BESIDE_THE_REPOSITORY = Path(__file__).parents[2] / "shared" / "wire" / "schema"
NAMES = ("api-v3.0-plus-query-lookup.xsd", "api-v3.0.xsd")
ABSENT = (
    "Sage's request schema is not here. Set INTACCT_XSD to api-v3.0.xsd (github.com/Intacct/intacct_dtd), with query "
    "and lookup added, to validate every request against it."
)


def schema_path() -> Path | None:
    """Return the schema: INTACCT_XSD (a file, or a folder that holds one), else beside the repository, else None."""
    place = Path(os.environ.get("INTACCT_XSD") or BESIDE_THE_REPOSITORY)
    return next((path for path in (place, *(place / name for name in NAMES)) if path.is_file()), None)
