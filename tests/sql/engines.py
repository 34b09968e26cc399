"""The engines that run the printed SQL: each runs a script and returns a table as a list of dictionaries.

Values are returned as Python types: str, bool, int, Decimal, datetime in UTC, list and dict.
"""

import atexit
import contextlib
import datetime
import decimal
import glob
import json
import os
import pathlib
import pwd
import shutil
import sqlite3
import subprocess
import tempfile

UTC = datetime.timezone.utc


def time(text):
    """A time as SQLite and PostgreSQL write it in JSON or text."""
    return None if text is None else datetime.datetime.fromisoformat(text).astimezone(UTC)


def arrow_rows(table):
    return table.to_pylist()


class DuckDB:
    formats = ("parquet", "csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "ndjson.zst")

    def __init__(self, folder):
        import duckdb

        self.connection = duckdb.connect()
        self.connection.sql("SET TimeZone = 'UTC'")
        # Paths in the statements are relative.
        self.connection.sql(f"SET file_search_path = '{folder}'")

    def run(self, sql):
        self.connection.execute(sql)

    def rows(self, table, columns):
        return arrow_rows(self.connection.sql(f"FROM {table}").to_arrow_table())

    def close(self):
        self.connection.close()


class Postgres:
    """A separate server on a socket in a temporary folder, shared by all checks."""

    formats = ("csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "ndjson.zst")
    user = []
    data = None

    def __init__(self, folder):
        if Postgres.data is None:
            self.start(folder)

    def start(self, folder):
        Postgres.data = tempfile.mkdtemp()
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [shutil.which("initdb")]
        Postgres.programs = pathlib.Path(programs[-1]).parent
        if os.getuid() == 0:
            # The server refuses to run as root.
            account = pwd.getpwnam("postgres")
            os.chown(self.data, account.pw_uid, account.pw_gid)
            Postgres.user = ["runuser", "-u", "postgres", "--"]
        self.server("initdb", "-D", self.data, "-U", "sent", "-E", "UTF8", "--locale=C", "-A", "trust", "--no-sync")
        options = f"-c listen_addresses= -c unix_socket_directories={self.data} -c fsync=off"
        self.server("pg_ctl", "-D", self.data, "-o", options, "-l", f"{self.data}/log", "-w", "start")
        atexit.register(self.stop)
        self.remove_nul_characters(folder)

    def remove_nul_characters(self, exported):
        """Removes NUL characters, as the printed comment says, because the engine refuses texts that contain any."""
        Postgres.folder = f"{self.data}-files"
        os.mkdir(self.folder)
        for path in sorted(pathlib.Path(exported).rglob("*")):
            copy = pathlib.Path(self.folder, path.relative_to(exported))
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".csv":
                copy.write_bytes(path.read_bytes().replace(b"\0", b""))
            elif path.suffix == ".ndjson":
                lines = path.read_text().split("\n")
                copy.write_text("\n".join(json.dumps(without_nul(json.loads(line))) if line else "" for line in lines))
            elif path.suffix in (".gz", ".zst"):
                shutil.copy(path, copy)

    def server(self, program, *arguments):
        command = [*self.user, str(self.programs / program), *arguments]
        subprocess.run(command, cwd=self.data, check=True, stdout=subprocess.DEVNULL)

    def psql(self, script):
        command = ["psql", "-X", "-q", "-A", "-t", "-h", self.data, "-U", "sent", "-d", "postgres", "-v", "ON_ERROR_STOP=1"]
        environment = {**os.environ, "PGTZ": "UTC", "PGCLIENTENCODING": "UTF8", "PGOPTIONS": "-c client_min_messages=warning"}
        done = subprocess.run(command, cwd=self.folder, input=script.encode(), env=environment, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def run(self, sql):
        self.psql(sql)

    def rows(self, table, columns):
        # One row per line, because JSON escapes line ends.
        lines = self.psql(f"SELECT row_to_json(t) FROM {table} AS t;").split("\n")
        return [restored(json.loads(line, parse_float=decimal.Decimal), columns) for line in lines if line]

    def close(self):
        self.psql("DROP TABLE IF EXISTS contacts, messages, activities;")

    def stop(self):
        self.server("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.data)
        shutil.rmtree(self.folder)


class SQLite:
    formats = ("csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "ndjson.zst")

    def __init__(self, folder):
        self.folder = folder
        self.database = f"{tempfile.mkdtemp()}/account.db"

    def run(self, sql):
        command = ["sqlite3", "-batch", self.database]
        done = subprocess.run(command, cwd=self.folder, input=sql.encode(), capture_output=True)
        assert done.returncode == 0 and not done.stderr, done.stderr.decode()

    def rows(self, table, columns):
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            rows = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
        for row in rows:
            for name, kind in columns.items():
                if row[name] is not None and kind.startswith("list"):
                    row[name] = json.loads(row[name])
                elif row[name] is not None and kind == "bool":
                    row[name] = bool(row[name])
        return [restored(row, columns) for row in rows]

    def close(self):
        shutil.rmtree(pathlib.Path(self.database).parent)


def without_nul(value):
    if isinstance(value, dict):
        return {key: without_nul(member) for key, member in value.items()}
    if isinstance(value, list):
        return [without_nul(member) for member in value]
    return value.replace("\0", "") if isinstance(value, str) else value


def restored(row, columns):
    """A row from JSON or text, with times and decimals parsed."""
    for name, kind in columns.items():
        if kind.startswith("timestamp"):
            row[name] = time(row[name])
        elif kind.startswith("decimal") and row[name] is not None:
            row[name] = decimal.Decimal(row[name])
        elif kind.startswith("list<element: struct"):
            for member in row[name] or []:
                member["timestamp"] = time(member["timestamp"])
    return row


class ClickHouse:
    formats = ("parquet", "arrow", "arrows", "csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "ndjson.zst")

    def __init__(self, folder):
        from chdb import session

        os.chdir(folder)
        self.data = tempfile.mkdtemp()
        self.session = session.Session(self.data)

    def run(self, sql):
        for statement in sql.split(";\n"):
            if statement.strip():
                self.session.query(statement)

    def rows(self, table, columns):
        import pyarrow.parquet as pq

        path = f"{self.data}/rows.parquet"
        # Parquet has the stored values; times as text would be limited to the printable range.
        self.session.query(
            f"SELECT * FROM {table} FINAL INTO OUTFILE '{path}' TRUNCATE FORMAT Parquet SETTINGS output_format_parquet_string_as_string = 1"
        )
        return arrow_rows(pq.read_table(path))

    def close(self):
        self.session.close()
        shutil.rmtree(self.data, ignore_errors=True)


class Spark:
    formats = ("parquet", "csv", "csv.gz", "ndjson", "ndjson.gz")
    session = None
    warehouse = tempfile.TemporaryDirectory()

    def __init__(self, folder):
        from pyspark.sql import SparkSession

        os.chdir(folder)
        if Spark.session is None:
            settings = {
                "spark.ui.enabled": "false",
                "spark.sql.shuffle.partitions": "1",
                "spark.sql.session.timeZone": "UTC",
                "spark.log.level": "ERROR",
                "spark.sql.warehouse.dir": self.warehouse.name,
            }
            builder = SparkSession.builder.master("local[1]")
            for name, value in settings.items():
                builder = builder.config(name, value)
            Spark.session = builder.getOrCreate()

    def run(self, sql):
        for statement in sql.split(";\n"):
            if statement.strip():
                self.session.sql(statement)

    def rows(self, table, columns):
        return arrow_rows(self.session.table(table).toArrow())

    def close(self):
        for table in self.session.catalog.listTables():
            if not table.isTemporary:
                self.session.sql(f"DROP TABLE {table.name}")


class DuckLake(DuckDB):
    """Uses the last version whose extension is on PyPI."""

    formats = ("parquet",)

    def __init__(self, folder):
        import duckdb_ext

        super().__init__(folder)
        # The reader of the lake does not support a search path.
        os.chdir(folder)
        self.data = tempfile.mkdtemp()
        repository = f"{list(duckdb_ext.__path__)[0]}/extensions"
        self.run(f"SET custom_extension_repository = '{repository}'; SET extension_directory = '{self.data}/extensions';")
        self.run("INSTALL ducklake; LOAD ducklake;")
        self.run(f"ATTACH 'ducklake:{self.data}/lake.ducklake' AS lake (DATA_PATH '{self.data}/files/'); USE lake;")

    def close(self):
        super().close()
        shutil.rmtree(self.data)


class Script:
    """A table that a printed Python script fills, in a separate folder."""

    formats = ("parquet", "arrow")

    def __init__(self, folder):
        self.folder = folder
        self.data = tempfile.mkdtemp()
        for path in pathlib.Path(folder).iterdir():
            os.symlink(path, f"{self.data}/{path.name}")

    def run(self, script):
        os.chdir(self.data)
        exec(compile(script, "script", "exec"), {})

    def close(self):
        os.chdir("/")
        shutil.rmtree(self.data)


class Delta(Script):
    def __init__(self, folder):
        super().__init__(folder)
        # The table is named after the folder of days.
        if os.path.islink(f"{self.data}/messages"):
            os.rename(f"{self.data}/messages", f"{self.data}/days")

    def run(self, script):
        super().run(script.replace('dataset("messages/"', 'dataset("days/"'))

    def rows(self, table, columns):
        from deltalake import DeltaTable

        return arrow_rows(DeltaTable(f"{self.data}/{table}").to_pyarrow_table())


class Iceberg(Script):
    # The package reads its settings only once.
    temporary = tempfile.TemporaryDirectory()
    catalog = temporary.name

    def __init__(self, folder):
        super().__init__(folder)
        settings = {"TYPE": "sql", "URI": f"sqlite:///{self.catalog}/catalog.db", "WAREHOUSE": f"file://{self.catalog}"}
        for name, value in settings.items():
            os.environ[f"PYICEBERG_CATALOG__DEFAULT__{name}"] = value

    def load(self):
        from pyiceberg.catalog import load_catalog

        return load_catalog("default")

    def rows(self, table, columns):
        return arrow_rows(self.load().load_table(f"default.{table}").scan().to_arrow())

    def close(self):
        for table in self.load().list_tables("default"):
            self.load().drop_table(table)
        super().close()


ENGINES = {
    "duckdb": DuckDB,
    "postgres": Postgres,
    "sqlite": SQLite,
    "clickhouse": ClickHouse,
    "spark": Spark,
    "ducklake": DuckLake,
    "delta": Delta,
    "iceberg": Iceberg,
}
