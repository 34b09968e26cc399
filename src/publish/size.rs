//! Estimates the size of an output from some of its rows.

use std::io::{self, Write};

use arrow::array::RecordBatch;

use super::error::OutputError;
use super::request::OutputRequest;
use super::settings::OutputSettings;

/// Estimates the size in bytes of an output with `rows` rows that are like those of `sample`, which has the written
/// columns. Files compress better the more rows they have, so the estimate tends to be too high. `None` without a row to
/// measure.
///
/// # Errors
/// When the format cannot hold such rows.
pub fn expected_bytes(
    request: &OutputRequest,
    settings: &OutputSettings,
    sample: &RecordBatch,
    rows: u64,
) -> Result<Option<u64>, OutputError> {
    request.format.check_columns(&sample.schema())?;
    let in_sample = sample.num_rows() as u64;
    if in_sample == 0 {
        return Ok(None);
    }
    let empty = size_of(request, settings, &sample.slice(0, 0))?;
    let of_rows = size_of(request, settings, sample)?.saturating_sub(empty);
    Ok(Some(empty + u64::try_from(u128::from(of_rows) * u128::from(rows) / u128::from(in_sample)).unwrap_or(u64::MAX)))
}

fn size_of(request: &OutputRequest, settings: &OutputSettings, batch: &RecordBatch) -> Result<u64, OutputError> {
    let written = || {
        let mut encoder = request.format.open(Counter(0), &batch.schema(), &settings.format)?;
        encoder.write(batch)?;
        encoder.finish()
    };
    written().map(|counter| counter.0).map_err(|source| request.write_error(source))
}

/// Counts bytes and drops them.
#[derive(Debug)]
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
