"""Runs the SQL that `sent-export sql` prints in the real engine, twice, and compares every value with the Parquet file.

Usage: check.py PROGRAM ENGINE FOLDER, where FOLDER holds RESOURCE.FORMAT of one run, for each resource and format, and
messages/ with one file per day, and regions/ with one per region.
"""

import datetime
import decimal
import subprocess
import sys
import tempfile

import pyarrow as pa
import pyarrow.parquet as pq

from engines import ENGINES
from values import KEYS, compare, held

program, engine, folder = sys.argv[1:]
# As in tests/it/peers/sql.rs.
ODD_NAME = "it's $HOME \"odd\" `name`"


def printed(resource, path, *flags):
    command = [program, "sql", engine, resource, path, *flags]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout.decode()


def expected(resource, text_format):
    """The rows of the Parquet file, in the form that the engine can store according to docs/sql.md."""
    table = pq.read_table(f"{folder}/{resource}.parquet", partitioning=None)
    columns = {field.name: str(field.type) for field in table.schema}
    rows = table.to_pylist()
    if "extra" in columns:
        # Not among the columns that every export has.
        del columns["extra"]
        rows = [{name: row[name] for name in columns} for row in rows]
    for row in rows:
        for name, value in row.items():
            row[name] = held(engine, columns[name], value, text_format)
    return columns, rows


def row_of_table(resource, name, columns, wanted):
    """What was compared, as a row of a Markdown table."""
    values = [(column, row[column]) for row in wanted for column in columns]
    kinds = {
        "values": len(values),
        "nulls": sum(value is None for _, value in values),
        "empty texts": sum(value == "" for _, value in values),
        "phones": sum("phone" in column and value is not None for column, value in values),
        "times": sum(isinstance(value, datetime.datetime) for _, value in values),
        "decimals": sum(isinstance(value, decimal.Decimal) for _, value in values),
        "lists": sum(isinstance(value, list) for _, value in values),
    }
    cells = [engine, name, resource, f"{len(wanted):,} rows", *(f"{count:,} {kind}" for kind, count in kinds.items())]
    return f"| {' | '.join(cells)} |"


def check(resource, path, text_format, *flags, name=None):
    what = f"{engine}, {resource}, {path}"
    columns, wanted = expected(resource, text_format)
    sql = printed(resource, path, *flags)
    database = ENGINES[engine](folder)
    try:
        for turn in ("first", "second"):
            database.run(sql)
            compare(f"{what}, {turn} load", resource, columns, wanted, database.rows(resource, columns))
        if path in ("contacts.parquet", "contacts.csv"):
            check_newest(what, database, sql, columns, wanted)
        register = [line.removeprefix("-- ") for line in sql.splitlines() if line.startswith("-- CALL ")]
        if register:
            database.run(f"DROP TABLE {resource};{sql.split('MERGE INTO')[0]}{register[0]}")
            compare(f"{what}, registered", resource, columns, wanted, database.rows(resource, columns))
    finally:
        database.close()
    print(row_of_table(resource, name or text_format, columns, wanted))


def check_newest(what, database, sql, columns, wanted):
    """Checks that a contact that is newer in the table is kept, and that an older one is replaced."""
    dated = [row for row in wanted if row["updated_at"] and 1980 < row["updated_at"].year < 2900]
    changed = {dated[0]["id"]: 2999, dated[-1]["id"]: 1980}
    if "parquet" in database.formats:
        table = pq.read_table(f"{folder}/contacts.parquet")
        rows = [row for row in table.to_pylist() if row["id"] in changed]
        for row in rows:
            row["customer_id"] = "changed"
            row["updated_at"] = datetime.datetime(changed[row["id"]], 1, 1, tzinfo=datetime.timezone.utc)
        # Next to the folder, because some engines read all files in it.
        with tempfile.TemporaryDirectory() as elsewhere:
            path = f"{elsewhere}/changed.parquet"
            pq.write_table(pa.Table.from_pylist(rows, table.schema), path)
            database.run(printed("contacts", path))
    else:
        for contact, year in changed.items():
            values = f"customer_id = 'changed', updated_at = '{year}-01-01T00:00:00Z'"
            database.run(f"UPDATE contacts SET {values} WHERE id = '{contact}';")
    database.run(sql)
    found = {row["id"]: row for row in database.rows("contacts", columns)}
    is_changed = {contact: found[contact]["customer_id"] == "changed" for contact in changed}
    assert is_changed == {contact: year == 2999 for contact, year in changed.items()}, f"{what}: {is_changed}"
    assert len(found) == len(wanted), f"{what}: {len(found)} rows"


formats = ENGINES[engine].formats
for resource in KEYS:
    for name in formats:
        # One codec of each format for the larger resources.
        if resource == "contacts" or "." not in name:
            check(resource, f"{resource}.{name}", name)
for name in formats:
    if name in ("parquet", "csv", "csv.gz"):
        check("contacts", f"{ODD_NAME}.{name}", name)
if "csv" in formats:
    for resource in KEYS:
        check(resource, f"{resource}.null.csv", "null.csv", "--delimiter", ";", "--null", "NULL")
if engine == "postgres":
    for resource in KEYS:
        flags = ("--csv", "postgres", "--delimiter", "tab", "--null", "\\N")
        check(resource, f"{resource}.array.csv", "array.csv", *flags)


def check_partitions(resource, folder, text_format, column):
    flags = ("--partition-by", column, "--format", text_format)
    check(resource, folder, text_format, *flags, name=f"files by {column}")


if "parquet" in formats:
    check_partitions("messages", "messages/", "parquet", "created_date")
    check_partitions("contacts", "regions/", "parquet", "region_code")
    check_partitions("contacts", "opt-out/", "parquet", "opt_out")
else:
    check_partitions("contacts", "days-csv/", "csv", "created_date")
    check_partitions("contacts", "regions-csv/", "csv", "region_code")
    check_partitions("contacts", "regions-ndjson/", "ndjson.gz", "region_code")
