//! Small objects: read as a whole, written by one request, and replaced only if they did not change.

use std::fs::File;
use std::io::Write;

use futures::TryStreamExt;
use object_store::{GetResult, ObjectMeta, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion};

use super::error::{ObjectError, ObjectErrorKind};
use super::stores::run;
use crate::store::error::StoreError;
use crate::store::target::ObjectTarget;

/// The state of an object that a run has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Version {
    /// It did not exist.
    Missing,
    /// It existed, with this tag.
    Seen(UpdateVersion),
}

/// Reads a small object; `None` if it does not exist.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn read(target: &ObjectTarget) -> Result<(Option<Vec<u8>>, Version), StoreError> {
    let (client, key) = (target.client()?, target.address().key.clone());
    let answer = run(async move {
        let found: GetResult = match client.get(&key).await {
            Err(object_store::Error::NotFound { .. }) => return Ok((None, Version::Missing)),
            found => found?,
        };
        let ObjectMeta { e_tag, version, .. } = found.meta.clone();
        let bytes = found.bytes().await?;
        Ok((Some(bytes.to_vec()), Version::Seen(UpdateVersion { e_tag, version })))
    });
    answer.map_err(|error| StoreError::object("read", target.address(), &error))
}

/// Writes a small object, replacing any other.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(target: &ObjectTarget, bytes: Vec<u8>) -> Result<(), StoreError> {
    put(target, bytes, PutMode::Overwrite).map(drop).map_err(|error| StoreError::from_object("write to", error))
}

/// Replaces a small object if it did not change; returns its new state. A store without conditional writes writes anyway,
/// with a warning.
///
/// # Errors
/// When another run has written it, or it cannot be written.
pub(crate) fn replace(target: &ObjectTarget, bytes: Vec<u8>, seen: &Version) -> Result<Version, StoreError> {
    let mode = match seen {
        Version::Missing => PutMode::Create,
        Version::Seen(version) => PutMode::Update(version.clone()),
    };
    let put = match put(target, bytes.clone(), mode) {
        Err(error) if error.kind() == ObjectErrorKind::Unsupported => {
            tracing::warn!("{}: the store has no conditional writes, so another run goes unnoticed", target.address());
            self::put(target, bytes, PutMode::Overwrite)
        }
        other => other,
    };
    put.map_err(|error| StoreError::from_object("replace", error))
}

fn put(target: &ObjectTarget, bytes: Vec<u8>, mode: PutMode) -> Result<Version, ObjectError> {
    let (client, key) = (target.stores_client()?, target.address().key.clone());
    let put = run(async move {
        let options = PutOptions { mode, ..PutOptions::default() };
        client.put_opts(&key, PutPayload::from(bytes), options).await
    });
    let put = put.map_err(|error| ObjectError::of(target.address(), &error))?;
    Ok(Version::Seen(UpdateVersion { e_tag: put.e_tag, version: put.version }))
}

/// Removes an object; a missing one is no error.
///
/// # Errors
/// When it cannot be removed.
pub(crate) fn remove(target: &ObjectTarget) -> Result<(), StoreError> {
    let (client, key) = (target.client()?, target.address().key.clone());
    match run(async move { client.delete(&key).await }) {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(StoreError::object("remove", target.address(), &error)),
    }
}

/// The size of an object in bytes; `None` if it does not exist.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn size(target: &ObjectTarget) -> Result<Option<u64>, StoreError> {
    let (client, key) = (target.client()?, target.address().key.clone());
    match run(async move { client.head(&key).await }) {
        Ok(found) => Ok(Some(found.size)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(StoreError::object("read", target.address(), &error)),
    }
}

/// The objects below a folder, at any depth.
///
/// # Errors
/// When they cannot be listed.
pub(crate) fn list_all(target: &ObjectTarget) -> Result<Vec<ObjectMeta>, StoreError> {
    let (client, key) = (target.client()?, target.address().key.clone());
    let listed = run(async move { client.list(Some(&key)).try_collect().await });
    listed.map_err(|error| StoreError::object("list", target.address(), &error))
}

/// The objects of a folder itself.
///
/// # Errors
/// When they cannot be listed.
pub(crate) fn list_directly(target: &ObjectTarget) -> Result<Vec<ObjectMeta>, StoreError> {
    let (client, key) = (target.client()?, target.address().key.clone());
    let listed = run(async move { client.list_with_delimiter(Some(&key)).await });
    listed.map(|listed| listed.objects).map_err(|error| StoreError::object("list", target.address(), &error))
}

/// Copies an object into a file.
///
/// # Errors
/// When the object cannot be read, or the file not written.
pub(crate) fn download(target: &ObjectTarget, file: &File) -> Result<(), StoreError> {
    let (client, key) = (target.client()?, target.address().key.clone());
    let failed = |source| StoreError::Write { path: "a copy in the folder for temporary files".to_owned(), source };
    let mut file = file.try_clone().map_err(|error| failed(error.into()))?;
    let copied = run(async move {
        let mut stream = client.get(&key).await?.into_stream();
        while let Some(bytes) = stream.try_next().await? {
            if let Err(error) = file.write_all(&bytes) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    });
    let written = copied.map_err(|error| StoreError::object("read", target.address(), &error))?;
    written.map_err(|error| failed(error.into()))
}
