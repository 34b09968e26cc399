"""Counts an exported Parquet file with DuckDB and compares the numbers with those of its summary.

Usage: check_numbers.py PARQUET SUMMARY
"""

import json
import sys

import duckdb

parquet, summary_path = sys.argv[1:]
summary = json.load(open(summary_path))
duckdb.sql("set timezone = 'UTC'")
duckdb.sql(f"create table c as from '{parquet}'")
# Keys of the report: values that are too long or could be personal count as other, and those that equal a key of the report
# itself are in quotation marks.
duckdb.sql(
    r"""
    create macro key(x) as case
        when x is null then 'unknown'
        when strlen(x) > 64 or regexp_matches(x, '[@/:.]') or len(regexp_replace(x, '\P{N}', '', 'g')) >= 7 then '(other)'
        when regexp_full_match(x, '"*(none|unknown|\(other\))"*') then '"' || x || '"'
        else x end
    """
)
duckdb.sql("create macro e164(x) as regexp_full_match(x, '\\+[0-9]{7,15}')")


def table(query):
    return {str(key): count for key, count in duckdb.sql(query).fetchall()}


def number(query):
    return duckdb.sql(query).fetchall()[0][0]


def by(expression):
    return table(f"select {expression}, count(*) from c group by 1")


def same(name, counted, told):
    assert counted == told, f"{name}: DuckDB counts {counted}, the summary tells {told}"


rows = number("select count(*) from c")
channel_of_rows = "select unnest(if(len(available_channels) = 0, ['none'], list_transform(available_channels, lambda x: key(x)))) as channel, * from c"
same("contacts", rows, summary["contacts"])
same("reachable", number("select count(*) from c where opt_out is distinct from true and len(available_channels) > 0"), summary["reachable"])
same("without_channel", number("select count(*) from c where len(available_channels) = 0"), summary["without_channel"])
same("channels", table(f"select channel, count(*) from ({channel_of_rows}) group by 1"), summary["channels"])
same(
    "channel_combinations",
    by("if(len(available_channels) = 0, 'none', array_to_string(list_sort(available_channels), '+'))"),
    summary["channel_combinations"],
)
same("default_channels", by("key(default_channel)"), summary["default_channels"])
same(
    "default_channel_not_available",
    number("select count(*) from c where default_channel is not null and not list_contains(available_channels, default_channel)"),
    summary["default_channel_not_available"],
)
same("regions", by("key(region_code)"), summary["regions"])
same("country_codes", by("key(country_code)"), summary["country_codes"])
same(
    "opt_out",
    table("select case when opt_out then 'yes' when not opt_out then 'no' else 'unknown' end, count(*) from c group by 1"),
    {key: count for key, count in summary["opt_out"].items() if count > 0},
)
details = duckdb.sql(
    """
    select key(region_code), count(*), count(*) filter (opt_out is distinct from true and len(available_channels) > 0),
        count(*) filter (opt_out) from c group by 1
    """
).fetchall()
same(
    "region_details",
    {code: (contacts, reachable, opted_out) for code, contacts, reachable, opted_out in details},
    {code: (row["contacts"], row["reachable"], row["opted_out"]) for code, row in summary["region_details"].items()},
)
by_region = {}
for region, channel, count in duckdb.sql(
    f"select key(region_code), channel, count(*) from ({channel_of_rows}) group by all"
).fetchall():
    by_region.setdefault(region, {})[channel] = count
same("channels_by_region", by_region, summary["channels_by_region"])
reachable = f"select key(region_code) as region, channel, count(*) as n from ({channel_of_rows}) where opt_out is distinct from true and channel <> 'none' group by all"
same("reachable_channels", table(f"select channel, sum(n)::bigint from ({reachable}) group by 1"), summary["reachable_channels"])
by_region = {region: {} for region in summary["regions"]}
for region, channel, count in duckdb.sql(reachable).fetchall():
    by_region[region][channel] = count
same("reachable_by_region", by_region, summary["reachable_by_region"])
same("created_by_month", by("coalesce(strftime(created_at, '%Y-%m'), 'unknown')"), summary["created_by_month"])
moments = duckdb.sql("select strftime(min(created_at), '%Y-%m-%dT%H:%M:%SZ'), strftime(max(created_at), '%Y-%m-%dT%H:%M:%SZ') from c").fetchall()[0]
same("created_range", moments, (summary["created_range"]["oldest"], summary["created_range"]["newest"]))
age = f"timestamptz '{summary['as_of']}' - updated_at"
bucket = f"""case when updated_at is null then 'never' when {age} < interval '-5 minutes' then 'in_future' when {age} < interval 7 days then 'last_7_days'
    when {age} < interval 30 days then 'last_30_days' when {age} < interval 90 days then 'last_90_days'
    when {age} < interval 365 days then 'last_365_days' else 'older' end"""
same("updated", by(bucket), {name: count for name, count in summary["updated"].items() if count > 0})

quality = summary["quality"]
number_of = "coalesce(nullif(format_e164, ''), nullif(phone_number, ''))"
shared = duckdb.sql(
    f"select count(*), coalesce(sum(n), 0)::bigint from (select count(*) n from c where {number_of} is not null group by {number_of}, coalesce(customer_id, '') having n > 1)"
).fetchall()[0]
same("shared_phone_numbers", shared, (quality["shared_phone_numbers"]["keys"], quality["shared_phone_numbers"]["contacts"]))
assert not quality["shared_phone_numbers"]["approximate"]
columns = [name for (name, *_) in duckdb.sql("select column_name from (describe c)").fetchall()]
texts = {name for name, kind in duckdb.sql("select column_name, column_type from (describe c)").fetchall() if kind == "VARCHAR"}
missing = {}
for name in columns:
    is_missing = f"{name} is null or {name} = ''" if name in texts else f"{name} is null"
    if name == "available_channels":
        is_missing = "len(available_channels) = 0"
    count = number(f"select count(*) from c where {is_missing}")
    if count:
        missing[name] = count
same("missing", missing, quality["missing"])

# libphonenumber knows the calling codes from its own data.
import phonenumbers

codes = {str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE}


def calling_code(text):
    return next((text[1 : 1 + length] for length in (1, 2, 3) if text[1 : 1 + length] in codes), None)


invalid = other_region = other_code = 0
for text, region, code, is_form in duckdb.sql(
    "select format_e164, region_code, country_code, e164(format_e164) from c where format_e164 <> ''"
).fetchall():
    found = calling_code(text) if is_form else None
    if found is None:
        invalid += 1
        continue
    expected = phonenumbers.country_code_for_region(region) if region in phonenumbers.SUPPORTED_REGIONS else 0
    other_region += expected not in (0, int(found))
    other_code += code is not None and code.lstrip("+") != found
same("invalid_e164", invalid, quality["invalid_e164"])
same("e164_not_of_region", other_region, quality["e164_not_of_region"])
same("e164_not_of_country_code", other_code, quality["e164_not_of_country_code"])
print(f"{rows} rows: DuckDB and the summary agree")
