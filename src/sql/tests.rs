use super::*;
use crate::format::{CsvDialect, CsvSettings, FileFormat};
use crate::resources::ResourceTable;

/// The statements for all columns of a file.
fn written(engine: &str, resource: &str, path: &str) -> String {
    try_written(engine, resource, path, None).unwrap()
}

fn try_written(engine: &str, resource: &str, path: &str, table: Option<&str>) -> Result<String, SqlError> {
    let resource = ResourceTable::named(resource).unwrap();
    let format = FileFormat::from_path(path.as_ref()).unwrap_or(FileFormat::PARQUET);
    let engine = engine.parse().unwrap();
    sql(&SqlRequest {
        engine,
        schema: resource.schema.clone(),
        resource: &resource,
        table,
        path,
        format,
        csv: CsvSettings::default(),
        partition: None,
        parts: Vec::new(),
    })
}

#[test]
fn every_engine_writes_every_resource_in_every_format_that_it_loads() {
    for engine in Engine::all() {
        assert_eq!(engine.name().parse::<Engine>().unwrap().title(), engine.title());
        let formats: Vec<FileFormat> = FileFormat::all().filter(|format| engine.loads(*format)).collect();
        assert!(!formats.is_empty(), "{engine:?}");
        for (format, name) in formats.iter().flat_map(|format| ResourceTable::NAMES.map(|name| (format, name))) {
            let text = written(engine.name(), name, &format!("{name}.{format}"));
            // Snowflake's reserved words are in upper case.
            let lower = text.to_lowercase();
            for field in ResourceTable::named(name).unwrap().schema.fields() {
                assert!(lower.contains(field.name().as_str()), "{engine:?} {format} {name}: {}\n{text}", field.name());
            }
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text}");
        }
    }
}

#[test]
fn unsupported_formats_are_refused_and_supported_ones_named() {
    let error = try_written("sqlite", "contacts", "c.parquet", None).unwrap_err().to_string();
    let loadable = "csv, csv.gz, csv.zst, ndjson, ndjson.gz, ndjson.zst";
    assert_eq!(error, format!("SQLite cannot load parquet; it loads {loadable}"));
    let error = try_written("ducklake", "contacts", "c.csv", None).unwrap_err().to_string();
    assert_eq!(error, "DuckLake cannot load csv; it loads parquet");
    let resource = ResourceTable::named("contacts").unwrap();
    let request = |engine: &str, path, format, partition| {
        let (engine, schema) = (engine.parse().unwrap(), resource.schema.clone());
        sql(&SqlRequest {
            engine,
            schema,
            resource: &resource,
            table: None,
            path,
            format,
            csv: CsvSettings::default(),
            partition,
            parts: Vec::new(),
        })
    };
    let engine = "PostgreSQL";
    assert_eq!(request("postgres", "out/", FileFormat::CSV, None), Err(SqlError::UnloadableFolder { engine }));
    let error = request("postgres", "s3://exports/c.csv", FileFormat::CSV, None);
    assert_eq!(error, Err(SqlError::UnloadableUrl { engine }));
    let text = request("clickhouse", "s3://exports/c.csv", FileFormat::CSV, None).unwrap();
    assert!(text.contains("FROM s3('s3://exports/c.csv', 'CSVWithNames',"), "{text}");
    let days = request("snowflake", "out/", FileFormat::PARQUET, Some("updated_date")).unwrap();
    assert!(days.contains("snow stage copy 'out/'"), "{days}");
    for column in ["name", "available_channels", "region_date"] {
        let error = request("duckdb", "out/", FileFormat::PARQUET, Some(column));
        assert_eq!(error, Err(SqlError::UnknownPartition { column: column.to_owned(), resource: "contacts" }));
    }
    let error = request("duckdb", "out/", FileFormat::CSV, Some("region_code"));
    assert_eq!(error, Err(SqlError::PartitionFormat { format: "csv".to_owned() }));
    assert!(request("duckdb", "out/", FileFormat::CSV, None).unwrap().contains("'out/*.csv'"));
    for (path, table) in [("", None), ("a\nb.csv", None), ("c.csv", Some("")), ("c.csv", Some("a..b"))] {
        let error = try_written("duckdb", "contacts", path, table).unwrap_err();
        assert!(matches!(error, SqlError::BadName { .. }), "{error}");
    }
}

#[test]
fn paths_and_tables_are_quoted_for_each_reader() {
    let path = "a'b\\c\"d.csv";
    for (engine, quoted) in [
        ("duckdb", r#"'a''b\c"d.csv'"#),
        ("postgres", r#"FROM 'a''b\c"d.csv' WITH"#),
        ("sqlite", r#""a'b\\c\"d.csv""#),
        ("clickhouse", r#"'a\'b\\c"d.csv'"#),
    ] {
        let text = try_written(engine, "contacts", path, Some("crm.Order")).unwrap();
        assert!(text.contains(quoted), "{engine}\n{text}");
        let table = if engine == "clickhouse" { "crm.`Order`" } else { "crm.\"Order\"" };
        assert!(text.contains(&format!("CREATE TABLE IF NOT EXISTS {table} (")), "{engine}\n{text}");
    }
    let text = try_written("postgres", "contacts", "it's.csv.gz", None).unwrap();
    assert!(text.contains(r"FROM PROGRAM 'gzip -dc ''it''\''''s.csv.gz''' WITH"), "{text}");
}

#[test]
fn rows_replace_older_ones_by_key() {
    let text = written("duckdb", "contacts", "c.parquet");
    assert!(text.contains("PRIMARY KEY (id)\n"), "{text}");
    let newer = "WHERE contacts.updated_at IS NULL OR excluded.updated_at >= contacts.updated_at;";
    assert!(text.contains(newer) && !text.contains("  id = excluded.id"), "{text}");
    let text = written("duckdb", "activities", "a.parquet");
    assert!(text.contains("ON CONFLICT (message_id, \"position\") DO UPDATE SET\n  status"), "{text}");
    assert!(text.contains("  \"from\" = excluded.\"from\""), "{text}");
    let text = written("clickhouse", "messages", "m.parquet");
    assert!(text.contains("ENGINE = ReplacingMergeTree()\nORDER BY (id);"), "{text}");
}

#[test]
fn without_a_key_rows_are_only_appended() {
    let resource = ResourceTable::named("contacts").unwrap();
    for engine in Engine::all() {
        let schema = std::sync::Arc::new(resource.schema.project(&[1, 8]).unwrap());
        let format = FileFormat::all().find(|format| engine.loads(*format)).unwrap();
        let path = format!("c.{format}");
        let request = SqlRequest {
            engine,
            schema,
            resource: &resource,
            table: None,
            path: &path,
            format,
            csv: CsvSettings::default(),
            partition: None,
            parts: Vec::new(),
        };
        let text = sql(&request).unwrap();
        assert!(text.contains("Without the column id, every run adds the rows once more."), "{text}");
        for upsert in ["ON CONFLICT", "MERGE INTO", "DELETE FROM", "row_number()", ".merge(", "In("] {
            assert!(!text.contains(upsert), "{engine:?} {upsert}\n{text}");
        }
    }
}

#[test]
fn types_are_exact_and_in_utc() {
    let text = written("postgres", "messages", "m.csv");
    for line in ["  price numeric(18, 6),", "  created_at timestamptz,", "  events jsonb,", "  phone text,"] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let text = written("duckdb", "messages", "m.csv");
    assert!(text.contains("events STRUCT(status VARCHAR, \"timestamp\" TIMESTAMPTZ, description VARCHAR"), "{text}");
    assert!(text.contains("allow_quoted_nulls = false") && text.contains("'events': 'VARCHAR'"), "{text}");
}

#[test]
fn warehouses_get_the_options_that_they_need() {
    let text = written("bigquery", "contacts", "gs://exports/c.parquet");
    assert!(
        text.contains("uris = ['gs://exports/c.parquet'], format = 'PARQUET', enable_list_inference = true"),
        "{text}"
    );
    assert!(written("bigquery", "messages", "m.ndjson").contains("  events JSON,"), "a null list of JSON is refused");
    let text = written("snowflake", "activities", "a.parquet");
    assert!(text.contains("USE_LOGICAL_TYPE = TRUE") && text.contains("  \"TIMESTAMP\" TIMESTAMP_LTZ(6),"), "{text}");
    let text = written("snowflake", "contacts", "s3://exports/2026/c.csv.zst");
    assert!(text.contains("URL = 's3://exports/2026/'") && text.contains("FILES = ('c.csv.zst')"), "{text}");
    assert!(text.contains("EMPTY_FIELD_AS_NULL = TRUE NULL_IF = ()"), "{text}");
    let text = written("redshift", "contacts", "s3://exports/c.parquet");
    assert!(text.contains("phone_number VARCHAR(65535)") && text.contains("SERIALIZETOJSON"), "{text}");
    let newer = "(contacts_load.updated_at AT TIME ZONE 'UTC') < t.updated_at";
    assert!(text.contains("created_at AT TIME ZONE 'UTC',\n") && text.contains(newer), "{text}");
    let text = written("redshift", "contacts", "c.csv");
    assert!(text.contains("FROM 's3://BUCKET/c.csv'") && text.contains("both become NULL"), "{text}");
    assert!(written("athena", "contacts", "s3://exports/x/c.parquet").contains("LOCATION 's3://exports/x/'"));
}

#[test]
fn folders_of_days_are_read_by_every_engine() {
    let resource = ResourceTable::named("messages").unwrap();
    for (engine, wanted) in [
        ("duckdb", "read_parquet('days/created_date=*/*.parquet', hive_partitioning = false)"),
        ("clickhouse", "file('days/created_date=*/*.parquet', 'Parquet',"),
        ("spark", "path 'days'\n"),
        // A path can have only one asterisk, which also matches folders.
        ("bigquery", "uris = ['gs://BUCKET/days/*.parquet']"),
        ("redshift", "FROM 's3://BUCKET/days/created_date='"),
        ("snowflake", "-- Upload the folder first: snow stage copy 'days/' @messages_files --recursive"),
        ("athena", "PARTITIONED BY (created_date string)\nSTORED AS PARQUET\nLOCATION 's3://BUCKET/days/'"),
        ("trino", "external_location = 's3://BUCKET/days/', partitioned_by = ARRAY['created_date']"),
        ("databricks", "read_files('days/created_date=*/*.parquet',"),
        ("delta", "dataset(\"days/\", format=\"parquet\")"),
    ] {
        let (engine, schema, partition) = (engine.parse().unwrap(), resource.schema.clone(), Some("created_date"));
        let format = FileFormat::PARQUET;
        let request = SqlRequest {
            engine,
            schema,
            resource: &resource,
            table: None,
            path: "days/",
            format,
            csv: CsvSettings::default(),
            partition,
            parts: Vec::new(),
        };
        let text = sql(&request).unwrap();
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
}

#[test]
fn the_partition_column_is_read_from_folder_names() {
    let resource = ResourceTable::named("contacts").unwrap();
    let text = |engine: &str, format, column, parts| {
        let (engine, schema) = (engine.parse().unwrap(), resource.schema.clone());
        let (path, partition) = ("s3://lake/c/", Some(column));
        let path = if matches!(format, FileFormat::PARQUET) { path } else { "c/" };
        let csv = CsvSettings::default();
        sql(&SqlRequest { engine, schema, resource: &resource, table: None, path, format, csv, partition, parts })
            .unwrap()
    };
    let parquet = |engine: &str, column| text(engine, FileFormat::PARQUET, column, Vec::new());
    for (engine, wanted) in [
        ("duckdb", r"url_decode(NULLIF(regexp_extract(filename, 'region_code=([^/\\]*)[/\\]', 1), '__HIVE_"),
        (
            "clickhouse",
            "decodeURLComponent(nullIf(extract(_path, 'region_code=([^/]*)/'), '__HIVE_DEFAULT_PARTITION__')),",
        ),
        ("bigquery", "REGEXP_EXTRACT(_FILE_NAME, 'region_code=([^/]*)/')"),
        ("bigquery", r"'%5C', '\\'), '%7B', '{'), '%5B', '['), '%5D', ']'), '%5E', '^'), '%25', '%') AS region_code"),
        ("snowflake", "MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE\nINCLUDE_METADATA = (file_name = METADATA$FILENAME);"),
        ("redshift", "REGEXP_SUBSTR(\"$path\", 'region_code=([^/]*)/', 1, 1, 'e')"),
        ("redshift", "'%5C', CHR(92)), "),
        ("databricks", "read_files('s3://lake/c/',\n  format => 'parquet',\n  schema => "),
        ("databricks", ",\n  partitionColumns => 'region_code')"),
        ("delta", "pyarrow.schema([(\"region_code\", pyarrow.string())]), flavor=\"hive\")"),
        ("ducklake", "hive_partitioning = false, filename = true)"),
    ] {
        let text = parquet(engine, "region_code");
        assert!(text.contains(wanted), "{engine} {wanted}\n{text}");
    }
    for engine in ["bigquery", "snowflake", "redshift"] {
        let text = parquet(engine, "opt_out");
        assert!(text.contains("WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS opt_out"), "{text}");
    }
    let part = |path: &str, value: Option<&str>| FilePart { path: path.to_owned(), value: value.map(str::to_owned) };
    let parts = || vec![part("c/region_code=A%2F'/0.csv", Some("A/'\r\n\\")), part("c/region_code=__/0.csv", None)];
    let postgres = text("postgres", FileFormat::CSV, "region_code", parts());
    for wanted in [
        "SET DEFAULT E'A/\\'\\x0D\\x0A\\\\';\n\\copy contacts_load (id,",
        "FROM 'c/region_code=A%2F''/0.csv' WITH",
        "ALTER COLUMN region_code SET DEFAULT NULL;\n",
    ] {
        assert!(postgres.contains(wanted), "{wanted}\n{postgres}");
    }
    assert!(!postgres.contains("country_code, region_code, available_channels) FROM"), "it is not in the files");
    let sqlite = text("sqlite", FileFormat::CSV, "region_code", parts());
    for wanted in ["SELECT *, 'A/''' || char(13) || '' || char(10) || '\\' FROM contacts_load;", "SELECT *, NULL FROM"]
    {
        assert!(sqlite.contains(wanted), "{wanted}\n{sqlite}");
    }
}

#[test]
fn the_documents_list_what_each_engine_loads() {
    let page = include_str!("../../docs/sql.md");
    for engine in Engine::all() {
        let loads = |format: &str| engine.loads(format.parse().unwrap());
        let parquet = if loads("parquet") { "yes" } else { "no" };
        let texts = match ["csv.gz", "csv.zst", "ndjson.gz", "ndjson.zst"].map(loads) {
            [true, true, true, true] => "yes",
            [true, false, true, false] => "all but `.zst`",
            [false, false, false, false] => "no",
            other => panic!("no word for {other:?}"),
        };
        let arrow = match ["arrow", "arrows"].map(loads) {
            [true, true] => "yes",
            [true, false] => "`.arrow`",
            [false, false] => "no",
            other => panic!("no word for {other:?}"),
        };
        let format = FileFormat::all().find(|format| engine.loads(*format)).unwrap();
        let folders = if engine.check((format, CsvDialect::Rfc4180), &load::FileLayout::Folder, "out/").is_ok() {
            "yes"
        } else {
            "no"
        };
        let history = if engine.history_query().is_ok() { "yes" } else { "no" };
        let line = format!("| `{}` | {parquet} | {texts} | {arrow} | {folders} | {history} | ", engine.name());
        assert!(page.contains(&line), "docs/sql.md lacks {line}");
    }
}
