//! An object that is uploaded in parts while it is written, and appears when it is published.
//!
//! The multipart upload starts when the output is opened, which verifies bucket and permissions. Parts of equal size are
//! uploaded concurrently; `publish` completes the upload, which makes the object visible atomically. Dropping it aborts the
//! upload. The id of an open upload is saved in a file, so that the next run can abort what a killed run left.
//!
//! Memory is the part being filled and up to [`MAX_IN_FLIGHT`] being uploaded.
//!
//! *Easy to get wrong:* stores want all parts but the last to have the same size (Cloudflare R2), of at least 5 MiB (S3),
//! and a key with no more than 10,000 of them (S3).

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use object_store::PutPayload;
use object_store::multipart::PartId;

use super::address::{Cloud, ObjectAddress};
use super::client::Client;
use super::error::ObjectError;
use super::small::size;
use super::stores::{run, spawn};
use crate::store::error::StoreError;
use crate::store::staged::{FileSettings, Staged};
use crate::store::target::ObjectTarget;

/// Bytes of a part: 10,000 of them are 80 GB.
const PART_BYTES: usize = 8 << 20;
/// Maximum number of parts of one object being uploaded.
const MAX_IN_FLIGHT: usize = 2;
/// Maximum time that a failed run waits for an upload to be aborted.
const ABORT_TIMEOUT: Duration = Duration::from_secs(5);

type PartResult = Result<PartId, object_store::Error>;

/// An open upload.
pub(crate) struct Upload {
    address: ObjectAddress,
    client: Arc<dyn Client>,
    id: String,
    part: Vec<u8>,
    in_flight: VecDeque<mpsc::Receiver<PartResult>>,
    parts: Vec<PartId>,
    /// A local copy of the bytes for reading back, because a store does not serve the parts of an open upload.
    copy: Option<File>,
    /// The file that holds the id.
    record: Option<PathBuf>,
    is_published: bool,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Upload").field("address", &self.address.to_string()).finish_non_exhaustive()
    }
}

impl Upload {
    /// Starts an upload, and aborts one that an earlier run left.
    ///
    /// # Errors
    /// When there is no such bucket, or the credentials may not write there.
    pub(crate) fn begin(target: &ObjectTarget, settings: FileSettings) -> Result<Self, StoreError> {
        let address = target.address().clone();
        let client = target.client()?;
        let record = target.state_path().map(|path| path.with_added_extension("upload"));
        if let Some(left) = record.as_ref().and_then(|record| fs::read_to_string(record).ok()) {
            let (key, client) = (address.key.clone(), Arc::clone(&client));
            let aborted = run(async move { client.abort_multipart(&key, &left).await });
            tracing::debug!("aborted the upload that an earlier run left: {address}: {:?}", aborted.err());
        }
        let copy = settings.is_read_back.then(tempfile::tempfile).transpose();
        let copy = copy.map_err(|error| StoreError::Write { path: address.to_string(), source: error.into() })?;
        let (key, creator) = (address.key.clone(), Arc::clone(&client));
        let id = run(async move { creator.create_multipart(&key).await });
        let id = id.map_err(|error| StoreError::object("write to", &address, &error))?;
        if let Some(path) = &record
            && let Err(error) = fs::write(path, &id)
        {
            tracing::warn!("the next run could not abort an upload of this one: {}: {error}", path.display());
        }
        let upload = Self {
            address,
            client,
            id,
            part: Vec::new(),
            in_flight: VecDeque::new(),
            parts: Vec::new(),
            copy,
            record,
            is_published: false,
        };
        upload.prove_permission()?;
        Ok(upload)
    }

    /// Azure has no call that starts an upload; uploading a block that is never committed shows whether writing is allowed.
    fn prove_permission(&self) -> Result<(), StoreError> {
        if self.address.cloud != Cloud::Azure {
            return Ok(());
        }
        let (client, key, id) = (Arc::clone(&self.client), self.address.key.clone(), self.id.clone());
        let put = run(async move { client.put_part(&key, &id, 0, PutPayload::from_static(b"0")).await });
        put.map(drop).map_err(|error| StoreError::object("write to", &self.address, &error))
    }

    /// Sends a part, and waits for the oldest one if there are many.
    fn send_part(&mut self) -> io::Result<()> {
        if self.in_flight.len() >= MAX_IN_FLIGHT {
            self.take_oldest()?;
        }
        let payload = PutPayload::from(std::mem::take(&mut self.part));
        let (client, key, id) = (Arc::clone(&self.client), self.address.key.clone(), self.id.clone());
        let index = self.parts.len() + self.in_flight.len();
        self.in_flight.push_back(spawn(async move { client.put_part(&key, &id, index, payload).await })?);
        Ok(())
    }

    fn take_oldest(&mut self) -> io::Result<()> {
        let Some(oldest) = self.in_flight.pop_front() else { return Ok(()) };
        let part = oldest.recv().map_err(io::Error::other)?;
        self.parts.push(part.map_err(|error| self.io_error(&error))?);
        Ok(())
    }

    fn io_error(&self, error: &object_store::Error) -> io::Error {
        io::Error::other(ObjectError::of(&self.address, error))
    }

    fn forget_record(&self) {
        if let Some(record) = &self.record {
            // If this fails, the next run aborts an upload that no longer exists.
            fs::remove_file(record).ok();
        }
    }
}

/// Checks that an object can be written, and leaves nothing behind.
///
/// # Errors
/// When there is no such bucket, or the credentials may not write there.
pub(crate) fn prove_writable(target: &ObjectTarget, settings: FileSettings) -> Result<(), StoreError> {
    if target.address().cloud == Cloud::Azure {
        // A block would stay for a week, and an object with blocks only counts as existing.
        return size(target).map(drop);
    }
    Upload::begin(target, settings).map(drop)
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.part.capacity() == 0 {
            self.part.reserve_exact(PART_BYTES);
        }
        let taken = bytes.len().min(PART_BYTES - self.part.len());
        if let Some(copy) = &mut self.copy {
            copy.write_all(&bytes[..taken])?;
        }
        self.part.extend_from_slice(&bytes[..taken]);
        if self.part.len() == PART_BYTES {
            self.send_part()?;
        }
        Ok(taken)
    }

    /// A part is sent when it is full, because stores refuse small ones.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Staged for Upload {
    fn seal(&mut self) -> io::Result<()> {
        // An empty object has one empty part.
        if !self.part.is_empty() || self.parts.is_empty() && self.in_flight.is_empty() {
            self.send_part()?;
        }
        while !self.in_flight.is_empty() {
            self.take_oldest()?;
        }
        Ok(())
    }

    fn reopen(&self) -> io::Result<File> {
        let copy = self.copy.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        let mut copy = copy.try_clone()?;
        copy.rewind()?;
        Ok(copy)
    }

    fn publish(mut self: Box<Self>) -> Result<(), StoreError> {
        let (client, key, id) = (Arc::clone(&self.client), self.address.key.clone(), self.id.clone());
        let parts = std::mem::take(&mut self.parts);
        let completed = run(async move { client.complete_multipart(&key, &id, parts).await });
        completed.map_err(|error| StoreError::object("publish", &self.address, &error))?;
        self.is_published = true;
        self.forget_record();
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.is_published {
            return;
        }
        self.in_flight.clear();
        let (client, key, id) = (Arc::clone(&self.client), self.address.key.clone(), self.id.clone());
        let aborting = spawn(async move { client.abort_multipart(&key, &id).await });
        match aborting.map(|aborting| aborting.recv_timeout(ABORT_TIMEOUT)) {
            Ok(Ok(Ok(()))) => self.forget_record(),
            // Its id stays in its file.
            failed => tracing::debug!("cannot abort the upload of {}: {failed:?}", self.address),
        }
    }
}
