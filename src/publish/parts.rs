//! Splits an output into files with a maximum number of rows: `contacts-00000.csv`, `contacts-00001.csv`.
//!
//! The first part is opened immediately, to verify that it can be written; the others when their first row arrives. An
//! export without rows has one empty part. Parts are split by row count alone, so their bytes do not depend on batches.

use std::num::NonZeroU64;
use std::path::Path;

use arrow::array::RecordBatch;

use super::error::OutputError;
use super::output::{Output, OutputThread, StagedOutput};
use super::request::OutputRequest;
use super::settings::OutputSettings;
use crate::format::FileFormat;
use crate::store::{FileSettings, OutputTarget};

/// Digits of a part's number. More parts are written, but do not sort by name.
const DIGITS: usize = 5;

/// An output that is split into parts.
#[derive(Debug)]
pub(super) struct SplitOutput {
    /// The output as requested; the names of the parts are derived from its name.
    request: OutputRequest,
    settings: OutputSettings,
    files: FileSettings,
    max_rows: u64,
    /// The current part and its number of rows so far.
    open: Option<(OutputThread, u64)>,
    closed: Vec<StagedOutput>,
}

impl SplitOutput {
    /// Opens the first part.
    pub(super) fn open(
        request: &OutputRequest,
        settings: &OutputSettings,
        files: FileSettings,
        max_rows: NonZeroU64,
    ) -> Result<Self, OutputError> {
        let (request, settings, max_rows) = (request.clone(), settings.clone(), max_rows.get());
        let mut parts = Self { request, settings, files, max_rows, open: None, closed: Vec::new() };
        parts.open_next()?;
        Ok(parts)
    }

    fn open_next(&mut self) -> Result<(), OutputError> {
        let target = part_target(&self.request.target, self.closed.len());
        let request = OutputRequest { target, format: self.request.format };
        let output = OutputThread::start(Output::open(&request, &self.settings, self.files)?)?;
        self.open = Some((output, 0));
        Ok(())
    }

    /// Writes rows to the current part, and to the next ones when it is full.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), OutputError> {
        let mut start = 0;
        while start < batch.num_rows() {
            if self.open.as_ref().is_some_and(|(_, rows)| *rows >= self.max_rows) {
                self.close()?;
                self.open_next()?;
            }
            let Some((output, rows)) = &mut self.open else { return Ok(()) };
            let left = usize::try_from(self.max_rows - *rows).unwrap_or(usize::MAX);
            let taken = left.min(batch.num_rows() - start);
            *rows += taken as u64;
            if !output.send(&batch.slice(start, taken)) {
                return self.close();
            }
            start += taken;
        }
        Ok(())
    }

    /// Checks whether the current part has failed.
    pub(super) fn check(&mut self) -> Result<(), OutputError> {
        if self.open.as_ref().is_some_and(|(output, _)| output.has_ended()) { self.close() } else { Ok(()) }
    }

    fn close(&mut self) -> Result<(), OutputError> {
        if let Some((output, _)) = self.open.take() {
            self.closed.push(output.join().and_then(Output::finish)?);
        }
        Ok(())
    }

    /// Closes the last part.
    pub(super) fn finish(mut self) -> Result<Vec<StagedOutput>, OutputError> {
        self.close()?;
        Ok(self.closed)
    }
}

/// The target of a part.
fn part_target(target: &OutputTarget, number: usize) -> OutputTarget {
    let name = target.name().file_name().unwrap_or_default().to_string_lossy();
    let (stem, extension) = split_name(&name);
    target.sibling(&format!("{stem}-{number:0DIGITS$}{extension}"))
}

/// Splits a name before the extension of its format.
fn split_name(name: &str) -> (&str, &str) {
    let extension = FileFormat::of_path(Path::new(name)).map_or(0, |(_, length)| length + 1);
    name.split_at(name.len() - extension)
}

/// Whether a file has the name of a part of the output `output`.
pub fn is_part_of(name: &str, output: &str) -> bool {
    let (stem, extension) = split_name(output);
    let number = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(extension));
    number.is_some_and(|number| number.len() >= DIGITS && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The path of the output to which a part belongs; `None` if the path is not that of a part.
pub fn whole_of_part(path: &str) -> Option<String> {
    let (_, name) = path.rsplit_once('/').unwrap_or(("", path));
    let extension = FileFormat::of_path(Path::new(name)).map_or(0, |(_, length)| length + 1);
    let (stem, extension) = path.split_at(path.len() - extension);
    let whole = stem.rsplit_once('-').map(|(whole, _)| format!("{whole}{extension}"))?;
    is_part_of(path, &whole).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_numbered_before_the_extension() {
        for (name, part) in [("out/c.csv.gz", "out/c-00000.csv.gz"), ("c.parquet", "c-00000.parquet"), ("c", "c-00000")]
        {
            let target = part_target(&OutputTarget::File(name.into()), 0);
            assert_eq!(target.to_string(), part);
            let (name, part) = (Path::new(name), Path::new(part));
            let text = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
            assert!(is_part_of(&text(part), &text(name)));
        }
        for other in ["c.csv", "c-0.csv", "c-00000.parquet", "d-00000.csv", "c-0000x.csv", "c-00000"] {
            assert!(!is_part_of(other, "c.csv"), "{other}");
        }
    }
}
