"""What is known of how each object's changes and deletes appear. Data, with its sources; `policy` says what follows."""

import re
from collections.abc import Mapping

NAMED: Mapping[str, str] = {
    "ALLOCATION": "ALLOCATIONID",
    "APACCOUNTLABEL": "ACCOUNTLABEL",
    "APTERM": "NAME",
    "ARACCOUNTLABEL": "ACCOUNTLABEL",
    "ARTERM": "NAME",
    "CHECKINGACCOUNT": "BANKACCOUNTID",
    "CLASS": "CLASSID",
    "CONTACT": "CONTACTNAME",
    "CONTRACT": "CONTRACTID",
    "CREDITCARD": "CARDID",
    "CUSTOMER": "CUSTOMERID",
    "CUSTOMERGROUP": "ID",
    "CUSTTYPE": "NAME",
    "DEPARTMENT": "DEPARTMENTID",
    "EARNINGTYPE": "NAME",
    "EEACCOUNTLABEL": "ACCOUNTLABEL",
    "EMPLOYEE": "EMPLOYEEID",
    "EXCHANGERATETYPES": "ID",
    "EXPENSEPAYMENTTYPE": "NAME",
    "GLACCOUNT": "ACCOUNTNO",
    "GLACCTGRP": "NAME",
    "GLBUDGETHEADER": "BUDGETID",
    "GLJOURNAL": "SYMBOL",
    "INVDOCUMENT": "DOCID",
    "INVDOCUMENTPARAMS": "DOCID",
    "ITEM": "ITEMID",
    "LOCATION": "LOCATIONID",
    "LOCATIONENTITY": "LOCATIONID",
    "PODOCUMENT": "DOCID",
    "PODOCUMENTPARAMS": "DOCID",
    "PROJECT": "PROJECTID",
    "REPORTINGPERIOD": "NAME",
    "SAVINGSACCOUNT": "BANKACCOUNTID",
    "SODOCUMENT": "DOCID",
    "SODOCUMENTPARAMS": "DOCID",
    "STATACCOUNT": "ACCOUNTNO",
    "TAXDETAIL": "DETAILID",
    "TIMETYPE": "NAME",
    "USERINFO": "LOGINID",
    "VENDOR": "VENDORID",
    "VENDORGROUP": "ID",
    "VENDTYPE": "NAME",
    "WAREHOUSE": "WAREHOUSEID",
}
"""Objects with an id that people give. The audit history keys a record by "the object's unique name field", so these
are not found there by their record number. Sources: developer.intacct.com, Advanced audit trails; the name keys of
readByName; estuary/connectors issue 5207 (vendors, customers), pull request 3129 (projects)."""

AUDITED = frozenset(
    {
        "APADJUSTMENT",
        "APBILL",
        "APPYMT",
        "ARINVOICE",
        "ARPYMT",
        "CCTRANSACTION",
        "DEPOSIT",
        "EEXPENSES",
        "GLBATCH",
        "OTHERRECEIPTS",
        "TASK",
    }
)
"""Transactions without such an id. Source: estuary/connectors (OBJECTKEY is `123--REC` for most, `123` for TASK)."""

UNAUDITED = frozenset({"ARADJUSTMENT"})
"""Never in the audit history; neither are lines, which are in LINES. Source: hotgluexyz/tap-intacct."""

LINES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ALLOCATIONENTRY": ("ALLOCATION", ("ALLOCATIONKEY",)),
    "APADJUSTMENTITEM": ("APADJUSTMENT", ("RECORDKEY",)),
    "APBILLITEM": ("APBILL", ("RECORDKEY",)),
    "APPYMTDETAIL": ("APPYMT", ("PAYMENTKEY",)),
    "APRECURBILLENTRY": ("APRECURBILL", ("RECORDKEY",)),
    "ARADJUSTMENTITEM": ("ARADJUSTMENT", ("RECORDKEY",)),
    "ARADVANCEITEM": ("ARADVANCE", ("RECORDKEY",)),
    "ARINVOICEITEM": ("ARINVOICE", ("RECORDKEY",)),
    "ARPYMTDETAIL": ("ARPYMT", ("PAYMENTKEY",)),
    "ARRECURINVOICEENTRY": ("ARRECURINVOICE", ("RECORDKEY",)),
    "BANKFEEENTRY": ("BANKFEE", ("RECORDKEY",)),
    "CCTRANSACTIONENTRY": ("CCTRANSACTION", ("RECORDKEY",)),
    "CHARGEPAYOFFENTRY": ("CHARGEPAYOFF", ("RECORDKEY",)),
    "CONTRACTBILLINGSCHEDULEENTRY": ("CONTRACTBILLINGSCHEDULE", ()),
    "CONTRACTDETAIL": ("CONTRACT", ("CONTRACTKEY",)),
    "CREDITCARDFEEENTRY": ("CREDITCARDFEE", ("RECORDKEY",)),
    "DEPOSITENTRY": ("DEPOSIT", ("RECORDKEY",)),
    "EEXPENSESITEM": ("EEXPENSES", ("RECORDKEY",)),
    "EXCHANGERATEENTRY": ("EXCHANGERATE", ()),
    "EXPENSEADJUSTMENTSITEM": ("EXPENSEADJUSTMENTS", ("RECORDKEY",)),
    "FUNDSTRANSFERENTRY": ("FUNDSTRANSFER", ("RECORDKEY",)),
    "GLBUDGETITEM": ("GLBUDGETHEADER", ()),
    "GLDETAIL": ("GLBATCH", ("BATCHKEY",)),
    "GLENTRY": ("GLBATCH", ("BATCHNO",)),
    "ICTRANSFERITEM": ("ICTRANSFER", ()),
    "INVDOCUMENTENTRY": ("INVDOCUMENT", ("DOCHDRNO",)),
    "INVDOCUMENTSUBTOTALS": ("INVDOCUMENT", ("DOCHDRNO",)),
    "OTHERRECEIPTSENTRY": ("OTHERRECEIPTS", ("RECORDKEY",)),
    "PODOCUMENTENTRY": ("PODOCUMENT", ("DOCHDRNO",)),
    "PODOCUMENTSUBTOTALS": ("PODOCUMENT", ("DOCHDRNO",)),
    "SODOCUMENTENTRY": ("SODOCUMENT", ("DOCHDRNO",)),
    "SODOCUMENTSUBTOTALS": ("SODOCUMENT", ("DOCHDRNO",)),
    "TIMESHEETENTRY": ("TIMESHEET", ("TIMESHEETKEY",)),
}
"""Lines, the object that owns them, and the fields that may hold its record number; the first that there is counts,
else what relates the lines to it. RECORDKEY of a payment's detail is the bill or invoice paid, not the payment."""

GROWING: Mapping[str, str] = {
    "ACTIVITYLOG": "CREATED_AT",
    "ADVAUDITHISTORY": "ACCESSTIME",
    "AUDITHISTORY": "ACCESSTIME",
}
"""Logs, whose records are never changed or deleted, and the field that orders them."""

WHOLE: Mapping[str, str] = {
    "COMPANYPREF": "preferences carry no time of change",
    "GLACCOUNTBALANCE": "balances are worked out when they are asked for",
}
"""What can only be read whole, and why."""

DOCUMENT_DATED = re.compile(r"(AP|AR)(BILL|INVOICE|ADJUSTMENT|PYMT|PAYMENT|ADVANCE)\w*|GLDETAIL|EEXPENSES|EPPAYMENT\w*")
"""WHENCREATED of these is a day that a person chose (an invoice's, a payment's); the time of entry is AUWHENCREATED.
Source: developer.intacct.com, Accounts payable payments; production clients."""
