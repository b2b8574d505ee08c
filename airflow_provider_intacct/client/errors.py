"""Every exception the client raises, in one tree. Each class says what it is, what to check, and whether to try again.

    IntacctError
    ├── ConfigurationError              a setting is missing or not allowed; nothing was sent
    ├── InvalidRequestError             what was asked cannot be sent; nothing was sent
    │   ├── WhereError                  a filter that cannot be read, or that the gateway cannot carry out
    │   ├── InvalidRecordError          a record that is no record, or a value XML cannot hold
    │   ├── UnbalancedEntryError        a journal entry whose debits and credits differ
    │   ├── DryRunError *               a dry run found records that would not be taken
    │   └── ChangedSincePostedError *   a later try brings other content for a record that is posted
    ├── TransportError                  the network failed
    │   ├── ConnectError                no connection: nothing was sent
    │   └── ReplyLostError              sent, but the reply never came: in doubt
    ├── MalformedReplyError             an answer that is not an Intacct reply
    ├── ColumnTypeError                 a value does not fit the type of its column in a file
    ├── IncompleteReadError             a read cannot be shown to be whole
    ├── AuditHistoryError               the audit history does not tell which records were deleted
    ├── BudgetError                     the API transactions allowed for are used up; the request was not sent
    ├── ReportNotReadyError             a report was not ready in the time allowed
    ├── ReportFailedError               Intacct gave up making a report, or delivering data
    ├── PostingError *                  not every record was posted; it holds the outcome of each
    │   ├── RecordsRejectedError *      Intacct refused at least one
    │   └── RecordsInDoubtError *       nobody knows of at least one: the same call again settles it
    └── GatewayError                    Intacct answered with an error
        ├── SenderError                 sender id or its password refused
        ├── SignInError                 company, user or password refused
        │   └── LockedOutError          the user is locked
        ├── SenderNotAuthorisedError    the company does not admit this sender
        ├── NotSubscribedError          the company has no Web Services, or has expired
        ├── PolicyError                 no such policy for asynchronous requests
        ├── InvalidSessionError         the session is unknown or has expired
        ├── SchemaError                 the request does not fit Intacct's schema
        ├── ThrottledError              too many requests
        ├── UnavailableError            Intacct or its front door is down for the moment
        └── FunctionError               one function was refused
            ├── PermissionDeniedError   the user may not do this
            ├── FieldsDeniedError       these fields cannot be queried
            ├── ObjectNotFoundError     no such object type
            ├── RecordNotFoundError     no such record
            ├── RecordExistsError       a record with this key exists already
            ├── AlreadyRecordedError    this control id was carried out before
            ├── InProcessError          this control id is being carried out now
            ├── RolledBackError         undone because another function of the transaction failed
            ├── CursorExpiredError      the result set of a readMore is gone
            └── ClosedPeriodError       the date falls in a closed period

* in client.posting and client.checking, beside what they are made of.

`retryable` says whether the same request, sent later, may succeed; `in_doubt` whether it may have been carried out
although it failed. The texts hold Intacct's own words and ids, never a credential and never a whole reply.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal
from urllib.parse import unquote

Level = Literal["edge", "control", "authentication", "function"]
"""Where Intacct refused: before the gateway, the sender and the XML, the sign-in, or one function."""

ROLLED_BACK = "XL03000009"
_REFERENCE = re.compile(r"\s*\[(?:Support|Request) ID:\s*([^\]]*)\]")
_LONGEST_TEXT = 600
_DOUBT_BEFORE = (
    "An earlier try of this request may have been carried out all the same: look for the record in Intacct, or send it "
    "again under the same control id."
)


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One <error> of Intacct's stack. `errorno` is usually a code, but real replies carry prose in it, or nothing."""

    errorno: str = ""
    description: str = ""
    description2: str = ""
    correction: str = ""

    @property
    def text(self) -> str:
        """The most telling of the texts, without the support id. Empty when Intacct sent none."""
        for candidate in (self.description2, self.description, self.correction, self.errorno):
            stripped = _REFERENCE.sub("", candidate).strip()
            if stripped:
                return _shortened(stripped)
        return ""

    @property
    def support_id(self) -> str:
        """The id Intacct's support asks for, decoded (it travels percent-encoded inside the text); "" when absent."""
        for candidate in (self.description2, self.description, self.correction):
            found = _REFERENCE.search(candidate)
            if found:
                return unquote(found.group(1).strip())
        return ""

    def __str__(self) -> str:
        """`BL34000061: Another Project ... already exists. Use a unique value instead.`"""
        words = self.text
        code = self.errorno.strip()
        line = f"{_shortened(code)}: {words}" if code and code != words else words or "(no text)"
        advice = _REFERENCE.sub("", self.correction).strip()
        return f"{line} -> {_shortened(advice)}" if advice and advice != words else line


@dataclass(frozen=True, slots=True)
class RecordKey:
    """A record that Intacct says it has written: the element's name and the keys it came back with."""

    object: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def record_number(self) -> str:
        """RECORDNO (custom objects: id), "" when Intacct gave neither."""
        return self.fields.get("RECORDNO", "") or self.fields.get("id", "")


class IntacctError(Exception):
    """Root of all. `str()` is written for the person on call: what failed, Intacct's words, the ids, what to do.

    `request` names what was being sent ("create GLBATCH (control id ...)"), `attempts` how often, where that is known;
    `doubt_before` whether an earlier one of those attempts may have been carried out, whatever this last one says.
    """

    retryable: bool = False
    in_doubt: bool = False
    request: str = ""
    attempts: int = 1
    doubt_before: bool = False
    advice: ClassVar[str] = ""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)

    @property
    def message(self) -> str:
        """What failed, without ids and advice."""
        return str(self.args[0]) if self.args else ""

    def __str__(self) -> str:
        return "\n".join([self.message or type(self).__name__, *self._details()])

    def _details(self) -> list[str]:
        tries = f", sent {self.attempts} times" if self.attempts > 1 else ""
        lines = [f"Request: {self.request}{tries}"] if self.request else []
        lines += [_DOUBT_BEFORE] if self.doubt_before else []
        return [*lines, *([f"What to do: {self.advice}"] if self.advice else [])]


class ConfigurationError(IntacctError):
    """A required setting is missing, or an endpoint is not Intacct's. Nothing was sent. Mend the connection."""


class InvalidRequestError(IntacctError):
    """What was asked cannot be put to Intacct. Nothing was sent. Mend the arguments."""


class WhereError(InvalidRequestError):
    """A filter that cannot be read, or that the chosen function cannot carry out. Nothing was sent."""


class InvalidRecordError(InvalidRequestError):
    """A record that is no mapping, names an impossible element or holds a value XML cannot carry. Nothing was sent."""


class UnbalancedEntryError(InvalidRequestError):
    """A journal entry whose debits and credits differ, or that has no lines. Nothing was sent."""


class TransportError(IntacctError):
    """The network between here and Intacct failed."""

    retryable = True


class ConnectError(TransportError):
    """No connection was made: nothing was sent, so nothing can have happened in Intacct.

    Not retryable when the server's certificate is refused: that needs a person.
    """

    advice = "check that this host reaches the endpoint: DNS, proxy, firewall, and that the server is up."

    def __init__(self, message: str = "", *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class ReplyLostError(TransportError):
    """The request was sent, wholly or in part, and no complete reply came back. Intacct may have carried it out."""

    in_doubt = True
    advice = (
        "a read can be run again. A write may have been booked: look for the record in Intacct, or send it again "
        "with the same control id and uniqueid, which books it once at most."
    )


class MalformedReplyError(IntacctError):
    """The answer is not an Intacct reply: cut off, another site's page, or an envelope without its parts."""

    retryable = True
    in_doubt = True
    advice = (
        "check that the endpoint is Intacct's and that no proxy answers for it. A write may have been booked all the "
        "same: look for the record before sending it again under another control id."
    )


class ColumnTypeError(IntacctError):
    """A value does not fit the type in which its column is kept, and would have to be changed to do so."""

    advice = "have the column kept as TEXT or DECIMAL: column_types of the operator says so."


class IncompleteReadError(IntacctError):
    """A read cannot be shown to be whole: records came or went in the author's order, or fewer came than there are."""

    retryable = True
    advice = "read again, at a quieter time or without order_by: reading by record number is safe from changes."


class AuditHistoryError(IntacctError):
    """Deleted records cannot be read from the audit history: the user lacks the right, Intacct fails, or they are named
    otherwise than by their number. Comparing keys finds them all the same.
    """


class BudgetError(IntacctError):
    """The next request would cost more API transactions than were allowed for. It was not sent.

    `budget` was allowed, `used` is spent; `read_so_far` says what a read had brought by then.
    """

    advice = "raise max_api_transactions, or read less: a narrower window, a filter, fewer objects."

    read_so_far: str = ""

    def __init__(self, message: str = "", *, budget: int = 0, used: int = 0) -> None:
        super().__init__(message)
        self.budget = budget
        self.used = used

    def _details(self) -> list[str]:
        return [*([f"Read so far: {self.read_so_far}"] if self.read_so_far else []), *super()._details()]


class ReportNotReadyError(IntacctError):
    """Intacct was still making a report when the time allowed was over. It goes on making it."""

    retryable = True
    advice = "allow more time, or run the report when the company is quiet: Intacct makes one report at a time."


class ReportFailedError(IntacctError):
    """Intacct could not make a report, or a Data Delivery Service job failed."""

    retryable = True
    advice = "run it in Intacct itself, where the reason is shown in more words."


class GatewayError(IntacctError):
    """Intacct answered, and the answer is an error. Also the class of refusals that fit none of the classes below.

    `errors`     Intacct's stack, the most specific first
    `level`      "edge" (HTTP), "control" (sender, XML), "authentication" or "function"
    `function`, `object`, `control_id`   which function of the request, where one is to blame
    `support_id` decoded; quote it to Sage's support
    `committed`  records written before the error struck (create and update stop at the first bad record)
    `rolled_back` True when the whole transaction was undone
    `retry_after` seconds the server asked to wait, or None
    """

    advice = "read Intacct's words above; quote the support id, if there is one, to Sage's support."

    def __init__(
        self,
        message: str = "",
        *,
        errors: tuple[ErrorEntry, ...] = (),
        level: Level = "function",
        function: str = "",
        object: str = "",
        control_id: str = "",
        committed: tuple[RecordKey, ...] = (),
        rolled_back: bool = False,
        http_status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.errors = errors
        self.level = level
        self.function = function
        self.object = object
        self.control_id = control_id
        self.committed = committed
        self.rolled_back = rolled_back
        self.http_status = http_status
        self.retry_after = retry_after

    @property
    def errorno(self) -> str:
        """The errorno of the first, most specific error; "" where Intacct gave none."""
        return self.errors[0].errorno if self.errors else ""

    @property
    def support_id(self) -> str:
        return next((entry.support_id for entry in self.errors if entry.support_id), "")

    def has(self, errorno: str) -> bool:
        """Whether `errorno` stands anywhere in the stack."""
        return any(entry.errorno == errorno for entry in self.errors)

    def _details(self) -> list[str]:
        lines = [f"Intacct: {entry}" for entry in self.errors]
        if self.committed:
            written = ", ".join(f"{key.object} {key.record_number}".strip() for key in self.committed[:20])
            more = f" and {len(self.committed) - 20} more" if len(self.committed) > 20 else ""
            lines.append(f"Already written before the error, and kept: {written}{more}")
        if self.rolled_back:
            lines.append("The whole transaction was rolled back: nothing of this request was booked.")
        ids = {"control id": self.control_id, "support id": self.support_id}
        if self.http_status is not None and not 200 <= self.http_status < 300:
            ids["HTTP"] = str(self.http_status)
        named = ", ".join(f"{name} {value}" for name, value in ids.items() if value)
        return [*lines, *([named[0].upper() + named[1:]] if named else []), *super()._details()]


class SenderError(GatewayError):
    """The sender id or the sender's password was refused. Asking again does not help."""

    advice = (
        "check sender_id and sender_password (both case-sensitive): they belong to the Web Services developer licence, "
        "not to the company's user. Check the company id too."
    )


class SignInError(GatewayError):
    """Intacct refused the sign-in. Never tried again by the client: a few wrong passwords lock the user."""

    advice = (
        "check company id, user id, password and entity id; Intacct gives the same answer for each of them. "
        "Do not simply try again: a few wrong passwords lock the user."
    )


class LockedOutError(SignInError):
    """The user is locked. Never tried again: further tries keep it locked."""

    advice = (
        "an administrator unlocks the user (Company > Users). Stop whatever else signs in as this user with an old "
        "password first: each try keeps the lock."
    )


class SenderNotAuthorisedError(GatewayError):
    """The company does not admit this sender."""

    advice = (
        "an administrator adds the sender id under Company > Setup > Company > Security > Web Services authorizations."
    )


class NotSubscribedError(GatewayError):
    """The company cannot be called at all: no Web Services subscription, or it has expired."""

    advice = "the company needs an active Web Services subscription (Company > Subscriptions); ask Sage if it has one."


class PolicyError(GatewayError):
    """The company or sender has no asynchronous policy of that id. Nothing was carried out."""

    advice = (
        "check policy_id; asynchronous policies are set up by Sage's support. Without a policy id the same records are "
        "posted at once."
    )


class InvalidSessionError(GatewayError):
    """The session id is unknown or has expired. The client signs in again once by itself."""

    retryable = True
    advice = "the client signs in again by itself; if this persists, something else ends the sessions of this user."


class SchemaError(GatewayError):
    """The request does not fit Intacct's schema: an unknown function, a wrong element or order. Not executed."""

    advice = "compare the function's elements and their order with developer.intacct.com; nothing was carried out."


class ThrottledError(GatewayError):
    """Too many requests for the company. Refused at the door: nothing was carried out."""

    retryable = True
    advice = "run fewer tasks against this company at once (an Airflow pool of one or two slots), or later."


class UnavailableError(GatewayError):
    """Intacct, or the CDN before it, cannot answer for the moment.

    `in_doubt` is True for an HTTP 5xx, a page of the CDN or an error of the front door (GW-0001), for these may cut a
    request that the gateway goes on with (HTTP 524 says just that); False when the gateway itself says it is off-line.
    """

    retryable = True
    advice = (
        "see status.intacct.com and try later. A write may have been booked if the answer is a 5xx: look for the "
        "record before sending it again under another control id."
    )

    def __init__(self, message: str = "", *, in_doubt: bool = False, **about: Any) -> None:
        super().__init__(message, **about)
        self.in_doubt = in_doubt


class FunctionError(GatewayError):
    """Intacct refused one function of the request. The rest of the request stands unless it was one transaction."""


class PermissionDeniedError(FunctionError):
    """The user may not do this on this object; user type, role and subscription all give this same answer."""

    advice = (
        "check in this order: the user's role grants the permission, the user type allows it, and the company "
        "subscribes to the application. Intacct gives the same answer for all three."
    )


class FieldsDeniedError(FunctionError):
    """Some of the fields asked for cannot be queried by this user, or at all. `fields` lists them by object."""

    advice = (
        "leave out the fields named above, or grant the user the right to see them. An extract reads on without "
        'them if told on_denied_field="drop"; a filter cannot.'
    )

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """The denied fields, read from Intacct's text: {"PROJECT": ("CFDA", "FUNDEDNAME")}."""
        text = " ".join(entry.description2 or entry.description for entry in self.errors)
        return {
            found.group(1): tuple(name.strip() for name in found.group(2).split(",") if name.strip())
            for found in re.finditer(r"([\w.]+)\s*:\s*\[([^\[\]]*)\]", text)
        }


class ObjectNotFoundError(FunctionError):
    """There is no such object type in this company."""

    advice = "check the object's name (integration name, as `inspect` of * lists it) and the company's subscriptions."


class RecordNotFoundError(FunctionError):
    """The record to change or delete does not exist, or the entity signed in to does not see it."""

    advice = "check the key; from an entity only records of that entity and of the top level are seen."


class RecordExistsError(FunctionError):
    """A record with the same key exists already."""

    advice = "use another key, or update the existing record. A customer or vendor also creates a contact of its name."


class AlreadyRecordedError(FunctionError):
    """A function with this control id was carried out successfully before; it was not carried out again.

    Intacct says so in words, or by a result without a status. It does not return the first answer: find the record by
    its natural key.
    """

    advice = "nothing was booked twice. The record is in Intacct since an earlier try: look it up by its own number."


class InProcessError(FunctionError):
    """A function with this control id is being carried out at this moment: an earlier try still runs."""

    retryable = True
    advice = "wait: the earlier try is still running in Intacct. Send the same control id again later to learn its end."


class RolledBackError(FunctionError):
    """Undone only because another function of the same transaction failed. That other one holds the reason."""

    advice = "mend the function that failed in the same request; this one was undone with it."


class CursorExpiredError(FunctionError):
    """The result set that readMore continues is gone: it lives as long as its session, and a report's is read once."""

    advice = "start the query again from its first page."


class ClosedPeriodError(FunctionError):
    """The posting date falls in a closed period."""

    advice = "choose a date in an open period, or have the period opened (General Ledger > Open books)."


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 3] + "..."
