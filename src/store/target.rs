//! Where bytes go: a file, an object or standard output.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use object_store::ObjectMeta;
use sha2::{Digest, Sha256};

use super::error::StoreError;
use super::object::{self, ObjectAddress, ObjectError, Stores};
use super::paths::{file_identity, folder_of, is_written_directly, real_path, relative_to};
use super::replace::create_private;
use super::sidecar::Sidecar;
use crate::base::hex::hex;

/// Where an output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputTarget {
    /// A file.
    File(PathBuf),
    /// An object in a store.
    Object(ObjectTarget),
    /// Standard output.
    Stdout,
}

/// An object and the clients of its store.
#[derive(Debug, Clone)]
pub struct ObjectTarget {
    address: ObjectAddress,
    stores: Arc<Stores>,
}

/// An object in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// Its path as seen from the folder.
    pub name: String,
    /// When it was written.
    pub modified: SystemTime,
}

impl fmt::Display for ObjectTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(formatter)
    }
}

impl PartialEq for ObjectTarget {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
    }
}

impl Eq for ObjectTarget {}

impl ObjectTarget {
    /// Its address.
    pub(super) fn address(&self) -> &ObjectAddress {
        &self.address
    }

    /// The last part of its key.
    pub fn file_name(&self) -> &str {
        self.address.file_name()
    }

    /// The folder that it is in.
    #[must_use]
    pub fn folder(&self) -> Self {
        self.at(self.address.folder())
    }

    /// An object below this one; `path` has parts between slashes.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        self.at(self.address.join(path))
    }

    /// Whether this object itself exists, as opposed to others whose keys begin with its key.
    ///
    /// # Errors
    /// When the store does not respond or refuses.
    pub fn exists(&self) -> Result<bool, StoreError> {
        if self.address.is_folder() { Ok(false) } else { Ok(object::size(self)?.is_some()) }
    }

    /// The objects of this folder, without those of folders in it.
    ///
    /// # Errors
    /// When the store does not respond or refuses.
    pub fn list_directly(&self) -> Result<Vec<ListedObject>, StoreError> {
        object::list_directly(self).map(|found| self.listed(found))
    }

    /// The objects of this folder and of all folders below it.
    ///
    /// # Errors
    /// When the store does not respond or refuses.
    pub fn list_all(&self) -> Result<Vec<ListedObject>, StoreError> {
        object::list_all(self).map(|found| self.listed(found))
    }

    fn listed(&self, found: Vec<ObjectMeta>) -> Vec<ListedObject> {
        let listed = |found: ObjectMeta| {
            let name = self.address.below(&self.address.at_key(found.location))?;
            Some(ListedObject { name, modified: found.last_modified.into() })
        };
        found.into_iter().filter_map(listed).collect()
    }

    /// Copies the object to a local file, with the time of its last change. Missing folders are created.
    ///
    /// # Errors
    /// When the object cannot be read or the file cannot be written.
    pub fn copy_to(&self, path: &Path, modified: SystemTime) -> Result<(), StoreError> {
        let failed = |source| StoreError::OpenStaged { path: path.to_owned(), source };
        let folder = path.parent().unwrap_or(path);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let file = create_private(path).map_err(failed)?;
        object::download(self, &file)?;
        file.set_modified(modified).map_err(failed)
    }

    /// The client of its bucket.
    pub(super) fn client(&self) -> Result<Arc<dyn object::Client>, StoreError> {
        self.stores_client().map_err(|error| StoreError::from_object("use", error))
    }

    pub(super) fn stores_client(&self) -> Result<Arc<dyn object::Client>, ObjectError> {
        self.stores.client(&self.address)
    }

    fn at(&self, address: ObjectAddress) -> Self {
        Self { address, stores: Arc::clone(&self.stores) }
    }

    /// The local path from which the names of the object's lock and journal are derived.
    pub(super) fn state_path(&self) -> Option<PathBuf> {
        self.stores
            .state_folder()
            .map(|folder| folder.join(state_name(self.address.file_name(), &self.address.to_string())))
    }
}

/// A unique, readable name for the state of an output.
fn state_name(name: &str, place: &str) -> String {
    let digest = hex(&Sha256::digest(place.as_bytes()));
    format!("{name}-{}", &digest[..12])
}

impl fmt::Display for OutputTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Object(object) => write!(formatter, "{}", object.address),
            Self::Stdout => formatter.write_str("-"),
        }
    }
}

impl OutputTarget {
    /// Parses a path or an address from the command line. `-` is stdout, and so are the names that Unix has for it.
    ///
    /// # Errors
    /// When it starts like the address of an object but is invalid.
    pub fn new(path: &Path, stores: &Arc<Stores>) -> Result<Self, StoreError> {
        let is_stdout =
            ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path.as_os_str() == *name);
        if is_stdout {
            return Ok(Self::Stdout);
        }
        match path.to_str().and_then(ObjectAddress::parse) {
            Some(address) => Ok(Self::Object(ObjectTarget { address: address?, stores: Arc::clone(stores) })),
            None => Ok(Self::File(path.to_owned())),
        }
    }

    /// The path, if this is a file.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Object(_) | Self::Stdout => None,
        }
    }

    /// Whether its form is that of a folder of objects. Whether a local path is a folder is not checked here.
    pub fn is_folder(&self) -> bool {
        matches!(self, Self::Object(object) if object.address.is_folder())
    }

    /// Its name, which ends with the extension that selects the format.
    pub fn name(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Object(object) => Path::new(object.address.file_name()),
            Self::Stdout => Path::new("-"),
        }
    }

    /// Whether written bytes are visible at once and can be neither withheld nor replaced.
    pub fn is_stream(&self) -> bool {
        match self {
            Self::Stdout => true,
            Self::Object(_) => false,
            Self::File(path) => is_written_directly(path) && !path.is_dir(),
        }
    }

    /// The local path from which the names of the output's lock and journal are derived. `None` for a stream, and for an
    /// object without a state folder.
    pub fn state_path(&self) -> Option<PathBuf> {
        match self {
            Self::Stdout => None,
            Self::Object(object) => object.state_path(),
            Self::File(path) if is_written_directly(path) => None,
            Self::File(path) => real_path(path).ok(),
        }
    }

    /// The same path in a state folder shared by all outputs.
    pub fn state_path_in(&self, folder: &Path) -> Option<PathBuf> {
        match self {
            Self::File(path) if !is_written_directly(path) => {
                let place = file_identity(path);
                let name = place.file_name().unwrap_or_default().to_string_lossy();
                Some(folder.join(state_name(&name, &place.to_string_lossy())))
            }
            other => other.state_path(),
        }
    }

    /// The paths where its manifest may be, the current name first; none for a stream.
    pub fn manifests(&self) -> Vec<Self> {
        match self {
            Self::Stdout => Vec::new(),
            Self::File(path) => Sidecar::manifests_of(path).map(Self::File).into(),
            Self::Object(object) => {
                let names = Sidecar::manifests_of(Path::new(object.address.file_name()));
                let sibling = |name: &PathBuf| object.address.sibling(&name.to_string_lossy());
                // Version 0.1 wrote no objects.
                names.first().map(|name| Self::Object(object.at(sibling(name)))).into_iter().collect()
            }
        }
    }

    /// Another output below this folder; `path` has parts between slashes.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        match self {
            Self::File(folder) => Self::File(path.split('/').fold(folder.clone(), |folder, part| folder.join(part))),
            Self::Object(object) => Self::Object(object.at(object.address.join(path))),
            Self::Stdout => Self::Stdout,
        }
    }

    /// The folder that it is in; `None` for stdout.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        match self {
            Self::File(path) => Some(Self::File(folder_of(path).to_owned())),
            Self::Object(object) => Some(Self::Object(object.folder())),
            Self::Stdout => None,
        }
    }

    /// Another output in the same folder.
    #[must_use]
    pub fn sibling(&self, name: &str) -> Self {
        match self {
            Self::File(path) => Self::File(path.with_file_name(name)),
            Self::Object(object) => Self::Object(object.at(object.address.sibling(name))),
            Self::Stdout => Self::Stdout,
        }
    }

    /// Whether it is below a folder.
    pub fn is_below(&self, folder: &Self) -> bool {
        match (self, folder) {
            // The folder itself may be a symbolic link.
            (Self::File(path), Self::File(folder)) => {
                let inside = file_identity(&folder.join("x"));
                inside.parent().is_some_and(|folder| file_identity(path).starts_with(folder))
            }
            (Self::Object(object), Self::Object(folder)) => folder.address.below(&object.address).is_some(),
            _ => false,
        }
    }

    /// Resolves a path that this manifest lists; `None` for anything but a path, such as stdout.
    pub fn resolve(&self, path: &str) -> Option<Self> {
        match (self, ObjectAddress::parse(path)) {
            (_, None) if path == "-" => None,
            (Self::Object(manifest), Some(Ok(address))) => Some(Self::Object(manifest.at(address))),
            (Self::Object(manifest), None) => Some(Self::Object(manifest.folder().join(path))),
            (Self::File(manifest), None) => Some(Self::File(folder_of(manifest).join(path))),
            _ => None,
        }
    }

    /// A text that is the same for every spelling of one output, and differs between two.
    pub fn identity(&self) -> String {
        match self {
            Self::File(path) => file_identity(path).to_string_lossy().into_owned(),
            other => other.to_string(),
        }
    }

    /// The place that holds it and its name there, as catalogs of data name them: `file` and the absolute path, or the
    /// bucket and the key; `None` for a stream.
    pub fn place_and_name(&self) -> Option<(String, String)> {
        match self {
            Self::File(path) if is_written_directly(path) && !path.is_dir() => None,
            Self::File(path) => Some(("file".to_owned(), file_identity(path).to_string_lossy().into_owned())),
            Self::Object(ObjectTarget { address, .. }) => Some(address.bucket_and_key()),
            Self::Stdout => None,
        }
    }

    /// The path relative to the folder of `manifest`, so that both can be moved together; unchanged if there is no relative
    /// path.
    pub fn seen_from(&self, manifest: &Self) -> String {
        match (manifest, self) {
            (Self::File(manifest), Self::File(path)) if !is_written_directly(path) => {
                relative_to(manifest, path).display().to_string()
            }
            (Self::Object(manifest), Self::Object(object)) => {
                manifest.address.relative(&object.address).unwrap_or_else(|| self.to_string())
            }
            _ => self.to_string(),
        }
    }
}
