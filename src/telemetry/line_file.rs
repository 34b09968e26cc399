//! A file to which runs append lines of JSON.
//!
//! Concurrent runs may share a file: each line is one write to a file opened for appending, and the operating system does
//! not interleave such writes. If a crash or a full disk truncated the last line, the next run starts a new one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Checks that lines can be appended to a file, which is created if it is missing.
///
/// # Errors
/// When it cannot be opened.
pub fn check_line_file(path: &Path) -> io::Result<()> {
    open(path).map(drop)
}

/// Appends a line.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn append_line(path: &Path, text: &str) -> io::Result<()> {
    let mut file = open(path)?;
    let mut line = if ends_with_line(&mut file)? { String::new() } else { "\n".to_owned() };
    line += text;
    line.push('\n');
    // One write, so that lines of concurrent runs are not interleaved.
    let written = file.write(line.as_bytes())?;
    if written < line.len() {
        return Err(io::Error::new(io::ErrorKind::WriteZero, "only a part of the line could be written"));
    }
    file.sync_data().or_else(|error| if error.kind() == io::ErrorKind::Unsupported { Ok(()) } else { Err(error) })
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

/// Whether the file ends with a newline, so that a line can be appended.
fn ends_with_line(file: &mut File) -> io::Result<bool> {
    if !file.metadata()?.is_file() || file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
