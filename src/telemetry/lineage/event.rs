//! A run event, and its facets.

use serde_json::{Map, Value, json};

use super::super::RunRecord;
use super::dataset::LineageDataset;
use super::facet::{PRODUCER, facet, spec, with_schema};
use super::job::{LineageJob, ParentRun};
use super::run_id::run_uuid;

const RUN_EVENT: &str = "2-0-2/OpenLineage.json#/$defs/RunEvent";
const JOB_TYPE: &str = "facets/2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet";
const PARENT: &str = "facets/1-2-0/ParentRunFacet.json#/$defs/ParentRunFacet";
const ENGINE: &str = "facets/1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet";
const ERROR: &str = "facets/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet";

/// The custom facet of this program, described by `schema/lineage-result.schema.json`.
const RESULT_SCHEMA: &str = "urn:sent-export:schema:lineage-result:1";

/// The type of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineageState {
    /// The run starts.
    Start,
    /// The run finished, whatever its verdict.
    Complete,
    /// The run failed.
    Fail,
    /// A signal or a time limit stopped the run.
    Abort,
}

/// One event of a run.
#[derive(Debug)]
pub struct LineageEvent<'a> {
    /// The type.
    pub state: LineageState,
    /// The facts about the run so far.
    pub record: &'a RunRecord,
    /// The inputs.
    pub inputs: &'a [LineageDataset],
    /// The outputs.
    pub outputs: &'a [LineageDataset],
}

impl LineageState {
    /// Its name in OpenLineage.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "START",
            Self::Complete => "COMPLETE",
            Self::Fail => "FAIL",
            Self::Abort => "ABORT",
        }
    }
}

impl LineageEvent<'_> {
    /// The event as one line of JSON.
    pub(super) fn to_json(&self, job: &LineageJob) -> String {
        let record = self.record;
        let is_start = self.state == LineageState::Start;
        let name = job.name.as_ref().or(record.job.as_ref()).unwrap_or(&record.command);
        let job_type = json!({ "processingType": "BATCH", "integration": "SENT_EXPORT", "jobType": "EXPORT" });
        let inputs: Vec<Value> = self.inputs.iter().map(LineageDataset::to_input).collect();
        let outputs: Vec<Value> = self.outputs.iter().map(LineageDataset::to_output).collect();
        let event = json!({
            "eventType": self.state.name(),
            "eventTime": if is_start { &record.started_at } else { &record.finished_at },
            "producer": PRODUCER,
            "schemaURL": spec(RUN_EVENT),
            "run": { "runId": run_uuid(record).to_string(), "facets": self.run_facets(job) },
            "job": {
                "namespace": job.namespace,
                "name": name,
                "facets": { "jobType": facet(JOB_TYPE, job_type) },
            },
            "inputs": inputs,
            "outputs": outputs,
        });
        event.to_string()
    }

    fn run_facets(&self, job: &LineageJob) -> Value {
        let mut facets = Map::new();
        let engine = json!({ "name": "sent-export", "version": self.record.tool_version });
        facets.insert("processing_engine".to_owned(), facet(ENGINE, engine));
        if let Some(parent) = &job.parent {
            let mut content = parent.to_json();
            if let Some(root) = &job.root {
                content["root"] = root.to_json();
            }
            facets.insert("parent".to_owned(), facet(PARENT, content));
        }
        if self.state != LineageState::Start {
            facets.insert("sentExport_result".to_owned(), self.result_facet());
        }
        if let Some(error) = &self.record.error {
            let content = json!({ "message": error.message, "programmingLanguage": "Rust" });
            facets.insert("errorMessage".to_owned(), facet(ERROR, content));
        }
        Value::Object(facets)
    }

    /// The facet with the verdict and the counts of the run.
    fn result_facet(&self) -> Value {
        let record = self.record;
        let content = json!({
            "runId": record.run_id,
            "command": record.command,
            "exitCode": record.exit_code,
            "verdict": record.verdict,
            "isPublished": record.is_published,
            "rows": record.rows,
            "itemsRejected": record.items_rejected,
            "changesSeen": record.changes_seen,
            "boundariesVerified": record.boundaries_verified,
            "requests": record.requests,
            "changes": record.changes,
            "summary": record.summary,
        });
        let mut content = with_schema(RESULT_SCHEMA, content);
        // Unknown values are omitted, as in all OpenLineage facets.
        if let Value::Object(fields) = &mut content {
            fields.retain(|_, value| !value.is_null());
        }
        content
    }
}

impl ParentRun {
    fn to_json(&self) -> Value {
        json!({ "run": { "runId": self.run_id.to_string() }, "job": { "namespace": self.namespace, "name": self.name } })
    }
}
