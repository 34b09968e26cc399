//! The fields that all facets share.

use serde_json::{Value, json};

/// The producer of events: this program and its version.
pub(super) const PRODUCER: &str = concat!("urn:sent-export:", env!("CARGO_PKG_VERSION"));

/// The address of a schema that OpenLineage publishes.
pub(super) fn spec(path: &str) -> String {
    format!("https://openlineage.io/spec/{path}")
}

/// A facet of OpenLineage itself, by the path of its schema.
pub(super) fn facet(schema: &str, content: Value) -> Value {
    with_schema(&spec(schema), content)
}

/// A facet with the address of its schema.
pub(super) fn with_schema(schema: &str, mut content: Value) -> Value {
    content["_producer"] = json!(PRODUCER);
    content["_schemaURL"] = json!(schema);
    content
}
