"""Look into the company's books from outside Airflow, as an accountant with an API user would."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.client import Credentials, IntacctClient
from airflow_provider_intacct.client.xml.functions import function

Balances = dict[tuple[str, str], Decimal]
"""(account number, location) -> balance at the end of the period, debit positive."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A posted journal entry: its header and its lines, by field name."""

    header: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]


class Books:
    """The books of one company, read and written through the gateway with the connection's own credentials."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        extra = connection["extra"]
        self.client = IntacctClient(
            Credentials(
                company_id=extra["company_id"],
                user_id=connection["login"],
                password=connection["password"],
                sender_id=extra["sender_id"],
                sender_password=extra["sender_password"],
                endpoint=extra["endpoint"],
            )
        )

    def close(self) -> None:
        self.client.close()

    def open_bills(self, period_end: date, cutoff_days: int, currency: str) -> list[dict[str, Any]]:
        """Return the posted, unpaid bills dated after the period's end, as the DAG's sensor sees them."""
        cutoff = period_end + timedelta(days=cutoff_days)
        return list(
            self.client.rows(
                "APBILL",
                fields=["RECORDNO", "RECORDID", "VENDORID", "VENDORNAME", "WHENCREATED", "TOTALDUE"],
                where=f"STATE = 'Posted' AND WHENCREATED > '{period_end:%m/%d/%Y}' "
                f"AND WHENCREATED <= '{cutoff:%m/%d/%Y}' AND BASECURR = '{currency}'",
            )
        )

    def enter_bill(self, vendor: str, number: str, dated: date, account: str, location: str, amount: Decimal) -> str:
        """Enter and post a vendor's bill, due in 30 days; return its record number."""
        line = {"ACCOUNTNO": account, "LOCATIONID": location, "TRX_AMOUNT": amount}
        bill = {
            "VENDORID": vendor,
            "RECORDID": number,
            "WHENCREATED": dated,
            "WHENDUE": dated + timedelta(days=30),
            "CURRENCY": "USD",
            "BASECURR": "USD",
            "EXCHANGE_RATE": "1",
            "APBILLITEMS": {"APBILLITEM": [line]},
        }
        result = self.client.call(function("create", {"APBILL": bill}))
        return str(result.key)

    def balances(self, period_end: date, accounts: list[str]) -> Balances:
        """Return the accounts' balances at the end of the month, per location."""
        found: Balances = {}
        listed = ", ".join(f"'{account}'" for account in accounts)
        for row in self.client.rows(
            "GLACCOUNTBALANCE",
            fields=["ACCOUNTNO", "LOCATIONID", "ENDBAL"],
            where=f"PERIOD = '{self.period(period_end)}' AND ACCOUNTNO IN ({listed})",
        ):
            place = row["ACCOUNTNO"], row["LOCATIONID"]
            found[place] = found.get(place, Decimal(0)) + row["ENDBAL"]
        return found

    def period(self, last_day: date) -> str:
        """Return the name of the month's reporting period."""
        where = f"START_DATE = '{last_day:%m}/01/{last_day:%Y}' AND END_DATE = '{last_day:%m/%d/%Y}'"
        [row] = self.client.rows("REPORTINGPERIOD", fields=["NAME"], where=where)
        return str(row["NAME"])

    def entries(self, reference: str) -> list[JournalEntry]:
        """Return every journal entry with this reference number that a person or a DAG booked in the GJ journal.

        An entry that Intacct derived as the reversal of another one is not counted.
        """
        headers = self.client.rows(
            "GLBATCH",
            fields=[
                *("RECORDNO", "BATCHNO", "JOURNAL", "BATCH_DATE", "BATCH_TITLE", "REFERENCENO", "STATE"),
                *("REVERSEDATE", "REVERSEDFROM"),
            ],
            where=f"JOURNAL = 'GJ' AND REFERENCENO = '{reference}'",
        )
        return [
            JournalEntry(header, self._lines(header["RECORDNO"])) for header in headers if not header["REVERSEDFROM"]
        ]

    def _lines(self, key: Any) -> tuple[Mapping[str, Any], ...]:
        return tuple(
            self.client.rows(
                "GLENTRY",
                fields=["LINE_NO", "TR_TYPE", "ACCOUNTNO", "ACCOUNTTITLE", "LOCATION", "DEPARTMENT", "TRX_AMOUNT"],
                where=f"BATCHNO = {key}",
            )
        )
