"""Counts messages in an exported Parquet file with DuckDB and compares the numbers with those of the delivery report.

The file contains messages, or activities from which the messages are reconstructed first.

Usage: check_deliveries.py PARQUET SUMMARY
"""

import json
import sys

import duckdb

parquet, summary_path = sys.argv[1:]
summary = json.load(open(summary_path))
duckdb.sql("set timezone = 'UTC'")
duckdb.sql(f"create table file as from '{parquet}'")
by_activities = "message_id" in duckdb.sql("from file limit 0").columns
duckdb.sql(
    """
    create table raw as select message_id as id, last(status order by position) as status,
        last(reason_code order by position) as reason_code,
        case when bool_or(upper(status) = 'RECEIVED') then 'INBOUND' when count(nullif(status, '')) > 0 then 'OUTBOUND' end as direction,
        coalesce(min(timestamp) filter (timestamp >= timestamptz '0002-01-01'), min(timestamp)) as created_at,
        last(price order by position) filter (price is not null) as price,
        last(active_contact_price order by position) filter (active_contact_price is not null) as active_contact_price,
        list({'status': status, 'timestamp': timestamp} order by position) as events,
        null::varchar as channel, null::varchar as region_code, null::varchar as template_id, null::varchar as template_name,
        null::varchar as template_category, null::varchar as contact_id
    from file group by message_id
    """
    if by_activities
    else "create table raw as from file"
)
# Keys of the report: values that are too long or could be personal count as other. An empty text counts as no value.
duckdb.sql(
    r"""
    create macro key(x) as case
        when x is null or x = '' then 'unknown'
        when strlen(x) > 64 or regexp_matches(x, '[@/:.]') or len(regexp_replace(x, '\P{N}', '', 'g')) >= 7 then '(other)'
        else x end;
    create macro times(list, name) as [e.timestamp for e in list if upper(e.status) = name and e.timestamp >= timestamptz '0002-01-01'];
    """
)
duckdb.sql(
    """
    create table m as select *,
        upper(direction) is not distinct from 'OUTBOUND' as is_out, upper(direction) is not distinct from 'INBOUND' as is_in,
        coalesce(upper(status), '') as state,
        if(created_at >= timestamptz '0002-01-01', created_at, null) as created,
        coalesce(events, []) as happened,
        case when template_name is null or template_name = '' then if(template_id is null or template_id = '', 'none', 'unknown')
            else key(template_name) end as template,
        coalesce(price, 0) as p, coalesce(active_contact_price, 0) as a
    from raw
    """
)


def rows(query):
    return duckdb.sql(query).fetchall()


def number(query):
    return rows(query)[0][0]


def table(query):
    return {str(key): count for key, count in rows(query)}


def same(name, counted, told):
    assert counted == told, f"{name}: DuckDB counts {counted}, the summary tells {told}"


def money(value):
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


GROUP = """count(*), count(*) filter (is_out), count(*) filter (is_in),
    count(*) filter (is_out and state in ('SENT', 'DELIVERED', 'READ')), count(*) filter (is_out and state = 'FAILED'),
    count(*) filter (is_out and state in ('FILTERED', 'BLOCKED')), sum(p)::decimal(38, 6), sum(a)::decimal(38, 6)"""
PARTS = ("messages", "outbound", "inbound", "successful", "failed", "withheld")


def told_group(group):
    return (*(group[part] for part in PARTS), group["spent"]["price"], group["spent"]["active_contact_price"])


def groups(name, key):
    if by_activities and name != "days":
        return same(name, {}, summary[name])
    found = {row[0]: (*row[1:7], money(row[7]), money(row[8])) for row in rows(f"select {key}, {GROUP} from m group by 1")}
    same(name, found, {key: told_group(group) for key, group in summary[name].items()})


count = number("select count(*) from m")
same("messages", count, summary["messages"])
if count:
    total = rows(f"select {GROUP} from m")[0]
    same("total", (*total[:6], money(total[6]), money(total[7])), told_group(summary["total"]))
same("directions", table("select key(direction), count(*) from m group by 1"), summary["directions"])
same("statuses", table("select key(status), count(*) from m group by 1"), summary["statuses"])
groups("channels", "key(channel)")
groups("regions", "key(region_code)")
groups("templates", "template")
groups("days", "case when created is null then 'unknown' when year(created) > 9999 or year(created) < 0 then '(other)' else strftime(created, '%Y-%m-%d') end")
same(
    "template_categories",
    {} if by_activities else table("select if(template = 'none', 'none', key(template_category)), count(*) from m group by 1"),
    summary["template_categories"],
)
hours = {f"{hour:02}": 0 for hour in range(24)} | table("select strftime(created, '%H'), count(*) from m where created is not null group by 1")
same("hours", hours if any(hours.values()) else {}, summary["hours"])
weekdays = {(day, hour): n for day, hour, n in rows("select isodow(created), hour(created), count(*) from m where created is not null group by all")}
same("hours_by_weekday", weekdays, {(day["iso_weekday"], hour): n for day in summary["hours_by_weekday"] for hour, n in enumerate(day["hours"]) if n})

# The funnel: how far each message got, by its status or any event.
states = "list_append([upper(e.status) for e in happened], state)"
reached = lambda names: number(f"select count(*) from m where is_out and list_has_any({states}, {names})")
funnel = {
    "queued": number("select count(*) from m where is_out"),
    "sent": reached("['SENT', 'DELIVERED', 'READ']"),
    "delivered": reached("['DELIVERED', 'READ']"),
    "read": reached("['READ']"),
}
same("funnel", funnel, summary["funnel"])
successful, withheld = rows("select count(*) filter (state in ('SENT', 'DELIVERED', 'READ')), count(*) filter (state in ('FILTERED', 'BLOCKED')) from m where is_out")[0]
same(
    "deliverability",
    {"successful": successful, "attempted": funnel["queued"] - withheld, "outbound": funnel["queued"]},
    summary["deliverability"],
)

failures = rows(
    """
    select key(reason_code), count(*), count(*) filter (state = 'FAILED'), count(*) filter (state = 'FILTERED'), count(*) filter (state = 'BLOCKED'),
        strftime(min(created), '%Y-%m-%d'), strftime(max(created), '%Y-%m-%d')
    from m where state in ('FAILED', 'FILTERED', 'BLOCKED') group by 1 order by 2 desc, 1
    """
)
fields = ("reason_code", "messages", "failed", "filtered", "blocked", "began_on", "last_seen_on")
same("failures", failures, [tuple(failure[field] for field in fields) for failure in summary["failures"]])

# Durations in whole milliseconds, percentiles by nearest rank.
for told, name in (("to_delivered", "DELIVERED"), ("to_read", "READ")):
    duckdb.sql(
        f"""
        create or replace table took as select key(channel) as channel,
            epoch_us(list_min(times(happened, '{name}'))) - epoch_us(coalesce(list_min(times(happened, 'QUEUED')), created)) as micros
        from m where is_out
        """
    )
    channels = [] if by_activities else [channel for (channel,) in rows("select distinct channel from took")]
    for channel in [None, *channels]:
        where = "micros >= 0" + (f" and channel = '{channel}'" if channel else "")
        durations = [micros // 1000 for (micros,) in rows(f"select micros from took where {where} order by micros")]
        found = (summary["times"] if channel is None else summary["times_by_channel"].get(channel, {})).get(told)
        if not durations:
            same(f"{told} of {channel}", None, found)
            continue
        rank = lambda percent: durations[max(-(-len(durations) * percent // 100), 1) - 1]
        expected = {"messages": len(durations), "min_ms": durations[0], "max_ms": durations[-1], "approximate": False}
        same(f"{told} of {channel}", expected | {f"p{p}_ms": rank(p) for p in (50, 75, 90, 95, 99)}, found)

messaged, replied = rows(
    """
    select count(*), count(*) filter (last_in > first_out) from (
        select min(created) filter (is_out) as first_out, max(created) filter (is_in) as last_in
        from m where contact_id is not null and contact_id <> '' and created is not null group by contact_id)
    where first_out is not null
    """
)[0]
same("contacts", None if by_activities else {"messaged": messaged, "replied": replied, "approximate": False}, summary["contacts"])
repeated = number("select coalesce(sum(n), 0)::bigint from (select count(*) n from m group by id having n > 1)")
same("repeated_ids", repeated, summary["quality"]["repeated_ids"])
same("outbound_without_price", number("select count(*) from m where is_out and price is null"), summary["quality"]["outbound_without_price"])
# An export writes null for a date that was never set; only its own summary counts such dates.
if summary["run"] is None:
    same("year_one_created_at", number("select count(*) from m where created_at < timestamptz '0002-01-01'"), summary["quality"]["year_one_created_at"])
if by_activities:
    same("activities", number("select count(*) from file"), summary["from_activities"]["activities"])
print(f"{count} messages: DuckDB and the report agree")
