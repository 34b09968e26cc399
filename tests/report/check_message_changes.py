"""Compares two exports of messages with DuckDB, and the result with the gross changes of a delivery report.

Usage: check_message_changes.py OLD NEW REPORT ; OLD and NEW are Parquet files.
"""

import decimal
import json
import sys

import duckdb

old, new, report_path = sys.argv[1:]
gross = json.load(open(report_path))["comparison"]["gross"]
# Keys of the report: values that are too long or could be personal count as other. An empty text counts as no value.
duckdb.sql(
    r"""
    create macro key(x) as case
        when strlen(x) > 64 or regexp_matches(x, '[@/:.]') or len(regexp_replace(x, '\P{N}', '', 'g')) >= 7 then '(other)'
        else x end
    """
)
# Any of several rows with one id would do; the simulator has no duplicates.
columns = "id, coalesce(nullif(status, ''), 'unknown') as status, price, active_contact_price"
duckdb.sql(f"create table old as select {columns} from '{old}'")
duckdb.sql(f"create table new as select {columns} from '{new}'")
assert duckdb.sql("select count(*) = count(distinct id) from old").fetchall()[0][0]
duckdb.sql(
    """
    create table pairs as select old.id is null as is_added, new.id is null as is_removed,
        old.status as before, new.status as after, old.id is not null and new.id is not null as is_of_both,
        old.price as old_price, new.price as new_price, old.active_contact_price as old_active, new.active_contact_price as new_active
    from old full join new using (id)
    """
)


def same(name, counted, told):
    assert counted == told, f"{name}: DuckDB counts {counted}, the report tells {told}"


added, removed, changed = duckdb.sql(
    "select count(*) filter (is_added), count(*) filter (is_removed), count(*) filter (is_of_both and before <> after) from pairs"
).fetchall()[0]
same("added", added, gross["added"])
same("removed", removed, gross["removed"])
same("changed", changed, gross["status_changed"])
query = """
    with parts as (
        select after as status, 'added' as what from pairs where is_added
        union all select before, 'removed' from pairs where is_removed
        union all select after, 'gained' from pairs where is_of_both and before <> after
        union all select before, 'lost' from pairs where is_of_both and before <> after
    )
    select key(status), count(*) filter (what = 'added'), count(*) filter (what = 'removed'),
        count(*) filter (what = 'gained'), count(*) filter (what = 'lost') from parts group by 1
"""
rows = duckdb.sql(query).fetchall()
same("statuses", {row[0]: dict(zip(("added", "removed", "gained", "lost"), row[1:])) for row in rows}, gross["statuses"])
transitions = {}
for before, after, count in duckdb.sql(
    "select key(before), key(after), count(*) from pairs where is_of_both and before <> after group by all"
).fetchall():
    transitions.setdefault(before, {})[after] = count
same("transitions", transitions, gross["transitions"])
differs = "(old_price is distinct from new_price or old_active is distinct from new_active)"
spent = "coalesce(sum(coalesce({0}_price, 0) + coalesce({0}_active, 0)), 0)"
count, known, before, after = duckdb.sql(
    f"""
    select count(*), count(*) filter (old_price is null and old_active is null), {spent.format("old")}, {spent.format("new")}
    from pairs where is_of_both and {differs}
    """
).fetchall()[0]
told = gross["prices"]
told = (told["messages"], told["became_known"], decimal.Decimal(told["old"]), decimal.Decimal(told["new"]))
same("prices", (count, known, before, after), told)
assert changed > 0 and count > 0 and added + removed > 0, gross
