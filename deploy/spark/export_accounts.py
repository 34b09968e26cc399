"""Exports many accounts from the executors of a Spark cluster, then reads them as one table and reports on each account.

    spark-submit export_accounts.py --jobs /etc/sent-export/jobs.toml --table s3a://lake/contacts --report report.ndjson

The program, the file of jobs and the keys that it names must be on every node. The jobs write Parquet files below one folder, as
`account=NAME/contacts.parquet`, where NAME is the name of the job.

Spark reruns the tasks of a lost executor: another executor exports the account that was being exported. The account appears only
once, because an object gets its name when it is complete. Leave speculation off; otherwise two programs would export one account.
"""

import argparse
import ctypes
import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import SparkSession, functions
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

# Exit codes for which a retry may help: API unavailable, and stopped by a signal.
RETRIED = {5, 130, 143}
# The others fail again until someone fixes the cause. After 3, the files are written but unverified.
FAILS_AT_ONCE = {1, 2, 3, 4, 6, 7, 8}

# The columns that the report needs; `account` is part of the path.
COLUMNS = ["id", "available_channels", "opt_out", "updated_at"]
SCHEMA = "id string, available_channels array<string>, opt_out boolean, updated_at timestamp, account string"


def arguments():
    parser = argparse.ArgumentParser(description="Export many accounts from a Spark cluster and report on them")
    parser.add_argument("--program", default="sent-export", help="the program, on every node")
    parser.add_argument("--jobs", required=True, help="file of jobs, on every node")
    parser.add_argument("--table", required=True, help="folder that the jobs write to, as this session reads it")
    parser.add_argument("--reader", choices=["spark", "arrow"], default="spark",
                        help="read the table by Spark's connectors, or by pyarrow, which needs no jar for S3")
    parser.add_argument("--report", help="file for the report, one JSON object an account")
    parser.add_argument("--jobs-per-task", type=int, default=8, help="accounts side by side in a task")
    parser.add_argument("--tries", type=int, default=3, help="tries of an account before it counts as failed")
    parser.add_argument("--retry-delay", type=float, default=300, help="seconds between them")
    return parser.parse_args()


def die_with_worker():
    """Makes Linux stop the program (SIGTERM) when the thread that started it ends, so that no program outlives its executor."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def export(job, settings):
    """Runs a job on this executor, with retries while its exit code is worth one."""
    start = time.monotonic()
    for attempt in range(settings.tries):
        if attempt:
            time.sleep(settings.retry_delay)
        command = [settings.program, "run", settings.jobs, job, "--quiet"]
        code = subprocess.run(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_worker).returncode
        if code not in RETRIED:
            break
    return {"account": job, "exit_code": code, "seconds": round(time.monotonic() - start, 1)}


def export_all(session, jobs, settings):
    """Distributes the jobs over the executors and returns how each ended."""
    size = settings.jobs_per_task
    # Exporting an account mostly means waiting for its quota, so a task runs several at the same time.
    groups = [jobs[at:at + size] for at in range(0, len(jobs), size)]

    def of_task(groups):
        for group in groups:
            with ThreadPoolExecutor(size) as pool:
                yield from pool.map(lambda job: export(job, settings), group)

    return session.sparkContext.parallelize(groups, max(len(groups), 1)).mapPartitions(of_task).collect()


class ParquetFile(InputPartition):
    def __init__(self, path, account):
        self.path, self.account = path, account


class ParquetFolder(DataSource):
    """A folder of an object store, read by pyarrow on the executors, with credentials from their environment."""

    @classmethod
    def name(cls):
        return "parquet_folder"

    def schema(self):
        return SCHEMA

    def reader(self, schema):
        return ParquetFolderReader(self.options["path"])


class ParquetFolderReader(DataSourceReader):
    def __init__(self, url):
        self.url = url

    def partitions(self):
        import pyarrow.fs

        store, root = pyarrow.fs.FileSystem.from_uri(self.url)
        found = store.get_file_info(pyarrow.fs.FileSelector(root, recursive=True))
        paths = [info.path for info in found if info.path.endswith(".parquet")]
        return [ParquetFile(path, path.split("account=")[1].split("/")[0]) for path in paths if "account=" in path]

    def read(self, partition):
        import pyarrow
        import pyarrow.fs
        import pyarrow.parquet

        # The columns of SCHEMA under Spark's names; the file also declares that a channel is never null.
        channels = pyarrow.list_(pyarrow.field("element", pyarrow.string()))
        store, _ = pyarrow.fs.FileSystem.from_uri(self.url)
        with store.open_input_file(partition.path) as file:
            for batch in pyarrow.parquet.ParquetFile(file).iter_batches(columns=COLUMNS):
                columns = {name: batch.column(name) for name in COLUMNS}
                columns["available_channels"] = columns["available_channels"].cast(channels)
                columns["account"] = pyarrow.array([partition.account] * batch.num_rows, pyarrow.string())
                yield pyarrow.RecordBatch.from_pydict(columns)


def read_table(session, settings):
    """All accounts as one table."""
    if settings.reader == "arrow":
        session.dataSource.register(ParquetFolder)
        return session.read.format("parquet_folder").load(settings.table)
    return session.read.parquet(settings.table).select(*COLUMNS, "account")


def by_account(table):
    """One row per account."""
    return table.groupBy("account").agg(
        functions.count("*").alias("contacts"),
        functions.count_distinct("id").alias("distinct_contacts"),
        functions.count_if(functions.size("available_channels") > 0).alias("reachable"),
        functions.count_if("opt_out").alias("opted_out"),
        functions.date_format(functions.max("updated_at"), "yyyy-MM-dd'T'HH:mm:ss'Z'").alias("last_update"),
    )


def report(outcomes, rows):
    """The result for each account: how its job ended, and its rows in the table, which may be from an earlier day."""
    counted = {row["account"]: row.asDict() for row in rows}
    ended = {outcome["account"]: outcome for outcome in outcomes}
    return [{"account": name, **ended.get(name, {}), **counted.get(name, {})} for name in sorted({*ended, *counted})]


def main():
    settings = arguments()
    session = (
        SparkSession.builder.appName("sent-export")
        .config("spark.speculation", "false")
        .config("spark.sql.session.timeZone", "UTC")
        # Names of accounts are strings, even if they look like numbers.
        .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
        .getOrCreate()
    )
    listing = [settings.program, "run", settings.jobs, "--list"]
    listed = subprocess.run(listing, stdout=subprocess.PIPE, text=True, check=True).stdout
    # Each line begins with the name of a job, which has no spaces.
    jobs = [line.split()[0] for line in listed.splitlines()]
    outcomes = export_all(session, jobs, settings)
    lines = report(outcomes, by_account(read_table(session, settings)).collect())
    session.stop()

    for line in lines:
        print(json.dumps(line))
    if settings.report:
        with open(settings.report, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    failed = [line["account"] for line in lines if line.get("exit_code", 0) != 0]
    repeated = [line["account"] for line in lines if line.get("contacts") != line.get("distinct_contacts")]
    print(f"{len(jobs)} accounts, {len(failed)} failed, {len(repeated)} with repeated contacts", *failed, *repeated)
    return 1 if failed or repeated else 0


if __name__ == "__main__":
    sys.exit(main())
