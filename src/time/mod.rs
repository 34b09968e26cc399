//! Points in time: parsed from the forms that the API and other programs write, and written as RFC 3339 in UTC.
//!
//! A [`Timestamp`] is a number of microseconds since 1970, as in the files that are written. [`Timestamp::parse`] and its
//! siblings read text, [`push_timestamp`] appends text to a line of a file, and `calendar` converts days and dates.
//!
//! Every module may use this one, which uses none of the others. It is also the only one that uses `chrono`, for forms of
//! text that are too rare for a hand-written fast path. The simulator shares no code with the rest, so it has its own
//! calendar.

pub(crate) mod calendar;
mod parse;
mod span;
mod timestamp;
mod write;
mod zone;

pub use parse::NotATimestamp;
pub use span::Span;
pub use timestamp::{MICROS_PER_DAY, Timestamp};
pub use write::push_timestamp;
pub use zone::Zone;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn no_other_module_uses_chrono() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let time = source.join("time");
        let others = sources(&source).into_iter().filter(|path| !path.starts_with(&time));
        let users: Vec<PathBuf> = others
            .filter(|path| {
                let text = fs::read(path).unwrap();
                String::from_utf8_lossy(&text).contains("chrono::")
            })
            .collect();
        assert!(users.is_empty(), "{users:?}");
    }
}
