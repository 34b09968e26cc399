"""Runs deploy/spark/export_accounts.py on a Spark cluster: a master and two workers on loopback.

    target/ci-python/bin/python tests/deploy/try_spark.py --program target/debug/sent-export

The accounts are simulators; the bucket is on an S3 server (moto). Midway, one worker is killed with everything that runs on it. In
the end every account must be complete, without duplicate contacts, according to the application's own report, the counts of the
simulators, and `sent-export verify`. It needs Java and the packages of tests/requirements.txt.

`--local` is a shorter test for `.ci/run`: one Spark process, a local folder, and no worker is killed.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import boto3
import pyspark

ROOT = pathlib.Path(__file__).resolve().parents[2]
APPLICATION = ROOT / "deploy/spark/export_accounts.py"
OBJECT_SERVER = ROOT / "tests/readers/object_server.py"
SPARK = pathlib.Path(pyspark.__file__).parent
# Keys that the object server and the simulators accept.
STORE_KEY, API_KEY = "test-key", "simulated-organization-key"


def arguments():
    parser = argparse.ArgumentParser(description="Export many accounts from a local Spark cluster and kill a worker")
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the binary to test")
    parser.add_argument("--accounts", type=int, default=40, help="number of simulated accounts")
    parser.add_argument("--contacts", type=int, default=1000, help="contacts of the first account; each has ten more")
    parser.add_argument("--kill-after", type=int, help="accounts in the bucket before a worker is killed [default: a quarter]")
    parser.add_argument("--local", action="store_true", help="without a cluster, a bucket and a kill")
    return parser.parse_args()


class Programs:
    """All started programs, so that they can be stopped."""

    def __init__(self, folder):
        self.folder, self.started = folder, []

    def start(self, name, command, **more):
        log = open(self.folder / f"{name}.log", "w+", encoding="utf-8")
        program = subprocess.Popen(command, stderr=log, text=True, **{"stdout": log, **more})
        self.started.append(program)
        return program

    def wait_for(self, name, pattern, seconds=90):
        """Waits for a line in a log and returns what its group matched."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = re.search(pattern, (self.folder / f"{name}.log").read_text(encoding="utf-8"))
            if found:
                return found[1]
            time.sleep(0.1)
        raise SystemExit(f"{name} never logged {pattern}")

    def end(self):
        for program in reversed(self.started):
            for process in [*descendants(program.pid), program.pid]:
                kill(process)
            program.wait()


def kill(process):
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass


def descendants(process):
    """All descendants of a process."""
    parents = {}
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in parentheses, may contain spaces.
            parents.setdefault(int(status.read_text().rpartition(")")[2].split()[1]), []).append(int(status.parent.name))
        except (OSError, ProcessLookupError):
            continue
    found, left = [], [process]
    while left:
        children = parents.get(left.pop(), [])
        found += children
        left += children
    return found


def start_accounts(programs, settings):
    """Starts a simulator for each account; returns their addresses and sizes by name."""
    accounts = {}
    for number in range(settings.accounts):
        size = settings.contacts + 10 * number
        command = [settings.program, "simulator", "--contacts", str(size), "--seed", str(number + 1)]
        simulator = programs.start(f"account-{number}", command, stdout=subprocess.PIPE)
        accounts[f"account-{number:03}"] = (simulator.stdout.readline().strip(), size)
    return accounts


def jobs_file(folder, accounts, table, more):
    """The file of jobs."""
    text = f"""
[defaults]
command = "contacts"
output = "{table}/account={{job}}/contacts.parquet"
state-dir = "{folder}/state"
{more}
"""
    for name, (address, _) in accounts.items():
        text += f'\n[jobs.{name}]\nbase-url = "{address}"\n'
    path = folder / "jobs.toml"
    path.write_text(text, encoding="utf-8")
    return path


def start_cluster(programs, environment):
    """A master and two workers of two cores each; returns the master's address and the workers."""
    spark_class = SPARK / "bin/spark-class"
    deploy = "org.apache.spark.deploy"
    master = [spark_class, f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
    programs.start("master", master, env=environment)
    url = programs.wait_for("master", r"Starting Spark master at (spark://\S+)")
    workers = []
    for number in range(2):
        work = programs.folder / f"worker-{number}"
        command = [spark_class, f"{deploy}.worker.Worker", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
        command += ["--cores", "2", "--memory", "1g", "--work-dir", work, url]
        workers.append(programs.start(f"worker-{number}", command, env=environment))
    for number in range(2):
        programs.wait_for(f"worker-{number}", r"(Successfully registered with master)")
    return url, workers


def published(store):
    """The accounts whose data is in the bucket."""
    pages = store.get_paginator("list_objects_v2").paginate(Bucket="lake", Prefix="contacts/")
    return [item["Key"] for page in pages for item in page.get("Contents", []) if item["Key"].endswith(".parquet")]


def main():
    settings = arguments()
    settings.program = settings.program.resolve()
    kill_after = settings.accounts // 4 if settings.kill_after is None else settings.kill_after
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="try-spark-") as folder:
        programs = Programs(pathlib.Path(folder))
        try:
            if settings.local:
                return attempt_locally(programs, settings)
            return attempt(programs, settings, kill_after, start)
        finally:
            programs.end()


def attempt_locally(programs, settings):
    folder = programs.folder
    accounts = start_accounts(programs, settings)
    table = folder / "contacts"
    jobs = jobs_file(folder, accounts, table, 'rate-limit = "none"')
    os.environ.update(SENT_DM_API_KEY=API_KEY, PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1", SPARK_CONF_DIR=str(folder))
    command = [SPARK / "bin/spark-submit", "--master", "local[2]", "--conf", "spark.ui.enabled=false"]
    command += [APPLICATION, "--program", settings.program, "--jobs", jobs, "--table", table, "--report", folder / "report.ndjson"]
    application = subprocess.run(command, capture_output=True, text=True)
    problems = check(folder, settings, accounts, table, [], application.returncode)
    return conclude(problems, application.stderr + application.stdout)


def conclude(problems, said):
    for problem in problems:
        print(f"PROBLEM: {problem}")
    if problems:
        print(said[-8000:])
    print("FAILED" if problems else "passed")
    return 1 if problems else 0


def attempt(programs, settings, kill_after, start):
    folder = programs.folder
    server = programs.start("store", [sys.executable, OBJECT_SERVER, "s3"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    endpoint = f"http://127.0.0.1:{server.stdout.readline().strip()}"
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": STORE_KEY,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "SENT_DM_API_KEY": API_KEY,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        # The loopback cluster must not read this machine's configuration.
        "SPARK_CONF_DIR": str(folder),
    }
    os.environ.update(environment)
    store = boto3.client("s3", endpoint_url=endpoint)
    accounts = start_accounts(programs, settings)
    # Slow enough for a worker to be killed in the middle of a job.
    pace = f'rate-limit = "5/s"\nburst = 1\npage-size = 100\nstore-option = ["endpoint={endpoint}"]'
    jobs = jobs_file(folder, accounts, "s3://lake/contacts", pace)
    master, workers = start_cluster(programs, environment)
    print(f"{len(accounts)} accounts and a cluster after {time.monotonic() - start:.0f} s")

    command = [SPARK / "bin/spark-submit", "--master", master, "--conf", "spark.ui.enabled=false"]
    command += ["--conf", "spark.driver.host=127.0.0.1", "--conf", "spark.executor.memory=512m", "--conf", "spark.executor.cores=2"]
    command += [APPLICATION, "--program", settings.program, "--jobs", jobs, "--table", "s3://lake/contacts", "--reader", "arrow"]
    command += ["--report", folder / "report.ndjson", "--jobs-per-task", "3", "--retry-delay", "1"]
    application = programs.start("application", command, env=environment)

    is_killed = False
    while application.poll() is None:
        if not is_killed and len(published(store)) >= kill_after:
            lost = descendants(workers[1].pid)
            exporting = sum(is_program(process, settings.program) for process in lost)
            for process in [*lost, workers[1].pid]:
                kill(process)
            is_killed = True
            print(f"killed a worker with {exporting} exports after {time.monotonic() - start:.0f} s")
            print(f"{len(published(store))} accounts were published then")
        time.sleep(0.2)
    said = (folder / "application.log").read_text(encoding="utf-8")
    print(said.rstrip().splitlines()[-1])
    problems = [] if is_killed and exporting else ["no export was running on the killed worker"]
    store_option = ["--store-option", f"endpoint={endpoint}"]
    problems += check(folder, settings, accounts, "s3://lake/contacts", store_option, application.returncode)
    open_uploads = urllib.request.urlopen(urllib.request.Request(f"{endpoint}/_admin?uploads=1")).read().decode()
    print(f"{open_uploads} uploads of killed programs are left to the lifecycle rule of the bucket")
    print(f"ended after {time.monotonic() - start:.0f} s")
    return conclude(problems, said)


def is_program(process, program):
    try:
        return os.readlink(f"/proc/{process}/exe") == str(program)
    except OSError:
        return False


def check(folder, settings, accounts, table, options, code):
    """The problems of the result."""
    if code != 0 or not (folder / "report.ndjson").exists():
        return [f"the application ended with exit code {code}"]
    lines = [json.loads(line) for line in (folder / "report.ndjson").read_text(encoding="utf-8").splitlines()]
    found = {line["account"]: (line.get("exit_code"), line.get("contacts"), line.get("distinct_contacts")) for line in lines}
    expected = {name: (0, size, size) for name, (_, size) in accounts.items()}
    problems = [f"{name}: {found.get(name)} and not {want}" for name, want in expected.items() if found.get(name) != want]
    problems += [f"{name} is no account" for name in found.keys() - expected.keys()]
    for name in accounts:
        verify = [settings.program, "verify", f"{table}/account={name}/", *options]
        verified = subprocess.run(verify, capture_output=True, text=True)
        if verified.returncode != 0:
            problems.append(f"verify {name}: exit code {verified.returncode}: {verified.stdout}{verified.stderr}")
    return problems


if __name__ == "__main__":
    sys.exit(main())
