"""The store: exact money, snapshots, durable commits, a seed to return to."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from airflow_provider_intacct.sandbox import records
from airflow_provider_intacct.sandbox.catalog import Catalog
from airflow_provider_intacct.sandbox.store import Store, next_number

CATALOG = Catalog.load()
BILL, VENDOR = CATALOG["APBILL"], CATALOG["VENDOR"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "company.db", CATALOG)) as store:
        yield store


def test_a_record_comes_back_as_it_was_stored(store: Store) -> None:
    moment = datetime(2026, 3, 8, 10, 0, 0, tzinfo=UTC)
    values = {
        "VENDORID": "V1", "NAME": "Ünal & Søn", "CREDITLIMIT": Decimal("12345678901.23"), "ONETIME": True,
        "STATUS": "T", "WHENCREATED": moment, "COMMENTS": "",
    }  # fmt: skip
    with store.write() as db:
        key = records.insert(db, VENDOR, values)
    with store.read() as db:
        record = records.fetch(db, VENDOR, key)
    assert record is not None
    assert {name: record[name] for name in values} == {**values, "COMMENTS": None}


def test_sums_of_money_in_sql_are_exact(store: Store) -> None:
    with store.write() as db:
        for _ in range(1000):
            records.insert(db, BILL, {"TOTALDUE": Decimal("0.10"), "WHENCREATED": date(2026, 1, 1)})
        total = db.execute('SELECT sum("TOTALDUE") FROM "APBILL"').fetchone()[0]
    assert records.from_stored(BILL.fields["TOTALDUE"], total) == Decimal("100.00")


def test_amounts_of_more_than_two_decimals_are_rounded(store: Store) -> None:
    with store.write() as db:
        key = records.insert(db, BILL, {"TOTALDUE": Decimal("10.005")})
        record = records.fetch(db, BILL, key)
    assert record is not None
    assert record["TOTALDUE"] == Decimal("10.01")


def test_a_reader_sees_one_state_while_another_writes(store: Store) -> None:
    with store.read() as reader:
        assert list(records.find(reader, VENDOR, {})) == []
        with store.write() as writer:
            records.insert(writer, VENDOR, {"VENDORID": "V1"})
        assert list(records.find(reader, VENDOR, {})) == []
    with store.read() as reader:
        assert [record["VENDORID"] for record in records.find(reader, VENDOR, {})] == ["V1"]


def test_a_block_that_raises_leaves_nothing(store: Store) -> None:
    def write_the_same_vendor_twice() -> None:
        with store.write() as db:
            for _ in range(2):
                records.insert(db, VENDOR, {"VENDORID": "V1"})

    with pytest.raises(sqlite3.IntegrityError):
        write_the_same_vendor_twice()
    with store.read() as db:
        assert list(records.find(db, VENDOR, {})) == []


def test_a_natural_id_exists_once(store: Store) -> None:
    with store.write() as db:
        records.insert(db, VENDOR, {"VENDORID": "V1"})
        with pytest.raises(sqlite3.IntegrityError):
            records.insert(db, VENDOR, {"VENDORID": "V1"})


def test_entities_are_locations_too(store: Store) -> None:
    with store.write() as db:
        records.insert(db, CATALOG["LOCATIONENTITY"], {"LOCATIONID": "100", "NAME": "East"})
        records.insert(db, CATALOG["LOCATION"], {"LOCATIONID": "110", "NAME": "Shop"})
        locations = [record["LOCATIONID"] for record in records.find(db, CATALOG["LOCATION"], {})]
        entities = [record["LOCATIONID"] for record in records.find(db, CATALOG["LOCATIONENTITY"], {})]
    assert (locations, entities) == (["100", "110"], ["100"])


def test_a_record_number_is_not_given_twice_after_a_delete(store: Store) -> None:
    with store.write() as db:
        first = records.insert(db, VENDOR, {"VENDORID": "V1"})
        records.delete(db, VENDOR, first)
        assert records.insert(db, VENDOR, {"VENDORID": "V1"}) == first + 1


def test_bills_and_invoices_share_one_row_of_numbers(store: Store) -> None:
    with store.write() as db:
        assert [records.insert(db, CATALOG[name], {}) for name in ("APBILL", "ARINVOICE", "APPYMT")] == [1, 2, 3]


def test_custom_objects_are_numbered_from_ten_thousand_on(store: Store) -> None:
    with store.write() as db:
        assert records.insert(db, CATALOG["SUBSCRIPTION"], {"name": "Gold"}) == 10001


def test_a_field_of_a_related_record_cannot_be_stored(store: Store) -> None:
    with store.write() as db, pytest.raises(KeyError, match=r"VENDOR\.NAME"):
        records.insert(db, BILL, {"VENDORNAME": "Acme"})


def test_reset_returns_to_the_seed(store: Store) -> None:
    with store.write() as db:
        records.insert(db, VENDOR, {"VENDORID": "SEEDED"})
    store.keep_seed()
    with store.write() as db:
        records.insert(db, VENDOR, {"VENDORID": "LATER"})
        next_number(db, "VENDOR")
    store.reset()
    with store.write() as db:
        assert [record["VENDORID"] for record in records.find(db, VENDOR, {})] == ["SEEDED"]
        assert records.insert(db, VENDOR, {"VENDORID": "AGAIN"}) == 2


def test_what_was_committed_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "company.db"
    script = (
        "import os, sys; from airflow_provider_intacct.sandbox import records, store, catalog\n"
        "c = catalog.Catalog.load(); s = store.Store(sys.argv[1], c)\n"
        "with s.write() as db: records.insert(db, c['VENDOR'], {'VENDORID': 'V1'})\n"
        "open_block = s.write(); db = open_block.__enter__(); records.insert(db, c['VENDOR'], {'VENDORID': 'V2'})\n"
        "os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert killed.returncode == -9
    with closing(Store(path, CATALOG)) as store, store.read() as db:
        assert [record["VENDORID"] for record in records.find(db, VENDOR, {})] == ["V1"]
