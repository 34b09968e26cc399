//! The inputs and outputs of a run, for lineage.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};

use crate::api::endpoints::{ACTIVITIES, CONTACT, CONTACTS, CONVERSATIONS, MESSAGE_SUMMARY};
use crate::changes::{ChangeLayout, changes_schema};
use crate::cli::Command;
use crate::config::{OutputsConfig, api_name};
use crate::input::Content;
use crate::publish::{OutputReport, OutputRequest, whole_of_part};
use crate::store::{OutputTarget, Stores};
use crate::telemetry::{LineageDataset, LineageField, WrittenTotals};

/// Names of additional outputs, as in the manifest.
pub(super) const CHANGES: &str = "changes";
pub(super) const HISTORY: &str = "history";
const ACTIVITIES_OUTPUT: &str = "activities";

/// The endpoints and files that a command reads.
pub(super) fn inputs_of(command: &Command) -> Vec<LineageDataset> {
    let mut files = None;
    let (account, endpoints) = match command {
        Command::Contacts(args) => {
            let by_id = args.confirm_removed.then(|| CONTACT.template());
            (&args.run.account, [Some(CONTACTS.path.to_owned()), by_id])
        }
        Command::Messages(args) => {
            let activities = args.activities.with_activities.then(|| ACTIVITIES.template());
            (&args.run.account, [Some(CONVERSATIONS.path.to_owned()), activities])
        }
        Command::Activities(args) => {
            files = Some(&args.messages);
            (&args.run.account, [Some(ACTIVITIES.template()), None])
        }
        Command::Contact(args) => {
            let summary = args.message_summary.then(|| MESSAGE_SUMMARY.template());
            (&args.run.account, [Some(CONTACT.template()), summary])
        }
        _ => return Vec::new(),
    };
    let unwritten = |namespace: &str, name| LineageDataset {
        namespace: namespace.to_owned(),
        name,
        fields: Vec::new(),
        written: None,
    };
    // An invalid address makes the run fail anyway.
    let api = api_name(account).unwrap_or_default();
    let api = api.trim_end_matches('/');
    let mut inputs: Vec<_> = endpoints.into_iter().flatten().map(|endpoint| unwritten(api, endpoint)).collect();
    let stores = Arc::new(Stores::default());
    for path in files.into_iter().flatten() {
        // An unreadable file makes the run fail anyway.
        let place = OutputTarget::new(path, &stores).ok().and_then(|target| target.place_and_name());
        inputs.extend(place.map(|(namespace, name)| unwritten(&namespace, name)));
    }
    inputs
}

/// The outputs that a run plans to write, except those named after profiles, which are not known yet.
pub(super) fn planned(outputs: &OutputsConfig, resource: &str) -> Vec<LineageDataset> {
    let is_of_unknown = |dataset: &LineageDataset| dataset.name.contains("{profile_");
    let mut datasets = all_datasets(outputs, resource, None);
    datasets.retain(|dataset| !is_of_unknown(dataset));
    datasets
}

/// The outputs that a run has written, each with the totals of its files.
pub(super) fn written(outputs: &OutputsConfig, resource: &str, reports: &[OutputReport]) -> Vec<LineageDataset> {
    let mut datasets = all_datasets(outputs, resource, Some(reports));
    // Leave out outputs without files, such as a stream whose reader has closed it.
    datasets.retain(|dataset| dataset.written.is_some_and(|written| written.files > 0));
    datasets
}

fn all_datasets(outputs: &OutputsConfig, resource: &str, reports: Option<&[OutputReport]>) -> Vec<LineageDataset> {
    let is_folder = outputs.settings.partition.is_some();
    let rows =
        OutputKind { fields: fields_of(outputs.settings.rows.schema().fields()), resource: None, is_folder, reports };
    let mut datasets: Vec<_> = outputs.outputs.iter().filter_map(|request| rows.dataset(request)).collect();
    if let Some(activities) = &outputs.activities {
        let fields = fields_of(activities.settings.rows.schema().fields());
        let kind = OutputKind { fields, resource: Some(ACTIVITIES_OUTPUT), is_folder: false, reports };
        datasets.extend(kind.dataset(&activities.output));
    }
    let Some(changes) = &outputs.changes else { return datasets };
    let rows = Content::of_resource(resource).map(|content| content.compared_schema(changes.has_profiles()));
    let fields = rows.map(|rows| fields_of(changes_schema(&rows, ChangeLayout::Structs).fields())).unwrap_or_default();
    let kind = OutputKind { fields, resource: Some(CHANGES), is_folder: false, reports };
    datasets.extend(changes.outputs.iter().filter_map(|request| kind.dataset(request)));
    if let Some(folder) = &changes.history {
        let kind = OutputKind { fields: Vec::new(), resource: Some(HISTORY), is_folder: true, reports };
        datasets.extend(kind.at(folder, |_| true));
    }
    datasets
}

/// Outputs of a run with the same columns.
struct OutputKind<'a> {
    fields: Vec<LineageField>,
    /// Name in the manifest; `None` for the main output.
    resource: Option<&'static str>,
    /// Whether the output is a folder of files.
    is_folder: bool,
    /// `None` before anything is written.
    reports: Option<&'a [OutputReport]>,
}

impl OutputKind<'_> {
    fn dataset(&self, request: &OutputRequest) -> Option<LineageDataset> {
        if self.is_folder {
            return self.at(&request.target.parent()?, |_| true);
        }
        let place = request.target.to_string();
        self.at(&request.target, |path| path == place || whole_of_part(path).is_some_and(|whole| whole == place))
    }

    fn at(&self, target: &OutputTarget, is_its: impl Fn(&str) -> bool) -> Option<LineageDataset> {
        let (namespace, name) = target.place_and_name()?;
        let its = |report: &&OutputReport| report.resource == self.resource && is_its(&report.path);
        let written = self.reports.map(|reports| {
            reports.iter().filter(its).fold(WrittenTotals::default(), |sum, report| WrittenTotals {
                rows: sum.rows + report.rows,
                bytes: sum.bytes + report.bytes,
                files: sum.files + 1,
            })
        });
        Some(LineageDataset { namespace, name, fields: self.fields.clone(), written })
    }
}

fn fields_of(fields: &Fields) -> Vec<LineageField> {
    fields.iter().map(|field| field_of(field.name(), field)).collect()
}

fn field_of(name: &str, field: &Field) -> LineageField {
    let (kind, fields) = match field.data_type() {
        DataType::List(element) => ("array".to_owned(), vec![field_of("_element", element)]),
        DataType::Struct(fields) => ("struct".to_owned(), fields_of(fields)),
        DataType::Utf8 => ("string".to_owned(), Vec::new()),
        DataType::Boolean => ("boolean".to_owned(), Vec::new()),
        DataType::Int32 => ("integer".to_owned(), Vec::new()),
        DataType::Int64 | DataType::UInt64 => ("bigint".to_owned(), Vec::new()),
        DataType::Timestamp(..) => ("timestamp".to_owned(), Vec::new()),
        DataType::Decimal128(digits, scale) => (format!("decimal({digits},{scale})"), Vec::new()),
        other => (other.to_string().to_lowercase(), Vec::new()),
    };
    LineageField { name: name.to_owned(), kind, fields }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::resources::contacts::contacts_schema;

    #[test]
    fn objects_are_named_by_their_bucket_and_key_and_streams_are_not_datasets() {
        let stores = Arc::new(Stores::default());
        let named = |path: &str| OutputTarget::new(Path::new(path), &stores).unwrap().place_and_name();
        for (path, bucket, key) in [
            ("s3a://lake/a/c.parquet", "s3://lake", "a/c.parquet"),
            ("gs://lake/c.csv", "gs://lake", "c.csv"),
            ("abfss://box@me.dfs.core.windows.net/a/", "abfss://box@me.dfs.core.windows.net", "a"),
        ] {
            assert_eq!(named(path), Some((bucket.to_owned(), key.to_owned())), "{path}");
        }
        assert_eq!(named("-"), None);
        let (namespace, name) = named("no/such/c.csv").unwrap();
        assert!(namespace == "file" && Path::new(&name).is_absolute() && name.ends_with("c.csv"), "{name}");
    }

    #[test]
    fn columns_have_the_types_of_sql_engines() {
        let fields = fields_of(contacts_schema().fields());
        let kind = |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.kind.as_str());
        let found = ["id", "available_channels", "opt_out", "created_at"].map(|name| kind(name).unwrap());
        assert_eq!(found, ["string", "array", "boolean", "timestamp"]);
        let channels = fields.iter().find(|field| field.name == "available_channels").unwrap();
        assert_eq!((channels.fields[0].name.as_str(), channels.fields[0].kind.as_str()), ("_element", "string"));
    }
}
