"""What the company says when it does not take a record: errorno and words, most specific reason first.

Words with a source carry it. Those without are switches or the plainest words that name the thing.
"""

from dataclasses import dataclass
from datetime import date
from typing import Self

CATCH_ALL = "BL01001973"


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of an error stack."""

    errorno: str
    text: str = ""
    correction: str = ""


class RefusedError(Exception):
    """A record or change that the company does not take; its effects must be undone by whoever asked."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(reasons[0].text or reasons[0].errorno)
        self.reasons = reasons

    def under(self, *general: Reason) -> Self:
        """Return the same refusal with more general reasons below, as Intacct stacks them."""
        return type(self)(*self.reasons, *general)


def refused(text: str, errorno: str = CATCH_ALL, correction: str = "") -> RefusedError:
    """Return a refusal of one reason."""
    return RefusedError(Reason(errorno, text, correction))


def invalid_reference(label: str, value: object) -> RefusedError:
    """Source: fyle-intacct-api tests, "Invalid Project '10064' specified."."""
    return refused(f"Invalid {label} '{value}' specified.")


def already_exists(label: str, value: object) -> RefusedError:
    """Two spaces before "already" are real. Source: jfcote87/intacct and PsIntacct captures."""
    return refused(
        f"Another {label} with the given value(s) {value}  already exists",
        "BL34000061",
        "Use a unique value instead.",
    )


def missing_field(label: str, errorno: str = CATCH_ALL) -> RefusedError:
    """Source of the words: "Required field Date Due is missing" (OpenChain). The errorno is a switch."""
    return refused(f"Required field {label} is missing", errorno)


def closed_period(day: date, errorno: str) -> RefusedError:
    """Source of the words: intacct-sdk-net issue #105. The errorno is a switch."""
    return refused(
        f"Periods are closed.  Your transaction date ({day:%m/%d/%Y}) is within a period that's been closed.  "
        "You can add, modify, or delete a transaction only if the date of the transaction is within a period "
        "that's open.",
        errorno,
    )


def not_to_be_deleted(label: str, key: object) -> RefusedError:
    """Source: PHP SDK history and PsIntacct, "Cannot find class with key 'UT01' to delete."."""
    return refused(f"Cannot find {label} with key '{key}' to delete.")


def not_to_be_updated(object_name: str, field: str, value: object) -> RefusedError:
    """The words stand in errorno. Source: PHP SDK history, ClassObjTest."""
    return RefusedError(Reason(f"Cannot update non-existing {object_name} with {field}={value}."))


def no_record(key: object) -> RefusedError:
    """The misspelling is Intacct's. Source: intacct-sdk-net issue #21."""
    return refused(f"No record exits for the recordkey {key}", "DL03000005")


def document_number_exists() -> RefusedError:
    """Source: the errorno and words that clients branch on."""
    return refused("A transaction with that number already exists", "BL03002185")


def document_number_missing() -> RefusedError:
    """Source: intacct-sdk-js issue #86."""
    return refused("Enter a Bill number, and try again.", "BL03002128")


def no_account(line: int) -> RefusedError:
    """Source of the words: Scoro's list of Intacct errors."""
    return refused(f"Enter an account number on line item {line}, and try again.")


def already_paid(record_id: object) -> RefusedError:
    """Source of the errorno: clients that treat it as done; the words are this sandbox's."""
    return refused(f"The transaction {record_id} has already been paid.", "BL03000130")


TRANSACTION_NOT_CREATED = Reason(
    CATCH_ALL,
    "Currently, we can't create the transaction",
    "Check the transaction for errors or inconsistencies, then try again.",
)
"""Source: intacct-sdk-js issue #86, intacct-sdk-net issue #205."""
