"""Compares two exports of contacts with DuckDB, and the result with the gross changes of a report.

Usage: check_gross.py OLD NEW REPORT ; OLD and NEW are Parquet files.
"""

import json
import sys

import duckdb

old, new, report_path = sys.argv[1:]
report = json.load(open(report_path))
gross = report["comparison"]["gross"]
columns = "id, region_code, list_sort(list_distinct(available_channels)) as channels, opt_out"
duckdb.sql(f"create table old as select {columns} from '{old}'")
duckdb.sql(f"create table new as select {columns} from '{new}'")
NAMES = ("added", "removed", "gained", "lost", "opted_out", "opted_in")
duckdb.sql(
    """
    create table pairs as select old.id is null as is_added, new.id is null as is_removed,
        old.region_code as old_region, new.region_code as new_region, old.channels as old_channels, new.channels as new_channels,
        old.id is not null and new.id is not null and new.opt_out and old.opt_out is distinct from true as is_out,
        old.id is not null and new.id is not null and not new.opt_out and old.opt_out as is_in
    from old full join new using (id)
    """
)


def rows(groups_of_old, groups_of_new):
    """Counts by group; a row counts once for each group in its list."""
    query = f"""
        with steps as (
            select {groups_of_old} as gone, {groups_of_new} as come, * from pairs
        ), parts as (
            select unnest(come) as key, 'added' as what from steps where is_added
            union all select unnest(gone), 'removed' from steps where is_removed
            union all select unnest(list_filter(come, lambda x: not list_contains(gone, x))), 'gained' from steps where not is_added and not is_removed
            union all select unnest(list_filter(gone, lambda x: not list_contains(come, x))), 'lost' from steps where not is_added and not is_removed
            union all select unnest(come), 'opted_out' from steps where is_out
            union all select unnest(come), 'opted_in' from steps where is_in
        )
        select key, {", ".join(f"count(*) filter (what = '{name}')" for name in NAMES)} from parts group by 1
    """
    return {row[0]: dict(zip(NAMES, row[1:])) for row in duckdb.sql(query).fetchall()}


def same(name, counted, told):
    assert counted == told, f"{name}: DuckDB counts {counted}, the report tells {told}"


region = "[coalesce({}_region, 'unknown')]"
channels = "if(len(coalesce({0}_channels, [])) = 0, ['none'], {0}_channels)"
same("regions", rows(region.format("old"), region.format("new")), gross["regions"])
same("channels", rows(channels.format("old"), channels.format("new")), gross["channels"])
same("total", rows("['all']", "['all']").get("all", dict.fromkeys(NAMES, 0)), gross["total"])
assert min(gross["total"][name] for name in ("added", "removed", "opted_out", "opted_in")) > 0, gross["total"]
