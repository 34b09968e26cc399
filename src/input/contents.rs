//! Finds out what files hold before they are read: all of one report hold the same.

use std::io::{BufRead, BufReader};
use std::{fs, io};

use super::content::Content;
use super::csv_text::open_csv;
use super::error::SourceError;
use super::find::{Found, SkipReason, Skipped};
use super::ipc::IpcSource;
use super::parquet;
use super::read::STALL_LIMIT;
use super::source_file::SourceFile;
use super::text_file::open_text;
use super::watch::{Reporter, watch};
use super::xlsx::XlsxSource;
use crate::format::Format;

/// Notes in each file what it holds, and says what all of them do. Files of activities are skipped: they lie beside the
/// messages that they belong to.
///
/// A file that does not show what it holds, such as a pipe, which can be read only once, is taken for what the others hold;
/// alone it holds contacts. One that cannot be read is no error here: that is found when it is read.
///
/// # Errors
/// When some hold contacts and others messages, or all hold activities.
pub fn tell_contents(found: &mut Found) -> Result<Content, SourceError> {
    let mut told = Vec::new();
    let mut files = Vec::new();
    for file in std::mem::take(&mut found.files) {
        let columns = columns_within_time(&file);
        if columns.as_deref().is_some_and(are_of_activities) {
            found.skipped.push(Skipped { path: file.path, real: file.real, why: SkipReason::Activities });
        } else {
            told.push(columns.as_deref().and_then(Content::of_columns));
            files.push(file);
        }
    }
    if let (true, Some(skipped)) = (files.is_empty(), found.skipped.last()) {
        return Err(SourceError::Activities { path: skipped.path.clone() });
    }
    let first = |content| told.iter().position(|found| *found == Some(content));
    let all = match (first(Content::Contacts), first(Content::Messages)) {
        (Some(contacts), Some(messages)) => {
            let [contacts, messages] = [contacts, messages].map(|at| files[at].path.clone());
            return Err(SourceError::MixedContents { contacts, messages });
        }
        (None, Some(_)) => Content::Messages,
        _ => Content::Contacts,
    };
    for file in &mut files {
        file.content = all;
    }
    found.files = files;
    Ok(all)
}

/// The column of activities that tells their message.
const MESSAGE_ID: &str = "message_id";

/// Activities have no id of their own, only that of their message.
fn are_of_activities(columns: &[String]) -> bool {
    let has = |name: &str| columns.iter().any(|column| column == name);
    has(MESSAGE_ID) && !has("id")
}

/// The names of a regular file's columns, if they can be read at all.
fn columns_within_time(file: &SourceFile) -> Option<Vec<String>> {
    if !fs::metadata(&file.real).is_ok_and(|facts| facts.is_file()) {
        return None;
    }
    let source = file.clone();
    let read = move |reporter: &Reporter<()>| columns_of(&source, reporter).ok();
    // A damaged file can keep its reader busy or crash it.
    watch(Some(STALL_LIMIT), read, &mut |()| ()).ok().flatten()
}

/// The names of a file's columns; of NDJSON those of its first row.
fn columns_of(file: &SourceFile, reporter: &Reporter<()>) -> Result<Vec<String>, SourceError> {
    let failed = |source: io::Error| SourceError::Read { path: file.path.clone(), source: source.into() };
    match file.format.format() {
        Format::Parquet => parquet::columns_of(file, reporter),
        Format::Arrow | Format::ArrowStream => {
            let schema = IpcSource::open(file, reporter)?.schema();
            Ok(schema.fields().iter().map(|field| field.name().clone()).collect())
        }
        Format::Csv => {
            let names = [MESSAGE_ID.to_owned()];
            let mut text = open_csv(file, reporter, &names)?;
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
