"""What transactions refer to: vendors, customers, contacts, projects, accounts and the like, for the generic create.

The natural key of each is its id, or the name that stands for one. Where the company numbers records by itself, leave
the id out. Source: developer.intacct.com, the "Create" page of each object.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from airflow_provider_intacct.client.transactions.shape import (
    CustomFields,
    Money,
    Number,
    Part,
    Transaction,
    rendered,
)
from airflow_provider_intacct.client.transactions.values import Address

Status = Literal["active", "inactive"]

SEVERAL = "#~#"
"""What stands between several values in one text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Master(Transaction):
    """What every record that others refer to has."""

    status: Annotated[Status | None, "STATUS"] = None
    custom_fields: CustomFields | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachable(Part):
    """How to reach a person or a company, and what to print."""

    print_as: Annotated[str, "PRINTAS"]
    company: Annotated[str | None, "COMPANYNAME"] = None
    prefix: Annotated[str | None, "PREFIX"] = None
    first_name: Annotated[str | None, "FIRSTNAME"] = None
    last_name: Annotated[str | None, "LASTNAME"] = None
    initial: Annotated[str | None, "INITIAL"] = None
    phone: Annotated[str | None, "PHONE1"] = None
    second_phone: Annotated[str | None, "PHONE2"] = None
    mobile: Annotated[str | None, "CELLPHONE"] = None
    pager: Annotated[str | None, "PAGER"] = None
    fax: Annotated[str | None, "FAX"] = None
    email: Annotated[str | None, "EMAIL1"] = None
    second_email: Annotated[str | None, "EMAIL2"] = None
    url: Annotated[str | None, "URL1"] = None
    second_url: Annotated[str | None, "URL2"] = None
    taxable: Annotated[bool | None, "TAXABLE"] = None
    tax_group: Annotated[str | None, "TAXGROUP"] = None
    tax_schedule: Annotated[str | None, "TAXSCHEDULE"] = None
    tax_solution: Annotated[str | None, "TAXSOLUTIONID"] = None
    address: Annotated[Address | None, "MAILADDRESS"] = None

    def problem(self) -> str:
        """Say that a tax schedule lacks its solution, or nothing."""
        lacks = self.tax_schedule is not None and self.tax_solution is None
        return "tax_schedule needs its tax_solution" if lacks else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDetails(Reachable):
    """The contact that Intacct makes along with a vendor or customer. `print_as` is required where it is given."""

    name: Annotated[str | None, "CONTACTNAME"] = None

    def derived(self) -> dict[str, Any]:
        """Return the address as it is spelled here: a contact of its own says COUNTRYCODE."""
        if self.address is None or self.address.country_code is None:
            return {}
        spelled = {"COUNTRYCODE": "ISOCOUNTRYCODE"}
        address = rendered(self.address, "")
        return {"MAILADDRESS": {spelled.get(name, name): value for name, value in address.items()}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Reachable, Transaction):
    """A person or an address that others refer to by `name`."""

    name: Annotated[str, "CONTACTNAME"]
    tax_id: Annotated[str | None, "TAXID"] = None
    status: Annotated[Status | None, "STATUS"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "CONTACT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party(Master):
    """What vendors and customers have in common. Without the names of other contacts, `contact` is taken for them.

    `restriction` says who sees it: all, the top level alone (RootOnly), or those of `restricted_to_locations` and
    `restricted_to_departments`.
    """

    name: Annotated[str, "NAME"]
    contact: Annotated[ContactDetails | None, "DISPLAYCONTACT"] = None
    primary_contact: Annotated[str | None, "CONTACTINFO/CONTACTNAME"] = None
    hide_contact: Annotated[bool | None, "HIDEDISPLAYCONTACT"] = None
    gl_group: Annotated[str | None, "GLGROUP"] = None
    parent: Annotated[str | None, "PARENTID"] = None
    terms: Annotated[str | None, "TERMNAME"] = None
    account_label: Annotated[str | None, "ACCOUNTLABEL"] = None
    offset_account: Annotated[str | None, "OFFSETGLACCOUNTNO"] = None
    currency: Annotated[str | None, "CURRENCY"] = None
    credit_limit: Annotated[Money | None, "CREDITLIMIT"] = None
    tax_id: Annotated[str | None, "TAXID"] = None
    on_hold: Annotated[bool | None, "ONHOLD"] = None
    one_time: Annotated[bool | None, "ONETIME"] = None
    comments: Annotated[str | None, "COMMENTS"] = None
    attachment: Annotated[str | None, "SUPDOCID"] = None
    restriction: Annotated[Literal["Unrestricted", "RootOnly", "Restricted"] | None, "OBJECTRESTRICTION"] = None
    restricted_to_locations: Annotated[Sequence[str], "RESTRICTEDLOCATIONS"] = ()
    restricted_to_departments: Annotated[Sequence[str], "RESTRICTEDDEPARTMENTS"] = ()

    def derived(self) -> dict[str, Any]:
        """Return the places of a restriction as Intacct takes several of them: in one text."""
        places = {
            "RESTRICTEDLOCATIONS": self.restricted_to_locations,
            "RESTRICTEDDEPARTMENTS": self.restricted_to_departments,
        }
        return {name: SEVERAL.join(given) for name, given in places.items() if given}

    def problem(self) -> str:
        """Say that the places of a restriction do not go with it, or nothing."""
        if bool(self.restricted_to_locations or self.restricted_to_departments) != (self.restriction == "Restricted"):
            return 'restriction="Restricted" goes with restricted_to_locations or restricted_to_departments'
        return ""


@dataclass(frozen=True, kw_only=True)
class Paid(Part):
    """How one is paid. `ach_...` are the bank account that it is paid to."""

    __slots__ = ()  # a second base class cannot have some of its own
    payment_method: Annotated[str | None, "PAYMETHODKEY"] = None
    merge_payments: Annotated[bool | None, "MERGEPAYMENTREQ"] = None
    notify_of_payment: Annotated[bool | None, "PAYMENTNOTIFY"] = None
    ach_enabled: Annotated[bool | None, "ACHENABLED"] = None
    ach_routing_number: Annotated[str | None, "ACHBANKROUTINGNUMBER"] = None
    ach_account_number: Annotated[str | None, "ACHACCOUNTNUMBER"] = field(default=None, repr=False)
    ach_account_type: Annotated[str | None, "ACHACCOUNTTYPE"] = None
    ach_remittance_type: Annotated[str | None, "ACHREMITTANCETYPE"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor(Party, Paid):
    """One who is paid."""

    id: Annotated[str | None, "VENDORID"] = None
    type: Annotated[str | None, "VENDTYPE"] = None
    account: Annotated[str | None, "APACCOUNT"] = None
    account_number_there: Annotated[str | None, "VENDORACCOUNTNO"] = None
    form_1099_type: Annotated[str | None, "FORM1099TYPE"] = None
    form_1099_box: Annotated[str | None, "FORM1099BOX"] = None
    name_1099: Annotated[str | None, "NAME1099"] = None
    pay_to: Annotated[str | None, "PAYTO/CONTACTNAME"] = None
    return_to: Annotated[str | None, "RETURNTO/CONTACTNAME"] = None
    payment_priority: Annotated[str | None, "PAYMENTPRIORITY"] = None
    do_not_pay: Annotated[bool | None, "DONOTCUTCHECK"] = None
    billing_type: Annotated[str | None, "BILLINGTYPE"] = None

    object_name: ClassVar[str] = "VENDOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer(Party):
    """One who pays."""

    id: Annotated[str | None, "CUSTOMERID"] = None
    type: Annotated[str | None, "CUSTTYPE"] = None
    sales_rep: Annotated[str | None, "CUSTREPID"] = None
    territory: Annotated[str | None, "TERRITORYID"] = None
    account: Annotated[str | None, "ARACCOUNT"] = None
    bill_to: Annotated[str | None, "BILLTO/CONTACTNAME"] = None
    ship_to: Annotated[str | None, "SHIPTO/CONTACTNAME"] = None
    resale_number: Annotated[str | None, "RESALENO"] = None
    shipping_method: Annotated[str | None, "SHIPPINGMETHOD"] = None

    object_name: ClassVar[str] = "CUSTOMER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee(Master, Paid):
    """One who works for the company. `contact` is the name of a contact that exists."""

    contact: Annotated[str, "PERSONALINFO/CONTACTNAME"]
    id: Annotated[str | None, "EMPLOYEEID"] = None
    title: Annotated[str | None, "TITLE"] = None
    location: Annotated[str | None, "LOCATIONID"] = None
    department: Annotated[str | None, "DEPARTMENTID"] = None
    class_: Annotated[str | None, "CLASSID"] = None
    supervisor: Annotated[str | None, "SUPERVISORID"] = None
    born: Annotated[date | None, "BIRTHDATE"] = None
    start: Annotated[date | None, "STARTDATE"] = None
    end: Annotated[date | None, "ENDDATE"] = None
    type: Annotated[str | None, "EMPLOYEETYPE"] = None
    currency: Annotated[str | None, "CURRENCY"] = None
    earning_type: Annotated[str | None, "EARNINGTYPENAME"] = None
    termination: Annotated[
        Literal["voluntary", "involuntary", "deceased", "disability", "retired"] | None, "TERMINATIONTYPE"
    ] = None
    form_1099_type: Annotated[str | None, "FORM1099TYPE"] = None
    form_1099_box: Annotated[str | None, "FORM1099BOX"] = None
    name_1099: Annotated[str | None, "NAME1099"] = None

    object_name: ClassVar[str] = "EMPLOYEE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Master):
    """A project; `category` is one of the company's own (Contract, Capitalized, ...)."""

    name: Annotated[str, "NAME"]
    category: Annotated[str, "PROJECTCATEGORY"]
    id: Annotated[str | None, "PROJECTID"] = None
    description: Annotated[str | None, "DESCRIPTION"] = None
    parent: Annotated[str | None, "PARENTID"] = None
    type: Annotated[str | None, "PROJECTTYPE"] = None
    project_status: Annotated[str | None, "PROJECTSTATUS"] = None
    customer: Annotated[str | None, "CUSTOMERID"] = None
    manager: Annotated[str | None, "MANAGERID"] = None
    begin: Annotated[date | None, "BEGINDATE"] = None
    end: Annotated[date | None, "ENDDATE"] = None
    location: Annotated[str | None, "LOCATIONID"] = None
    department: Annotated[str | None, "DEPARTMENTID"] = None
    class_: Annotated[str | None, "CLASSID"] = None
    currency: Annotated[str | None, "CURRENCY"] = None
    billing_type: Annotated[str | None, "BILLINGTYPE"] = None
    terms: Annotated[str | None, "TERMNAME"] = None
    budget: Annotated[Money | None, "BUDGETAMOUNT"] = None
    budgeted_cost: Annotated[Money | None, "BUDGETEDCOST"] = None
    budgeted_hours: Annotated[Number | None, "BUDGETQTY"] = None
    contract_amount: Annotated[Money | None, "CONTRACTAMOUNT"] = None
    reference: Annotated[str | None, "DOCNUMBER"] = None
    purchase_order: Annotated[str | None, "PONUMBER"] = None
    purchase_order_amount: Annotated[Money | None, "POAMOUNT"] = None
    sales_order: Annotated[str | None, "SONUMBER"] = None
    sales_contact: Annotated[str | None, "SALESCONTACTID"] = None
    primary_contact: Annotated[str | None, "CONTACTINFO/CONTACTNAME"] = None
    bill_to: Annotated[str | None, "BILLTO/CONTACTNAME"] = None
    ship_to: Annotated[str | None, "SHIPTO/CONTACTNAME"] = None
    invoice_with_parent: Annotated[bool | None, "INVOICEWITHPARENT"] = None
    invoice_currency: Annotated[str | None, "INVOICECURRENCY"] = None
    bills_expenses: Annotated[bool | None, "BILLABLEEXPDEFAULT"] = None
    bills_purchases: Annotated[bool | None, "BILLABLEAPPODEFAULT"] = None
    attachment: Annotated[str | None, "SUPDOCID"] = None

    object_name: ClassVar[str] = "PROJECT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Master):
    """A task of a project."""

    project: Annotated[str, "PROJECTID"]
    name: Annotated[str, "NAME"]
    task_status: Annotated[Literal["Not Started", "Planned", "In Progress", "Completed", "On Hold"], "TASKSTATUS"]
    id: Annotated[str | None, "TASKID"] = None
    description: Annotated[str | None, "DESCRIPTION"] = None
    item: Annotated[str | None, "ITEMID"] = None
    class_: Annotated[str | None, "CLASSID"] = None
    begin: Annotated[date | None, "PBEGINDATE"] = None
    end: Annotated[date | None, "PENDDATE"] = None
    budget_hours: Annotated[Number | None, "BUDGETQTY"] = None
    estimated_hours: Annotated[Number | None, "ESTQTY"] = None
    billable: Annotated[bool | None, "BILLABLE"] = None
    milestone: Annotated[bool | None, "ISMILESTONE"] = None
    utilized: Annotated[bool | None, "UTILIZED"] = None
    priority: Annotated[int | None, "PRIORITY"] = None
    wbs_code: Annotated[str | None, "TASKNO"] = None
    parent_key: Annotated[int | str | None, "PARENTKEY"] = None
    attachment: Annotated[str | None, "SUPDOCID"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "TASK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(Master):
    """What is bought, sold or kept; `type` such as Inventory, Non-Inventory or Kit."""

    id: Annotated[str, "ITEMID"]
    name: Annotated[str, "NAME"]
    type: Annotated[str, "ITEMTYPE"]
    description: Annotated[str | None, "EXTENDED_DESCRIPTION"] = None
    purchasing_description: Annotated[str | None, "PODESCRIPTION"] = None
    sales_description: Annotated[str | None, "SODESCRIPTION"] = None
    revenue_account: Annotated[str | None, "INCOMEACCTKEY"] = None
    expense_account: Annotated[str | None, "EXPENSEACCTKEY"] = None
    inventory_account: Annotated[str | None, "INVACCTKEY"] = None
    cost_of_goods_account: Annotated[str | None, "COGSACCTKEY"] = None
    deferred_revenue_account: Annotated[str | None, "DEFERREDREVACCTKEY"] = None
    product_line: Annotated[str | None, "PRODUCTLINEID"] = None
    gl_group: Annotated[str | None, "GLGROUP"] = None
    taxable: Annotated[bool | None, "TAXABLE"] = None
    tax_group: Annotated[str | None, "TAXGROUP/NAME"] = None
    unit_group: Annotated[str | None, "UOMGRP"] = None
    cost_method: Annotated[str | None, "COST_METHOD"] = None
    standard_cost: Annotated[Number | None, "STANDARD_COST"] = None
    base_price: Annotated[Number | None, "BASEPRICE"] = None
    shipping_weight: Annotated[Number | None, "SHIP_WEIGHT"] = None
    upc: Annotated[str | None, "UPC"] = None

    object_name: ClassVar[str] = "ITEM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Master):
    """A place of the company, within the entity that `parent` leads to."""

    id: Annotated[str, "LOCATIONID"]
    name: Annotated[str, "NAME"]
    parent: Annotated[str | None, "PARENTID"] = None
    supervisor: Annotated[str | None, "SUPERVISORID"] = None
    contact: Annotated[str | None, "CONTACTINFO/CONTACTNAME"] = None
    ship_to: Annotated[str | None, "SHIPTO/CONTACTNAME"] = None
    start: Annotated[date | None, "STARTDATE"] = None
    end: Annotated[date | None, "ENDDATE"] = None
    title: Annotated[str | None, "CUSTTITLE"] = None

    object_name: ClassVar[str] = "LOCATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Department(Master):
    """A department; what others call its name, Intacct calls its title."""

    id: Annotated[str, "DEPARTMENTID"]
    title: Annotated[str, "TITLE"]
    parent: Annotated[str | None, "PARENTID"] = None
    supervisor: Annotated[str | None, "SUPERVISORID"] = None
    custom_title: Annotated[str | None, "CUSTTITLE"] = None

    object_name: ClassVar[str] = "DEPARTMENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Class(Master):
    """A member of the class dimension."""

    id: Annotated[str, "CLASSID"]
    name: Annotated[str, "NAME"]
    description: Annotated[str | None, "DESCRIPTION"] = None
    parent: Annotated[str | None, "PARENTID"] = None

    object_name: ClassVar[str] = "CLASS"


@dataclass(frozen=True, slots=True, kw_only=True)
class GLAccount(Master):
    """An account of the general ledger. `requires_...` makes its lines name that dimension."""

    number: Annotated[str, "ACCOUNTNO"]
    title: Annotated[str, "TITLE"]
    type: Annotated[Literal["balancesheet", "incomestatement"] | None, "ACCOUNTTYPE"] = None
    normal_balance: Annotated[Literal["debit", "credit"] | None, "NORMALBALANCE"] = None
    closing_type: Annotated[Literal["non-closing account", "closing account"] | None, "CLOSINGTYPE"] = None
    closing_account: Annotated[str | None, "CLOSINGACCOUNTNO"] = None
    category: Annotated[str | None, "CATEGORY"] = None
    alternative: Annotated[Literal["None", "Payables account", "Receivables account"] | None, "ALTERNATIVEACCOUNT"] = (
        None
    )
    tax_code: Annotated[str | None, "TAXCODE"] = None
    requires_department: Annotated[bool | None, "REQUIREDEPT"] = None
    requires_location: Annotated[bool | None, "REQUIRELOC"] = None
    requires_project: Annotated[bool | None, "REQUIREPROJECT"] = None
    requires_customer: Annotated[bool | None, "REQUIRECUSTOMER"] = None
    requires_vendor: Annotated[bool | None, "REQUIREVENDOR"] = None
    requires_employee: Annotated[bool | None, "REQUIREEMPLOYEE"] = None
    requires_item: Annotated[bool | None, "REQUIREITEM"] = None
    requires_class: Annotated[bool | None, "REQUIRECLASS"] = None
    requires_task: Annotated[bool | None, "REQUIRETASK"] = None
    requires_contract: Annotated[bool | None, "REQUIRECONTRACT"] = None
    requires_warehouse: Annotated[bool | None, "REQUIREWAREHOUSE"] = None

    object_name: ClassVar[str] = "GLACCOUNT"

    def problem(self) -> str:
        """Say that a closing account does not say what it is closed into, or nothing."""
        lacks = self.closing_type == "closing account" and self.closing_account is None
        return "a closing account needs the closing_account that it is closed into" if lacks else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse(Master):
    """Where items are kept, at a location."""

    id: Annotated[str, "WAREHOUSEID"]
    name: Annotated[str, "NAME"]
    location: Annotated[str, "LOC/LOCATIONID"]
    parent: Annotated[str | None, "PARENTID"] = None
    manager: Annotated[str | None, "MANAGERID"] = None
    contact: Annotated[str | None, "CONTACTINFO/CONTACTNAME"] = None
    ship_to: Annotated[str | None, "SHIPTO/CONTACTNAME"] = None
    used_in_gl: Annotated[bool | None, "USEDINGL"] = None

    object_name: ClassVar[str] = "WAREHOUSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserContact(Part):
    """Whose user it is: the `name` of a contact that exists, or a new one's first and last name and e-mail address."""

    name: Annotated[str | None, "CONTACTNAME"] = None
    last_name: Annotated[str | None, "LASTNAME"] = None
    first_name: Annotated[str | None, "FIRSTNAME"] = None
    email: Annotated[str | None, "EMAIL1"] = None

    def problem(self) -> str:
        """Say what is missing or given twice, or nothing."""
        new = (self.last_name, self.first_name, self.email)
        if self.name is not None:
            return "" if new == (None, None, None) else "give either the name of a contact, or what makes a new one"
        return "" if None not in new else "a new contact needs last_name, first_name and email"


UserType = Literal[
    "business user",
    "employee user",
    "view only user",
    "dashboard user",
    "project manager user",
    "construction manager user",
    "platform user",
    "warehouse user",
    "payment approver",
    "CRM user",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Transaction):
    """One who may sign in; only an administrator may create one. A password is not given here.

    `web_services_only` users cannot use the application itself. Without `locations`, `departments` or `territories`
    there is no restriction.
    """

    login: Annotated[str, "LOGINID"]
    contact: Annotated[UserContact, "CONTACTINFO"]
    name: Annotated[str | None, "DESCRIPTION"] = None
    type: Annotated[UserType | None, "USERTYPE"] = None
    admin: Annotated[bool | None, "ADMIN"] = None
    status: Annotated[Literal["active", "lockedout"] | None, "STATUS"] = None
    web_services_only: Annotated[bool | None, "LOGINDISABLED"] = None
    single_sign_on: Annotated[bool | None, "SSO_ENABLED"] = None
    single_sign_on_id: Annotated[str | None, "SSO_FEDERATED_ID"] = None
    locations: Annotated[Sequence[str], "USERLOCATIONS/LOCATIONID"] = ()
    departments: Annotated[Sequence[str], "USERDEPARTMENTS/DEPARTMENTID"] = ()
    territories: Annotated[Sequence[str], "USERTERRITORIES/TERRITORYID"] = ()
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "USERINFO"

    def problem(self) -> str:
        """Say what Intacct asks of this type of user, or nothing."""
        if self.type == "CRM user" and not self.web_services_only:
            return "a CRM user cannot sign in to the application: give web_services_only=True"
        return ""
