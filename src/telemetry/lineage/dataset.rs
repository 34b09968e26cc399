//! What a run reads and writes, as OpenLineage names it.

use serde_json::{Map, Value, json};

use super::facet::facet;

const SCHEMA: &str = "facets/1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet";
const STATISTICS: &str =
    "facets/1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet";

/// Rows in one place: an endpoint of the API, a file, a folder of files, an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageDataset {
    /// What the name is unique in: the API's address, `file`, or a bucket like `s3://lake`.
    pub namespace: String,
    /// The endpoint, the absolute path, or the key.
    pub name: String,
    /// Its columns, where they are known.
    pub fields: Vec<LineageField>,
    /// What the run has written of it, once it is published.
    pub written: Option<WrittenTotals>,
}

/// A column, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageField {
    /// Its name.
    pub name: String,
    /// Its type, by the names of SQL engines.
    pub kind: String,
    /// Parts of an array or a struct.
    pub fields: Vec<LineageField>,
}

/// What a run has written to one place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WrittenTotals {
    /// Rows in all files.
    pub rows: u64,
    /// Size of all files.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
}

impl LineageDataset {
    /// The form that inputs and outputs share.
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
