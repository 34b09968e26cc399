//! Which columns are written, and how phone numbers in them are protected.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::ConfigError;
use super::row_format::RowFormat;
use crate::cli::ColumnArgs;
use crate::format::{ColumnError, Projection};
use crate::resources::Personal;
use crate::transform::{MIN_KEY_BYTES, OptionalColumn, PhoneKey, PhoneProtection, RowTransform, with_optional};

/// A key has a few dozen bytes; a wrong path must not read a huge file.
const MAX_KEY_BYTES: u64 = 64 << 10;

/// How phone numbers are protected; `None` if they are written as sent.
///
/// # Errors
/// When the file with the key cannot be read, or is too short or too long.
pub(super) fn phone_protection(args: &ColumnArgs) -> Result<Option<PhoneProtection>, ConfigError> {
    match &args.hash_phones {
        Some(path) => Ok(Some(PhoneProtection::Hash(read_phone_key(path)?))),
        None => Ok(args.mask_phones.then_some(PhoneProtection::Mask)),
    }
}

fn read_phone_key(path: &Path) -> Result<PhoneKey, ConfigError> {
    let shown = || path.display().to_string();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_KEY_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|source| ConfigError::ReadPhoneKey { path: shown(), source })?;
    if bytes.len() as u64 > MAX_KEY_BYTES {
        return Err(ConfigError::UnusablePhoneKey { path: shown(), why: "it is longer than 64 KiB".to_owned() });
    }
    PhoneKey::new(&bytes).ok_or_else(|| {
        let why = format!("it is shorter than {MIN_KEY_BYTES} bytes");
        ConfigError::UnusablePhoneKey { path: shown(), why }
    })
}

/// The columns to write: the named ones in their order, or all that are neither hidden nor dropped.
///
/// # Errors
/// When a column is unknown or named twice, none is left, or a remaining one cannot be freed of phone numbers.
pub(super) fn rows_to_write(
    args: &ColumnArgs,
    rows: &RowFormat,
    phones: Option<&PhoneProtection>,
) -> Result<RowTransform, ConfigError> {
    let all = rows.schema.fields().iter().map(|field| field.name().as_str());
    let shown: Vec<&str> = all.filter(|name| !rows.hidden_columns.contains(name)).collect();
    let optional = OptionalColumn::ALL.map(OptionalColumn::name);
    let schema = with_optional(&rows.schema, &OptionalColumn::ALL);
    // Selected from the visible columns, so that an error does not suggest one without values.
    let visible = Projection::select(&schema, shown.iter().copied().chain(optional))?;
    let mut names: Vec<String> = if let Some(names) = &args.columns {
        names_in(&Projection::select(visible.schema(), names)?)
    } else {
        let added = args.add_columns.iter().map(|column| column.name());
        let mut names = names_in(&Projection::select(visible.schema(), shown.iter().copied().chain(added))?);
        if let Some(dropped) = &args.drop {
            let dropped = names_in(&Projection::select(visible.schema(), dropped)?);
            names.retain(|name| !dropped.contains(name));
        }
        names
    };
    // Folders are named after this column. It comes last, and is then left out of the files.
    if let Some(by) = rows.partition.as_ref().filter(|by| schema.field_with_name(&by.name).is_ok()) {
        names.retain(|name| *name != by.name);
        if names.is_empty() {
            return Err(ColumnError::Empty.into());
        }
        names.push(by.name.clone());
    }
    let optional: Vec<_> =
        OptionalColumn::ALL.into_iter().filter(|column| names.iter().any(|name| name == column.name())).collect();
    let projection = Projection::select(&with_optional(&rows.schema, &optional), names)?;
    check_free_text(&projection, args, phones)?;
    Ok(RowTransform::new(projection, optional, phones.cloned()))
}

fn names_in(projection: &Projection) -> Vec<String> {
    projection.schema().fields().iter().map(|field| field.name().clone()).collect()
}

/// Not every phone number in free text can be found, so such columns are refused instead of breaking the promise.
fn check_free_text(
    projection: &Projection,
    args: &ColumnArgs,
    phones: Option<&PhoneProtection>,
) -> Result<(), ConfigError> {
    let fields = projection.schema().fields().iter();
    let free = fields.filter(|field| phones.is_some() && Personal::of(field) == Some(Personal::FreeText));
    let columns: Vec<&str> = free.map(|field| field.name().as_str()).collect();
    if columns.is_empty() {
        return Ok(());
    }
    let flag = if args.mask_phones { "--mask-phones" } else { "--hash-phones" };
    Err(ConfigError::FreeText { columns: columns.join(", "), flag })
}

/// The columns of `--drop`, for the manifest.
pub(super) fn dropped_columns(args: &ColumnArgs) -> Vec<String> {
    let names = args.drop.iter().flatten().map(|name| name.trim().to_owned());
    let mut names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::Resource;
    use crate::resources::messages::Messages;

    fn written(args: &ColumnArgs, phones: Option<&PhoneProtection>) -> Result<String, ConfigError> {
        let messages = Messages { has_body: true, has_extra: false };
        let rows = RowFormat {
            name: "messages",
            schema: messages.schema(),
            schema_version: 1,
            hidden_columns: messages.hidden_columns(),
            unique_columns: &[],
            partition: None,
        };
        let rows = rows_to_write(args, &rows, phones)?;
        Ok(rows.schema().fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(","))
    }

    fn args() -> ColumnArgs {
        ColumnArgs { columns: None, drop: None, add_columns: Vec::new(), mask_phones: false, hash_phones: None }
    }

    fn names(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn optional_columns_follow_those_of_the_schema_and_hidden_ones_stay_hidden() {
        let all = written(&args(), None).unwrap();
        assert!(all.starts_with("id,customer_id,") && all.ends_with(",body_text,body,events"), "{all}");
        let add_columns = vec![OptionalColumn::ExportedAt, OptionalColumn::RowHash];
        let added = ColumnArgs { add_columns, ..args() };
        assert_eq!(written(&added, None).unwrap(), format!("{all},exported_at,row_hash"));
        let named = ColumnArgs { columns: Some(names("row_hash,id, exported_at")), ..args() };
        assert_eq!(written(&named, None).unwrap(), "row_hash,id,exported_at");
        let hidden = ColumnArgs { columns: Some(names("extra")), ..args() };
        assert!(matches!(written(&hidden, None), Err(ConfigError::Columns(ColumnError::Unknown { .. }))));
        let twice = ColumnArgs { add_columns: vec![OptionalColumn::RowHash; 2], ..args() };
        assert!(matches!(written(&twice, None), Err(ConfigError::Columns(ColumnError::Repeated(_)))));
    }

    #[test]
    fn dropped_columns_are_left_out_and_must_exist() {
        let all = written(&args(), None).unwrap();
        let dropped = ColumnArgs { drop: Some(names("body,body_text")), ..args() };
        assert_eq!(written(&dropped, None).unwrap(), all.replace("body_text,body,", ""));
        for wrong in ["phones", "extra", "id,id"] {
            let dropped = ColumnArgs { drop: Some(names(wrong)), ..args() };
            assert!(matches!(written(&dropped, None), Err(ConfigError::Columns(_))), "{wrong}");
        }
        let nothing_left = ColumnArgs { drop: Some(names(&all)), ..args() };
        assert!(matches!(written(&nothing_left, None), Err(ConfigError::Columns(ColumnError::Empty))));
    }

    #[test]
    fn free_text_is_refused_where_no_number_may_be() {
        let mask = Some(&PhoneProtection::Mask);
        let error = written(&ColumnArgs { mask_phones: true, ..args() }, mask).unwrap_err();
        assert_eq!(error.to_string(), "--mask-phones cannot find every phone number in free text: body_text, body");
        for args in [
            ColumnArgs { drop: Some(names("body,body_text")), ..args() },
            ColumnArgs { columns: Some(names("id,phone")), ..args() },
        ] {
            written(&args, mask).unwrap();
        }
    }

    #[test]
    fn keys_have_a_sensible_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phones.key");
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            phone_protection(&ColumnArgs { hash_phones: Some(path.clone()), ..args() })
        };
        assert!(matches!(read(b"0123456789abcdef\n"), Ok(Some(PhoneProtection::Hash(_)))));
        let error = read(b"0123456789abcde\n").unwrap_err().to_string();
        assert!(
            error.ends_with("phones.key holds no usable key for phone numbers: it is shorter than 16 bytes"),
            "{error}"
        );
        assert!(read(&vec![b'k'; (64 << 10) + 1]).is_err());
        std::fs::remove_file(&path).unwrap();
        let missing = phone_protection(&ColumnArgs { hash_phones: Some(path.clone()), ..args() });
        assert!(matches!(missing, Err(ConfigError::ReadPhoneKey { .. })));
    }
}
