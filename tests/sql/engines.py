"""The engines that run the printed SQL: each runs a script and returns a table as a list of dictionaries.

Values come back as Python has them: texts, booleans, integers, Decimal, datetime in UTC, lists and dictionaries.
"""

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
    has_conditions = True

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
    """A server of its own on a socket in a temporary folder."""

    formats = ("csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "ndjson.zst")
    has_conditions = True

    def __init__(self, folder):
        self.exported = folder
        self.data = tempfile.mkdtemp()
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [shutil.which("initdb")]
        self.programs = pathlib.Path(programs[-1]).parent
        self.user = []
        if os.getuid() == 0:
            # The server refuses to run as root.
            account = pwd.getpwnam("postgres")
            os.chown(self.data, account.pw_uid, account.pw_gid)
            self.user = ["runuser", "-u", "postgres", "--"]
        self.server("initdb", "-D", self.data, "-U", "sent", "-E", "UTF8", "--locale=C", "-A", "trust", "--no-sync")
        options = f"-c listen_addresses= -c unix_socket_directories={self.data} -c fsync=off"
        self.server("pg_ctl", "-D", self.data, "-o", options, "-l", f"{self.data}/log", "-w", "start")

        self.remove_nul_characters()

    def remove_nul_characters(self):
        """As the printed comment asks: the engine refuses texts that have any."""
        self.folder = f"{self.data}-files"
        os.mkdir(self.folder)
        for path in sorted(pathlib.Path(self.exported).iterdir()):
            copy = pathlib.Path(self.folder, path.name)
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
        # One line a row: JSON escapes line ends.
        lines = self.psql(f"SELECT row_to_json(t) FROM {table} AS t;").split("\n")
        return [restored(json.loads(line, parse_float=decimal.Decimal), columns) for line in lines if line]

    def close(self):
        self.server("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.data)
        shutil.rmtree(self.folder)


class SQLite:
    formats = ("csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "ndjson.zst")
    has_conditions = True

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
    """A row from JSON or text, with times and decimals as such."""
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
    formats = ("parquet", "csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "ndjson.zst")
    has_conditions = False

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
        # Parquet has the values as they are stored; times as text would be cut to the range that is printed.
        self.session.query(
            f"SELECT * FROM {table} FINAL INTO OUTFILE '{path}' TRUNCATE FORMAT Parquet SETTINGS output_format_parquet_string_as_string = 1"
        )
        return arrow_rows(pq.read_table(path))

    def close(self):
        self.session.close()
        shutil.rmtree(self.data, ignore_errors=True)


ENGINES = {"duckdb": DuckDB, "postgres": Postgres, "sqlite": SQLite, "clickhouse": ClickHouse}
