//! Rules for the whole crate.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of_entry = |path: PathBuf| if path.is_dir() { source_files(&path) } else { vec![path] };
    entries.flat_map(of_entry).filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The type that a line defines.
fn defined_type(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().filter(|word| !word.starts_with("pub"));
    let keyword = words.next()?;
    let is_definition = ["struct", "enum", "union", "trait"].contains(&keyword);
    words.next().filter(|_| is_definition)?.split(|character: char| !character.is_alphanumeric()).next()
}

#[test]
fn a_name_stands_for_one_type() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut definitions: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in source_files(&source) {
        for name in fs::read_to_string(&path).unwrap().lines().filter_map(defined_type) {
            definitions.entry(name.to_owned()).or_default().push(path.clone());
        }
    }
    assert!(definitions.len() > 500, "{} types were found", definitions.len());
    definitions.retain(|_, paths| paths.len() > 1);
    assert!(definitions.is_empty(), "{definitions:#?}");
}
