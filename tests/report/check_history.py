"""Runs the query of `sent-export sql duckdb ... --as-of` and compares its rows with a rebuilt state.

Usage: check_history.py QUERY.sql STATE.parquet FOLDER
"""

import os
import sys

import duckdb

query, state, folder = sys.argv[1:]
os.chdir(folder)
connection = duckdb.connect()
connection.execute("set timezone = 'UTC'")
text = open(query).read().rstrip().removesuffix(";")
connection.execute(f"create table found as\n{text}")
columns = [name for name, *_ in connection.execute("describe found").fetchall()]
# As texts: times with a zone need another package of Python.
shown = ", ".join(f"{name}::text" for name in columns)
found = connection.execute(f"select {shown} from found order by id").fetchall()
expected = connection.execute(f"select {shown} from '{state}' order by id").fetchall()
assert len(found) == len(expected) and len(found) > 0, f"{len(found)} rows, and {len(expected)} are expected"
for one, other in zip(found, expected):
    assert one == other, f"{one}\n{other}"
