//! Detects what files hold before they are read: all files of a report must hold the same.

use std::io::{BufRead, BufReader};
use std::{fs, io};

use super::content::Content;
use super::csv_text::open_csv;
use super::error::SourceError;
use super::find::{FoundFiles, SkipReason, Skipped};
use super::ipc::IpcSource;
use super::parquet;
use super::read::STALL_LIMIT;
use super::source_file::SourceFile;
use super::text_file::open_text;
use super::watch::{Reporter, watch};
use super::xlsx::XlsxSource;
use crate::base::hive::partition_of;
use crate::format::Format;
use crate::resources::PROFILE_ID;

/// Sets the content of each file, and returns that of all. Files of changes are skipped, because they are often next to the
/// exports that they belong to, and so are files of activities next to others.
///
/// A file whose content cannot be detected, such as a pipe, which can be read only once, has the content of the others, or
/// contacts if it is the only file. A file that cannot be read is not an error here; reading it will be.
///
/// # Errors
/// When some hold contacts and others messages, or all hold changes.
pub fn detect_contents(found: &mut FoundFiles) -> Result<Content, SourceError> {
    let mut contents = Vec::new();
    let mut files = Vec::new();
    for mut file in std::mem::take(&mut found.files) {
        let columns = columns_within_time(&file);
        let has_column = columns.iter().flatten().any(|column| column == PROFILE_ID);
        file.has_profiles = has_column || is_of_one_profile(&file);
        if columns.as_deref().is_some_and(are_of_changes) {
            found.skipped.push(Skipped { path: file.path, real: file.real, why: SkipReason::Changes });
        } else {
            contents.push(columns.as_deref().and_then(Content::of_columns));
            files.push(file);
        }
    }
    if let (true, Some(skipped)) = (files.is_empty(), found.skipped.last()) {
        return Err(SourceError::Changes { path: skipped.path.clone() });
    }
    if contents.iter().any(|content| *content != Some(Content::Activities)) {
        skip_activities(found, &mut files, &mut contents);
    }
    let first = |content| contents.iter().position(|found| *found == Some(content));
    let all = match (first(Content::Contacts), first(Content::Messages)) {
        (Some(contacts), Some(messages)) => {
            let [contacts, messages] = [contacts, messages].map(|at| files[at].path.clone());
            return Err(SourceError::MixedContents { contacts, messages });
        }
        (None, Some(_)) => Content::Messages,
        _ if first(Content::Activities).is_some() => Content::Activities,
        _ => Content::Contacts,
    };
    for file in &mut files {
        file.content = all;
    }
    found.files = files;
    Ok(all)
}

/// Moves the files of activities to those that are skipped.
fn skip_activities(found: &mut FoundFiles, files: &mut Vec<SourceFile>, contents: &mut Vec<Option<Content>>) {
    let (skipped, kept): (Vec<_>, Vec<_>) = std::mem::take(files)
        .into_iter()
        .zip(std::mem::take(contents))
        .partition(|(_, content)| *content == Some(Content::Activities));
    (*files, *contents) = kept.into_iter().unzip();
    let why = SkipReason::Activities;
    found.skipped.extend(skipped.into_iter().map(|(SourceFile { path, real, .. }, _)| Skipped {
        path,
        real,
        why: why.clone(),
    }));
}

/// Whether a file of a dataset has the rows of one profile, which its folder is named after.
fn is_of_one_profile(file: &SourceFile) -> bool {
    let folder = file.path.parent().and_then(|folder| folder.file_name()?.to_str());
    file.is_part() && folder.and_then(partition_of).is_some_and(|(column, _)| column == PROFILE_ID)
}

/// Whether columns are those of changes between exports.
fn are_of_changes(columns: &[String]) -> bool {
    let has = |name: &str| columns.iter().any(|column| column == name);
    has("change") && has("changed_fields")
}

/// The names of the columns of a regular file, if they can be read.
fn columns_within_time(file: &SourceFile) -> Option<Vec<String>> {
    if !fs::metadata(&file.real).is_ok_and(|facts| facts.is_file()) {
        return None;
    }
    let source = file.clone();
    let read = move |reporter: &Reporter<()>| columns_of(&source, reporter).ok();
    // A damaged file can hang or crash its reader.
    watch(Some(STALL_LIMIT), read, &mut |()| ()).ok().flatten()
}

/// The names of the columns of a file; for NDJSON, those of the first row.
fn columns_of(file: &SourceFile, reporter: &Reporter<()>) -> Result<Vec<String>, SourceError> {
    let failed = |source: io::Error| SourceError::Read { path: file.path.clone(), source: source.into() };
    match file.format.format() {
        Format::Parquet => parquet::columns_of(file, reporter),
        Format::Arrow | Format::ArrowStream => {
            let schema = IpcSource::open(file, reporter)?.schema();
            Ok(schema.fields().iter().map(|field| field.name().clone()).collect())
        }
        Format::Csv => {
            let mut text = open_csv(file, reporter, &[])?;
            let header = text.reader.headers().map_err(|error| failed(io::Error::other(error)))?;
            Ok(header.iter().map(str::to_owned).collect())
        }
        Format::Xlsx => XlsxSource::open(file, reporter)?.header(),
        Format::Ndjson => {
            let (text, _) = open_text(file, reporter)?;
            let mut lines = BufReader::new(text).lines();
            let is_blank = |line: &io::Result<String>| line.as_ref().is_ok_and(|line| line.trim().is_empty());
            let line = lines.find(|line| !is_blank(line)).transpose().map_err(failed)?.unwrap_or_default();
            let object: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(line.trim_start_matches('\u{feff}')).unwrap_or_default();
            Ok(object.into_iter().map(|(key, _)| key).collect())
        }
    }
}
