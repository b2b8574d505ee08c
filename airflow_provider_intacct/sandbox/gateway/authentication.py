"""Who may come in, in the order the gateway asks: sender, policy, company and user, lockout, authorisation, entity.

Control-level refusals end the whole request; authentication-level ones end the operation. Texts are the gateway's own.
"""

import hmac
from dataclasses import dataclass

from airflow_provider_intacct.sandbox import records
from airflow_provider_intacct.sandbox.company import Company
from airflow_provider_intacct.sandbox.users import User

from .envelope import NO_CONTROL, Control, Login, SessionId
from .results import ErrorEntry
from .sessions import Session, Sessions

SIGN_IN = ErrorEntry("XL03000006", "Sign-in information is incorrect")


class ControlRefusedError(Exception):
    """The request fails at control level. `status` is the HTTP status, `bare` the gateway tier's short form."""

    def __init__(self, entry: ErrorEntry, control: Control, *, status: int = 200, bare: bool = False) -> None:
        super().__init__(entry.description2 or entry.description)
        self.entry = entry
        self.control = control
        self.status = status
        self.bare = bare


class SignInRefusedError(Exception):
    """The operation fails at authentication level. Ids are as the reply shows them."""

    def __init__(self, *entries: ErrorEntry, user_id: str = "", company_id: str = "") -> None:
        super().__init__(entries[0].description2 or entries[0].description)
        self.entries = entries
        self.user_id = user_id
        self.company_id = company_id


def check_control(company: Company, control: Control) -> None:
    """Raise ControlRefusedError unless sender, policy and the company's state allow the request."""
    sender = company.senders.get(control.sender_id)
    if sender is None or not _same(sender.password, control.password):
        if company.switches.text("front_door") == "gateway":
            raise _invalid_request(control)
        raise ControlRefusedError(ErrorEntry("XL03000006", "Incorrect Intacct XML Partner ID or password."), control)
    if control.asynchronous and (control.policy_id or "").strip() not in _policies(company):
        text = f"{control.policy_id} is not a valid transport policy."
        raise ControlRefusedError(ErrorEntry("XL03000006", text), control)
    if company.switches.on("company_expired"):
        raise ControlRefusedError(
            ErrorEntry("PL04000055", "This company is a demo company and has expired."), NO_CONTROL
        )


def sign_in(company: Company, control: Control, credential: Login | SessionId) -> Session:
    """Return the session of an operation: a kept one, or a passing one for a login. Raises SignInRefusedError."""
    if isinstance(credential, SessionId):
        return _resume(company, control, credential)
    user = _user(company, control, credential)
    _check_sender(company, control, user.id)
    entity_id = _entity(company, user, credential)
    return company.part(Sessions).passing(user.id, control.sender_id, entity_id)


def enter_entity(company: Company, user: User, entity_id: str | None) -> str | None:
    """Return the entity a user lands in who asks for one (None or "": the top level). LookupError where barred."""
    if not entity_id:
        if user.entity_ids:
            raise LookupError("top level")
        return None
    if user.entity_ids and entity_id not in user.entity_ids:
        raise LookupError(entity_id)
    with company.store.read() as db:
        found = records.find(db, company.catalog["LOCATIONENTITY"], {"LOCATIONID": entity_id})
        if next(found, None) is None:
            raise LookupError(entity_id)
    return entity_id


def _resume(company: Company, control: Control, credential: SessionId) -> Session:
    session = company.part(Sessions).find(credential.id)
    if session is None:
        full = company.switches.text("invalid_session_text") == "full"
        shown = credential.id if full else credential.id[:1] + "...."
        raise SignInRefusedError(ErrorEntry("XL03000006", f"Invalid session {shown}"))
    _check_sender(company, control, session.user_id)
    return session


def _user(company: Company, control: Control, login: Login) -> User:
    refusal = SignInRefusedError(SIGN_IN, user_id=login.user_id, company_id=login.company_id)
    if login.company_id != company.id:
        if company.switches.text("front_door") == "gateway":
            raise _invalid_request(control)
        raise refusal
    if not company.switches.on("web_services_subscription"):
        text = "This company is not authorized for XML transactions. Please subscribe to the XML Gateway."
        entry = ErrorEntry(company.switches.text("missing_subscription_errorno"), text)
        raise SignInRefusedError(entry, user_id=login.user_id, company_id=login.company_id)
    user = company.users.get(login.user_id)
    if user is None:
        raise refusal
    attempts = company.part(Attempts)
    if user.locked or attempts.locked(user.id):
        entry = ErrorEntry("PL04000076", "This user is in LOCKEDOUT state")
        raise SignInRefusedError(entry, SIGN_IN, user_id=login.user_id, company_id=login.company_id)
    if not _same(user.password, login.password):
        attempts.failed(user.id)
        raise refusal
    attempts.succeeded(user.id)
    return user


def _check_sender(company: Company, control: Control, user_id: str) -> None:
    if company.senders[control.sender_id].authorised:
        return
    raise SignInRefusedError(
        ErrorEntry(
            "XL03000006",
            f"The sender ID '{control.sender_id}' is not authorized to make Web Services requests to company ID "
            f"'{company.id}'.",
            "Contact the company administrator to grant Web Services authorization to this sender ID.",
            "Invalid Web Services Authorization",
        ),
        user_id=user_id,
        company_id=company.id,
    )


def _entity(company: Company, user: User, login: Login) -> str | None:
    location_id = login.location_id
    if not location_id and user.entity_ids and company.switches.text("restricted_user_login") == "entity":
        location_id = user.entity_ids[0]
    try:
        return enter_entity(company, user, location_id)
    except LookupError:
        raise SignInRefusedError(SIGN_IN, user_id=login.user_id, company_id=login.company_id) from None


def _policies(company: Company) -> list[str]:
    return [name.strip() for name in company.switches.text("transport_policies").split(",")]


def _invalid_request(control: Control) -> ControlRefusedError:
    return ControlRefusedError(ErrorEntry("GW-0011", description="Invalid Request"), control, status=400, bare=True)


def _same(secret: str, given: str) -> bool:
    return hmac.compare_digest(secret.encode(), given.encode())


class Attempts:
    """Wrong passwords in a row by user, kept across a restart."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def locked(self, user_id: str) -> bool:
        """Whether the user locked themselves out."""
        return self._state(user_id).locked

    def failed(self, user_id: str) -> None:
        """Count a wrong password; enough of them in a row lock the user."""
        limit = int(self._company.switches.number("lockout_after"))
        failures = self._state(user_id).failures + 1
        self._write(user_id, failures, locked=0 < limit <= failures)

    def succeeded(self, user_id: str) -> None:
        """Forget the wrong passwords."""
        if self._state(user_id).failures:
            self._write(user_id, 0, locked=False)

    def _state(self, user_id: str) -> "_SignIn":
        with self._company.store.read() as db:
            row = db.execute("SELECT failures, locked FROM gateway_sign_in WHERE user_id = ?", (user_id,)).fetchone()
        return _SignIn(row[0], bool(row[1])) if row else _SignIn(0, False)

    def _write(self, user_id: str, failures: int, *, locked: bool) -> None:
        with self._company.store.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO gateway_sign_in (user_id, failures, locked) VALUES (?, ?, ?)",
                (user_id, failures, int(locked)),
            )


@dataclass(frozen=True, slots=True)
class _SignIn:
    failures: int
    locked: bool
