//! `sent-export sql`: the statements for each engine, and what is refused. `peers::sql` runs the statements.

use crate::support::{Finished, run_in, sent_export};

fn sql(arguments: &str) -> Finished {
    sent_export().args(["sql"]).args(arguments.split(' ')).finish()
}

#[track_caller]
fn printed(arguments: &str) -> String {
    String::from_utf8(sql(arguments).expect_code(0).stdout).unwrap()
}

#[test]
fn the_path_chooses_the_format_and_by_default_it_is_that_of_the_resource() {
    let default = printed("duckdb contacts");
    assert_eq!(default, printed("duckdb contacts contacts.parquet"));
    assert!(default.contains("read_parquet('contacts.parquet'"), "{default}");
    assert!(printed("postgres activities").contains("FROM 'activities.csv'"), "the first format that the engine loads");
    assert!(printed("postgres contacts --format ndjson.gz").contains("gzip -dc ''contacts.ndjson.gz''"));
    assert!(printed("duckdb contacts s3://exports/c.csv.zst").contains("read_csv('s3://exports/c.csv.zst', "));
    assert!(printed("duckdb contacts c.txt --format csv").contains("read_csv('c.txt', "));
    assert!(printed("duckdb contacts exports/ --format csv.gz").contains("read_csv('exports/*.csv.gz', "));
    let regions = printed("duckdb contacts --partition-by region_code");
    let reader = "read_parquet('contacts/region_code=*/*.parquet', hive_partitioning = false, filename = true)";
    assert!(regions.contains(reader), "{regions}");
    let days = printed("duckdb messages --partition-by created_date");
    assert!(days.contains("read_parquet('messages/created_date=*/*.parquet', hive_partitioning = false)"), "{days}");
}

#[test]
fn duckdb_reads_a_folder_by_its_name_and_not_as_a_pattern() {
    for (arguments, wanted) in [
        ("q[1]/c/ --partition-by region_code", "read_parquet('q[[]1]/c/region_code=*/*.parquet', "),
        ("q[1]/a?*/", "read_parquet('q[[]1]/a[?][*]/*.parquet', "),
        ("q[1]/h/ --as-of 2026-11-30", "read_parquet('q[[]1]/h/changes-*.parquet', "),
        // DuckDB reads the path as a pattern, or as the file with this name.
        ("q/c*.parquet", "read_parquet('q/c*.parquet', "),
        ("q[1]/c.parquet", "read_parquet('q[1]/c.parquet', "),
    ] {
        let text = printed(&format!("duckdb contacts {arguments}"));
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
}

#[test]
fn columns_match_the_file() {
    let all = printed("duckdb messages");
    assert!(all.contains("body_text VARCHAR,") && !all.contains("extra"), "{all}");
    assert!(printed("duckdb messages --columns id,extra").contains("  extra VARCHAR,"));
    let flags = printed("duckdb messages --no-body --extra");
    assert!(!flags.contains("body") && flags.contains("  extra VARCHAR,"), "{flags}");
    let some = printed("postgres contacts c.csv --columns opt_out,id --table crm.contacts");
    assert!(some.contains("\\copy contacts_load (opt_out, id) FROM 'c.csv'"), "{some}");
    assert!(!some.contains("updated_at"), "{some}");
    let profiles = printed("postgres contacts c.csv --of-profiles");
    assert!(profiles.contains("customer_id, profile_id, profile_name) FROM 'c.csv'"), "{profiles}");
    assert!(profiles.contains("ON CONFLICT (profile_id, id) "), "{profiles}");
    assert!(printed("duckdb messages --of-profiles --columns profile_id,id,status").contains("  profile_id VARCHAR"));
    sql("duckdb activities --of-profiles").expect_code(2).expect_stderr("--of-profiles is for contacts and messages");
    let run = sql("duckdb contacts --columns id,fone").expect_code(2);
    run.expect_stderr("unknown column \"fone\"");
}

#[test]
fn unsupported_loads_are_usage_errors() {
    let run = sql("sqlite contacts c.parquet").expect_code(2);
    assert!(run.stdout.is_empty(), "{run:?}");
    run.expect_stderr("SQLite cannot load parquet; it loads csv, csv.gz").expect_stderr("hint: ");
    sql("duckdb contacts c.xml").expect_code(2).expect_stderr("cannot tell the format from the extension: c.xml");
    sql("duckdb contacts --partition-by name")
        .expect_code(2)
        .expect_stderr("no export is partitioned by \"name\" of contacts");
    let loadable = "it loads parquet, csv, csv.gz, csv.zst, ndjson, ndjson.gz, ndjson.zst";
    for (arguments, error) in [
        (
            "duckdb contacts c.csv --csv excel",
            format!("DuckDB cannot load CSV of the dialect excel; {loadable} (CSV of"),
        ),
        ("duckdb contacts c.csv --csv postgres", "DuckDB cannot load CSV of the dialect postgres".to_owned()),
        ("duckdb contacts c.arrow", format!("DuckDB cannot load arrow; {loadable}")),
        ("clickhouse contacts c.xlsx", "ClickHouse cannot load xlsx; it loads parquet, arrow, arrows, csv".to_owned()),
        ("duckdb contacts c.parquet --null NULL", "--null describes CSV files, not parquet".to_owned()),
        ("postgres contacts out/", "PostgreSQL loads one file at a time".to_owned()),
        ("sqlite contacts s3://out/ --partition-by region_code", "SQLite loads local files only".to_owned()),
    ] {
        sql(arguments).expect_code(2).expect_stderr(&error).expect_stderr("hint: ");
    }
    sql("duckdb contacts --no-body").expect_code(2).expect_stderr("--no-body is for messages, not contacts");
    sql("duckdb messages --extra --columns id").expect_code(2).expect_stderr("cannot be used with");
    sql("oracle contacts").expect_code(2).expect_stderr("possible values: duckdb, ");
    sql("duckdb profiles").expect_code(2).expect_stderr("possible values: contacts, messages, activities");
}

#[test]
fn csv_is_read_as_it_was_written() {
    for (arguments, wanted) in [
        ("duckdb contacts c.csv --delimiter tab --null NULL", r"header = true, delim = '\t', quote ="),
        ("duckdb contacts c.csv --null it's", "nullstr = 'it''s'"),
        ("postgres contacts c.csv --csv postgres --delimiter tab", r"ENCODING 'UTF8', DELIMITER e'\t')"),
        ("postgres contacts c.csv --null NULL", "ENCODING 'UTF8', NULL 'NULL')"),
        (
            "clickhouse contacts c.csv --delimiter ; --null NULL",
            "format_csv_delimiter = ';', format_csv_null_representation = 'NULL';",
        ),
        ("sqlite contacts c.csv --delimiter |", r#".separator "|" "\n""#),
        ("bigquery contacts c.csv --delimiter tab --null NULL", r"null_marker = 'NULL', field_delimiter = '\t'"),
        (
            "snowflake contacts c.csv --delimiter ; --null NULL",
            "COMPRESSION = NONE FIELD_DELIMITER = ';' SKIP_HEADER = 1",
        ),
        (
            "redshift contacts c.csv --delimiter ; --null NULL",
            "CSV DELIMITER ';' IGNOREHEADER 1 NULL AS 'NULL' TIMEFORMAT",
        ),
        ("databricks contacts c.csv --delimiter tab --null NULL", "nullValue => 'NULL',\n  sep => '\\t'"),
    ] {
        let text = printed(arguments);
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
}

#[test]
fn a_dataset_without_folders_of_the_column_is_named() {
    let run = sent_export().args(["sql", "postgres", "contacts", ".", "--partition-by", "region_code"]).finish();
    let error = ". has no csv files in folders that begin with region_code=";
    run.expect_code(2).expect_stderr(error).expect_stderr("hint: name the folder of the export");
}

#[test]
fn a_folder_whose_value_has_a_nul_character_is_refused_by_postgres() {
    for (value, engine, is_loaded) in
        [("%00Z", "postgres", false), ("%00Z", "sqlite", true), ("%01Z", "postgres", true)]
    {
        let folder = tempfile::tempdir().unwrap();
        for value in ["Z", value] {
            let region = folder.path().join(format!("c/region_code={value}"));
            std::fs::create_dir_all(&region).unwrap();
            std::fs::write(region.join("part-0.csv"), "id\n").unwrap();
        }
        let run = run_in(folder).args(["sql", engine, "contacts", "c/", "--partition-by", "region_code"]).finish();
        if is_loaded {
            run.expect_code(0);
            continue;
        }
        let run = run
            .expect_code(2)
            .expect_stderr("NUL character, which is %00 in the name of the folder: c/region_code=%00Z/");
        assert!(run.stdout.is_empty(), "{run:?}");
        run.expect_stderr("hint: export to one CSV file without --partition-by");
    }
}

#[test]
fn a_history_has_a_query_for_the_rows_of_a_day() {
    let query = printed("duckdb contacts --as-of 2026-03-31 --columns id,opt_out");
    assert!(
        query.starts_with("-- contacts as of 2026-03-31T23:59:59.999999Z, from the history in history/\n"),
        "{query}"
    );
    assert!(query.contains("SELECT\n  id,\n  opt_out\nFROM read_parquet('history/changes-*.parquet', "), "{query}");
    // Only the requested columns and those that the query needs are read.
    let query = printed("spark contacts lake/history/ --as-of 2026-03-31T12:00:00Z --columns opt_out");
    let view =
        "VIEW contacts_history_files (\n  id STRING,\n  valid_from TIMESTAMP,\n  change STRING,\n  opt_out BOOLEAN\n)";
    assert!(query.contains(view) && query.contains("  path 'lake/history/changes-*.parquet'\n"), "{query}");
    assert!(query.contains("SELECT\n  opt_out\nFROM (\n") && query.contains("'2026-03-31T12:00:00Z'"), "{query}");
    let query = printed("bigquery messages gs://lake/history --as-of 2026-03-31");
    let table = "EXTERNAL TABLE messages_history_files\nOPTIONS (format = 'PARQUET', enable_list_inference = true, uris = ['gs://lake/history/changes-*.parquet']);";
    assert!(query.contains(table), "{query}");
    let query = printed("athena messages history/ --as-of 2026-03-31");
    assert!(query.contains("valid_from <= TIMESTAMP '2026-03-31 23:59:59.999'\n"), "{query}");
    for engine in ["postgres", "sqlite"] {
        let run = sql(&format!("{engine} contacts --as-of 2026-03-31")).expect_code(2);
        let run =
            run.expect_stderr(" cannot read the files of a history, which are Parquet; it loads csv, csv.gz, csv.zst");
        run.expect_stderr("hint: rebuild the rows with `sent-export diff FOLDER --as-of TIME -o FILE`");
    }
    let run = sql("delta contacts --as-of 2026-03-31").expect_code(2);
    run.expect_stderr("Delta has no query for a history; DuckDB, ClickHouse, Spark, BigQuery, ");
    sql("duckdb activities --as-of 2026-03-31").expect_code(2).expect_stderr("there is no history of activities");
}
