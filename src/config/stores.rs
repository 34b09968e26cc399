//! The object stores of a run, and where its state is kept.

use std::path::Path;
use std::sync::Arc;

use crate::cli::StoreArgs;
use crate::store::{StoreError, Stores, state_folder};

/// The stores that flags describe. `state_dir` is the folder for the state of runs that was asked for.
///
/// # Errors
/// When that folder cannot be made.
pub fn stores(args: &StoreArgs, state_dir: Option<&Path>) -> Result<Arc<Stores>, StoreError> {
    let folder = state_dir.map(|folder| state_folder(Some(folder))).transpose()?.flatten();
    Ok(Stores::new(&args.store_option, folder))
}
