//! The local folder for the state of runs whose outputs are elsewhere: journals, locks and open uploads.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::StoreError;

/// The requested folder, or the platform's folder for state; created if missing. `None` without such a folder: an
/// interrupted run then starts over.
///
/// # Errors
/// When the requested folder cannot be created.
pub fn state_folder(asked: Option<&Path>) -> Result<Option<PathBuf>, StoreError> {
    if let Some(folder) = asked {
        let made = make_private(folder);
        return match made {
            Ok(()) => Ok(Some(folder.to_owned())),
            Err(source) => Err(StoreError::StateFolder { path: folder.to_owned(), source }),
        };
    }
    let Some(folder) = platform_folder() else {
        tracing::warn!("no home folder to keep the state of runs in: name a folder with --state-dir");
        return Ok(None);
    };
    if let Err(error) = make_private(&folder) {
        let shown = folder.display();
        tracing::warn!(
            "an interrupted run starts over, since its state cannot be kept in {shown} (--state-dir): {error}"
        );
        return Ok(None);
    }
    Ok(Some(folder))
}

/// The XDG Base Directory Specification on Unix, and what other platforms have for it.
fn platform_folder() -> Option<PathBuf> {
    let of_variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = if cfg!(windows) {
        of_variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        std::env::home_dir().map(|home| home.join("Library/Application Support"))
    } else {
        of_variable("XDG_STATE_HOME").or_else(|| std::env::home_dir().map(|home| home.join(".local/state")))
    };
    folder.map(|folder| folder.join("sent-export"))
}

/// The folder holds responses of the API, so only its owner can read it.
fn make_private(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
