//! Brings a growing file to the disk from a thread beside the one that writes it.
//!
//! A file that is synced only at its end makes the run wait there for all of its bytes; a sync after every piece makes it
//! wait for each. Here the disk works while the next bytes are made.

use std::fs::File;
use std::io;
use std::thread::JoinHandle;

/// At most one sync of a file at a time.
#[derive(Debug, Default)]
pub(crate) struct BackgroundSync {
    under_way: Option<JoinHandle<io::Result<()>>>,
}

impl BackgroundSync {
    /// Begins to bring to the disk what was written so far; says whether it did, for only one sync is under way at a time.
    ///
    /// # Errors
    /// When the sync before failed, or no thread can be started.
    pub(crate) fn begin(&mut self, file: &File) -> io::Result<bool> {
        if self.under_way.as_ref().is_some_and(|sync| !sync.is_finished()) {
            return Ok(false);
        }
        self.end()?;
        let file = file.try_clone()?;
        self.under_way = Some(std::thread::Builder::new().name("sync".to_owned()).spawn(move || file.sync_data())?);
        Ok(true)
    }

    /// Waits for the sync that is under way.
    ///
    /// # Errors
    /// When it failed.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        let joined = self.under_way.take().map(JoinHandle::join);
        joined.map_or(Ok(()), |result| result.unwrap_or_else(|_| Err(io::Error::other("the sync thread died"))))
    }
}
