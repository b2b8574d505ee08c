"""What is known of each kind of record that can be posted: how to tell one from another and where to find it again.

A table, not code. A kind it does not name can be posted all the same; its records are told apart by their content.
Sources: developer.intacct.com, "Create" and "Query" pages of each object; the content models of the 3.0 schema.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Lines:
    """Where a record carries its lines: `<container><line/><line/></container>`, and how they read back.

    `comparable` is False where it is not known how they read back; then they are not compared.
    `summed` names key and amount of lines that Intacct splits: of a payment it keeps one for each line of the bill.
    """

    container: str
    line: str
    reads_as: str = ""
    minimum: int = 1
    fields: Mapping[str, str] = field(default_factory=dict)
    summed: tuple[str, str] | None = None
    comparable: bool = True

    def read_container(self) -> str:
        """Return the container's name in the answer of `read`."""
        return self.reads_as or self.container


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record: an object for the generic `create`, or a create function of its own.

    `natural_key` and `reference` name entries as the author writes them; `fields` says under which field of
    `object_name` an entry reads back, where that differs from its own name. `record_key` is the field that numbers its
    records: `id` of custom objects. Records with the entry and value `unstamped` get no reference: it is not theirs.
    `listed` is its name for the legacy `get`, where nothing else finds it. `returns` is the field that its function
    returns as the key, where that is not the record's number.
    """

    name: str
    object_name: str
    function: str = "create"
    natural_key: tuple[str, ...] = ()
    reference: str = ""
    before: tuple[str, ...] = ()
    lines: Lines | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    journal: bool = False
    listed: str = ""
    returns: str = ""
    record_key: str = "RECORDNO"
    unstamped: tuple[str, str] = ("", "")

    @property
    def legacy(self) -> bool:
        """Whether the record is the body of its own function, in the strict order of the schema."""
        return self.function != "create"

    def reads_as(self, entry: str) -> str:
        """Return the field of `object_name` under which `entry` reads back."""
        return self.fields.get(entry, entry)


JOURNAL_LINES = Lines("ENTRIES", "GLENTRY", minimum=2)
LEGACY_LINE = {
    "glaccountno": "ACCOUNTNO",
    "accountlabel": "ACCOUNTLABEL",
    "amount": "TRX_AMOUNT",
    "memo": "ENTRYDESCRIPTION",
    "locationid": "LOCATIONID",
    "departmentid": "DEPARTMENTID",
    "projectid": "PROJECTID",
    "customerid": "CUSTOMERID",
    "vendorid": "VENDORID",
    "employeeid": "EMPLOYEEID",
    "itemid": "ITEMID",
    "classid": "CLASSID",
    "warehouseid": "WAREHOUSEID",
}
LEGACY_HEADER = {
    "datecreated": "WHENCREATED",
    "datedue": "WHENDUE",
    "dateposted": "WHENPOSTED",
    "termname": "TERMNAME",
    "description": "DESCRIPTION",
    "customerid": "CUSTOMERID",
    "vendorid": "VENDORID",
    "currency": "CURRENCY",
}
PAID = ("RECORDKEY", "TRX_PAYMENTAMOUNT")
CURRENCY_AND_LATER = ("basecurr", "currency", "exchratedate", "exchratetype", "exchrate", "nogl", "supdocid")
BILL_AFTER_REFERENCE = (
    *("onhold", "description", "externalid", "payto", "returnto"),
    *CURRENCY_AND_LATER,
    *("customfields", "inclusivetax", "taxsolutionid", "billitems"),
)
INVOICE_AFTER_REFERENCE = (
    *("description", "externalid", "billto", "shipto"),
    *CURRENCY_AND_LATER,
    *("customfields", "taxsolutionid", "invoiceitems"),
)


def _own(function: str, *natural_key: str, lines: Lines | None = None) -> Kind:
    return Kind(function, "", function=function, natural_key=natural_key, lines=lines)


_KINDS = (
    Kind(
        "GLBATCH",
        "GLBATCH",
        natural_key=("JOURNAL", "REFERENCENO"),
        reference="REFERENCENO",
        lines=JOURNAL_LINES,
        journal=True,
    ),
    Kind(
        "create_gltransaction",
        "GLBATCH",
        function="create_gltransaction",
        natural_key=("journalid", "referenceno"),
        reference="referenceno",
        before=("sourceentity", "customfields", "gltransactionentries"),
        lines=Lines(
            "gltransactionentries",
            "glentry",
            reads_as="ENTRIES",
            minimum=2,
            fields={
                **LEGACY_LINE,
                "memo": "DESCRIPTION",
                "trtype": "TR_TYPE",
                "locationid": "LOCATION",
                "departmentid": "DEPARTMENT",
                "document": "DOCUMENT",
            },
        ),
        fields={
            "journalid": "JOURNAL",
            "referenceno": "REFERENCENO",
            "datecreated": "BATCH_DATE",
            "description": "BATCH_TITLE",
        },
        journal=True,
    ),
    Kind(
        "create_statgltransaction",
        "GLBATCH",
        function="create_statgltransaction",
        lines=Lines("statgltransactionentries", "glentry", reads_as="ENTRIES"),
        fields={"journalid": "JOURNAL", "datecreated": "BATCH_DATE", "description": "BATCH_TITLE"},
    ),
    Kind(
        "APBILL",
        "APBILL",
        natural_key=("VENDORID", "RECORDID"),
        reference="DOCNUMBER",
        lines=Lines("APBILLITEMS", "APBILLITEM"),
    ),
    Kind(
        "create_bill",
        "APBILL",
        function="create_bill",
        natural_key=("vendorid", "billno"),
        reference="ponumber",
        before=BILL_AFTER_REFERENCE,
        lines=Lines("billitems", "lineitem", reads_as="APBILLITEMS", fields=LEGACY_LINE),
        fields={**LEGACY_HEADER, "billno": "RECORDID", "ponumber": "DOCNUMBER"},
    ),
    Kind(
        "create_invoice",
        "ARINVOICE",
        function="create_invoice",
        natural_key=("invoiceno",),
        reference="ponumber",
        before=INVOICE_AFTER_REFERENCE,
        lines=Lines("invoiceitems", "lineitem", reads_as="ARINVOICEITEMS", fields=LEGACY_LINE),
        fields={**LEGACY_HEADER, "invoiceno": "RECORDID", "ponumber": "DOCNUMBER"},
    ),
    Kind(
        "APADJUSTMENT",
        "APADJUSTMENT",
        natural_key=("VENDORID", "RECORDID"),
        reference="DOCNUMBER",
        lines=Lines("APADJUSTMENTITEMS", "APADJUSTMENTITEM"),
    ),
    Kind(
        "create_apadjustment",
        "APADJUSTMENT",
        function="create_apadjustment",
        natural_key=("vendorid", "adjustmentno"),
        lines=Lines("apadjustmentitems", "lineitem", reads_as="APADJUSTMENTITEMS", fields=LEGACY_LINE),
        fields={**LEGACY_HEADER, "adjustmentno": "RECORDID"},
    ),
    Kind(
        "create_aradjustment",
        "ARADJUSTMENT",
        function="create_aradjustment",
        natural_key=("customerid", "adjustmentno"),
        lines=Lines("aradjustmentitems", "lineitem", reads_as="ARADJUSTMENTITEMS", fields=LEGACY_LINE),
        fields={**LEGACY_HEADER, "adjustmentno": "RECORDID"},
    ),
    Kind(
        "APPYMT",
        "APPYMT",
        natural_key=("VENDORID", "DOCNUMBER"),
        reference="DOCNUMBER",
        unstamped=("PAYMENTMETHOD", "Printed Check"),  # which gets the number of its check there when it is printed
        lines=Lines("APPYMTDETAILS", "APPYMTDETAIL", summed=PAID),
        fields={"PAYMENTDATE": "WHENCREATED"},
    ),
    Kind(
        "ARPYMT",
        "ARPYMT",
        natural_key=("CUSTOMERID", "DOCNUMBER"),
        reference="DOCNUMBER",
        lines=Lines("ARPYMTDETAILS", "ARPYMTDETAIL", summed=PAID),
    ),
    Kind(
        "create_arpayment",
        "ARPYMT",
        function="create_arpayment",
        natural_key=("customerid", "refid"),
        reference="refid",
        before=(
            *("overpaylocid", "overpaydeptid", "datereceived", "paymentmethod", *CURRENCY_AND_LATER),
            *("cctype", "authcode", "arpaymentitem", "onlinecardpayment", "onlineachpayment"),
        ),
        fields={
            "customerid": "CUSTOMERID",
            "refid": "DOCNUMBER",
            "datereceived": "RECEIPTDATE",
            "paymentmethod": "PAYMENTMETHOD",
            "paymentamount": "TRX_TOTALENTERED",
            "currency": "CURRENCY",
        },
    ),
    Kind("TASK", "TASK", natural_key=("PROJECTID", "TASKID")),
    Kind(
        "create_sotransaction",
        "SODOCUMENT",
        function="create_sotransaction",
        natural_key=("transactiontype", "documentno"),
        lines=Lines("sotransitems", "sotransitem", comparable=False),
        fields={"transactiontype": "DOCPARID", "documentno": "DOCNO"},
        returns="DOCID",
    ),
    Kind(
        "create_potransaction",
        "PODOCUMENT",
        function="create_potransaction",
        natural_key=("transactiontype", "documentno"),
        lines=Lines("potransitems", "potransitem", comparable=False),
        fields={"transactiontype": "DOCPARID", "documentno": "DOCNO"},
        returns="DOCID",
    ),
    Kind(
        "create_ictransaction",
        "INVDOCUMENT",
        function="create_ictransaction",
        natural_key=("transactiontype", "documentno"),
        lines=Lines("ictransitems", "ictransitem", comparable=False),
        fields={"transactiontype": "DOCPARID", "documentno": "DOCNO"},
        returns="DOCID",
    ),
    Kind("TIMESHEET", "TIMESHEET", lines=Lines("TIMESHEETENTRIES", "TIMESHEETENTRY")),
    Kind("ICTRANSFER", "ICTRANSFER", lines=Lines("ICTRANSFERITEMS", "ICTRANSFERITEM", minimum=2)),
    # These are told apart by their numbers; how they read back is not documented, so they are not looked up.
    _own("create_expensereport", "expensereportno", lines=Lines("expenses", "expense")),
    _own("record_cctransaction", lines=Lines("ccpayitems", "ccpayitem")),
    _own("record_deposit", "bankaccountid", "depositid"),
    _own("record_otherreceipt", lines=Lines("receiptitems", "lineitem")),
    Kind("create_supdoc", "", function="create_supdoc", natural_key=("supdocid",), listed="supdoc"),
    Kind(
        "create_supdocfolder",
        "",
        function="create_supdocfolder",
        natural_key=("supdocfoldername",),
        listed="supdocfolder",
    ),
)

# Objects whose natural key is the name `readByName` takes, and the legacy function that creates them, if any.
NAME_KEYS = {
    "CUSTOMER": ("CUSTOMERID", "create_customer"),
    "VENDOR": ("VENDORID", "create_vendor"),
    "EMPLOYEE": ("EMPLOYEEID", "create_employee"),
    "CONTACT": ("CONTACTNAME", "create_contact"),
    "ITEM": ("ITEMID", "create_item"),
    "PROJECT": ("PROJECTID", "create_project"),
    "DEPARTMENT": ("DEPARTMENTID", "create_department"),
    "LOCATION": ("LOCATIONID", "create_location"),
    "LOCATIONENTITY": ("LOCATIONID", ""),
    "CLASS": ("CLASSID", "create_class"),
    "WAREHOUSE": ("WAREHOUSEID", ""),
    "GLACCOUNT": ("ACCOUNTNO", ""),
    "STATACCOUNT": ("ACCOUNTNO", ""),
    "GLJOURNAL": ("SYMBOL", ""),
    "GLACCTGRP": ("NAME", ""),
    "GLBUDGETHEADER": ("BUDGETID", ""),
    "REPORTINGPERIOD": ("NAME", ""),
    "ALLOCATION": ("ALLOCATIONID", ""),
    "APTERM": ("NAME", ""),
    "ARTERM": ("NAME", ""),
    "APACCOUNTLABEL": ("ACCOUNTLABEL", ""),
    "ARACCOUNTLABEL": ("ACCOUNTLABEL", ""),
    "VENDTYPE": ("NAME", ""),
    "CUSTTYPE": ("NAME", ""),
    "VENDORGROUP": ("ID", ""),
    "CUSTOMERGROUP": ("ID", ""),
    "CHECKINGACCOUNT": ("BANKACCOUNTID", ""),
    "SAVINGSACCOUNT": ("BANKACCOUNTID", ""),
    "CREDITCARD": ("CARDID", ""),
    "CONTRACT": ("CONTRACTID", ""),
    "TIMETYPE": ("NAME", ""),
    "USERINFO": ("LOGINID", ""),
}


def _named(object_name: str, key: str, function: str) -> tuple[Kind, ...]:
    generic = Kind(object_name, object_name, natural_key=(key,))
    if not function:
        return (generic,)
    own = Kind(function, object_name, function=function, natural_key=(key.lower(),), fields={key.lower(): key})
    return (generic, own)


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (*_KINDS, *(kind for name, (key, own) in NAME_KEYS.items() for kind in _named(name, key, own)))
}


def kind_of(object_name: str | None, function: str = "create") -> Kind:
    """Return what is known of records of `object_name`, in whatever case, or of those that `function` creates."""
    if function != "create":
        return KINDS.get(function, Kind(function, "", function=function))
    name = object_name or ""
    return KINDS.get(name.upper(), Kind(name, name))
