//! The run log: a file with one line of JSON for every run.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::RunRecord;
use super::line_file::append_line;

/// The runs in a file.
#[derive(Debug, Default)]
pub struct RunLog {
    /// From oldest to newest, in the order in which they were appended.
    pub runs: Vec<RunRecord>,
    /// Lines that are not records.
    pub unreadable: u64,
}

/// Appends a run.
///
/// # Errors
/// When the file cannot be written.
pub fn append_run(path: &Path, record: &RunRecord) -> io::Result<()> {
    append_line(path, &serde_json::to_string(record)?)
}

/// Reads all runs of a file.
///
/// # Errors
/// When it cannot be read.
pub fn read_runs(path: &Path) -> io::Result<RunLog> {
    let mut log = RunLog::default();
    let mut reader = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = line.trim_ascii();
        if !text.is_empty() {
            match serde_json::from_slice(text) {
                Ok(record) => log.runs.push(record),
                Err(_) => log.unreadable += 1,
            }
        }
        line.clear();
    }
    Ok(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_line_is_skipped_and_the_next_one_is_intact() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/runs.jsonl");
        let run = |command: &str| RunRecord { command: command.to_owned(), ..RunRecord::default() };
        append_run(&path, &run("contacts")).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&whole[..], &whole[..whole.len() / 2]].concat()).unwrap();
        assert_eq!(read_runs(&path).unwrap().unreadable, 1);
        append_run(&path, &run("messages")).unwrap();
        let log = read_runs(&path).unwrap();
        let commands: Vec<&str> = log.runs.iter().map(|run| run.command.as_str()).collect();
        assert_eq!((commands, log.unreadable), (vec!["contacts", "messages"], 1));
    }

    #[test]
    fn lines_of_concurrent_runs_are_not_interleaved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        std::thread::scope(|scope| {
            for job in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    let run =
                        RunRecord { job: Some(job.to_string()), summary: "x".repeat(3_000), ..RunRecord::default() };
                    (0..20).for_each(|_| append_run(path, &run).unwrap());
                });
            }
        });
        let log = read_runs(&path).unwrap();
        assert_eq!((log.runs.len(), log.unreadable), (160, 0));
    }
}
