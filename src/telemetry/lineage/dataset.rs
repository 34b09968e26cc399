//! The inputs and outputs of a run, as OpenLineage datasets.

use serde_json::{Map, Value, json};

use super::facet::facet;

const SCHEMA: &str = "facets/1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet";
const STATISTICS: &str =
    "facets/1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet";

/// A dataset: an endpoint of the API, a file, a folder, or an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageDataset {
    /// Namespace of the name: the API's address, `file`, or a bucket like `s3://lake`.
    pub namespace: String,
    /// The endpoint, the absolute path, or the key.
    pub name: String,
    /// Columns, if known.
    pub fields: Vec<LineageField>,
    /// Totals of the run, once it is published.
    pub written: Option<WrittenTotals>,
}

/// A column, or a field of a struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageField {
    /// The name.
    pub name: String,
    /// The SQL name of the type.
    pub kind: String,
    /// Items of an array, or fields of a struct.
    pub fields: Vec<LineageField>,
}

/// Totals of the files that a run wrote to a dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WrittenTotals {
    /// Number of rows.
    pub rows: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// Number of files.
    pub files: u64,
}

impl LineageDataset {
    /// The JSON members that inputs and outputs share.
    fn to_json(&self) -> Map<String, Value> {
        let mut facets = Map::new();
        if !self.fields.is_empty() {
            let fields: Vec<Value> = self.fields.iter().map(LineageField::to_json).collect();
            facets.insert("schema".to_owned(), facet(SCHEMA, json!({ "fields": fields })));
        }
        let mut dataset = Map::new();
        dataset.insert("namespace".to_owned(), json!(self.namespace));
        dataset.insert("name".to_owned(), json!(self.name));
        dataset.insert("facets".to_owned(), Value::Object(facets));
        dataset
    }

    pub(super) fn to_input(&self) -> Value {
        let mut dataset = self.to_json();
        dataset.insert("inputFacets".to_owned(), json!({}));
        Value::Object(dataset)
    }

    pub(super) fn to_output(&self) -> Value {
        let mut dataset = self.to_json();
        let statistics = self.written.map(|WrittenTotals { rows, bytes, files }| {
            let totals = json!({ "rowCount": rows, "size": bytes, "fileCount": files });
            json!({ "outputStatistics": facet(STATISTICS, totals) })
        });
        dataset.insert("outputFacets".to_owned(), statistics.unwrap_or_else(|| json!({})));
        Value::Object(dataset)
    }
}

impl LineageField {
    fn to_json(&self) -> Value {
        let mut field = json!({ "name": self.name, "type": self.kind });
        if !self.fields.is_empty() {
            field["fields"] = self.fields.iter().map(Self::to_json).collect();
        }
        field
    }
}
