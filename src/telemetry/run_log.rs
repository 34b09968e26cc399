//! A file to which each run appends one line of JSON.
//!
//! Concurrent runs may share a file: a line is one write to a file opened for appending, which the system does not mix with
//! others. A line that a crash or a full disk cut off is skipped when the file is read, and the next run starts a new line.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::RunRecord;

/// The runs in a file.
#[derive(Debug, Default)]
pub struct RunLog {
    /// From oldest to newest, in the order in which they were appended.
    pub runs: Vec<RunRecord>,
    /// Lines that are not records.
    pub unreadable: u64,
}

/// Checks that runs can be appended to a file, which is created if it is missing.
///
/// # Errors
/// When it cannot be opened.
pub fn check_run_log(path: &Path) -> io::Result<()> {
    open(path).map(drop)
}

/// Appends a run.
///
/// # Errors
/// When the file cannot be written.
pub fn append_run(path: &Path, record: &RunRecord) -> io::Result<()> {
    let mut file = open(path)?;
    let mut line = if ends_with_line(&mut file)? { String::new() } else { "\n".to_owned() };
    line += &serde_json::to_string(record)?;
    line.push('\n');
    // One write, so that lines of concurrent runs do not mix.
    let written = file.write(line.as_bytes())?;
    if written < line.len() {
        return Err(io::Error::new(io::ErrorKind::WriteZero, "only a part of the line could be written"));
    }
    file.sync_data().or_else(|error| if error.kind() == io::ErrorKind::Unsupported { Ok(()) } else { Err(error) })
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

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether the file ends with a line end, so that a line can be appended.
fn ends_with_line(file: &mut File) -> io::Result<bool> {
    if !file.metadata()?.is_file() || file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_line_is_skipped_and_does_not_spoil_the_next() {
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
    fn lines_of_runs_side_by_side_do_not_mix() {
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
