"""Runs deploy/airflow/sent_export_daily.py with `airflow dags test` against simulators, and checks how each task ended.

    python3 -m venv target/ci-airflow
    target/ci-airflow/bin/pip install apache-airflow==3.3.2 apache-airflow-providers-standard==1.21.0
    target/ci-airflow/bin/python tests/deploy/try_airflow.py --program target/debug/sent-export

The jobs end with 0, with 99 (nothing has changed), with 6 (a wrong key) and with 5 (no response). Only the last one may be
retried; the test ends as soon as Airflow has scheduled that retry.
"""

import argparse
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
API_KEY = "simulated-organization-key"
# State and number of started attempts, for each job in the order of the file.
EXPECTED = {
    "complete": ("success", 1),
    "unchanged": ("skipped", 1),
    "wrong-key": ("failed", 1),
    "unavailable": ("up_for_retry", 1),
}


def jobs_file(folder, address):
    """The file of jobs; one job has an address where nothing listens."""
    path = folder / "jobs.toml"
    path.write_text(f"""
[defaults]
command = "contacts"
output = "{folder}/{{job}}.parquet"
base-url = "{address}"
rate-limit = "none"
max-retries = 0

[jobs.complete]

[jobs.unchanged]
changes = "{folder}/changes.parquet"
exit-code-unchanged = 99

[jobs.wrong-key]
api-key-env = "WRONG_KEY"

[jobs.unavailable]
base-url = "http://127.0.0.1:1"
""", encoding="utf-8")
    return path


def main():
    parser = argparse.ArgumentParser(description="Run the DAG against simulators")
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the binary to test")
    program = parser.parse_args().program.resolve()
    with tempfile.TemporaryDirectory(prefix="try-airflow-") as name:
        folder = pathlib.Path(name)
        simulator = subprocess.Popen(
            [program, "simulator", "--contacts", "300"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            return attempt(folder, program, simulator.stdout.readline().strip())
        finally:
            simulator.terminate()
            simulator.wait()


def attempt(folder, program, address):
    jobs = jobs_file(folder, address)
    os.environ.update(
        AIRFLOW_HOME=str(folder / "airflow"),
        AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "deploy/airflow"),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        PYTHONDONTWRITEBYTECODE="1",
        SENT_DM_API_KEY=API_KEY,
        WRONG_KEY="no-such-key",
    )
    # The export that the second run finds unchanged.
    subprocess.run([program, "run", jobs, "unchanged", "--quiet"], check=False)
    airflow = pathlib.Path(sys.executable).parent / "airflow"
    migrated = subprocess.run([airflow, "db", "migrate"], capture_output=True, text=True)
    if migrated.returncode != 0:
        print(migrated.stdout[-2000:], migrated.stderr[-2000:])
        return 1
    params = json.dumps({"program": str(program), "jobs_file": str(jobs)})
    log = open(folder / "airflow.log", "w+", encoding="utf-8")
    test = [airflow, "dags", "test", "sent_export_daily", "--conf", params]
    dag = subprocess.Popen(test, stdout=log, stderr=subprocess.STDOUT)
    found = {}
    try:
        deadline = time.monotonic() + 300
        while found != EXPECTED and time.monotonic() < deadline and dag.poll() is None:
            time.sleep(1)
            found = states(folder / "airflow/airflow.db")
        found = states(folder / "airflow/airflow.db")
    finally:
        dag.kill()
        dag.wait()
    for job, ended in found.items():
        print(f"{job}: {ended[0]} after {ended[1]} tries")
    if found == EXPECTED:
        print("passed")
        return 0
    log.seek(0)
    print(log.read()[-8000:])
    print(f"FAILED: expected {EXPECTED}")
    return 1


def states(database):
    """How the mapped tasks ended, by job name."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30) as connection:
        query = "SELECT map_index, state, try_number FROM task_instance WHERE task_id = 'export' AND map_index >= 0"
        rows = connection.execute(query).fetchall()
    return {list(EXPECTED)[index]: (state, tries) for index, state, tries in sorted(rows)}


if __name__ == "__main__":
    sys.exit(main())
