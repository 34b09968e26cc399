//! Reports on parts of an account: exports without all columns, filtered exports, and comparisons of such exports.

use serde_json::{Value, json};

use crate::support::{Finished, SUMMARY_SCHEMA, assert_valid, sent_export, simulator};

/// An export of some columns to CSV and Parquet.
fn export(more: &[&str]) -> Finished {
    let outputs = ["-o", "c.csv", "-o", "c.parquet", "--summary", "s.json", "--quiet"];
    sent_export().contacts(&simulator(300).base_url(), &[&outputs[..], more].concat()).finish().expect_code(0)
}

/// The JSON document of a report on files in a folder, and its other forms.
fn report(run: Finished, args: &[&str]) -> (Finished, Value, [String; 3]) {
    let forms = ["--json", "r.json", "--html", "r.html", "--markdown", "r.md", "--no-progress"];
    let run = run.again().args(["report"]).args(args).args(forms).finish().expect_code(0);
    let document = run.json("r.json");
    assert_valid(&document, SUMMARY_SCHEMA);
    let read = |name: &str| std::fs::read_to_string(run.path(name)).unwrap();
    let texts =
        [String::from_utf8_lossy(&run.stdout).replace("\n  ", " "), read("r.html"), read("r.md").replace('\\', "")];
    (run, document, texts)
}

#[test]
fn counts_that_need_a_missing_column_are_omitted() {
    let mut run = export(&["--columns", "region_code,id"]);
    for name in ["c.csv", "c.parquet"] {
        let (next, document, texts) = report(run, &[name]);
        run = next;
        assert_eq!(document["contacts"], 300);
        assert_eq!(document["columns_not_in_inputs"].as_array().unwrap().len(), 13);
        assert_eq!([&document["reachable"], &document["without_channel"]], [&Value::Null, &Value::Null]);
        for table in ["channels", "channel_combinations", "channels_by_region"] {
            assert_eq!(document[table], json!({}), "{table}");
        }
        assert_eq!(document["updated"]["never"], 0);
        assert_eq!(document["opt_out"], json!({"yes": 0, "no": 0, "unknown": 300}));
        assert!(document["quality"]["missing"].as_object().unwrap().len() <= 1, "{document}");
        let us = &document["region_details"]["US"];
        assert_eq!([&us["reachable"], &us["opted_out"]], [&Value::Null, &Value::Null]);
        for text in texts {
            assert!(text.contains("Region not in ISO 3166-1"), "{text}");
            for wrong in [
                "Without any channel",
                "Not an E.164 number",
                "Default channel not available",
                "Last change",
                "counts once",
            ] {
                assert!(!text.contains(wrong), "{wrong} in {text}");
            }
            // Only the name of the region column is left.
            assert!(text.matches("Reachable").count() <= 1, "{text}");
        }
    }
    // Small groups can be merged in such a summary, too.
    let (_, document, _) = report(run, &["c.csv", "--min-cell", "20", "--compare", "s.json"]);
    assert_eq!(document["contacts"], 300);
}

#[test]
fn counts_are_unknown_if_one_file_lacks_their_column() {
    let run = export(&[]);
    std::fs::write(run.path("more.csv"), "id,default_channel\na,sms\nb,sms\n").unwrap();
    let (run, document, _) = report(run, &["c.csv", "more.csv"]);
    assert_eq!(document["contacts"], 302);
    assert_eq!(document["reachable"], Value::Null);
    assert_eq!(document["channels"], json!({}));
    assert_eq!(document["default_channel_not_available"], 0);
    let unknown = |summary: &Value| summary["regions"]["unknown"].as_u64().unwrap_or(0);
    assert_eq!(unknown(&document), unknown(&run.json("s.json")) + 2);
}

#[test]
fn counts_that_one_side_lacks_are_not_compared() {
    let mut run = export(&[]);
    let part = export(&["--columns", "opt_out,id"]);
    std::fs::copy(part.path("c.csv"), run.path("part.csv")).unwrap();
    std::fs::copy(part.path("s.json"), run.path("part.json")).unwrap();
    for sides in [["part.csv", "c.csv"], ["c.csv", "part.csv"], ["s.json", "part.csv"]] {
        let (next, document, texts) = report(run, &[sides[1], "--compare", sides[0]]);
        run = next;
        let comparison = &document["comparison"];
        assert_eq!(comparison["contacts"], json!({"old": 300, "new": 300}));
        assert_eq!([&comparison["reachable"], &comparison["without_channel"]], [&Value::Null, &Value::Null]);
        assert_eq!(comparison["opted_out"]["old"], comparison["opted_out"]["new"]);
        assert_eq!([&comparison["channels"], &comparison["regions"]], [&json!({}), &json!({})]);
        assert_eq!([&comparison["new_regions"], &comparison["gone_regions"]], [&json!([]), &json!([])]);
        assert_eq!(comparison["columns_not_in_both"], json!(["available_channels", "region_code"]));
        for text in texts {
            assert!(text.contains("Not in both, so not compared: available_channels, region_code."), "{text}");
        }
    }
    let (_, document, texts) = report(run, &["c.csv", "--compare", "s.json"]);
    assert_eq!(document["comparison"]["columns_not_in_both"], json!([]));
    assert_eq!(document["comparison"]["filters_differ"], false);
    assert!(texts.iter().all(|text| !text.contains("not compared") && !text.contains("different filters")));
}

#[test]
fn a_file_has_the_filters_of_its_export() {
    let run = export(&["--channel", "sms", "--search", "Ann"]);
    let filters = json!({"channel": "sms", "search": "Ann"});
    // A Parquet file states the filter itself; for CSV, it is in the manifest.
    let (run, document, texts) = report(run, &["c.csv"]);
    assert_eq!(document["filters"], filters);
    assert!(texts.iter().all(|text| text.contains("Only contacts with the channel sms.")));
    std::fs::rename(run.path("_c.csv.manifest.json"), run.path("gone.json")).unwrap();
    let (run, document, _) = report(run, &["c.parquet"]);
    assert_eq!(document["filters"], filters);
    let (run, document, texts) = report(run, &["c.parquet", "--min-cell", "10"]);
    assert!(!document.to_string().contains("Ann") && texts.iter().all(|text| !text.contains("Ann")), "{document}");
    let (_, document, _) = report(run, &["c.csv"]);
    assert_eq!(document["filters"], json!({}));
}

#[test]
fn comparing_a_filtered_export_with_a_full_one_is_flagged() {
    let mut run = export(&[]);
    let part = export(&["--channel", "sms"]);
    for name in ["c.parquet", "s.json"] {
        std::fs::copy(part.path(name), run.path(&format!("part-{name}"))).unwrap();
    }
    for (sides, is_unlike) in [
        (["part-c.parquet", "c.parquet"], true),
        (["part-s.json", "c.csv"], true),
        (["s.json", "part-c.parquet"], true),
        (["part-s.json", "part-c.parquet"], false),
        (["s.json", "c.parquet"], false),
    ] {
        let (next, document, texts) = report(run, &[sides[1], "--compare", sides[0]]);
        run = next;
        assert_eq!(document["comparison"]["filters_differ"], is_unlike, "{sides:?}");
        for text in texts {
            assert_eq!(text.contains("exported with different filters"), is_unlike, "{sides:?} {text}");
        }
    }
    let (_, document, texts) = report(run, &["c.parquet", "part-c.parquet"]);
    assert_eq!([&document["filters_differ"], &document["filters"]], [&json!(true), &json!({})]);
    assert!(texts.iter().all(|text| text.contains("These files were exported with different filters")));
}
