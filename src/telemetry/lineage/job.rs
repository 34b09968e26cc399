//! The job in events: its name, and the run that started it.

use uuid::Uuid;

/// The job of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LineageJob {
    /// Namespace of the name.
    pub(super) namespace: String,
    /// The name; `None` stands for the name in the jobs file, or else the command.
    pub(super) name: Option<String>,
    /// The run that started this one.
    pub(super) parent: Option<ParentRun>,
    /// The run at the top of the hierarchy.
    pub(super) root: Option<ParentRun>,
}

/// The run of another program, such as a scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParentRun {
    /// Namespace of the job.
    pub(super) namespace: String,
    /// Name of the job.
    pub(super) name: String,
    /// Id of the run.
    pub(super) run_id: Uuid,
}

impl ParentRun {
    /// Parses `NAMESPACE/JOB/RUN`, the form that all OpenLineage clients use. The namespace may contain slashes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().rsplitn(3, '/');
        let run_id = Uuid::try_parse(parts.next()?).ok()?;
        let (name, namespace) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        (!name.is_empty() && !namespace.is_empty()).then_some(Self { namespace, name, run_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_a_namespace_a_job_and_a_run() {
        let id = "0194e7a2-5b1c-7c1e-8f3a-2d4b6c8e0a1f";
        let found = ParentRun::parse(&format!("https://airflow/prod/dag.task/{id}\n")).unwrap();
        assert_eq!((found.namespace.as_str(), found.name.as_str()), ("https://airflow/prod", "dag.task"));
        assert_eq!(found.run_id.to_string(), id);
        for bad in ["", id, &format!("task/{id}"), &format!("//{id}"), "ns/task/manual__2026-11-28", "ns/task/"] {
            assert_eq!(ParentRun::parse(bad), None, "{bad}");
        }
    }
}
