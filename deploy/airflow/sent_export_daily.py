"""Runs every job of a file each night, with one mapped task per job (Airflow 3).

The program, the file and the keys that it names must be on the workers; the params of the DAG are their paths. A task can resume
only on a worker with the journal of the last attempt, so put the `state-dir` of the jobs on a volume that all workers share.
"""

import logging
import subprocess
from datetime import datetime, timedelta, timezone

from airflow.sdk import Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

log = logging.getLogger(__name__)

# Exit codes for which a retry may help: API unavailable, and stopped by a signal.
RETRIED = {5, 130, 143}
# The others fail again until someone fixes the cause. After 3, the files are written but unverified.
FAILS_AT_ONCE = {1, 2, 3, 4, 6, 7, 8}
# Exit code of jobs with `exit-code-unchanged = 99` if nothing has changed since the last export.
SKIPPED = 99


def run(command):
    """Runs the program and returns its exit code; its messages go to the log of the task."""
    log.info("running %s", " ".join(command))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as program:
        try:
            for line in program.stdout:
                log.info("%s", line.rstrip())
            return program.wait()
        finally:
            # The task was stopped or takes too long; SIGTERM makes the program save its progress.
            if program.poll() is None:
                program.terminate()


def judge(job, code):
    """Turns the exit code of a job into the outcome of its task."""
    if code == 0:
        return
    if code == SKIPPED:
        raise AirflowSkipException(f"{job}: nothing has changed")
    if code in FAILS_AT_ONCE:
        raise AirflowFailException(f"{job}: exit code {code}; not retried")
    # Includes programs that were killed without an exit code of their own, for instance for lack of memory.
    raise AirflowException(f"{job}: exit code {code}; the next attempt resumes")


@dag(
    dag_id="sent_export_daily",
    schedule="17 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    params={
        "program": Param("/usr/local/bin/sent-export", type="string"),
        "jobs_file": Param("/etc/sent-export/jobs.toml", type="string"),
    },
    doc_md=__doc__,
)
def sent_export_daily():
    """One task lists the jobs; one mapped task per job runs it."""

    @task
    def list_jobs(params=None):
        command = [params["program"], "run", params["jobs_file"], "--list"]
        listed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        # Each line begins with the name of a job, which has no spaces.
        return [line.split()[0] for line in listed.splitlines()]

    @task(
        retries=6,
        retry_delay=timedelta(minutes=10),
        execution_timeout=timedelta(hours=6),
        max_active_tis_per_dagrun=50,
        map_index_template="{{ job }}",
    )
    def export(job, params=None):
        get_current_context()["job"] = job
        judge(job, run([params["program"], "run", params["jobs_file"], job]))

    export.expand(job=list_jobs())


sent_export_daily()
