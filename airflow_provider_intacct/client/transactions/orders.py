"""Sales, purchasing and inventory documents of the company's own definitions, and transfers between warehouses.

A document made from another names it in `created_from`, and the lines it takes over in `source_line`.
Source: developer.intacct.com, Order Entry, Purchasing, Inventory Control; the content models of Sage's 3.0 schema.
Tasks, cost types and tax solutions, which came after the schema was published, stand where the pages list them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from airflow_provider_intacct.client.transactions.documents import EXCHANGE, when_due
from airflow_provider_intacct.client.transactions.shape import (
    CustomFields,
    Money,
    Number,
    Part,
    Style,
    Transaction,
    rendered,
    slots_of,
)
from airflow_provider_intacct.client.transactions.values import Dimensions, Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtotal(Part):
    """A subtotal of the document's definition, such as freight or a discount."""

    description: Annotated[str, "description"]
    total: Annotated[Money, "total"]
    amount: Annotated[Money | None, "absval"] = None
    percent: Annotated[Number | None, "percentval"] = None
    dimensions: Dimensions | None = None
    custom_fields: CustomFields | None = None

    word: ClassVar[str] = "subtotal"
    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("description", "total", "absval", "percentval", "locationid", "departmentid", "projectid", "taskid"),
        *("costtypeid", "customerid", "vendorid", "employeeid", "classid", "itemid", "contractid", "customfields"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDetail(Part):
    """Which pieces of an item are meant: a serial or a lot number, and where in the warehouse they are kept."""

    quantity: Annotated[Number | None, "quantity"] = None
    serial_number: Annotated[str | None, "serialno"] = None
    lot_number: Annotated[str | None, "lotno"] = None
    component: Annotated[str | None, "componentid"] = None
    aisle: Annotated[str | None, "aisle"] = None
    row: Annotated[str | None, "row"] = None
    bin: Annotated[str | None, "bin"] = None
    expires: Annotated[date | None, "itemexpiration"] = None

    word: ClassVar[str] = "item detail"
    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("componentid", "quantity", "serialno", "lotno", "aisle", "row", "bin", "itemexpiration"),
    )

    def problem(self) -> str:
        """Say that there are two numbers, or nothing at all."""
        if self.serial_number is not None and self.lot_number is not None:
            return "give either serial_number or lot_number"
        empty = all(getattr(self, slot.attribute) is None for slot in slots_of(self))
        return "it says nothing; leave it out" if empty else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine(Part):
    """What every line of a document has. The unit is spelled exactly as the item's.

    `source_line` is the line it takes over from the document that this one is made from.
    """

    item: Annotated[str, "itemid"]
    quantity: Annotated[Number, "quantity"]
    unit: Annotated[str | None, "unit"] = None
    description: Annotated[str | None, "itemdesc"] = None
    source_line: Annotated[int | str | None, "sourcelinekey"] = None
    details: Annotated[Sequence[ItemDetail], "itemdetails/itemdetail"] = ()
    custom_fields: CustomFields | None = None

    style: ClassVar[Style] = "legacy"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDocument(Transaction):
    """What every document has; `type` is one of the company's own definitions. Its natural key is type and number."""

    type: Annotated[str, "transactiontype"]
    document_date: Annotated[date, "datecreated"]
    created_from: Annotated[str | None, "createdfrom"] = None
    number: Annotated[str | None, "documentno"] = None
    reference: Annotated[str | None, "referenceno"] = None
    message: Annotated[str | None, "message"] = None
    external_id: Annotated[str | None, "externalid"] = None
    state: Annotated[str | None, "state"] = None
    subtotals: Annotated[Sequence[Subtotal], "subtotals/subtotal"] = ()
    custom_fields: CustomFields | None = None

    style: ClassVar[Style] = "legacy"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeDocument(ItemDocument):
    """What documents of Order Entry and Purchasing have beside that."""

    posting_date: Annotated[date | None, "dateposted"] = None
    terms: Annotated[str | None, "termname"] = None
    shipping_method: Annotated[str | None, "shippingmethod"] = None
    attachment: Annotated[str | None, "supdocid"] = None
    exchange: Exchange | None = None
    tax_solution: Annotated[str | None, "taxsolutionid"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesLine(ItemLine):
    """A line of a sales document. `simple_tax` is the rate that the definition takes line by line."""

    price: Annotated[Number | None, "price"] = None
    taxable: Annotated[bool | None, "taxable"] = None
    simple_tax: Annotated[str | None, "linelevelsimpletaxtype"] = None
    discount_percent: Annotated[Number | None, "discountpercent"] = None
    discount_memo: Annotated[str | None, "discsurchargememo"] = None
    dimensions: Dimensions | None = None
    memo: Annotated[str | None, "memo"] = None
    revenue_template: Annotated[str | None, "revrectemplate"] = None
    revenue_from: Annotated[date | None, "revrecstartdate"] = None
    revenue_until: Annotated[date | None, "revrecenddate"] = None
    renewal_template: Annotated[str | None, "renewalmacro"] = None
    billing_template: Annotated[str | None, "billingtemplate"] = None
    drop_ship: Annotated[bool | None, "dropship"] = None
    ship_to: Annotated[str | None, "shipto/contactname"] = None

    order: ClassVar[tuple[str, ...]] = (
        *("itemid", "itemdesc", "taxable", "warehouseid", "quantity", "unit", "linelevelsimpletaxtype"),
        *("discountpercent", "price", "sourcelinekey", "discsurchargememo", "locationid", "departmentid", "memo"),
        *("itemdetails", "customfields", "revrectemplate", "revrecstartdate", "revrecenddate", "renewalmacro"),
        *("projectid", "taskid", "costtypeid", "customerid", "vendorid", "employeeid", "classid", "contractid"),
        *("billingtemplate", "dropship", "shipto"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesDocument(TradeDocument):
    """A quote, order, shipper or invoice: what `type`, a definition of Order Entry, makes it."""

    customer: Annotated[str, "customerid"]
    lines: Annotated[Sequence[SalesLine], "sotransitems/sotransitem"]
    original_date: Annotated[date | None, "origdocdate"] = None
    due: Annotated[date | None, "datedue"] = None
    ship_to: Annotated[str | None, "shipto/contactname"] = None
    bill_to: Annotated[str | None, "billto/contactname"] = None
    price_list: Annotated[str | None, "vsoepricelist"] = None
    project: Annotated[str | None, "projectid"] = None
    need_by: Annotated[date | None, "needbydate"] = None
    tracking_number: Annotated[str | None, "trackingnumber"] = None
    shipped: Annotated[date | None, "shippeddate"] = None
    customer_purchase_order: Annotated[str | None, "customerponumber"] = None

    object_name: ClassVar[str] = "SODOCUMENT"
    function: ClassVar[str] = "create_sotransaction"
    order: ClassVar[tuple[str, ...]] = (
        *("transactiontype", "datecreated", "dateposted", "createdfrom", "customerid", "documentno", "origdocdate"),
        *("referenceno", "termname", "datedue", "message", "shippingmethod", "shipto", "billto", "supdocid"),
        *("externalid", *EXCHANGE, "vsoepricelist", "customfields", "state", "projectid"),
        *("needbydate", "trackingnumber", "shippeddate", "customerponumber", "taxsolutionid"),
        *("sotransitems", "subtotals"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasingLine(ItemLine):
    """A line of a purchasing document. `simple_tax` is the rate that the definition takes line by line."""

    price: Annotated[Number | None, "price"] = None
    taxable: Annotated[bool | None, "taxable"] = None
    simple_tax: Annotated[str | None, "linelevelsimpletaxtype"] = None
    tax: Annotated[Money | None, "tax"] = None
    tax_override: Annotated[Money | None, "overridetaxamount"] = None
    deliver_to: Annotated[str | None, "deliverto/contactname"] = None
    dimensions: Dimensions | None = None
    memo: Annotated[str | None, "memo"] = None
    form_1099: Annotated[bool | None, "form1099"] = None
    form_1099_type: Annotated[str | None, "form1099type"] = None
    form_1099_box: Annotated[str | None, "form1099box"] = None
    billable: Annotated[bool | None, "billable"] = None

    order: ClassVar[tuple[str, ...]] = (
        *("itemid", "itemdesc", "taxable", "warehouseid", "quantity", "unit", "linelevelsimpletaxtype", "price"),
        *("sourcelinekey", "overridetaxamount", "deliverto", "tax", "locationid", "departmentid", "memo"),
        *("itemdetails", "form1099", "form1099type", "form1099box", "customfields", "projectid", "taskid"),
        *("costtypeid", "customerid", "vendorid", "employeeid", "classid", "contractid", "billable"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasingDocument(TradeDocument):
    """A requisition, order, receiver or vendor invoice: what `type`, a definition of Purchasing, makes it.

    Without `return_to` or `pay_to`, names of contacts, the vendor's own are taken. The schema that Sage published asks
    for `due`; Sage's pages ask for `due` or `terms`.
    """

    vendor: Annotated[str, "vendorid"]
    lines: Annotated[Sequence[PurchasingLine], "potransitems/potransitem"]
    due: Annotated[date | None, "datedue"] = None
    return_to: Annotated[str | None, "returnto/contactname"] = None
    pay_to: Annotated[str | None, "payto/contactname"] = None
    vendor_document: Annotated[str | None, "vendordocno"] = None
    deliver_to: Annotated[str | None, "deliverto/contactname"] = None
    project: Annotated[str | None, "projectid"] = None
    need_by: Annotated[date | None, "needbydate"] = None
    promised: Annotated[date | None, "promiseddate"] = None

    object_name: ClassVar[str] = "PODOCUMENT"
    function: ClassVar[str] = "create_potransaction"
    order: ClassVar[tuple[str, ...]] = (
        *("transactiontype", "datecreated", "dateposted", "createdfrom", "vendorid", "documentno", "referenceno"),
        *("vendordocno", "termname", "datedue", "message", "shippingmethod", "returnto", "payto", "deliverto"),
        *("supdocid", "externalid", *EXCHANGE, "customfields", "state", "projectid", "needbydate", "promiseddate"),
        *("taxsolutionid", "potransitems", "subtotals"),
    )

    def derived(self) -> dict[str, Any]:
        """Return the contacts that are not named: elements without a name, as Sage's samples have them."""
        contacts = {"returnto": self.return_to, "payto": self.pay_to}
        return {name: {"contactname": ""} for name, given in contacts.items() if given is None}

    def problem(self) -> str:
        """Say that nothing tells when it is due, or nothing."""
        return when_due(self.due, self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryLine(ItemLine):
    """A line of an inventory document. The dimensions name the warehouse."""

    dimensions: Dimensions
    cost: Annotated[Number | None, "cost"] = None

    order: ClassVar[tuple[str, ...]] = (
        *("itemid", "itemdesc", "warehouseid", "quantity", "unit", "cost", "sourcelinekey", "locationid"),
        *("departmentid", "itemdetails", "customfields", "projectid", "taskid", "costtypeid", "customerid"),
        *("vendorid", "employeeid", "classid", "contractid"),
    )

    def problem(self) -> str:
        """Say that the warehouse is missing, or nothing."""
        return "" if self.dimensions.warehouse else "give the warehouse: dimensions=Dimensions(warehouse=...)"


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryDocument(ItemDocument):
    """An adjustment, receipt or issue of items: what `type`, a definition of Inventory Control, makes it."""

    lines: Annotated[Sequence[InventoryLine], "ictransitems/ictransitem"]
    base_currency: Annotated[str | None, "basecurr"] = None

    object_name: ClassVar[str] = "INVDOCUMENT"
    function: ClassVar[str] = "create_ictransaction"
    order: ClassVar[tuple[str, ...]] = (
        *("transactiontype", "datecreated", "createdfrom", "documentno", "referenceno", "message", "externalid"),
        *("basecurr", "customfields", "state", "ictransitems", "subtotals"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferLine(Part):
    """An item that leaves one warehouse for another."""

    item: Annotated[str, "BOTH/ITEMID"]
    quantity: Annotated[Number, "BOTH/QUANTITY"]
    unit: Annotated[str, "BOTH/UNIT"]
    from_warehouse: Annotated[str, "OUT/WAREHOUSEID"]
    to_warehouse: Annotated[str, "IN/WAREHOUSEID"]
    from_location: Annotated[str | None, "OUT/LOCATIONID"] = None
    to_location: Annotated[str | None, "IN/LOCATIONID"] = None

    def problem(self) -> str:
        """Say what makes it no transfer, or nothing."""
        if self.from_warehouse == self.to_warehouse:
            return f"it leaves warehouse {self.from_warehouse} for the same"
        return "" if Decimal(self.quantity) > 0 else f"quantity is {self.quantity}; it is more than zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseTransfer(Transaction):
    """Items moved between warehouses. Intacct takes each line as two: out of the one, into the other."""

    transfer_date: Annotated[date, "TRANSACTIONDATE"]
    lines: Annotated[Sequence[TransferLine], "ICTRANSFERITEMS/ICTRANSFERITEM"]
    reference: Annotated[str | None, "REFERENCENO"] = None
    description: Annotated[str | None, "DESCRIPTION"] = None
    action: Annotated[Literal["Post", "Draft"] | None, "ACTION"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "ICTRANSFER"

    def record(self) -> dict[str, Any]:
        """Return the plain mapping, with a line out and a line in for each."""
        record = rendered(self, "WarehouseTransfer")
        pairs = record["ICTRANSFERITEMS"]["ICTRANSFERITEM"]
        record["ICTRANSFERITEMS"]["ICTRANSFERITEM"] = [
            {"IN_OUT": side[0], **pair["BOTH"], **pair[side]} for pair in pairs for side in ("OUT", "IN")
        ]
        return record
