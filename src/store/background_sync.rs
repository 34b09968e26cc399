//! Syncs a growing file from a second thread.
//!
//! Syncing only at the end would make the run wait there for all bytes, and syncing after every piece would make it wait
//! each time. Here the disk works while the next bytes are produced.

use std::fs::File;
use std::io;
use std::thread::JoinHandle;

use super::file_system::sync_data;

/// At most one sync of a file at a time.
#[derive(Debug, Default)]
pub(crate) struct BackgroundSync {
    under_way: Option<JoinHandle<io::Result<()>>>,
}

impl BackgroundSync {
    /// Starts a sync of what was written so far, unless one is still running; returns whether it did.
    ///
    /// # Errors
    /// When the previous sync failed, or no thread can be started.
    pub(crate) fn begin(&mut self, file: &File) -> io::Result<bool> {
        self.begin_with(file, sync_data)
    }

    fn begin_with(&mut self, file: &File, sync: fn(&File) -> io::Result<()>) -> io::Result<bool> {
        if self.under_way.as_ref().is_some_and(|sync| !sync.is_finished()) {
            return Ok(false);
        }
        self.end()?;
        let file = file.try_clone()?;
        self.under_way = Some(std::thread::Builder::new().name("sync".to_owned()).spawn(move || sync(&file))?);
        Ok(true)
    }

    /// Waits for the sync that is running.
    ///
    /// # Errors
    /// When it failed.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        let joined = self.under_way.take().map(JoinHandle::join);
        joined.map_or(Ok(()), |result| result.unwrap_or_else(|_| Err(io::Error::other("the sync thread died"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_is_begun_anew_once_the_one_before_has_ended() {
        let file = tempfile::tempfile().unwrap();
        let mut sync = BackgroundSync::default();
        assert!(sync.begin(&file).unwrap());
        sync.end().unwrap();
        assert!(sync.begin(&file).unwrap());
        sync.end().unwrap();
        sync.end().unwrap();
    }

    #[test]
    fn a_sync_that_failed_is_reported_by_the_next_call() {
        let fails = |_: &File| Err(io::Error::other("the disk is gone"));
        let file = tempfile::tempfile().unwrap();
        let mut sync = BackgroundSync::default();
        assert!(sync.begin_with(&file, fails).unwrap());
        assert_eq!(sync.end().unwrap_err().to_string(), "the disk is gone");
        assert!(sync.begin_with(&file, fails).unwrap());
        while !sync.under_way.as_ref().is_some_and(JoinHandle::is_finished) {
            std::thread::yield_now();
        }
        sync.begin(&file).unwrap_err();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_system_without_a_sync_is_no_failure() {
        // A socket can be written to but not synced.
        let (socket, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
        let file = File::from(std::os::fd::OwnedFd::from(socket));
        let mut sync = BackgroundSync::default();
        assert!(sync.begin(&file).unwrap());
        sync.end().unwrap();
    }
}
