"""Which states a record of each object can be in, what they mean, and what is needed next. A table, not code.

Sources: developer.intacct.com, the "Query" pages; Sage's REST models for the states that those do not list. A state
that the table does not know is told as it is and counts as not yet reached.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.posting.kinds import Kind
from airflow_provider_intacct.client.posting.lookups import DOCUMENT_ID

APPROVE_IN_INTACCT = "an approver has to approve it in Intacct: the gateway has no function for this object"
APPROVE_HERE = 'an approver has to approve it, in Intacct or with IntacctApprovalOperator(action="approve")'
SUBMIT = 'it has to be submitted, in Intacct or with IntacctApprovalOperator(action="submit")'
SUBMIT_WHOLE = "it has to be submitted: in Intacct, or by an update that brings the whole record again"
APPROVE_SHEET = "an approver has to approve it with its TIMESHEET, all entries or this one alone"
SUBMIT_SHEET = "its TIMESHEET has to be submitted"
MEND = "it was declined: somebody has to correct it and submit it again, or delete it"
MEND_PARTLY = "a part of it was declined: somebody has to correct that part and submit it again"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one state of an object means.

    `rank`   how far along the record is; a state is reached by every state of the same rank or a higher one
    `ended`  it goes no further by itself: what waits for another state waits in vain
    `next`   what is needed next, in words; "" when nothing is
    """

    rank: int
    ended: bool = False
    next: str = ""


@dataclass(frozen=True, slots=True)
class States:
    """The states of one object: the field they are read from, what each means, and the codes that stand for them.

    `name_key` is the field of a key that is no record number: the document id that create_potransaction returns. `told`
    is False where only companies that approve such records have the state, so that it is read on request alone.
    """

    object: str
    meanings: Mapping[str, Meaning]
    codes: Mapping[str, str] = field(default_factory=dict)
    field: str = "STATE"
    name_key: str = ""
    told: bool = True

    def label(self, text: str) -> str:
        """Return a state as this object spells it, from its label in any case or its code; unknown ones as given."""
        text = text.strip()
        known = {label.casefold(): label for label in self.meanings}
        return known.get(text.casefold(), self.codes.get(text, text))

    def next_step(self, state: str) -> str:
        """Return what is needed next, in words; "" when nothing is, or when the state is not known."""
        meaning = self.meanings.get(self.label(state))
        return meaning.next if meaning else ""

    def reached(self, state: str, wanted: str) -> bool:
        """Whether a record in `state` is where `wanted` is, or further along: a paid bill is posted too."""
        state, wanted = self.label(state), self.label(wanted)
        if state == wanted:
            return True
        here, there = self.meanings.get(state), self.meanings.get(wanted)
        if here is None or there is None or here.ended or there.ended:
            return False
        return here.rank >= there.rank

    def ended(self, state: str, wanted: str) -> bool:
        """Whether a record in `state` will not come to `wanted` unless a person does something about it."""
        meaning = self.meanings.get(self.label(state))
        return bool(meaning and meaning.ended) and not self.reached(state, wanted)

    def check(self, wanted: str) -> str:
        """Return `wanted` as the object spells it. Raises InvalidRequestError, with the choice, if it is none."""
        label = self.label(wanted)
        if self.meanings and label not in self.meanings:
            raise InvalidRequestError(
                f"{self.object} has no state {wanted!r}; it has {', '.join(self.meanings)}. Nothing was sent."
            )
        return label


def _path(*, approve: str, submit: str, posted: Sequence[str] = ("Posted",), **further: Meaning) -> dict[str, Meaning]:
    """Return the way that most transactions go: draft, submitted, approved step by step, posted."""
    way = {
        "Draft": Meaning(0, next=submit),
        "Submitted": Meaning(1, next=approve),
        "Partially Approved": Meaning(2, next=f"a further approval is missing; {approve}"),
        "Approved": Meaning(3),
        "Declined": Meaning(0, ended=True, next=MEND),
    }
    return {**way, **{label: Meaning(4) for label in posted}, **further}


ENDED = Meaning(0, ended=True)
_PAID = {"Selected": Meaning(5), "Partially Paid": Meaning(5), "Paid": Meaning(6)}
_UNDONE = {"Reversed": ENDED, "Reversal": Meaning(4)}

_JOURNAL = {
    **_path(approve=APPROVE_IN_INTACCT, submit=SUBMIT),
    # An entry with a reversal date is in the books, whether its reversal is to come or has been made.
    "Reversal pending": Meaning(5),
    "Reversed": Meaning(6),
}
_BILL = {**_path(approve=APPROVE_IN_INTACCT, submit=SUBMIT), **_PAID, **_UNDONE}
_PAYMENT = {
    **_path(approve=APPROVE_HERE, submit=SUBMIT_WHOLE, posted=("Confirmed", "Complete", "Posted", "Delivered")),
    "Voided": ENDED,
    "Void": ENDED,
    "Print Voided": ENDED,
    **_UNDONE,
}
_DOCUMENT = {
    **_path(approve=APPROVE_HERE, submit=SUBMIT, posted=()),
    # Where a definition knows no approval, Pending is what Approved is elsewhere: other documents can be made from it.
    "Pending": Meaning(3),
    "In Progress": Meaning(3),
    "Partially Converted": Meaning(4),
    "Converted": Meaning(5),
    "Closed": Meaning(5),
    "Voided": ENDED,
}
_SOLD = {**_DOCUMENT, **_path(approve=APPROVE_IN_INTACCT, submit=SUBMIT, posted=())}
_DOCUMENT_CODES = {
    "I": "Draft",
    "S": "Submitted",
    "X": "Partially Approved",
    "A": "Approved",
    "R": "Declined",
    "O": "Pending",
    "G": "In Progress",
    "P": "Partially Converted",
    "C": "Converted",
    "D": "Closed",
}
_SHEET = {
    **_path(approve=APPROVE_HERE, submit=SUBMIT_WHOLE),
    "Saved": Meaning(0, next=SUBMIT_WHOLE),
    "Partially Declined": Meaning(0, ended=True, next=MEND_PARTLY),
}
_ENTRY = {**_SHEET, **_path(approve=APPROVE_SHEET, submit=SUBMIT_SHEET)}
_SHEET_CODES = {
    "I": "Draft",
    "S": "Submitted",
    "X": "Partially Approved",
    "A": "Approved",
    "R": "Declined",
    "E": "Partially Declined",
    "V": "Saved",
}
_EXPENSES = {
    **_path(approve=APPROVE_IN_INTACCT, submit=SUBMIT),
    **_PAID,
    "Confirmed": Meaning(6),
    "Partially Declined": Meaning(0, ended=True, next=MEND_PARTLY),
    **_UNDONE,
}
_ADVANCE = {**_path(approve=APPROVE_IN_INTACCT, submit=SUBMIT_WHOLE), **_PAID, **_UNDONE}
_CASH = {"Draft": Meaning(0, next=SUBMIT_WHOLE), "Posted": Meaning(4), **_PAID, **_UNDONE, "Voided": ENDED}
_VENDOR = {
    "Submitted": Meaning(1, next=APPROVE_HERE),
    "Approved": Meaning(3),
    "Declined": Meaning(0, ended=True, next=MEND),
}
_PAYABLE_CODES = {"D": "Draft", "S": "Submitted", "PA": "Partially Approved", "U": "Declined", "A": "Posted"}
_PAYMENT_CODES = {"D": "Draft", "S": "Submitted", "A": "Approved", "C": "Posted", "V": "Voided"}

STATES: Mapping[str, States] = {
    each.object: each
    for each in (
        States(
            "GLBATCH",
            _JOURNAL,
            {
                "I": "Draft",
                "S": "Submitted",
                "X": "Partially Approved",
                "A": "Approved",
                "P": "Posted",
                "R": "Declined",
                "L": "Reversal pending",
                "Z": "Reversed",
            },
        ),
        States("APBILL", _BILL, _PAYABLE_CODES),
        States("APADJUSTMENT", _BILL, _PAYABLE_CODES),
        States("APADVANCE", _ADVANCE, _PAYABLE_CODES),
        States("ARINVOICE", _BILL, _PAYABLE_CODES),
        States("ARADJUSTMENT", _BILL, _PAYABLE_CODES),
        States("ARADVANCE", _CASH),
        States("APPYMT", _PAYMENT, _PAYMENT_CODES),
        States("APPAYMENT", _CASH),
        States("APPAYMENTREQUEST", _PAYMENT, _PAYMENT_CODES),
        States("ARPYMT", _CASH),
        States("ARPAYMENT", _CASH),
        States("EEXPENSES", _EXPENSES),
        States("TIMESHEET", _SHEET, _SHEET_CODES),
        States("TIMESHEETENTRY", _ENTRY, _SHEET_CODES),
        States("SODOCUMENT", _SOLD, _DOCUMENT_CODES, name_key=DOCUMENT_ID),
        States("PODOCUMENT", _DOCUMENT, _DOCUMENT_CODES, name_key=DOCUMENT_ID),
        States("INVDOCUMENT", _SOLD, _DOCUMENT_CODES, name_key=DOCUMENT_ID),
        States("CCTRANSACTION", _CASH),
        States("DEPOSIT", _CASH),
        States("OTHERRECEIPTS", _CASH),
        States("VENDOR", _VENDOR, {"S": "Submitted", "A": "Approved", "R": "Declined"}, told=False),
    )
}


READ_FROM = {
    "create_expensereport": "EEXPENSES",
    "create_timesheet": "TIMESHEET",
    "record_cctransaction": "CCTRANSACTION",
}
"""Where the state of records is read whose kind is not looked up otherwise."""


def states_of(object_name: str) -> States:
    """Return what is known of the states of an object; for one the table does not name, only their field."""
    return STATES.get(object_name.upper(), States(object_name, {}))


def state_object(kind: Kind) -> str:
    """Return the object that the state of a record of this kind is read from; "" if it has none."""
    return read_from(kind.object_name or kind.name)


def read_from(name: str) -> str:
    """Return the object that the state of a record is read from, by the name its outcome tells; "" if it has none."""
    name = READ_FROM.get(name, name).upper()
    return name if name in STATES else ""
