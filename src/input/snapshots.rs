//! Detects which of several files are older snapshots of the same account.
//!
//! Daily exports in one folder have nearly the same contacts, and adding them up would count each contact once per day. Two
//! exports are of the same account if their manifests have the same API address and the same filters. If one has no
//! manifest, their ids decide: most ids of the smaller file are in the other one, too.
//!
//! For messages only ids decide, and nearly all must be the same: exports of a few days each overlap and are meant to be
//! combined. The parts of a dataset, in folders such as `created_date=2026-11-28`, are not snapshots of each other.
//!
//! *Easy to get wrong:* exports with different filters overlap, too, and may be meant to be counted together. If both have
//! known filters that differ, they are not snapshots of the same account.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use arrow::array::AsArray;

use super::content::Content;
use super::error::SourceError;
use super::piece::{Piece, Wanted};
use super::read::read_columns;
use super::sketch::{Sketch, SketchBuilder};
use super::source_file::SourceFile;
use crate::report::Filters;
use crate::time::Timestamp;

/// Files to count, and older snapshots.
#[derive(Debug, Default)]
pub struct Chosen {
    /// The newest snapshot of each account.
    pub files: Vec<SourceFile>,
    /// Accounts with older snapshots.
    pub snapshots: Vec<Snapshots>,
}

/// Files of the same account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshots {
    /// The newest file.
    pub newest: PathBuf,
    /// The older ones, newest first.
    pub older: Vec<PathBuf>,
}

/// Selects the newest file of each account, in the given order.
///
/// Files without a manifest are read for their ids, if there is more than one file.
///
/// # Errors
/// When such a file cannot be read.
pub fn choose_snapshots(files: Vec<SourceFile>) -> Result<Chosen, SourceError> {
    let (parts, files): (Vec<_>, Vec<_>) = files.into_iter().partition(SourceFile::is_part);
    let (files, others) = first_parts(files);
    let groups = accounts(&files)?;
    let snapshots = groups.iter().filter(|group| group.len() > 1);
    let path = |&at: &usize| files[at].path.clone();
    let snapshots = snapshots.map(|group| Snapshots {
        newest: path(&group[group.len() - 1]),
        older: group[..group.len() - 1].iter().rev().map(path).collect(),
    });
    let snapshots = snapshots.collect();
    let newest: Vec<usize> = groups.iter().filter_map(|group| group.last().copied()).collect();
    let files = files.into_iter().enumerate().filter(|(at, _)| newest.contains(at)).map(|(_, file)| file);
    let files = files.flat_map(|file| with_others(file, &others)).chain(parts).collect();
    Ok(Chosen { files, snapshots })
}

/// The first part of each output, which represents it, and the other parts.
fn first_parts(files: Vec<SourceFile>) -> (Vec<SourceFile>, Vec<SourceFile>) {
    let mut seen = HashSet::new();
    files.into_iter().partition(|file| match &file.published {
        Some(published) if published.is_part => seen.insert(published.manifest.clone()),
        _ => true,
    })
}

/// A file with the other parts of its output.
fn with_others(file: SourceFile, others: &[SourceFile]) -> Vec<SourceFile> {
    let manifest = |file: &SourceFile| file.published.as_ref().map(|published| published.manifest.clone());
    let is_same = |other: &&SourceFile| manifest(other) == manifest(&file);
    let others: Vec<SourceFile> = others.iter().filter(is_same).cloned().collect();
    std::iter::once(file).chain(others).collect()
}

/// Indices of the files of each account, oldest first.
fn accounts(files: &[SourceFile]) -> Result<Vec<Vec<usize>>, SourceError> {
    let mut order: Vec<(Option<Timestamp>, &PathBuf, usize)> =
        files.iter().enumerate().map(|(at, file)| (file.moment(), &file.path, at)).collect();
    order.sort();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (_, _, at) in order {
        let same = groups.iter_mut().find(|group| is_same_export(&files[group[0]], &files[at]));
        match same {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    let is_known = |group: &Vec<usize>| account(&files[group[0]]).is_some();
    if groups.len() < 2 || groups.iter().all(is_known) {
        return Ok(groups);
    }
    let moment = |at: usize| (files[at].moment(), &files[at].path);
    let mut merged: Vec<(Contents, Vec<usize>)> = Vec::new();
    // Sorted by the newest file of each, so that exports of many years are compared with those closest in time.
    groups.sort_by(|one, other| moment(one[one.len() - 1]).cmp(&moment(other[other.len() - 1])));
    for mut group in groups {
        let contents = Contents::read(&files[group[group.len() - 1]])?;
        let is_same = |(others, at): &&mut (Contents, Vec<usize>)| {
            let are_known = is_known(at) && is_known(&group);
            !are_known && contents.are_of_the_same_account(others)
        };
        match merged.iter_mut().rev().find(is_same) {
            Some((newest, others)) => {
                others.append(&mut group);
                *newest = contents;
            }
            None => merged.push((contents, group)),
        }
    }
    for (_, group) in &mut merged {
        group.sort_by_key(|&at| moment(at));
    }
    Ok(merged.into_iter().map(|(_, group)| group).collect())
}

/// Facts about the account from a manifest.
fn account(file: &SourceFile) -> Option<(&str, &Filters)> {
    // Exports of messages of different days are not snapshots of each other.
    let published = file.published.as_ref().filter(|_| file.content == Content::Contacts)?;
    Some((published.api.as_deref()?.trim_end_matches('/'), &published.filters))
}

fn is_same_export(one: &SourceFile, other: &SourceFile) -> bool {
    account(one).is_some_and(|account_of_one| account(other) == Some(account_of_one))
}

/// Facts about the account from the rows of a file.
struct Contents {
    /// Percentage of the ids of the smaller file that must be in the other one.
    common_percent: usize,
    ids: Sketch,
    filters: Option<Filters>,
}

impl Contents {
    fn read(file: &SourceFile) -> Result<Self, SourceError> {
        let common_percent = match file.content {
            Content::Contacts => 50,
            // Exports that overlap by some days are meant to be combined.
            Content::Messages | Content::Activities => 95,
        };
        let mut ids = SketchBuilder::default();
        if !fs::metadata(&file.real).is_ok_and(|facts| facts.is_file()) {
            // A pipe can be read only once.
            return Ok(Self { common_percent, ids: ids.finish(), filters: None });
        }
        let mut take = |piece: Piece| {
            let column = piece.batch.column(file.id()).as_string::<i32>();
            column.iter().flatten().for_each(|id| ids.add(id));
        };
        let facts = read_columns(file, Wanted::Ids, &mut take)?;
        let filters = facts.filters.or_else(|| Some(file.published.as_ref()?.filters.clone()));
        Ok(Self { common_percent, ids: ids.finish(), filters })
    }

    fn are_of_the_same_account(&self, other: &Self) -> bool {
        let differ = self.filters.as_ref().zip(other.filters.as_ref()).is_some_and(|(one, other)| one != other);
        !differ && self.ids.has_ids_of(&other.ids, self.common_percent)
    }
}
