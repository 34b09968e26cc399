"""Downloads all pages with aiohttp, reads them with orjson and writes them with pyarrow.

Usage: aiohttp_orjson.py BASE_URL PAGES CONCURRENCY OUTPUT, where OUTPUT ends in .parquet or .csv
"""

import asyncio
import collections
import sys

import aiohttp
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

base_url, pages, concurrency, output = sys.argv[1:]
TEXTS = ["id", "phone_number", "format_e164", "format_international", "format_national", "format_rfc"]
TEXTS += ["country_code", "region_code", "available_channels", "default_channel"]
FLAGS = ["opt_out", "is_inherited"]
TIMES = ["created_at", "updated_at"]
MICROSECONDS = pa.timestamp("us", tz="UTC")
ROWS = 8192


def batch_of(contacts):
    columns = {}
    for name in TEXTS + ["customer_id"]:
        columns[name] = pa.array([contact.get(name) for contact in contacts], pa.string())
    for name in FLAGS:
        columns[name] = pa.array([contact.get(name) for contact in contacts], pa.bool_())
    for name in TIMES:
        texts = pa.array([contact.get(name) for contact in contacts], pa.string())
        # Arrow refuses a seventh fractional digit, and a time without an offset in a column where others have one.
        texts = pc.replace_substring_regex(texts, r"(\.\d{6})\d+", r"\1")
        texts = pc.replace_substring_regex(texts, r"([0-9])$", r"\1Z") if name in TIMES else texts
        texts = pc.replace_substring_regex(texts, r"\+00:00Z$", "Z")
        columns[name] = texts.cast(MICROSECONDS)
    if output.endswith(".parquet"):
        columns["available_channels"] = pc.split_pattern(columns["available_channels"], ",")
    return pa.record_batch(columns)


def open_writer(schema):
    if output.endswith(".csv"):
        return pa.csv.CSVWriter(output, schema)
    return pa.parquet.ParquetWriter(output, schema, compression="zstd", compression_level=1)


async def pages_in_order(session):
    async def fetch(page):
        async with session.get(f"{base_url}/v3/contacts?page={page}&page_size=100") as answer:
            answer.raise_for_status()
            return await answer.read()

    in_flight = collections.deque()
    for page in range(1, int(pages) + 1):
        in_flight.append(asyncio.create_task(fetch(page)))
        if len(in_flight) == int(concurrency):
            yield await in_flight.popleft()
    while in_flight:
        yield await in_flight.popleft()


async def main():
    rows, writer = [], None
    async with aiohttp.ClientSession() as session:
        async for body in pages_in_order(session):
            rows += orjson.loads(body)["data"]["contacts"]
            if len(rows) >= ROWS:
                batch = batch_of(rows)
                writer = writer or open_writer(batch.schema)
                writer.write_batch(batch) if output.endswith(".parquet") else writer.write(batch)
                rows = []
    if rows:
        batch = batch_of(rows)
        writer = writer or open_writer(batch.schema)
        writer.write_batch(batch) if output.endswith(".parquet") else writer.write(batch)
    writer.close()


asyncio.run(main())
