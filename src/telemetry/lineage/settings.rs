//! Settings of lineage: the target of events, the job, and the run that started it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use super::event::LineageEvent;
use super::job::{LineageJob, ParentRun};
use crate::telemetry::line_file::{append_line, check_line_file};
use crate::telemetry::post::{AddressProblem, BearerToken, PostAddress, PostError};

/// The default namespace of jobs.
const DEFAULT_NAMESPACE: &str = "sent-export";
/// The default path of servers, as in OpenLineage clients.
const DEFAULT_PATH: &str = "api/v1/lineage";

/// The flags of lineage, as given.
#[derive(Debug, Clone, Copy, Default)]
pub struct LineageFlags<'a> {
    /// A file or an address.
    pub target: &'a str,
    /// The namespace of the job.
    pub namespace: Option<&'a str>,
    /// The name of the job.
    pub job: Option<&'a str>,
}

/// The environment variables that all OpenLineage clients read. An empty variable counts as not set.
#[derive(Debug, Clone, Default)]
pub struct LineageVariables {
    /// `OPENLINEAGE_API_KEY`
    pub api_key: Option<String>,
    /// `OPENLINEAGE_PARENT_ID`
    pub parent: Option<String>,
    /// `OPENLINEAGE_ROOT_PARENT_ID`
    pub root: Option<String>,
}

/// The target of events and the job in them.
#[derive(Debug)]
pub struct Lineage {
    sink: LineageSink,
    job: LineageJob,
}

/// An event that is being delivered on another thread.
pub type PendingEvent = JoinHandle<Result<(), EmitError>>;

#[derive(Debug)]
enum LineageSink {
    File(PathBuf),
    Address { address: PostAddress, token: Option<BearerToken> },
}

/// Why lineage settings are invalid.
#[derive(Debug, thiserror::Error)]
pub enum LineageError {
    /// Neither a file nor an HTTP address. It may be a secret, so only its scheme is shown.
    #[error("--lineage takes a file on this machine, or an address that begins with https:// or http://, not {0}")]
    Target(String),
    /// The address is invalid.
    #[error("--lineage (or SENT_EXPORT_LINEAGE) is not a usable address: {0}")]
    Address(AddressProblem),
    /// The file cannot be appended to.
    #[error("cannot append to {path} (--lineage)")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A variable does not name a run.
    #[error("{variable} is not NAMESPACE/JOB/RUN with the UUID of a run: {value:?}")]
    Parent {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// The token has characters that are invalid in a header.
    #[error("OPENLINEAGE_API_KEY is not a usable token: it has white space or characters outside ASCII")]
    Token,
}

/// Why an event was not delivered. Shows no secrets.
#[derive(Debug, thiserror::Error)]
pub enum EmitError {
    /// The file cannot be appended to.
    #[error("cannot append to {path} (--lineage, {state}): {source}")]
    File {
        /// The file.
        path: String,
        /// Which event.
        state: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The server did not accept the event.
    #[error("cannot send lineage ({state}) to {host}: {source}")]
    Post {
        /// Host of the server.
        host: String,
        /// Which event.
        state: &'static str,
        /// Why.
        source: PostError,
    },
    /// The thread that sends it cannot be started.
    #[error("cannot send lineage ({state}): {source}")]
    Thread {
        /// Which event.
        state: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl LineageError {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Target(_) => "name a local file, like lineage.jsonl, or a server, like http://marquez:5000",
            Self::Address(_) => "write the whole address, like https://lineage.example.com/api/v1/lineage",
            Self::File { .. } => "name a file in a folder that can be written to",
            Self::Parent { .. } => "set it as the scheduler gives it, like airflow/dag.task/UUID, or unset it",
            Self::Token => "set it to the token alone, or unset it",
        }
    }
}

impl Lineage {
    /// Checks flags and variables.
    ///
    /// # Errors
    /// When one of them is invalid.
    pub fn new(flags: LineageFlags<'_>, variables: LineageVariables) -> Result<Self, LineageError> {
        let LineageVariables { api_key, parent, root } = variables;
        let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let job = LineageJob {
            namespace: given(flags.namespace).unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
            name: given(flags.job),
            parent: parent_run("OPENLINEAGE_PARENT_ID", parent)?,
            root: parent_run("OPENLINEAGE_ROOT_PARENT_ID", root)?,
        };
        Ok(Self { sink: LineageSink::new(flags.target, api_key)?, job })
    }

    /// The file of events, if they are not posted.
    pub fn file(&self) -> Option<&Path> {
        match &self.sink {
            LineageSink::File(path) => Some(path),
            LineageSink::Address { .. } => None,
        }
    }

    /// Checks that events can be appended to the file, if they are not posted.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn check_file(&self) -> Result<(), LineageError> {
        let Some(path) = self.file() else { return Ok(()) };
        check_line_file(path).map_err(|source| LineageError::File { path: path.display().to_string(), source })
    }

    /// Appends or posts an event.
    ///
    /// # Errors
    /// When it cannot be delivered.
    pub fn emit(&self, event: &LineageEvent<'_>) -> Result<(), EmitError> {
        self.deliver(event.to_json(&self.job), event.state.name())
    }

    /// Like [`emit`](Self::emit), but does not wait for a server: the result is known when the thread ends.
    ///
    /// # Errors
    /// When it cannot be appended, or the thread cannot be started.
    pub fn emit_in_background(self: &Arc<Self>, event: &LineageEvent<'_>) -> Result<Option<PendingEvent>, EmitError> {
        let (body, state) = (event.to_json(&self.job), event.state.name());
        if self.file().is_some() {
            return self.deliver(body, state).map(|()| None);
        }
        let lineage = Arc::clone(self);
        let thread = std::thread::Builder::new().name("lineage".to_owned());
        let started = thread.spawn(move || lineage.deliver(body, state));
        started.map(Some).map_err(|source| EmitError::Thread { state, source })
    }

    fn deliver(&self, body: String, state: &'static str) -> Result<(), EmitError> {
        match &self.sink {
            LineageSink::File(path) => append_line(path, &body).map_err(|source| {
                let path = path.display().to_string();
                EmitError::File { path, state, source }
            }),
            LineageSink::Address { address, token } => address.post(body, token.as_ref()).map_err(|source| {
                let host = address.host().to_owned();
                EmitError::Post { host, state, source }
            }),
        }
    }
}

impl LineageSink {
    fn new(target: &str, api_key: Option<String>) -> Result<Self, LineageError> {
        let target = target.trim();
        match target.split_once("://") {
            Some((scheme, _)) if ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) => {
                let address = PostAddress::new(target).map_err(LineageError::Address)?;
                let token = api_key.map(|key| BearerToken::new(&key).ok_or(LineageError::Token)).transpose()?;
                Ok(Self::Address { address: address.with_default_path(DEFAULT_PATH), token })
            }
            Some((scheme, _)) => Err(LineageError::Target(format!("{scheme}://..."))),
            None if target.is_empty() || target == "-" => Err(LineageError::Target(format!("{target:?}"))),
            None => Ok(Self::File(PathBuf::from(target))),
        }
    }
}

/// The run that a variable names, if the variable is set.
fn parent_run(variable: &'static str, value: Option<String>) -> Result<Option<ParentRun>, LineageError> {
    let Some(value) = value else { return Ok(None) };
    ParentRun::parse(&value).map_or_else(|| Err(LineageError::Parent { variable, value }), |parent| Ok(Some(parent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_file_or_an_address_and_errors_show_only_its_scheme() {
        let new =
            |target| Lineage::new(LineageFlags { target, ..LineageFlags::default() }, LineageVariables::default());
        assert_eq!(new("logs/lineage.jsonl").unwrap().file(), Some(Path::new("logs/lineage.jsonl")));
        assert_eq!(new("HTTPS://user:secret@marquez").unwrap().file(), None);
        for bad in ["ftp://secret", "s3://secret/x", "http://", "-", ""] {
            let error = new(bad).unwrap_err();
            assert!(error.to_string().starts_with("--lineage ") && !error.to_string().contains("secret"), "{error}");
        }
        let variables = LineageVariables { api_key: Some("two words".to_owned()), ..LineageVariables::default() };
        let flags = LineageFlags { target: "http://marquez", ..LineageFlags::default() };
        let error = Lineage::new(flags, variables).unwrap_err().to_string();
        assert!(error.contains("OPENLINEAGE_API_KEY") && !error.contains("two"), "{error}");
        let variables = LineageVariables { parent: Some("dag/task".to_owned()), ..LineageVariables::default() };
        let error = Lineage::new(flags, variables).unwrap_err().to_string();
        assert_eq!(error, r#"OPENLINEAGE_PARENT_ID is not NAMESPACE/JOB/RUN with the UUID of a run: "dag/task""#);
    }
}
