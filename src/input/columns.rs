//! Matches the columns of a typed format with those that are read.

use arrow::datatypes::Schema;

use super::coerce::can_read;
use super::error::SourceError;
use super::source_file::SourceFile;

/// The position of each column of [`SourceFile::schema`] in a file with this schema.
///
/// # Errors
/// When the file has none of them, or has one of a type that cannot be converted.
pub(super) fn find_columns(file: &SourceFile, schema: &Schema) -> Result<Vec<Option<usize>>, SourceError> {
    let wanted_schema = file.schema();
    let places: Vec<Option<usize>> =
        wanted_schema.fields().iter().map(|field| schema.index_of(field.name()).ok()).collect();
    if places.iter().all(Option::is_none) {
        return Err(SourceError::NoColumns { path: file.path.clone() });
    }
    for (column, place) in places.iter().enumerate() {
        let found = place.map(|place| schema.field(place).data_type());
        if let Some(found) = found.filter(|found| !can_read(wanted_schema.field(column).data_type(), found)) {
            let (path, found) = (file.path.clone(), found.to_string());
            return Err(SourceError::ColumnType { path, column: wanted_schema.field(column).name().clone(), found });
        }
    }
    Ok(places)
}
