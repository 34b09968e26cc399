//! The contestants: the plain download, the export to each format, and the installed peers.
//!
//! `benches/peers/install` installs the peers' packages into `target/peers`; without them, the peers are skipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::pages::PAGE_ROWS;

/// Where contestants read pages and write results.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) base_url: String,
    pub(crate) contacts: u32,
    /// Requests in flight, for contestants that can configure it.
    pub(crate) concurrency: u32,
    pub(crate) folder: PathBuf,
}

/// A way to get the contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// Fetch all pages and drop them.
    Download,
    /// The export to these outputs.
    Export(&'static [&'static str]),
    /// A script of `benches/peers` and what is passed to it after the task.
    Peer { script: &'static str, output: &'static str },
}

impl Contestant {
    pub(crate) const ALL: [Self; 8] = [
        Self::Download,
        Self::Export(&["c.parquet"]),
        Self::Export(&["c.csv"]),
        Self::Export(&["c.parquet", "c.csv"]),
        Self::Peer { script: "curl_duckdb.py", output: "c.parquet" },
        Self::Peer { script: "aiohttp_orjson.py", output: "c.parquet" },
        Self::Peer { script: "aiohttp_orjson.py", output: "c.csv" },
        Self::Peer { script: "official_sdk.py", output: "c.csv" },
    ];

    pub(crate) fn name(self) -> String {
        match self {
            Self::Download => "download and drop (reqwest)".to_owned(),
            Self::Export(outputs) => format!("sent-export to {}", extensions(outputs)),
            Self::Peer { script, output } => {
                let what = match script {
                    "curl_duckdb.py" => "curl to files, then DuckDB",
                    "aiohttp_orjson.py" => "aiohttp + orjson + pyarrow",
                    _ => "official Python SDK",
                };
                format!("{what}, to {}", extensions(&[output]))
            }
        }
    }

    /// Whether everything that the contestant needs is installed.
    pub(crate) fn is_installed(self) -> bool {
        !matches!(self, Self::Peer { .. }) || python().exists()
    }

    pub(crate) fn command(self, task: &Task) -> Command {
        let Task { base_url, contacts, concurrency, folder } = task;
        let (pages, concurrency) = (contacts.div_ceil(PAGE_ROWS).to_string(), concurrency.to_string());
        let mut command = match self {
            Self::Download => {
                let mut command = Command::new(std::env::current_exe().expect("this bench runs"));
                command.args(["download", base_url, &pages, &concurrency]);
                command
            }
            Self::Export(outputs) => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_sent-export"));
                command.args(["contacts", "--quiet", "--rate-limit", "none", "--base-url", base_url]);
                command.args(outputs.iter().flat_map(|output| ["--output", output]));
                command.args(["--summary", "summary.json", "--concurrency", &concurrency]);
                command.env("SENT_DM_API_KEY", "not-looked-at");
                command
            }
            Self::Peer { script, output } => {
                let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
                let mut command = Command::new(python());
                command.arg(scripts.join(script)).args([base_url, &pages, &concurrency, output]);
                command
            }
        };
        command.current_dir(folder);
        command
    }
}

fn extensions(outputs: &[&str]) -> String {
    let name = |output: &&str| match output.rsplit_once('.') {
        Some((_, "parquet")) => "Parquet",
        _ => "CSV",
    };
    outputs.iter().map(name).collect::<Vec<_>>().join(" and ")
}

fn python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/bin/python")
}
