//! Reads a file of any format to its end, and compares it with the manifest of its export.

use std::fs::{self, File};
use std::io::{self, Read};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::constant::ConstantColumn;
use super::error::SourceError;
use super::piece::{FileFacts, Piece, Wanted};
use super::source_file::SourceFile;
use super::watch::{ReadThreadFailure, Reporter, watch};
use super::{csv, ipc, ndjson, parquet, xlsx};
use crate::base::hex::hex;
use crate::format::Format;

/// Timeout for reading without progress. A damaged file can hang its reader, and even the slowest disk reads a few bytes
/// within this time.
pub(super) const STALL_LIMIT: Duration = Duration::from_secs(30);

/// Reads a file to its end, and compares it with the manifest of its export.
///
/// # Errors
/// When it cannot be read, is truncated, differs from its manifest, or has none of the columns.
pub fn read_file(file: &SourceFile, take: &mut dyn FnMut(Piece)) -> Result<FileFacts, SourceError> {
    file.check("bytes", file.bytes, |published| published.bytes)?;
    let mut facts = read_columns(file, Wanted::All, take)?;
    file.check(file.content.noun().many, facts.rows, |published| published.rows)?;
    facts.filters = facts.filters.or_else(|| Some(file.published.as_ref()?.filters.clone()));
    Ok(facts)
}

/// Reads some columns of a file to its end.
///
/// # Errors
/// When it cannot be read, is truncated, or has none of the columns.
pub(super) fn read_columns(
    file: &SourceFile,
    wanted: Wanted,
    take: &mut dyn FnMut(Piece),
) -> Result<FileFacts, SourceError> {
    let source = file.clone();
    let constant = ConstantColumn::of(file).filter(|_| wanted == Wanted::All);
    let in_folder = constant.clone();
    let mut take_whole = |mut piece: Piece| {
        if let Some(column) = &in_folder {
            column.add_to(&mut piece);
        }
        take(piece);
    };
    let read = move |reporter: &Reporter<Piece>| {
        if wanted == Wanted::All {
            check_sum(&source, reporter)?;
        }
        match source.format.format() {
            Format::Parquet => parquet::read(&source, wanted, reporter),
            Format::Arrow | Format::ArrowStream => ipc::read(&source, wanted, reporter),
            Format::Csv => csv::read(&source, wanted, reporter),
            Format::Ndjson => ndjson::read(&source, wanted, reporter),
            Format::Xlsx => xlsx::read(&source, wanted, reporter),
        }
    };
    let mut facts =
        watch(stall_limit(file), read, &mut take_whole).unwrap_or_else(|ended| Err(ended_early(file, ended)))?;
    if let Some(column) = constant {
        facts.absent.retain(|absent| *absent != column.at);
    }
    Ok(facts)
}

/// Compares the bytes of a file with the manifest of its export, and reads no row.
///
/// # Errors
/// When it cannot be read, or differs from what was published.
pub(super) fn check_bytes(file: &SourceFile) -> Result<(), SourceError> {
    file.check("bytes", file.bytes, |published| published.bytes)?;
    let source = file.clone();
    let read = move |reporter: &Reporter<Piece>| check_sum(&source, reporter);
    watch(stall_limit(file), read, &mut |_| ()).unwrap_or_else(|ended| Err(ended_early(file, ended)))
}

fn ended_early(file: &SourceFile, ended: ReadThreadFailure) -> SourceError {
    let path = file.path.clone();
    match ended {
        ReadThreadFailure::Panicked => SourceError::Damaged { path },
        ReadThreadFailure::Stalled(limit) => SourceError::Stalled { path, limit },
        ReadThreadFailure::NotStarted(kind) => SourceError::Open { path, source: kind.into() },
    }
}

/// Timeout for a file without progress; none for a pipe, whose writer may take any time.
pub(super) fn stall_limit(file: &SourceFile) -> Option<Duration> {
    fs::metadata(&file.real).is_ok_and(|facts| facts.is_file()).then_some(STALL_LIMIT)
}

/// Compares the bytes of a file with its manifest before they are parsed.
fn check_sum(file: &SourceFile, reporter: &Reporter<Piece>) -> Result<(), SourceError> {
    let Some((published, listed)) =
        file.published.as_ref().and_then(|published| Some((published, published.sha256.as_ref()?)))
    else {
        return Ok(());
    };
    let failed = |source| SourceError::Open { path: file.path.clone(), source };
    let found = sha256(reporter.watched(File::open(&file.real).map_err(failed)?)).map_err(failed)?;
    if found.eq_ignore_ascii_case(listed) {
        return Ok(());
    }
    Err(SourceError::ChecksumDiffers { path: file.path.clone(), manifest: published.manifest.clone() })
}

/// The SHA-256 of what a reader returns, in hexadecimal digits.
pub(super) fn sha256(mut reader: impl Read) -> io::Result<String> {
    const CHUNK_BYTES: usize = 256 << 10;
    let (mut digest, mut chunk) = (Sha256::new(), vec![0; CHUNK_BYTES]);
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => return Ok(hex(&digest.finalize())),
            Ok(count) => digest.update(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
