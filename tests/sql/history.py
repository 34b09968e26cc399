"""Runs the query of `sent-export sql ENGINE ... --as-of` in the real engine, for several times, and compares every value with
what `sent-export diff --as-of` rebuilds. For an engine that cannot read the files, it uses the alternative that the refusal names.

Usage: history.py PROGRAM ENGINE FOLDER, where FOLDER holds cases.json: for each case its resource, the folder of its history
and its times.
"""

import json
import subprocess
import sys

import pyarrow.parquet as pq

from engines import ENGINES
from values import compare, held

program, engine, folder = sys.argv[1:]


def run(*arguments, wanted_code=0):
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True)
    assert done.returncode == wanted_code, f"{arguments}: {done.returncode} {done.stderr.decode()}"
    return done


def rebuilt(case, time, name):
    """The columns and the rows at a time, also as files for engines that cannot read Parquet."""
    names = [f"{name}.parquet", f"{name}.csv", f"{name}.ndjson"]
    run("diff", case["folder"], "--as-of", time, *(f"--output={name}" for name in names))
    table = pq.read_table(f"{folder}/{names[0]}")
    return {field.name: str(field.type) for field in table.schema}, table.to_pylist()


def expected(columns, rows, text_format):
    return [{name: held(engine, columns[name], value, text_format) for name, value in row.items()} for row in rows]


def query(database, resource, case, time, columns):
    """Saves the result of the last statement in a table."""
    flags = ["--as-of", time, "--columns", ",".join(columns)]
    sql = run("sql", engine, resource, case["folder"], *flags).stdout.decode()
    statements = [statement for statement in sql.split(";\n") if statement.strip()]
    for statement in statements[:-1]:
        database.run(statement + ";\n")
    kind = {"clickhouse": "ENGINE = ReplacingMergeTree ORDER BY id", "spark": "USING parquet"}.get(engine, "")
    database.run(f"CREATE TABLE {resource} {kind} AS\n{statements[-1]};\n")


def load(database, resource, case, time, columns, path):
    """The alternative that the refusal names."""
    refused = run("sql", engine, resource, case["folder"], "--as-of", time, wanted_code=2).stderr.decode()
    assert "cannot read the files of a history, which are Parquet" in refused, refused
    assert path.rsplit(".", 1)[1] in refused and "sent-export diff FOLDER --as-of TIME -o FILE" in refused, refused
    database.run(run("sql", engine, resource, path, "--columns", ",".join(columns)).stdout.decode())


cases = json.load(open(f"{folder}/cases.json"))
states = {}
for at, case in enumerate(cases):
    for turn, time in enumerate(case["times"]):
        states[at, turn] = rebuilt(case, time, f"state-{at}-{turn}")
compared = 0
for (at, turn), (columns, rows) in states.items():
    case, name = cases[at], f"state-{at}-{turn}"
    resource, time = case["resource"], case["times"][turn]
    formats = ["parquet"] if "parquet" in ENGINES[engine].formats else ["csv", "ndjson"]
    for text_format in formats:
        database = ENGINES[engine](folder)
        try:
            if text_format == "parquet":
                query(database, resource, case, time, columns)
            else:
                load(database, resource, case, time, columns, f"{name}.{text_format}")
            found = database.rows(resource, columns)
        finally:
            database.close()
        what = f"{engine}, {case['folder']} as of {time}, {text_format}"
        compare(what, resource, columns, expected(columns, rows, text_format), found)
        compared += len(found)
assert compared > 0
print(f"{engine}: {compared} rows of {len(states)} states")
