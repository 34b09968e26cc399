"""Downloads all pages with curl, then writes them to one Parquet file with DuckDB.

DuckDB takes milliseconds for every file of a list, so the pages are first joined into one file.

Usage: curl_duckdb.py BASE_URL PAGES CONCURRENCY OUTPUT
"""

import pathlib
import subprocess
import sys

import duckdb

base_url, pages, concurrency, output = sys.argv[1:]
subprocess.run(
    ["curl", "--silent", "--no-progress-meter", "--fail", "--parallel", "--parallel-max", concurrency, "--create-dirs"]
    + ["--output", "pages/page_#1.json", f"{base_url}/v3/contacts?page=[{1:0{len(pages)}}-{pages}]&page_size=100"],
    check=True,
)
with open("pages.json", "wb") as joined:
    for page in sorted(pathlib.Path("pages").iterdir()):
        joined.write(page.read_bytes() + b"\n")
texts = ["id", "phone_number", "format_e164", "format_international", "format_national", "format_rfc"]
texts += ["country_code", "region_code", "available_channels", "default_channel"]
fields = {name: "VARCHAR" for name in texts} | {"opt_out": "BOOLEAN", "is_inherited": "BOOLEAN"}
fields |= {"created_at": "TIMESTAMPTZ", "updated_at": "TIMESTAMPTZ", "customer_id": "VARCHAR"}
contact = ", ".join(f"{name} {kind}" for name, kind in fields.items())
duckdb.sql("set timezone = 'UTC'")
duckdb.sql(
    f"""
    copy (
        select contact.* replace (string_split(contact.available_channels, ',') as available_channels)
        from (
            select unnest(data.contacts) as contact
            from read_json('pages.json', format = 'newline_delimited',
                           columns = {{data: 'STRUCT(contacts STRUCT({contact})[])'}})
        )
    ) to '{output}' (format parquet, compression zstd, compression_level 1, row_group_size 131072)
    """
)
