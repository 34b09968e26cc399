//! What keeps a file from being replaced by a rename.

/// Why a file cannot be replaced by a rename.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// The file itself is mounted there, as with `docker run -v ./contacts.csv:/out/contacts.csv`.
    Mounted,
    /// In a sticky folder, only the owner of a file may replace it.
    OthersInStickyFolder,
    /// The file is immutable.
    Protected,
    /// Its file system cannot rename files.
    NoRename,
}

impl Hindrance {
    /// The reason, for an error message.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Mounted => "it is a mount point",
            Self::OthersInStickyFolder => {
                "it belongs to another user, in a folder where only owners replace their files"
            }
            Self::Protected => "it is immutable or append-only",
            Self::NoRename => "its file system does not rename files",
        }
    }

    /// What to do about it.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Mounted => "mount its folder instead of the file, or make the file writable",
            Self::OthersInStickyFolder => "choose another folder, or have its owner remove the file",
            Self::Protected => {
                "remove the attribute (lsattr shows it, chattr -i -a removes it), or choose another place"
            }
            Self::NoRename => "choose a folder on another file system",
        }
    }
}
