//! The object stores of a run: one client for each bucket, all on one thread.
//!
//! Callers block until the response arrives. They may be on any thread, also inside another runtime, because requests run
//! on a runtime of their own ([`run`]).

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::{io, thread};

use tokio::runtime::Handle;

use super::address::ObjectAddress;
use super::client::{Client, StoreOption};
use super::connect::connect;
use super::error::ObjectError;
use crate::store::state::state_folder;

/// The object stores of a run.
#[derive(Default)]
pub struct Stores {
    options: Vec<StoreOption>,
    state_folder: OnceLock<Option<PathBuf>>,
    clients: Mutex<HashMap<String, Arc<dyn Client>>>,
}

impl fmt::Debug for Stores {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values of options can be secrets.
        let options = self.options.iter().map(|option| &option.key);
        formatter.debug_list().entries(options).finish()
    }
}

impl Stores {
    /// Connects to nothing until an object is used. `state_folder` overrides the platform's folder for state.
    pub fn new(options: &[StoreOption], state_folder: Option<PathBuf>) -> Arc<Self> {
        let state_folder = state_folder.map_or_else(OnceLock::new, |folder| OnceLock::from(Some(folder)));
        Arc::new(Self { options: options.to_vec(), state_folder, clients: Mutex::default() })
    }

    /// Where local files for objects are kept: locks, journals, and the ids of open uploads.
    pub(in crate::store) fn state_folder(&self) -> Option<&PathBuf> {
        // Cannot fail without a requested folder.
        self.state_folder.get_or_init(|| state_folder(None).ok().flatten()).as_ref()
    }

    /// The client of the bucket of an object.
    ///
    /// # Errors
    /// When an option is unknown or invalid, or the named credentials cannot be read.
    pub(in crate::store) fn client(&self, address: &ObjectAddress) -> Result<Arc<dyn Client>, ObjectError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&address.bucket) {
            return Ok(Arc::clone(client));
        }
        let client = connect(address, &self.options)?;
        clients.insert(address.bucket.clone(), Arc::clone(&client));
        Ok(client)
    }
}

/// Starts requests on the thread of the stores.
pub(super) fn spawn<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> io::Result<mpsc::Receiver<T>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    runtime()?.spawn(async move {
        // The caller may be gone.
        drop(sender.send(future.await));
    });
    Ok(receiver)
}

/// Sends requests on the thread of the stores, and waits for their results.
pub(super) fn run<T: Send + 'static>(
    future: impl Future<Output = Result<T, object_store::Error>> + Send + 'static,
) -> Result<T, object_store::Error> {
    let failed =
        |source: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic { store: "client", source };
    let answer = spawn(future).map_err(|error| failed(error.into()))?;
    answer.recv().unwrap_or_else(|error| Err(failed(error.into())))
}

/// The runtime of all stores, on a thread that lives as long as the process.
fn runtime() -> io::Result<Handle> {
    static RUNTIME: OnceLock<Handle> = OnceLock::new();
    if let Some(handle) = RUNTIME.get() {
        return Ok(handle.clone());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    // If two are created at the same time, one stays idle.
    let handle = RUNTIME.get_or_init(|| handle).clone();
    if handle.id() == runtime.handle().id() {
        thread::Builder::new()
            .name("stores".to_owned())
            .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    }
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_their_values_not_shown() {
        let option: StoreOption = "Secret-Access-Key=a=b".parse().unwrap();
        assert_eq!((option.key.as_str(), option.value.as_str()), ("secret_access_key", "a=b"));
        let stores = Stores::new(&[option], None);
        assert_eq!(format!("{stores:?}"), r#"["secret_access_key"]"#);
        for wrong in ["endpoint", "=x"] {
            wrong.parse::<StoreOption>().unwrap_err();
        }
    }

    #[test]
    fn requests_are_made_from_inside_another_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(async { run(async { Ok::<_, object_store::Error>(7) }) });
        assert_eq!(answer.unwrap(), 7);
    }
}
