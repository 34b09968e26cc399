//! Compares a file with its manifest: size, checksum and, on request, rows.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::content::{ColumnSet, Content};
use super::error::SourceError;
use super::id_column::{IdColumn, read_ids};
use super::id_error::IdError;
use super::listings::ListedFile;
use super::mirror::Mirror;
use super::piece::{FileFacts, Piece};
use super::read::{check_bytes, read_file};
use super::source_file::SourceFile;
use crate::format::FileFormat;
use crate::resources::PROFILE_ID;
use crate::store::Stores;

/// How much of a file is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Its size and its SHA-256.
    Bytes,
    /// These, and every row.
    Rows,
}

/// The result for a file that matches its manifest.
#[derive(Debug, Default)]
pub struct Verified {
    /// Rows, if they were read.
    pub rows: Option<u64>,
    /// Ids that must be unique, 16 bytes each; with profiles, combined with the profile's id.
    pub ids: Vec<u128>,
    /// Columns with values that cannot be read, with their number.
    pub malformed: Vec<(String, u64)>,
}

/// Compares a file with its entry in the manifest. An object is copied while it is read.
///
/// # Errors
/// When it is missing, cannot be read, or differs.
pub fn verify_file(listed: &ListedFile, depth: Depth, stores: &Arc<Stores>) -> Result<Verified, SourceError> {
    // Only the bytes of a file in an unknown format are compared.
    let format = FileFormat::from_path(Path::new(&listed.listed_path));
    let mut mirror = Mirror::new(stores);
    let file = mirror.source_file(&listed.target, format.unwrap_or(FileFormat::CSV))?;
    let file = SourceFile { published: Some(listed.published.clone()), ..file };
    match (depth, format, Content::of_resource(&listed.resource)) {
        (Depth::Rows, Some(_), Some(content)) => {
            read_rows(&SourceFile { content, columns: ColumnSet::Checked, ..file })
        }
        (Depth::Rows, Some(_), None) => count_rows(&file),
        _ => check_bytes(&file).map(|()| Verified::default()),
    }
}

/// Reads every value.
fn read_rows(file: &SourceFile) -> Result<Verified, SourceError> {
    let id = file.id();
    let mut ids = Vec::new();
    let mut take = |piece: Piece| {
        if let Some(column) = piece.batch.column(id).as_string_opt::<i32>().filter(|_| piece.columns[id]) {
            let profiles = piece.batch.column_by_name(PROFILE_ID).and_then(|of| of.as_string_opt::<i32>());
            // Without its profile, an id that occurs twice may be that of two rows.
            let profile = |row| match profiles.filter(|of| of.is_valid(row)) {
                Some(of) => Some(of.value(row)),
                None => (!file.is_of_several_profiles()).then_some(""),
            };
            let numbered = column.iter().enumerate().filter_map(|(row, id)| Some(id_number(id?, profile(row)?)));
            ids.extend(numbered);
        }
    };
    let facts = read_file(file, &mut take)?;
    Ok(Verified { rows: Some(facts.rows), ids, malformed: malformed_columns(file, &facts) })
}

/// The columns with values that could not be read, with their number.
pub(super) fn malformed_columns(file: &SourceFile, facts: &FileFacts) -> Vec<(String, u64)> {
    let schema = file.schema();
    let malformed = facts.malformed.iter().filter(|&&(_, values)| values > 0);
    malformed.map(|&(column, values)| (schema.field(column).name().clone(), values)).collect()
}

/// Counts the rows of files that belong to an export, such as activities or changes.
fn count_rows(file: &SourceFile) -> Result<Verified, SourceError> {
    check_bytes(file)?;
    let mut rows = 0;
    let counted = read_ids(file, &IdColumn::first_of(&["id", "message_id"]), |_, _| {
        rows += 1;
        Ok(())
    });
    match counted {
        Ok(()) => {}
        Err(IdError::Table(error)) => return Err(error),
        Err(_) => return Err(SourceError::NoColumns { path: file.path.clone() }),
    }
    file.check("rows", rows, |published| published.rows)?;
    Ok(Verified { rows: Some(rows), ..Verified::default() })
}

/// An id as a number; by its hash if it is not a UUID, or belongs to one of several profiles.
fn id_number(id: &str, profile: &str) -> u128 {
    match Uuid::try_parse(id) {
        Ok(id) if profile.is_empty() => id.as_u128(),
        _ => {
            let digest = Sha256::new().chain_update(profile).chain_update([0]).chain_update(id).finalize();
            let (half, _) = digest.split_at(16);
            half.iter().fold(0, |number, &byte| number << 8 | u128::from(byte))
        }
    }
}
