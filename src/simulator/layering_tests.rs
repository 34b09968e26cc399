//! Tests that no file of the simulator imports anything from the rest of the crate.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines with a path out of the simulator: to the crate or to the parent folder.
fn outside_paths(path: &Path, text: &str, depth: usize) -> Vec<String> {
    let mut found = Vec::new();
    let is_test_file = path.to_string_lossy().ends_with("_tests.rs");
    let mut depth = if is_test_file { depth + 1 } else { depth };
    for (line, number) in text.lines().zip(1_usize..) {
        // Tests are in a module at the end of a file.
        if line.starts_with("mod tests {") {
            depth += 1;
        }
        let code = line.split("//").next().unwrap_or_default();
        for (start, _) in code.match_indices("crate::") {
            if !code[start..].starts_with("crate::simulator") {
                found.push(format!("{}:{number}: {line}", path.display()));
            }
        }
        let supers = code.split("::").filter(|part| part.trim_end().ends_with("super")).count();
        if supers > depth || code.contains("sent_export::") || code.contains("{crate") {
            found.push(format!("{}:{number}: {line}", path.display()));
        }
    }
    found
}

/// How many `super` segments lead from a file to the simulator's folder.
fn depth_of(inside: &Path) -> usize {
    let folders = inside.components().count() - 1;
    let is_module_file = inside.file_name().is_some_and(|name| name == "mod.rs");
    folders + usize::from(!is_module_file)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn the_simulator_imports_nothing_of_the_rest_of_the_crate() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/simulator");
    let files = files(&folder);
    assert!(files.len() > 30, "{files:?}");
    let this = folder.join("layering_tests.rs");
    let mut found = Vec::new();
    for path in files.iter().filter(|path| **path != this) {
        let inside = path.strip_prefix(&folder).unwrap();
        found.extend(outside_paths(inside, &fs::read_to_string(path).unwrap(), depth_of(inside)));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn outside_paths_are_found() {
    let path = Path::new("state/answer.rs");
    for line in ["use crate::config::Config;", "let x = crate::error::Error::Y;", "use super::super::super::api;"] {
        assert_eq!(outside_paths(path, line, depth_of(path)).len(), 1, "{line}");
    }
    for line in
        ["use super::super::reply::Reply;", "// crate::config", "use crate::simulator::Settings;", "mod tests {"]
    {
        assert!(outside_paths(path, line, depth_of(path)).is_empty(), "{line}");
    }
    let inside_tests = "mod tests {\n    use super::super::super::reply::Reply;";
    assert!(outside_paths(path, inside_tests, depth_of(path)).is_empty());
}
