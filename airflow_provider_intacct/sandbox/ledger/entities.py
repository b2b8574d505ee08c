"""Which entity a location belongs to, its base currency, and how amounts in another currency become base amounts."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from airflow_provider_intacct.sandbox.records import Record

from .books import BASE_CURRENCY, Books
from .checks import require_active
from .refusals import invalid_reference, refused

DAILY_RATE = "Intacct Daily Rate"
_CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Round half up to two places, silently, as Intacct does. Source: developer.intacct.com, Bills."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def entity_of(books: Books, location: str) -> str:
    """Return the entity of a location that exists and is active."""
    record = require_active(books, "LOCATION", location)
    entity = record["ENTITY"]
    if entity is None:
        raise refused(f"Location '{location}' belongs to no entity.")
    return str(entity)


def base_currency(books: Books, entity: str) -> str:
    """Return the currency an entity keeps its books in."""
    record = books.master("LOCATIONENTITY", "LOCATIONID", entity)
    return str((record or {}).get("CURRENCY") or BASE_CURRENCY)


def require_currency(books: Books, code: str) -> None:
    """Refuse a currency that the company does not transact in."""
    if books.master("TRXCURRENCIES", "CODE", code) is None:
        raise invalid_reference("Currency", code)


def exchange_rate(books: Books, rate_type: str | None, currency: str, base: str, day: date) -> Decimal:
    """Return units of `base` for one unit of `currency`: the latest rate on or before the day."""
    if currency == base:
        return Decimal(1)
    name = rate_type or DAILY_RATE
    found = [
        *_rates(books, name, currency, base, day, inverse=False),
        *_rates(books, name, base, currency, day, inverse=True),
    ]
    if not found:
        raise refused(f"No exchange rate of type '{name}' from {currency} to {base} on {day:%m/%d/%Y}.")
    return max(found)[1]


def _rates(
    books: Books, name: str, source: str, target: str, day: date, *, inverse: bool
) -> list[tuple[date, Decimal]]:
    rates: list[Record] = [
        rate
        for rate in books.find("EXCHANGERATE", TYPENAME=name, FROM_CURRENCY=source, TO_CURRENCY=target)
        if rate["EFFECTIVE_DATE"] <= day
    ]
    return [(rate["EFFECTIVE_DATE"], 1 / rate["EXCHANGE_RATE"] if inverse else rate["EXCHANGE_RATE"]) for rate in rates]
