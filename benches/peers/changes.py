"""Compares two exports of generated contacts with `sent-export diff` and with a join in DuckDB.

Usage: changes.py SENT_EXPORT [ROWS [MEMORY_MB]]

Each side has ROWS contacts (1,000,000) in order of creation: 1% are new, 1% are gone, and 5% have changed. MEMORY_MB (500) limits
DuckDB; the memory of sent-export is only measured. Files go to a temporary folder (TMPDIR).
"""

import os
import subprocess
import sys
import tempfile
import time

GENERATE = """
import sys, duckdb
path, first, end, changed = sys.argv[1:]
duckdb.sql("set enable_progress_bar = false")
duckdb.sql(f'''
    copy (
        select format('{{}}-{{}}-4{{}}-8{{}}-{{}}', h[1:8], h[9:12], h[14:16], h[18:20], h[21:32]) as id,
               '+1' || n as phone_number, '+1' || n as format_e164, '+1 ' || n as format_international,
               '(' || n[1:3] || ') ' || n[4:] as format_national, 'tel:+1-' || n as format_rfc,
               '1' as country_code, 'US' as region_code,
               case when i % 3 = 0 then ['sms', 'whatsapp'] else ['sms'] end as available_channels,
               'sms' as default_channel, (i % 50 = 0) != is_changed as opt_out, false as is_inherited,
               timestamptz '2024-01-01 00:00:00Z' + to_seconds(i) as created_at,
               timestamptz '2025-01-01 00:00:00Z' + to_seconds(i + is_changed::int) as updated_at,
               '11111111-2222-4333-8444-555555555555' as customer_id
        from (select i, md5(i::text) as h, (2000000000 + i)::text as n, {changed} as is_changed from range({first}, {end}) r(i))
        order by i
    ) to '{path}' (format parquet, compression zstd, row_group_size 131072)
''')
"""

JOIN = """
import sys, duckdb
old, new, path, memory = sys.argv[1:]
duckdb.sql("set enable_progress_bar = false")
columns = [name for name, *_ in duckdb.sql(f"describe select * from '{old}'").fetchall() if name != "id"]
duckdb.sql(f"set memory_limit = '{memory}MB'")
duckdb.sql("set threads = 2")
differs = lambda name: f"o.{name} is distinct from n.{name}"
fields = ", ".join(f"case when {differs(name)} then '{name}' end" for name in columns)
values = ", ".join(
    f"case when o.id is null or n.id is null or {differs(name)} then {side}.{name} end as {prefix}_{name}"
    for name in columns for side, prefix in (("o", "old"), ("n", "new"))
)
duckdb.sql(f'''
    copy (
        select coalesce(o.id, n.id) as id,
               case when o.id is null then 'added' when n.id is null then 'removed' else 'changed' end as change,
               case when o.id is not null and n.id is not null
                    then list_filter([{fields}], lambda x: x is not null) end as changed_fields,
               {values}
        from '{old}' o full outer join '{new}' n on o.id = n.id
        where o.id is null or n.id is null or {" or ".join(map(differs, columns))}
        order by coalesce(o.id, n.id)
    ) to '{path}' (format parquet, compression zstd)
''')
"""


COUNT = """
import sys, duckdb
counts = [duckdb.sql(f"select change, count(*) from '{path}' group by all order by all").fetchall() for path in sys.argv[1:]]
assert counts[0] == counts[1], counts
print(counts[0])
"""


def python(script, *arguments):
    # In a separate process, because the memory of this one would count for its children.
    return [sys.executable, "-c", script, *map(str, arguments)]


def measured(name, command):
    started = time.monotonic()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    wall, processor = time.monotonic() - started, usage.ru_utime + usage.ru_stime
    if status != 0:
        sys.exit(f"{name} failed")
    print(f"{name:12} {processor:7.1f} CPU s {wall:7.1f} wall s {usage.ru_maxrss / 1024:7.0f} MB peak RSS", flush=True)


def main():
    binary, rows, memory = sys.argv[1:] + ["1000000", "500"][len(sys.argv) - 2 :]
    rows = int(rows)
    with tempfile.TemporaryDirectory() as folder:
        old, new, ours, theirs = (f"{folder}/{name}.parquet" for name in ("old", "new", "ours", "theirs"))
        subprocess.run(python(GENERATE, old, 0, rows, "false"), check=True)
        subprocess.run(python(GENERATE, new, rows // 100, rows + rows // 100, "i % 20 = 7"), check=True)
        measured("sent-export", [binary, "diff", old, new, "-o", ours, "--wide", "--quiet"])
        measured("DuckDB", python(JOIN, old, new, theirs, memory))
        subprocess.run(python(COUNT, ours, theirs), check=True)


main()
