"""Functions about the session, the user and the company: what they may, how they read, how the company is set up."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from airflow_provider_intacct.sandbox import records
from airflow_provider_intacct.sandbox.users import User

from .authentication import enter_entity
from .calls import Call, function
from .results import DataResult, FunctionError, Node
from .sessions import Sessions


@function("getAPISession", writes=True, spends=False)
def get_api_session(call: Call) -> DataResult:
    """Begin a session at the caller's level, in an entity, or (empty locationid) at the top level."""
    wanted = call.element.find("locationid")
    entity_id = call.entity_id if wanted is None else (wanted.text or "").strip()
    try:
        entity_id = call.entity_id if wanted is None else enter_entity(call.company, call.user, entity_id)
    except LookupError as place:
        raise FunctionError(
            "Get API Session Failed", f"The user {call.user.id} has no access to the location {str(place.args[0])!r}."
        ) from None
    session = call.company.part(Sessions).begin(call.db, call.user.id, call.session.sender_id, entity_id)
    endpoint = call.company.switches.text("returned_endpoint") or call.company.endpoint
    return DataResult([Node("api", {"sessionid": session.id, "endpoint": endpoint, "locationid": session.entity_id})])


@function("getUserPermissions")
def get_user_permissions(call: Call) -> DataResult:
    """Tell what a user may do, by application and policy. Application names end in a space, as the gateway's do."""
    user = _user(call, call.element.findtext("userId") or "")
    subscriptions = [
        Node(
            "appSubscription",
            [
                Node("applicationName", application + " "),
                Node("policies", [_policy(name, rights) for name, rights in policies]),
            ],
        )
        for application, policies in call.company.permissions.subscriptions(user)
    ]
    return DataResult([Node("permissions", subscriptions)])


@function("readUserFormatting")
def read_user_formatting(call: Call) -> DataResult:
    """Tell a user's locale, date format, clock and present offset from GMT; asked by RECORDNO or user id."""
    key = call.element.findtext("key")
    user = _user(call, call.element.findtext("userId") or "") if key is None else _user_by_key(call, key)
    content = {
        "recordno": str(user.record_no),
        "locale": user.locale,
        "dateformat": user.date_format,
        "gmtoffset": gmt_offset(
            user, call.company.clock.now(), standard=call.company.switches.text("gmtoffset") == "standard"
        ),
        "clock": user.clock,
    }
    return DataResult([Node("userformatting", content)])


@function("getFinancialSetup")
def get_financial_setup(call: Call) -> DataResult:
    """Tell base currency, book and fiscal year; what is "multi" follows from the company's entities and currencies."""
    profile = call.company.profile
    entity_currencies = {entity["CURRENCY"] for entity in _records(call, "LOCATIONENTITY")}
    currencies = len(_records(call, "TRXCURRENCIES"))
    content = {
        "baseCurrency": profile.base_currency,
        "defaultBook": profile.default_book,
        "firstFiscalMonth": profile.first_fiscal_month,
        "multiBaseCurrency": _truth(len(entity_currencies - {None}) > 1),
        "multiBook": "false",
        "multiCurrency": _truth(currencies > 1),
        "multiEntityShared": _truth(bool(entity_currencies)),
    }
    return DataResult([Node("financialSetup", content)])


@function("readEntityDetails")
def read_entity_details(call: Call) -> DataResult:
    """List the entities, each with its currency and calendar; inside an entity, that one alone."""
    profile = call.company.profile
    calendar = {
        "firstfiscalmonth": profile.first_fiscal_month,
        "firstfiscaltaxmonth": profile.first_tax_month,
        "weekstart": profile.week_start,
    }
    entities = [
        Node(
            "entity",
            {
                "id": entity["LOCATIONID"],
                "name": entity["NAME"],
                "recordno": str(entity["RECORDNO"]),
                "currency": entity["CURRENCY"],
                **calendar,
            },
        )
        for entity in _records(call, "LOCATIONENTITY")
        if call.entity_id in (None, entity["LOCATIONID"])
    ]
    return DataResult(entities)


@function("getDimensions")
def get_dimensions(call: Call) -> DataResult:
    """List the dimensions of journal lines: the standard ones the company has, then the user-defined ones."""
    nodes = [
        Node(
            "dimension",
            {
                "objectName": name,
                "objectLabel": label,
                "termLabel": label,
                "userDefinedDimension": _truth(user_defined),
                "enabledInGL": "true",
            },
        )
        for name, label, user_defined in _dimensions(call)
    ]
    return DataResult([Node("dimensions", nodes)])


@function("getDimensionRelationships")
def get_dimension_relationships(call: Call) -> DataResult:
    """List which dimension refers to which: a task to its project, a project to its customer."""
    dimensions = {name for name, _, _ in _dimensions(call)}
    nodes = []
    for number, name in enumerate(sorted(dimensions), start=1):
        related = [
            Node(
                "related",
                {
                    "dimension": relationship.object,
                    "object_id": relationship.object,
                    "relationship_id": relationship.path,
                    "source_side": "Many",
                    "related_side": "One",
                },
            )
            for relationship in call.company.catalog[name].relationships.values()
            if relationship.object in dimensions and relationship.object != name
        ]
        if related:
            head = [
                Node("dimension", name),
                Node("object_id", str(number)),
                Node("autofillrelated", "false"),
                Node("enableoverride", "true"),
            ]
            nodes.append(Node("relationship", [*head, *related]))
    return DataResult(nodes)


@function("get_companyprefs")
def get_company_preferences(call: Call) -> DataResult:
    """List the preferences of one application."""
    application = call.attributes["application"]
    preferences = call.company.profile.preferences.get(application)
    if preferences is None:
        raise FunctionError("BL03002028", "No Data Found")
    preferences = {**preferences, **_approval_preferences(call, application)}
    nodes = [
        Node("companypref", {"application": application, "preference": name, "prefvalue": value})
        for name, value in preferences.items()
    ]
    return DataResult(nodes)


def _approval_preferences(call: Call, application: str) -> dict[str, str]:
    """Return the preferences that tell which postings need approval."""
    asked = {
        "GL": {"ENABLE_JE_APPROVAL": call.company.switches.number("approval_glbatch")},
        "AP": {"ENABLE_BILL_APPROVAL": call.company.switches.number("approval_apbill")},
    }
    return {name: "T" if levels else "F" for name, levels in asked.get(application, {}).items()}


@function("get_applications")
def get_applications(call: Call) -> DataResult:
    """List the applications the company subscribes to."""
    return DataResult([Node("application", name) for name in call.company.profile.applications])


def gmt_offset(user: User, moment: datetime, *, standard: bool = False) -> str:
    """Return a user's offset from GMT at a moment, such as -08:00: the gateway knows no named zone.

    `standard` leaves summer time out.
    """
    local = moment.astimezone(ZoneInfo(user.time_zone))
    offset = (local.utcoffset() or timedelta()) - ((local.dst() or timedelta()) if standard else timedelta())
    text = datetime.now(timezone(offset)).strftime("%z")
    return f"{text[:3]}:{text[3:5]}"


def _dimensions(call: Call) -> Iterator[tuple[str, str, bool]]:
    """Yield (object, label, user-defined) of the records that a journal line refers to."""
    definition = call.company.catalog["GLENTRY"]
    for relationship in definition.relationships.values():
        target = call.company.catalog[relationship.object]
        user_defined = relationship.by.startswith("GLDIM")
        if user_defined or relationship.object in _STANDARD_DIMENSIONS:
            yield target.name, target.label, user_defined


_STANDARD_DIMENSIONS = frozenset(
    {
        *("DEPARTMENT", "LOCATION", "PROJECT", "TASK", "CUSTOMER", "VENDOR", "EMPLOYEE", "ITEM", "CLASS"),
        *("CONTRACT", "WAREHOUSE"),
    }
)


def _policy(name: str, rights: Sequence[str]) -> Node:
    return Node("policy", {"policyName": name, "rights": "|".join(rights)})


def _user(call: Call, user_id: str) -> User:
    user = call.company.users.get(user_id)
    if user is None:
        raise FunctionError("BL03000025", f"Login ID {user_id} does not exist.", "Provide a valid USER.LOGINID value.")
    return user


def _user_by_key(call: Call, key: str) -> User:
    for user in call.company.users.values():
        if str(user.record_no) == key.strip():
            return user
    raise FunctionError("BL03000025", f"Login ID {key} does not exist.", "Provide a valid USER.LOGINID value.")


def _records(call: Call, object_name: str) -> list[records.Record]:
    return list(records.find(call.db, call.company.catalog[object_name], {}))


def _truth(value: bool) -> str:
    return "true" if value else "false"
