"""Sales, purchasing and inventory documents of the company's own definitions, and transfers between warehouses.

A document made from another names it in `created_from`, and the lines it takes over in `source_line`.
Source: developer.intacct.com, Order Entry, Purchasing, Inventory Control; the content models of Sage's 3.0 schema.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from airflow_provider_intacct.client.transactions.documents import EXCHANGE
from airflow_provider_intacct.client.transactions.shape import (
    CustomFields,
    Money,
    Number,
    Part,
    Style,
    Transaction,
    rendered,
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
        *("description", "total", "absval", "percentval", "locationid", "departmentid", "projectid", "customerid"),
        *("vendorid", "employeeid", "classid", "itemid", "contractid", "customfields"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesLine(Part):
    """A line of a sales document. The unit is spelled exactly as the item's."""

    item: Annotated[str, "itemid"]
    quantity: Annotated[Number, "quantity"]
    price: Annotated[Number | None, "price"] = None
    unit: Annotated[str | None, "unit"] = None
    description: Annotated[str | None, "itemdesc"] = None
    taxable: Annotated[bool | None, "taxable"] = None
    discount_percent: Annotated[Number | None, "discountpercent"] = None
    source_line: Annotated[int | str | None, "sourcelinekey"] = None
    dimensions: Dimensions | None = None
    memo: Annotated[str | None, "memo"] = None
    revenue_template: Annotated[str | None, "revrectemplate"] = None
    revenue_from: Annotated[date | None, "revrecstartdate"] = None
    revenue_until: Annotated[date | None, "revrecenddate"] = None
    custom_fields: CustomFields | None = None

    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("itemid", "itemdesc", "taxable", "warehouseid", "quantity", "unit", "discountpercent", "price"),
        *("sourcelinekey", "locationid", "departmentid", "memo", "customfields", "revrectemplate", "revrecstartdate"),
        *("revrecenddate", "projectid", "customerid", "vendorid", "employeeid", "classid", "contractid"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesDocument(Transaction):
    """A quote, order, shipper or invoice: what `type`, a definition of Order Entry, makes it.

    Its natural key is the type and the number.
    """

    type: Annotated[str, "transactiontype"]
    document_date: Annotated[date, "datecreated"]
    customer: Annotated[str, "customerid"]
    lines: Annotated[Sequence[SalesLine], "sotransitems/sotransitem"]
    posting_date: Annotated[date | None, "dateposted"] = None
    created_from: Annotated[str | None, "createdfrom"] = None
    number: Annotated[str | None, "documentno"] = None
    original_date: Annotated[date | None, "origdocdate"] = None
    reference: Annotated[str | None, "referenceno"] = None
    terms: Annotated[str | None, "termname"] = None
    due: Annotated[date | None, "datedue"] = None
    message: Annotated[str | None, "message"] = None
    shipping_method: Annotated[str | None, "shippingmethod"] = None
    ship_to: Annotated[str | None, "shipto/contactname"] = None
    bill_to: Annotated[str | None, "billto/contactname"] = None
    attachment: Annotated[str | None, "supdocid"] = None
    external_id: Annotated[str | None, "externalid"] = None
    exchange: Exchange | None = None
    price_list: Annotated[str | None, "vsoepricelist"] = None
    state: Annotated[str | None, "state"] = None
    project: Annotated[str | None, "projectid"] = None
    subtotals: Annotated[Sequence[Subtotal], "subtotals/subtotal"] = ()
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "SODOCUMENT"
    function: ClassVar[str] = "create_sotransaction"
    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("transactiontype", "datecreated", "dateposted", "createdfrom", "customerid", "documentno", "origdocdate"),
        *("referenceno", "termname", "datedue", "message", "shippingmethod", "shipto", "billto", "supdocid"),
        *("externalid", *EXCHANGE, "vsoepricelist", "customfields", "state", "projectid", "sotransitems", "subtotals"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasingLine(Part):
    """A line of a purchasing document. The unit is spelled exactly as the item's."""

    item: Annotated[str, "itemid"]
    quantity: Annotated[Number, "quantity"]
    price: Annotated[Number | None, "price"] = None
    unit: Annotated[str | None, "unit"] = None
    description: Annotated[str | None, "itemdesc"] = None
    taxable: Annotated[bool | None, "taxable"] = None
    source_line: Annotated[int | str | None, "sourcelinekey"] = None
    tax: Annotated[Money | None, "tax"] = None
    dimensions: Dimensions | None = None
    memo: Annotated[str | None, "memo"] = None
    billable: Annotated[bool | None, "billable"] = None
    custom_fields: CustomFields | None = None

    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("itemid", "itemdesc", "taxable", "warehouseid", "quantity", "unit", "price", "sourcelinekey", "tax"),
        *("locationid", "departmentid", "memo", "customfields", "projectid", "customerid", "vendorid", "employeeid"),
        *("classid", "contractid", "billable"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasingDocument(Transaction):
    """A requisition, order, receiver or vendor invoice: what `type`, a definition of Purchasing, makes it.

    The schema asks for `due`, `return_to` and `pay_to`, names of contacts. Its natural key is the type and the number.
    """

    type: Annotated[str, "transactiontype"]
    document_date: Annotated[date, "datecreated"]
    vendor: Annotated[str, "vendorid"]
    due: Annotated[date, "datedue"]
    return_to: Annotated[str, "returnto/contactname"]
    pay_to: Annotated[str, "payto/contactname"]
    lines: Annotated[Sequence[PurchasingLine], "potransitems/potransitem"]
    posting_date: Annotated[date | None, "dateposted"] = None
    created_from: Annotated[str | None, "createdfrom"] = None
    number: Annotated[str | None, "documentno"] = None
    reference: Annotated[str | None, "referenceno"] = None
    vendor_document: Annotated[str | None, "vendordocno"] = None
    terms: Annotated[str | None, "termname"] = None
    message: Annotated[str | None, "message"] = None
    shipping_method: Annotated[str | None, "shippingmethod"] = None
    deliver_to: Annotated[str | None, "deliverto/contactname"] = None
    attachment: Annotated[str | None, "supdocid"] = None
    external_id: Annotated[str | None, "externalid"] = None
    exchange: Exchange | None = None
    state: Annotated[str | None, "state"] = None
    subtotals: Annotated[Sequence[Subtotal], "subtotals/subtotal"] = ()
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "PODOCUMENT"
    function: ClassVar[str] = "create_potransaction"
    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("transactiontype", "datecreated", "dateposted", "createdfrom", "vendorid", "documentno", "referenceno"),
        *("vendordocno", "termname", "datedue", "message", "shippingmethod", "returnto", "payto", "deliverto"),
        *("supdocid", "externalid", *EXCHANGE, "customfields", "state", "potransitems", "subtotals"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryLine(Part):
    """A line of an inventory document. The dimensions name the warehouse."""

    item: Annotated[str, "itemid"]
    quantity: Annotated[Number, "quantity"]
    dimensions: Dimensions
    unit: Annotated[str | None, "unit"] = None
    cost: Annotated[Number | None, "cost"] = None
    description: Annotated[str | None, "itemdesc"] = None
    source_line: Annotated[int | str | None, "sourcelinekey"] = None
    custom_fields: CustomFields | None = None

    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("itemid", "itemdesc", "warehouseid", "quantity", "unit", "cost", "sourcelinekey", "locationid"),
        *("departmentid", "customfields", "projectid", "customerid", "vendorid", "employeeid", "classid", "contractid"),
    )

    def problem(self) -> str:
        """Say that the warehouse is missing, or nothing."""
        return "" if self.dimensions.warehouse else "give the warehouse: dimensions=Dimensions(warehouse=...)"


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryDocument(Transaction):
    """An adjustment, receipt or issue of items: what `type`, a definition of Inventory Control, makes it.

    Its natural key is the type and the number.
    """

    type: Annotated[str, "transactiontype"]
    document_date: Annotated[date, "datecreated"]
    lines: Annotated[Sequence[InventoryLine], "ictransitems/ictransitem"]
    created_from: Annotated[str | None, "createdfrom"] = None
    number: Annotated[str | None, "documentno"] = None
    reference: Annotated[str | None, "referenceno"] = None
    message: Annotated[str | None, "message"] = None
    external_id: Annotated[str | None, "externalid"] = None
    base_currency: Annotated[str | None, "basecurr"] = None
    state: Annotated[str | None, "state"] = None
    subtotals: Annotated[Sequence[Subtotal], "subtotals/subtotal"] = ()
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "INVDOCUMENT"
    function: ClassVar[str] = "create_ictransaction"
    style: ClassVar[Style] = "legacy"
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
