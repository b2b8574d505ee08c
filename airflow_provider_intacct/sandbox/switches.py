"""Every behaviour that the wire facts leave open, as a named switch with a documented default.

A switch is never something a client may rely on: the facts call it unsourced, and both sides of it must be survived.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Value = bool | int | float | str
_LARGEST = 1_000_000_000  # seconds or days that still make a date


@dataclass(frozen=True, slots=True)
class Switch:
    """One open question: its name, the default answer, what it decides, and the answers there are (empty: any)."""

    name: str
    default: Value
    meaning: str
    choices: tuple[str, ...] = ()


class SwitchError(ValueError):
    """An unknown switch, or a value it cannot take. The text names the remedy."""


DEFINITIONS: tuple[Switch, ...] = (
    # sign-in
    Switch("lockout_after", 5, "wrong passwords in a row that lock a user; 0 never locks"),
    Switch("front_door", "company", "who refuses an unknown company or sender: the company's sign-in (XL03000006) or "
           "the gateway before it (GW-0011, HTTP 400)", ("company", "gateway")),
    Switch("restricted_user_login", "entity", "an entity-restricted user who signs in without locationid lands in the "
           "first of the entities, or is refused", ("entity", "refused")),
    Switch("company_expired", False, "the company is a demo company that has expired (PL04000055)"),
    Switch("web_services_subscription", True, "the company subscribes to Web Services"),
    Switch("missing_subscription_errorno", "XL03000006", "errorno of the missing Web Services subscription"),
    # sessions
    Switch("session_seconds", 7200, "session duration; every call slides the end to now plus this"),
    Switch("failed_call_slides", True, "a call whose functions fail slides the session too"),
    Switch("session_timestamp", "call", "sessiontimestamp shows the time of the call or the start of the session",
           ("call", "start")),
    Switch("invalid_session_text", "shortened", "how an invalid session id is named in the refusal",
           ("shortened", "full")),
    Switch("returned_endpoint", "", "endpoint that getAPISession returns; empty: the sandbox's own"),
    # operations and replies
    Switch("rollback_culprit", "failure", "status of the function that rolled an atomic operation back",
           ("failure", "aborted")),
    Switch("not_implemented_errorno", "SANDBOX-0001", "errorno of a function that the schema knows and the sandbox "
           "does not implement"),
    Switch("support_ids", True, "description2 of function and schema errors ends with a percent-encoded Support ID"),
    Switch("unknown_content_type", "refuse", "a request in another content type is refused or read as XML",
           ("refuse", "read")),
    # control/uniqueid
    Switch("uniqueid_reply", "error", "a repeated control id is answered with a failed result and an error, with a "
           "result that has the error but no status, or with one that has neither", ("error", "no_status", "bare")),
    Switch("uniqueid_errorno", "BL01001973", "errorno of the refusal of a repeated control id"),
    Switch("uniqueid_text", "A successful transaction has already been recorded with the control id {control_id}",
           "text of the refusal of a repeated control id"),
    Switch("uniqueid_scope", "sender", "who shares a memory of control ids: company and sender, the company, or "
           "company, sender and user", ("sender", "company", "user")),
    Switch("uniqueid_days", 0, "days that a control id is remembered; 0 forever"),
    Switch("uniqueid_kept", 0, "how many control ids of a scope are remembered, the latest ones; 0 all of them"),
    Switch("uniqueid_covers_reads", True, "functions that only read are remembered and refused as well"),
    Switch("uniqueid_rolls_back", True, "a repeated control id inside an atomic operation rolls the operation back; "
           "otherwise the rest goes through"),
    Switch("uniqueid_in_rollback", "error", "a repeated control id that rolled an atomic operation back is answered "
           "with its error and the rollback's, as it is outside (uniqueid_reply), or as its neighbours: nothing tells "
           "it from them", ("error", "alone", "silent")),
    Switch("uniqueid_covers_partial", False, "a create or update that stopped after some records were committed is "
           "remembered as a success"),
    Switch("uniqueid_concurrent", "refuse", "a control id that is still in process is refused, or waits up to "
           "queue_seconds for the end of the other and is answered after it", ("refuse", "wait")),
    Switch("uniqueid_concurrent_errorno", "BL01001973", "errorno of the refusal of a control id in process"),
    # limits
    Switch("concurrency", 1, "operations in process at a time for the company"),
    Switch("queue_length", 1000, "operations that may wait for a place; one more is refused at once"),
    Switch("queue_seconds", 30.0, "longest wait for a place before the refusal"),
    Switch("concurrency_errorno", "XL03000006", "errorno of the refusal for too many operations in process"),
    Switch("concurrency_refusal", "text", "form of that refusal: HTTP 200 with an error, HTTP 429 with GW-0010, or "
           "HTTP 503", ("text", "http_429", "http_503")),
    Switch("requests_per_minute", 0, "requests a minute before the throttle refuses; 0 never"),
    Switch("requests_per_hour", 0, "requests an hour before the throttle refuses; 0 never"),
    Switch("throttle_refusal", "http_429", "form of the throttle's refusal: HTTP 429 with GW-0010, HTTP 503, or "
           "HTTP 200 with an error", ("http_429", "http_503", "text")),
    Switch("retry_after", 0, "seconds in the Retry-After header of a 429 or a 503 for load; 0 sends none"),
    Switch("retry_after_form", "seconds", "Retry-After in seconds, or as the date of HTTP", ("seconds", "date")),
    Switch("limit_headers", False, "replies carry the X-IA-Throttle-Limit and X-IA-TENANT-Throttle-Limit headers "
           "(limit and remaining places), and X-IA-Minute-Rate-Limit and X-IA-Hour-Rate-Limit where there is one; "
           "named for the REST API, unsourced for this gateway"),
    Switch("seconds_per_page", 0.0, "least server time of one query, readByQuery, readView or readMore, spent in "
           "process: side by side as far as concurrency goes"),
    Switch("page_cap", 0, "most records of a page, however many were asked for; 0 as asked"),
    Switch("batch_limit", 100, "records of one create or update, and keys of one read, readByName, readRelated or "
           "delete; 0 unlimited"),
    Switch("read_by_query_page_limit", 1000, "largest pagesize that readByQuery accepts"),
    # reading
    Switch("unordered_query", "scattered", "order of a query that names none: scattered (the same each time, but no "
           "order of any field), or by key", ("scattered", "key")),
    Switch("nulls_in_order", "first", "where empty values stand in ascending order; descending turns it round",
           ("first", "last")),
    Switch("unknown_label", "nothing", "a value that an enumeration does not have matches nothing in a filter, or the "
           "query is refused (DL02000001)", ("nothing", "refuse")),
    Switch("aggregate_names", "prefixed", "element names of avg, min and max: prefixed as COUNT.X is, or plain as sum "
           "is", ("prefixed", "plain")),
    Switch("audit_history_zone", "gmt", "AUDITHISTORY.ACCESSTIME is in GMT, or in the API user's time zone",
           ("gmt", "user")),
    Switch("audit_object_key", "record", "AUDITHISTORY.OBJECTKEY names a record by its number (123--REC; plain for "
           "TASK and custom objects, the id for PROJECT and USERINFO), or by its natural id where it has one",
           ("record", "name")),
    Switch("poison_audit_rows", "", "IDs of AUDITHISTORY, with commas between: a page that holds one fails with "
           "DL02000001, every time"),
    Switch("gmtoffset", "current", "gmtoffset of readUserFormatting is the one of today, summer time included, or the "
           "zone's standard one", ("current", "standard")),
    Switch("ambiguous_hour", "first", "a local time that summer time's end repeats, in a filter: the first of the two "
           "or the second", ("first", "second")),
    Switch("read_by_query_hides_private", True, "readByQuery at the top level leaves out records of private entities, "
           "as query does"),
    Switch("read_hides_private", False, "read and readByName at the top level leave out records of private entities"),
    Switch("csv_content_type", "text/csv; charset=UTF-8", "Content-Type of an answer in CSV"),
    Switch("several_bodies", "first", "answer to a request of several functions in JSON or CSV: the first body, or all "
           "of them, one after the other", ("first", "joined")),
    Switch("get_list_page", 100, "records of a get_list that names no maxitems"),
    Switch("result_id_seconds", 3600, "how long a resultId can be continued by readMore"),
    # the Data Delivery Service
    Switch("cloud_deliveries", "AWS-S3-DDS", "names of the cloud storage destinations that are set up, with commas "
           "between; all are the one folder of --dds-folder"),
    Switch("dds_queue_seconds", 0.0, "seconds that a DDS job stays in the queue when nothing is before it"),
    Switch("dds_seconds", 0.0, "least seconds that a DDS job is in process"),
    Switch("dds_file_list", "name", "FILELIST of a DDS job holds the names of the files, or their paths below the "
           "folder", ("name", "path")),
    Switch("dds_error", "", "ERROR with which DDS jobs fail; empty: they do not"),
    Switch("dds_errorno", "XL03000006", "errorno of the refusals of the DDS functions"),
    # reports and balances
    Switch("report_seconds", 0.2, "processing time of a report, once its turn has come"),
    Switch("report_concurrency", 1, "reports in process at a time for the company; the others are pending until then"),
    Switch("report_id_seconds", 86400, "how long a finished report can be read"),
    Switch("report_pending_shape", "report_results", "readMore of a pending report answers report_results, as "
           "readReport does, or a report whose data holds the STATUS alone", ("report_results", "report")),
    Switch("report_done_status", False, "a page of a report in XML ends with a STATUS DONE"),
    Switch("report_json", "indexed", "a page of a report in JSON is an object of rows by number with a STATUS, or an "
           "array of rows", ("indexed", "array")),
    Switch("reports_need_location", True, "balances and agings at the top level need a locationid, since the entities "
           "have different base currencies; otherwise each currency has rows of its own"),
    Switch("zero_balance_with_activity", "shown", "without showzerobalances, get_trialbalance and get_accountbalances "
           "show or hide an account that moved and stands at zero", ("shown", "hidden")),
    # the books
    Switch("books_closed_through", "2025-12-31", "last day whose periods are closed; empty: every period is open"),
    Switch("closed_period_errorno", "BL01001973", "errorno of the refusal to write into a closed period"),
    Switch("unbalanced_errorno", "BL01001973", "errorno of the refusal of a journal entry that does not balance"),
    Switch("unbalanced_text", "Debits and credits are not equal for entity {entity} in {currency}: difference "
           "{difference}", "text of the refusal of a journal entry that does not balance"),
    Switch("missing_field_errorno", "BL01001973", "errorno of the refusal of a record without a required field"),
    Switch("invalid_value_errorno", "BL03000018", "errorno of the refusal of a value of the wrong type, length or "
           "enumeration"),
    Switch("unknown_field", "ignore", "a field that the object does not have is ignored in create and update, or "
           "refused", ("ignore", "refuse")),
    Switch("delete_keys", "one_by_one", "a delete of several keys deletes one after the other and stops at the first "
           "that is refused, or all of them or none", ("one_by_one", "together")),
    Switch("reversal_key", "original", "the key that reverse_bill and its like answer: the reversed record's own, or "
           "that of its reversal", ("original", "reversal")),
    Switch("empty_element", "clears", "an empty element of an update clears its field, or leaves it as it is",
           ("clears", "keeps")),
    Switch("legacy_nulls", "asked", "an empty element of a legacy update clears its field where set_nulls is true, or "
           "always", ("asked", "always")),
    Switch("batch_limit_errorno", "XL03000006", "errorno of the refusal of more records than batch_limit"),
    Switch("create_arinvoice", "refuse", "the undocumented generic create and update of ARINVOICE",
           ("refuse", "accept")),
    Switch("create_adjustment", "refuse", "the undocumented generic create and update of APADJUSTMENT and ARADJUSTMENT",
           ("refuse", "accept")),
    Switch("duplicate_document_number", "refuse", "a second bill or invoice with the number of an earlier one of the "
           "same vendor or customer", ("refuse", "accept")),
    Switch("document_numbering", True, "bills and invoices without a number draw one; otherwise they are refused "
           "(BL03002128)"),
    Switch("payment_touches_document", True, "a payment changes WHENMODIFIED of the bill or invoice it settles"),
    Switch("line_update_touches_header", True, "an update that gives nothing but lines changes WHENMODIFIED of the "
           "header"),
    Switch("whenmodified_on_create", True, "a new record has WHENMODIFIED; otherwise it stays empty until the first "
           "change"),
    # approvals
    Switch("approval_apbill", 0, "approvals that a submitted AP bill needs before it posts; 0 none"),
    Switch("approval_appymt", 0, "approvals that a submitted AP payment needs before it posts; 0 none"),
    Switch("approval_glbatch", 0, "approvals that a submitted journal entry needs before it posts; 0 none"),
    Switch("approval_eexpenses", 0, "approvals that a submitted expense report needs before it posts; 0 none"),
    Switch("approval_podocument", 0, "approvals that a purchasing document needs before it is pending; 0 none"),
    Switch("approval_vendor", 0, "approvals that a new or changed vendor needs before anything posts for it; 0 none"),
    Switch("approval_timesheet", 1, "approvals that a submitted timesheet needs; 0: it is approved at once"),
    Switch("self_approval", "refused", "who submits cannot approve, may approve, or approves one level by submitting",
           ("refused", "allowed", "automatic")),
    Switch("approvers_differ", True, "every approval of one record is another person's"),
    Switch("edit_after_approval", "resubmit", "a change of a posted record whose object needs approval submits it "
           "again, leaves it posted, or is refused", ("resubmit", "keep", "refuse")),
    Switch("delete_submitted", "refuse", "a bill or journal entry that waits for approval can be deleted",
           ("refuse", "accept")),
    Switch("approval_errorno", "BL01001973", "errorno of the refusal to approve, decline, recall, change or delete "
           "what is in the wrong state for it, or one's own"),
    Switch("payment_confirmation", "never", "AP payments that stay Approved until confirm_appaymentrequest: none, "
           "printed checks, or all", ("never", "checks", "always")),
    Switch("selected_lowers_due", False, "what unposted payments have selected is no longer due on the bill"),
    # attachments
    Switch("attachment_numbering", False, "attachments without an id draw one; otherwise they are refused"),
    Switch("attachment_name_required", False, "an attachment without a name is refused; otherwise its id is its name"),
    Switch("attachment_periods", "refuse", "a period in the name or the extension of an attached file",
           ("refuse", "accept")),
    Switch("attachment_bytes", 0, "bytes that one attached file may have; 0 any number"),
    Switch("attachment_data_in_lists", True, "get_list of supdoc tells the data of the files, as get does"),
    Switch("unknown_attachment", "refuse", "a SUPDOCID that no attachment has", ("refuse", "accept")),
    # asynchronous requests
    Switch("transport_policies", "OFFLINE", "ids of the transport policies there are, with commas between"),
    Switch("policy_response_url", "", "where responses to asynchronous requests are posted, on this machine only: "
           "http://user:password@127.0.0.1:8099/path; empty: nowhere"),
    Switch("async_seconds", 0.0, "least seconds that an asynchronous request is queued, by the company's clock"),
    Switch("async_characters", 500000, "characters that an asynchronous request may have; 0 any number"),
    Switch("async_characters_errorno", "XL03000006", "errorno of the refusal of more characters than that"),
    Switch("async_sign_in", "carried_out", "an asynchronous request signs in when it is carried out, or is refused "
           "when it is received as well", ("carried_out", "received")),
    Switch("async_after_restart", "again", "a request that was being carried out when the process died is carried "
           "out again, or lost", ("again", "lost")),
    # API transactions
    Switch("bill_failures", False, "a function that failed counts as one API transaction"),
    Switch("bill_report_polls", True, "a readMore that finds its report pending counts as one API transaction"),
    Switch("bill_sessions", False, "getAPISession counts as one API transaction"),
)  # fmt: skip


class Switches(Mapping[str, Value]):
    """The answers in force. `text`, `number` and `on` read one in its type."""

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        self._definitions = {switch.name: switch for switch in DEFINITIONS}
        self._initial = {switch.name: switch.default for switch in DEFINITIONS}
        for name, value in (settings or {}).items():
            self._initial[name] = self._checked(name, value)
        self._values = dict(self._initial)

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def on(self, name: str) -> bool:
        """Return a yes-or-no switch."""
        return bool(self._values[name])

    def number(self, name: str) -> float:
        """Return a switch that holds a number."""
        return float(self._values[name])

    def text(self, name: str) -> str:
        """Return a switch that holds a word."""
        return str(self._values[name])

    def change(self, settings: Mapping[str, object]) -> None:
        """Set switches, all or none. Raises SwitchError naming the first that is unknown or has a wrong value."""
        self._values |= {name: self._checked(name, value) for name, value in settings.items()}

    def reset(self) -> None:
        """Return to the answers the process started with."""
        self._values = dict(self._initial)

    def _checked(self, name: str, value: object) -> Value:
        switch = self._definitions.get(name)
        if switch is None:
            raise SwitchError(f"There is no switch {name!r}. Switches: {', '.join(sorted(self._definitions))}.")
        if switch.choices and value not in switch.choices:
            raise SwitchError(f"Switch {name} takes {' or '.join(switch.choices)}, not {value!r}.")
        try:
            return _converted(value, switch.default)
        except ValueError as error:
            raise SwitchError(f"Switch {name} takes a value like {_shown(switch.default)}, not {value!r}.") from error


def _converted(value: object, like: Value) -> Value:
    if isinstance(like, bool):
        words = {"true": True, "false": False}
        word = str(value).lower()
        if word not in words:
            raise ValueError(word)
        return words[word]
    if isinstance(value, bool):
        raise ValueError(value)
    if isinstance(like, int | float):
        number = type(like)(str(value))
        if not 0 <= number < _LARGEST:  # nan is no number of anything
            raise ValueError(value)
        return number
    return str(value)


def _shown(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
