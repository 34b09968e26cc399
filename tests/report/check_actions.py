"""Runs every query that a report lists under `actions`, and compares the number of its rows with the count.

Queries run in the folder of the exported file, because they contain its name.

Usage: check_actions.py FOLDER SUMMARY CODE... ; each code must be among the actions.
"""

import json
import os
import sys

import duckdb

folder, summary_path, *codes = sys.argv[1:]
summary = json.load(open(summary_path))
os.chdir(folder)
duckdb.sql("set timezone = 'UTC'")
for action in summary["actions"]:
    assert action["sql"], action
    rows = duckdb.sql(f"select count(*) from ({action['sql']})").fetchall()[0][0]
    assert rows == action["count"], f"{action['code']}: {rows} rows, told {action['count']}: {action['sql']}"
found = {action["code"] for action in summary["actions"]}
assert found >= set(codes), f"no {set(codes) - found} among {found}"
