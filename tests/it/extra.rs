//! `--extra` of contacts: undocumented fields and values without a column, in every format and back.

use std::fs::File;

use arrow::array::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sent_export::simulator::{Settings, Simulator};
use serde_json::{Value, json};

use crate::support::{Answer, Asked, Finished, MANIFEST_SCHEMA, Run, ScriptedServer, assert_valid, sent_export};

const IDS: [&str; 4] = [
    "00000000-0000-4000-8000-000000000001",
    "00000000-0000-4000-8000-000000000002",
    "00000000-0000-4000-8000-000000000003",
    "00000000-0000-4000-8000-000000000004",
];

/// Members of each contact besides its id, and what must be in `extra`.
const CONTACTS: [(&str, Option<&str>); 4] = [
    (
        r#""phone_number":"\u002B12025550123","tags":[ "a,b", {"deep":[[null,-1.5e-3]]} ],"note":"say \"hi\"\n;","tags":["last"]"#,
        Some(r#"{"note":"say \"hi\"\n;","tags":["last"]}"#),
    ),
    (
        r#""opt_out":"maybe","broken\ud83d":"\udc00\ud83d\ude00""#,
        Some(r#"{"opt_out":"maybe","broken\ufffd":"\ufffd\ud83d\ude00"}"#),
    ),
    (r#""opt_out":false,"region_code":"US""#, None),
    (r#""big":"#, Some("omitted")),
];

/// A list of these contacts; the last has a value that does not fit.
fn items() -> Vec<String> {
    let big = format!("\"{}\"", "x".repeat(100_000));
    let item = |(id, (members, _)): (&&str, &(&str, Option<&str>))| {
        let end = if members.ends_with(':') { &big } else { "" };
        format!(r#"{{"id":"{id}",{members}{end}}}"#)
    };
    IDS.iter().zip(&CONTACTS).map(item).collect()
}

/// An API with these contacts, one by one and as a list.
fn server(items: Vec<String>) -> ScriptedServer {
    ScriptedServer::start(move |_, head| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        if let Some(id) = path.strip_prefix("/v3/contacts/") {
            let item = items.iter().find(|item| item.contains(id)).expect("it is one of them");
            return Answer::ok(format!(r#"{{"success":true,"data":{item},"error":null,"meta":{{}}}}"#));
        }
        let asked = Asked::by(head);
        let list = if asked.is_first() { items.join(",") } else { String::new() };
        let pagination =
            json!({"page": asked.page, "page_size": asked.size, "total_count": items.len(), "has_more": false});
        Answer::ok(format!(
            r#"{{"success":true,"data":{{"contacts":[{list}],"pagination":{pagination}}},"error":null,"meta":{{}}}}"#
        ))
    })
}

/// The column of a Parquet file.
fn extra_of(run: &Finished, name: &str) -> Vec<Option<String>> {
    let file = File::open(run.path(name)).unwrap();
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let text = |text: Option<&str>| text.map(str::to_owned);
    batches.flat_map(|batch| batch.unwrap()["extra"].as_string::<i32>().iter().map(text).collect::<Vec<_>>()).collect()
}

#[track_caller]
fn assert_extra(found: &[Option<String>]) {
    assert_eq!(found.len(), CONTACTS.len());
    for (found, (_, wanted)) in found.iter().zip(CONTACTS) {
        if wanted == Some("omitted") {
            let found: Value = serde_json::from_str(found.as_deref().unwrap()).unwrap();
            assert_eq!(found, json!({"omitted_by_sent_export": {"fields": 1, "bytes": 100_009}}));
        } else {
            assert_eq!(found.as_deref(), wanted);
        }
    }
}

fn again(run: Finished, args: &[&str]) -> Run {
    run.again().args(args)
}

#[test]
fn values_that_no_column_holds_are_written_in_every_format_and_read_back() {
    const FILES: [&str; 5] = ["c.parquet", "c.csv", "c.ndjson", "c.arrow", "c.xlsx"];
    let server = server(items());
    let outputs = FILES.map(|file| ["-o", file]).concat();
    let arguments = [&outputs[..], &["--extra", "--add-columns", "row_hash"]].concat();
    let run = sent_export().contacts(&server.url(), &arguments).finish().expect_code(0);
    assert_valid(&run.json("_c.parquet.manifest.json"), MANIFEST_SCHEMA);
    assert!(!run.stderr.contains("say") && !run.stderr.contains("xxx"), "no value is printed {run:?}");
    let columns = extra_of(&run, "c.parquet");
    assert_extra(&columns);
    let mut reader = csv::Reader::from_path(run.path("c.csv")).unwrap();
    assert_eq!(reader.headers().unwrap().iter().rev().take(2).collect::<Vec<_>>(), ["row_hash", "extra"]);
    let cells: Vec<String> = reader.records().map(|row| row.unwrap()[15].to_owned()).collect();
    assert_eq!(cells, columns.iter().map(|text| text.clone().unwrap_or_default()).collect::<Vec<_>>());
    let lines = std::fs::read_to_string(run.path("c.ndjson")).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["extra"].as_str().map(str::to_owned)).collect::<Vec<_>>(), columns);
    let mut run = again(run, &[&["verify", "--quiet"], &FILES[..]].concat()).finish().expect_code(0);
    for file in FILES {
        run = again(run, &["report", file, "--json", "-", "--quiet"]).finish().expect_code(0);
        let report: Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(report["contacts"], 4, "{file}");
        assert!(!String::from_utf8_lossy(&run.stdout).contains("say"), "{file}");
        let diff = ["diff", "c.parquet", file, "-o", "d.ndjson", "--exit-code-unchanged", "9"];
        run = again(run, &diff).finish().expect_code(9);
        assert!(!run.stderr.contains("not compared"), "{run:?}");
    }
}

#[test]
fn naming_the_column_is_enough_and_without_it_nothing_changes() {
    let hashes = |items: Vec<String>, more: &[&str]| {
        let server = server(items);
        let arguments = [&["-o", "c.csv"], more].concat();
        let run = sent_export().contacts(&server.url(), &arguments).finish().expect_code(0);
        std::fs::read_to_string(run.path("c.csv")).unwrap()
    };
    let plain = |tag: &str| vec![format!(r#"{{"id":"{}","tier":{tag}}}"#, IDS[0])];
    let (add, with) = (["--add-columns", "row_hash"], ["--add-columns", "row_hash", "--extra"]);
    assert_eq!(hashes(plain("1"), &add), hashes(plain("2"), &add), "a field that is not exported changes no row");
    assert_ne!(hashes(plain("1"), &with), hashes(plain("2"), &with));
    let named = hashes(plain("[1]"), &["--columns", "extra,id"]);
    assert_eq!(named, format!("extra,id\n\"{{\"\"tier\"\":[1]}}\",{}\n", IDS[0]));
    let server = server(plain("1"));
    for (more, error) in [
        (&["--drop", "extra"][..], "unknown column \"extra\""),
        (&["--extra", "--mask-phones"], "--mask-phones cannot find every phone number in free text: extra"),
        (&["--columns", "id,extra", "--mask-phones"], "free text: extra"),
    ] {
        let arguments = [&["-o", "c.csv"], more].concat();
        sent_export().contacts(&server.url(), &arguments).finish().expect_code(2).expect_stderr(error);
    }
    assert!(server.requests().is_empty());
    let simulate = ["messages", "--simulate=20", "-o", "m.csv", "--columns", "id,extra"];
    let run = sent_export().args(simulate).finish().expect_code(0);
    assert!(std::fs::read_to_string(run.path("m.csv")).unwrap().starts_with("id,extra\n"));
}

#[test]
fn a_changed_undocumented_field_is_a_change_of_the_contact() {
    let contact = |tier: u8| vec![format!(r#"{{"id":"{}","tier":{tier}}}"#, IDS[0])];
    let flags = ["-o", "c.parquet", "--extra", "--changes", "d.ndjson", "--history", "history/"];
    let first = server(contact(1));
    let run = sent_export().contacts(&first.url(), &flags).finish().expect_code(0);
    let second = server(contact(2));
    // The second server has another address, so edit the manifest to make both the same account.
    let manifest = std::fs::read_to_string(run.path("_c.parquet.manifest.json")).unwrap();
    std::fs::write(run.path("_c.parquet.manifest.json"), manifest.replace(&first.url(), &second.url())).unwrap();
    std::fs::remove_dir_all(run.path("history")).unwrap();
    let run = run.again().contacts(&second.url(), &flags).finish().expect_code(0);
    let change: Value = serde_json::from_str(&std::fs::read_to_string(run.path("d.ndjson")).unwrap()).unwrap();
    assert_eq!((&change["change"], &change["changed_fields"]), (&"changed".into(), &json!(["extra"])));
    assert_eq!((&change["old"]["extra"], &change["new"]["extra"]), (&r#"{"tier":1}"#.into(), &r#"{"tier":2}"#.into()));
    let as_of = ["diff", "history/", "--as-of", "2999-01-01", "-o", "state.parquet", "--quiet"];
    let run = again(run, &as_of).finish().expect_code(0);
    assert_eq!(extra_of(&run, "state.parquet"), [Some(r#"{"tier":2}"#.to_owned())]);
    // An export without the column is compared by the columns that both exports have.
    let without = ["-o", "plain.parquet"];
    let run = run.again().contacts(&second.url(), &without).finish().expect_code(0);
    let diff = ["diff", "c.parquet", "plain.parquet", "-o", "d.ndjson", "--exit-code-unchanged", "9"];
    again(run, &diff).finish().expect_code(9).expect_stderr("not compared, since the newer export lacks them: extra");
}

#[test]
fn contacts_by_id_have_the_extra_column() {
    let server = server(items());
    let fixed = ["contact", "--base-url", &server.url(), "--rate-limit", "none", "--extra"];
    let run = sent_export().args(fixed).args(IDS).finish().expect_code(0);
    let lines: Vec<Value> =
        String::from_utf8_lossy(&run.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_extra(&lines.iter().map(|line| line["extra"].as_str().map(str::to_owned)).collect::<Vec<_>>());
    let run = run.again().args(fixed).args(IDS).args(["-o", "c.parquet"]).finish().expect_code(0);
    assert_extra(&extra_of(&run, "c.parquet"));
    let url = server.url();
    let plain = run.again().args(["contact", "--base-url", &url, "--rate-limit", "none", IDS[0]]).finish();
    assert!(!String::from_utf8_lossy(&plain.expect_code(0).stdout).contains("tags"));
}

#[test]
fn every_hostile_contact_of_every_profile_has_its_own_extra_value() {
    let settings = Settings { hostile: true, contacts: 300, profiles: 2, profile_contacts: 300, ..Settings::default() };
    let simulator = Simulator::start(settings).unwrap();
    for profiles in [&[][..], &["--profiles", "all"]] {
        let arguments = [&["-o", "c.parquet", "--extra", "--columns", "id,region_code,extra"], profiles].concat();
        let run = sent_export().contacts(&simulator.base_url(), &arguments).finish();
        assert!(matches!(run.code, Some(0 | 3)), "{run:?}");
        let found = extra_of(&run, "c.parquet");
        let tiers = found.iter().flatten().map(|text| serde_json::from_str::<Value>(text).unwrap());
        let tiers: Vec<Value> = tiers.filter(|extra| extra.get("loyalty_tier").is_some()).collect();
        let wanted = json!({"tags": ["vip", {"deep": [[null, -1.5e-3]]}], "loyalty_tier": "gold", "score": 100.0});
        assert!(tiers.len() >= 5 && tiers.iter().all(|extra| *extra == wanted), "{tiers:?}");
        assert!(found.iter().filter(|text| text.is_none()).count() > found.len() / 2);
    }
}
