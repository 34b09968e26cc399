"""Compares the output of `sent-export diff` with a full outer join in DuckDB.

Usage: check_changes.py OLD.parquet NEW.parquet CHANGES.parquet WIDE.parquet
"""

import sys

import duckdb

old, new, changes, wide = sys.argv[1:]
connection = duckdb.connect()
connection.execute("set timezone = 'UTC'")
columns = [name for name, *_ in connection.execute(f"describe select * from '{old}'").fetchall() if name != "id"]


def different(one, other):
    # sent-export treats an empty text as null.
    return f"nullif({one}::text, '') is distinct from nullif({other}::text, '')"


fields = ", ".join(f"case when {different(f'o.{name}', f'n.{name}')} then '{name}' end" for name in columns)
expected = connection.execute(
    f"""
    select * from (
        select coalesce(o.id, n.id) as id,
               case when o.id is null then 'added' when n.id is null then 'removed' else 'changed' end as change,
               case when o.id is not null and n.id is not null
                    then list_filter([{fields}], lambda x: x is not null) end as changed_fields,
               case when o.id is null or n.id is null or o.opt_out is not distinct from n.opt_out then null
                    when n.opt_out then 'opted_out' when o.opt_out and not n.opt_out then 'opted_in' end as opt_out_change
        from '{old}' o full outer join '{new}' n on o.id = n.id
    ) where change != 'changed' or len(changed_fields) > 0
    order by id
    """
).fetchall()
for path in (changes, wide):
    # Not every item of a hostile account can be exported.
    change = "replace(change, 'missing', 'removed')"
    found = connection.execute(f"select id, {change}, changed_fields, opt_out_change from '{path}'").fetchall()
    assert len(found) == len(expected), f"{path}: {len(found)} changes, and {len(expected)} are expected"
    for one, other in zip(found, expected):
        assert one == other, f"{path}: {one} and {other}"

for name in columns:
    for side, table in (("old", old), ("new", new)):
        whole = "'removed', 'missing'" if side == "old" else "'added'"
        is_part = f"(c.change in ({whole}) or list_contains(coalesce(c.changed_fields, []), '{name}'))"
        wanted = f"case when {is_part} then nullif(t.{name}::text, '') end"
        for path, found in ((changes, f"c.{side}.{name}"), (wide, f"c.{side}_{name}")):
            wrong = connection.execute(
                f"select count(*) from '{path}' c left join '{table}' t on c.id = t.id "
                f"where {found}::text is distinct from {wanted}"
            ).fetchone()[0]
            assert wrong == 0, f"{path}: {wrong} values of {side} {name} are wrong"
print(f"{len(expected)} changes")
