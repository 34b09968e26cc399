//! A library that is preloaded before the C library, built with the C compiler that also builds this program.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use super::command::Run;

static LIBRARY: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let library = folder.path().join("refusing.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/refusing.c");
    let compiler = std::env::var_os("CC").unwrap_or("cc".into());
    let built = Command::new(compiler).args(["-shared", "-fPIC", "-o"]).arg(&library).args([source, "-ldl"]).status();
    assert!(built.expect("there is a C compiler").success());
    (folder, library)
});

/// A run with `refusing.c`, which other variables tell what to do.
pub(crate) fn preloaded(run: Run) -> Run {
    run.env("LD_PRELOAD", Some(LIBRARY.1.to_str().expect("a temporary folder has a plain name")))
}
