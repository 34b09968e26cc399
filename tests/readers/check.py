"""Reads an export with DuckDB, pyarrow and Polars: types, row counts, and the same values in every format.

Usage: check.py FOLDER ROWS, where FOLDER holds c.parquet, c.arrow and c.arrows, and c.csv and c.ndjson in every codec, of one
run.
"""

import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

folder, rows = sys.argv[1], int(sys.argv[2])
parquet = f"{folder}/c.parquet"

table = pq.read_table(parquet)
assert table.num_rows == rows, table.num_rows
for name in ("created_at", "updated_at"):
    assert table.schema.field(name).type == pa.timestamp("us", tz="UTC"), table.schema
assert table.schema.field("available_channels").type.value_type == pa.string(), table.schema
assert table.schema.field("phone_number").type == pa.string(), table.schema
assert not table.schema.field("id").nullable
assert table.schema.field("opt_out").type == pa.bool_()
metadata = pq.ParquetFile(parquet).metadata
assert metadata.num_row_groups == (rows > 0), metadata
assert metadata.row_group(0).column(0).statistics is not None
assert metadata.row_group(0).column(0).compression == "ZSTD"

with pa.ipc.open_stream(f"{folder}/c.arrows") as stream:
    streamed = stream.read_all()
for name, found in (("c.arrow", pyarrow.feather.read_table(f"{folder}/c.arrow")), ("c.arrows", streamed)):
    found.validate(full=True)
    assert found.schema.equals(table.schema, check_metadata=False), (name, found.schema)
    assert found.equals(table), name
    assert found.schema.metadata[b"sent_export.filters"] == metadata.metadata[b"sent_export.filters"], name
assert polars.read_ipc(f"{folder}/c.arrow").equals(polars.read_parquet(parquet))

types = dict(duckdb.sql(f"select column_name, column_type from (describe from '{parquet}')").fetchall())
assert types["created_at"] == "TIMESTAMP WITH TIME ZONE", types
assert types["available_channels"] == "VARCHAR[]", types
assert types["format_e164"] == "VARCHAR", types

# The sniffer may read digits as numbers, so the types come from the schema. Quoted and unquoted empty cells are distinguished.
columns = {
    name: {"BOOLEAN": "BOOLEAN", "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}.get(kind, "VARCHAR")
    for name, kind in types.items()
}
duckdb.sql("set timezone = 'UTC'")
for name in ("c.csv", "c.csv.gz", "c.csv.zst"):
    csv = f"read_csv('{folder}/{name}', header = true, columns = {columns}, allow_quoted_nulls = false)"
    different = duckdb.sql(
        f"""
        with a as (select * replace (array_to_string(available_channels, ',') as available_channels) from '{parquet}'),
             b as (from {csv})
        select count(*) from ((from a except all from b) union all (from b except all from a))
        """
    ).fetchall()[0][0]
    assert different == 0, f"{name}: {different} rows differ from Parquet"
for name in ("c.ndjson", "c.ndjson.gz", "c.ndjson.zst"):
    ndjson = f"read_json('{folder}/{name}', format = 'newline_delimited', columns = {types})"
    different = duckdb.sql(
        f"""
        with a as (from '{parquet}'), b as (from {ndjson})
        select count(*) from ((from a except all from b) union all (from b except all from a))
        """
    ).fetchall()[0][0]
    assert different == 0, f"{name}: {different} rows differ from Parquet"
print(f"{rows} rows agree in every format")
