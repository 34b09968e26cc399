"""Prints the number of rows of a Parquet object, read by pyarrow: `s3_rows.py ENDPOINT BUCKET/KEY`."""

import sys

import pyarrow.fs
import pyarrow.parquet

endpoint, path = sys.argv[1:]
scheme, host = endpoint.split("://")
store = pyarrow.fs.S3FileSystem(
    access_key="test-key", secret_key="secret", endpoint_override=host, scheme=scheme, region="us-east-1"
)
print(pyarrow.parquet.read_table(path, filesystem=store).num_rows)
