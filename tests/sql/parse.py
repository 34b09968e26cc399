"""Parses the SQL of the engines that cannot be installed, in their dialects.

Usage: parse.py PROGRAM. A statement that sqlglot passes through unparsed, because it does not know it, must be in UNKNOWN.
"""

import logging
import subprocess
import sys

import sqlglot
from sqlglot import exp

program = sys.argv[1]
logging.disable(logging.WARNING)
TEXTS = ("csv", "csv.gz", "ndjson", "ndjson.gz")
ENGINES = {
    "bigquery": ("bigquery", ("parquet", *TEXTS)),
    "snowflake": ("snowflake", ("parquet", *TEXTS, "csv.zst", "ndjson.zst")),
    "redshift": ("redshift", ("parquet", *TEXTS, "csv.zst", "ndjson.zst")),
    "athena": ("athena", ("parquet",)),
    "trino": ("trino", ("parquet",)),
    "databricks": ("databricks", ("parquet", *TEXTS)),
}
# Beginnings of statements that sqlglot cannot parse.
UNKNOWN = ("LOAD DATA OVERWRITE ", "DROP EXTERNAL TABLE ", "MSCK REPAIR TABLE ", "CALL hive.system.sync_partition_metadata(")


def printed(engine, *arguments):
    command = [program, "sql", engine, *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode()


def check(engine, dialect, *arguments):
    sql = printed(engine, *arguments)
    statements = sqlglot.parse(sql, read=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    statements = [statement for statement in statements if statement and not isinstance(statement, exp.Semicolon)]
    for statement in statements:
        text = statement.sql(dialect=dialect)
        assert not isinstance(statement, exp.Command) or text.startswith(UNKNOWN), f"{arguments}: {text}"
    tables = [s for s in statements if isinstance(s, exp.Create) and s.kind in ("TABLE", "EXTERNAL TABLE")]
    upserts = [s for s in statements if isinstance(s, (exp.Merge, exp.Insert))]
    assert tables and len(upserts) == 1, f"{engine} {arguments}: {[type(s).__name__ for s in statements]}"
    print(f"{engine} {' '.join(arguments)}: {len(statements)} statements")


def check_history(engine, dialect, *arguments):
    """The query for the rows at a time, and the statements that register the files in the engine."""
    sql = printed(engine, *arguments, "--as-of", "2026-03-31")
    # One by one, as they are run, because Athena's are in two languages.
    texts = [text for text in sql.split(";\n") if text.strip()]
    statements = [sqlglot.parse_one(text, read=dialect, error_level=sqlglot.ErrorLevel.RAISE) for text in texts]
    for statement in statements:
        assert not isinstance(statement, exp.Command), f"{engine} {arguments}: {statement.sql(dialect=dialect)}"
    queries = [statement for statement in statements if isinstance(statement, exp.Select)]
    assert len(queries) == 1 and list(queries[0].find_all(exp.Window)), f"{engine} {arguments}: {sql}"
    tables = {table.name for table in queries[0].find_all(exp.Table) if table.name}
    made = {s.find(exp.Table).name for s in statements if isinstance(s, exp.Create) and s.kind in ("TABLE", "VIEW")}
    assert tables <= made, f"{engine} {arguments}: {tables} are read, {made} are made"
    print(f"{engine} {' '.join(arguments)}: {len(statements)} statements for a history")


for engine, (dialect, formats) in ENGINES.items():
    for resource in ("contacts", "messages"):
        for folder in ("history/", "gs://exports/it's/", "s3://exports/history/"):
            check_history(engine, dialect, resource, folder)
        check_history(engine, dialect, resource, "--columns", "region_code,created_at")
    for name in formats:
        for resource in ("contacts", "messages", "activities"):
            check(engine, dialect, resource, f"{resource}.{name}")
    check(engine, dialect, "messages", "s3://exports/messages/", "--partition-by", "created_date")
    for resource, column in (("contacts", "region_code"), ("contacts", "opt_out"), ("messages", "channel")):
        check(engine, dialect, resource, f"s3://exports/{resource}/", "--partition-by", column)
    if "csv" in formats:
        for flags in (("--delimiter", ";", "--null", "NULL"), ("--delimiter", "tab", "--null", "\\N")):
            check(engine, dialect, "contacts", "contacts.csv", *flags)
    check(engine, dialect, "contacts", "s3://exports/contacts/", "--table", "crm.Contacts")
    check(engine, dialect, "contacts", "--columns", "phone_number,available_channels")
