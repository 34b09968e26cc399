"""Rebuilds each event of a file with the classes of the official Python client, and compares their output with the event."""

import json
import sys
from urllib.parse import urlparse

import attr
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState, set_producer
from openlineage.client.facet_v2 import (
    RunFacet,
    error_message_run,
    job_type_job,
    output_statistics_output_dataset,
    parent_run,
    processing_engine_run,
    schema_dataset,
)
from openlineage.client.serde import Serde

Column = schema_dataset.SchemaDatasetFacetFields


@attr.define
class Result(RunFacet):
    """The custom facet of sent-export; `schema/lineage-result.schema.json` describes its fields."""

    content: dict = attr.field(factory=dict)

    @staticmethod
    def _get_schema():
        return "urn:sent-export:schema:lineage-result:1"


def column(field):
    return Column(**{**field, "fields": [column(part) for part in field.get("fields", [])]})


def facet(build, content):
    """Creates a facet of a class, which adds the members that all facets have."""
    return build(**{name: value for name, value in content.items() if not name.startswith("_")})


def parent(run, job, root=None):
    root = root and parent_run.Root(run=parent_run.RootRun(**root["run"]), job=parent_run.RootJob(**root["job"]))
    return parent_run.ParentRunFacet(run=parent_run.Run(**run), job=parent_run.Job(**job), root=root)


RUN_FACETS = {
    "errorMessage": error_message_run.ErrorMessageRunFacet,
    "parent": parent,
    "processing_engine": processing_engine_run.ProcessingEngineRunFacet,
    "sentExport_result": lambda **content: Result(content=content),
}
OUTPUT_FACETS = {"outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet}
DATASET_FACETS = {
    "schema": lambda fields: schema_dataset.SchemaDatasetFacet(fields=[column(field) for field in fields])
}


def facets(kinds, given):
    return {name: facet(kinds[name], content) for name, content in given.items()}


def dataset(build, given, own):
    given = {**given, "facets": facets(DATASET_FACETS, given["facets"])}
    given[own] = facets(OUTPUT_FACETS, given[own])
    return build(**given)


def rebuilt(event):
    set_producer(event["producer"])
    return RunEvent(
        eventType=RunState(event["eventType"]),
        eventTime=event["eventTime"],
        run=Run(runId=event["run"]["runId"], facets=facets(RUN_FACETS, event["run"]["facets"])),
        job=Job(
            namespace=event["job"]["namespace"],
            name=event["job"]["name"],
            facets=facets({"jobType": job_type_job.JobTypeJobFacet}, event["job"]["facets"]),
        ),
        inputs=[dataset(InputDataset, given, "inputFacets") for given in event["inputs"]],
        outputs=[dataset(OutputDataset, given, "outputFacets") for given in event["outputs"]],
    )


def without_empty(value):
    """Removes empty collections, which the client writes in some places and sent-export in others."""
    if isinstance(value, dict):
        cleaned = {name: without_empty(part) for name, part in value.items()}
        content = cleaned.pop("content", {})
        return {name: part for name, part in {**cleaned, **content}.items() if part not in ({}, [], None)}
    if isinstance(value, list):
        return [without_empty(part) for part in value]
    return value


events = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
for event in events:
    found, wanted = without_empty(event), without_empty(Serde.to_dict(rebuilt(event)))
    assert found == wanted, f"\n{json.dumps(found, sort_keys=True)}\n{json.dumps(wanted, sort_keys=True)}"
    assert urlparse(event["producer"]).scheme, "the producer is a URI"
print(json.dumps([event["eventType"] for event in events]))
