use super::render::render_table;
use super::*;
use crate::format::FileFormat;
use crate::publish::OutputReport;
use crate::resources::contacts::decode_page;
use crate::verdict::{Evidence, EvidenceCode, Verdict};

const NOW: i64 = 1_775_000_000_000_000; // 2026-03-31

fn counted(contacts: &serde_json::Value) -> Summary {
    let body = serde_json::json!({"success": true, "data": {"contacts": contacts}}).to_string();
    let page = decode_page(&body.into()).unwrap().data.unwrap().items.unwrap();
    let mut counts = ContactCounts::default();
    counts.add_batch(&page.batch(), NOW);
    counts.summary()
}

fn summary() -> Summary {
    let counts = counted(&serde_json::json!([
        {"id":"a","region_code":"us","available_channels":"sms,whatsapp","default_channel":"sms","opt_out":false,
         "country_code":"1","created_at":"2026-03-01T00:00:00Z","updated_at":"2026-03-30T00:00:00Z"},
        {"id":"b","region_code":"US","available_channels":"sms","default_channel":"sms","opt_out":true,
         "country_code":"1","created_at":"2026-03-31T23:59:59Z","updated_at":"2025-01-01T00:00:00Z"},
        {"id":"c","region_code":"NA","available_channels":null,"created_at":"0001-01-01T00:00:00"},
    ]));
    let mut findings = Findings::default();
    findings.add_rejected(|| "page 3, item 7".to_owned(), "missing_id", &["phone_number"]);
    findings.add_unknown_field("mood\u{1b}[31m", 2);
    findings.add_malformed("created_at", 1);
    let mut summary = counts;
    summary.add_findings(findings);
    let origin = Origin {
        filters: Filters { channel: Some("sms".into()), phone: true, ..Filters::default() },
        run: Some(RunFacts {
            profiles: Vec::new(),
            started_at: "2026-03-31T00:00:00Z".into(),
            finished_at: "2026-03-31T00:00:02Z".into(),
            elapsed_seconds: 2.0,
            requests: 12,
            retries: 2,
            rate_limited: 1,
            waited_seconds: 0.5,
            pages: 10,
            total_count_first: Some(3),
            total_count_last: Some(3),
            duplicates_removed: 1,
            rows_left_out: None,
            changes: None,
            verdict: Verdict::Complete,
            evidence: vec![Evidence::new(EvidenceCode::SingleAnswer, None, "the whole list came in one answer".into())],
            consistency: ConsistencyFacts { mode: "auto", ..ConsistencyFacts::default() },
        }),
        outputs: vec![OutputReport {
            resource: None,
            path: "contacts.parquet".into(),
            format: FileFormat::PARQUET,
            csv: None,
            rows: 3,
            bytes: 1_234_567,
            sha256: "0".repeat(64),
        }],
        ..summary.origin
    };
    Summary { as_of: "2026-03-31T00:00:00Z".into(), origin, ..summary }
}

#[test]
fn every_table_adds_up() {
    let counts = summary();
    assert_eq!(counts.contacts, 3);
    assert_eq!(counts.channels, [("none", 1), ("sms", 2), ("whatsapp", 1)].map(|(k, n)| (k.to_owned(), n)).into());
    assert_eq!(counts.regions, [("NA", 1), ("US", 2)].map(|(k, n)| (k.to_owned(), n)).into());
    assert_eq!(counts.channels_by_region["US"]["sms"], 2);
    assert_eq!(counts.channels_by_region["NA"]["none"], 1);
    assert_eq!(counts.created_by_month, [("2026-03", 2), ("unknown", 1)].map(|(k, n)| (k.to_owned(), n)).into());
    assert_eq!((counts.opt_out.yes, counts.opt_out.no, counts.opt_out.unknown), (1, 1, 1));
    assert_eq!((counts.updated.never, counts.updated.last_7_days, counts.updated.older), (1, 1, 1));
    for table in [&counts.default_channels, &counts.regions, &counts.country_codes, &counts.created_by_month] {
        assert_eq!(table.values().sum::<u64>(), counts.contacts);
    }
}

#[test]
fn keys_are_bounded_and_every_row_is_counted() {
    let contacts: Vec<_> = (0..MAX_KEYS + 50)
        .map(|at| serde_json::json!({"id": at.to_string(), "region_code": format!("R{at}")}))
        .collect();
    let counts = counted(&serde_json::json!(contacts));
    assert_eq!(counts.regions.len(), MAX_KEYS + 1);
    assert_eq!(counts.regions[OTHER_KEY], 50);
    assert_eq!(counts.channels_by_region[OTHER_KEY]["none"], 50);
}

#[test]
fn the_json_form_matches_its_schema() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../../schema/summary.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let document: serde_json::Value = serde_json::from_str(&summary().to_json()).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let mut wrong = document;
    wrong["contacts"] = serde_json::json!("many");
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn the_table_is_aligned_and_has_no_control_characters() {
    let table = render_table(&summary(), TableStyle { width: 80, has_colors: false });
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    assert!(!table.contains('\u{1b}'), "{table}");
    insta::assert_snapshot!(table);
}

#[test]
fn no_line_is_wider_than_a_narrow_terminal() {
    let table = render_table(&summary(), TableStyle { width: 40, has_colors: false });
    assert!(table.lines().all(|line| line.chars().count() <= 40), "{table}");
}

#[test]
fn an_older_summary_without_counts_of_future_dates_can_be_read() {
    let mut older: serde_json::Value = serde_json::from_str(&summary().to_json()).unwrap();
    older["updated"].as_object_mut().unwrap().remove("in_future").unwrap();
    older["quality"].as_object_mut().unwrap().remove("created_in_future").unwrap();
    let older = Summary::from_json(&older.to_string()).unwrap();
    assert_eq!((older.updated, older.quality.created_in_future), (summary().updated, 0));
}

#[test]
fn a_terminal_shows_changes_for_the_worse_in_red() {
    let old = Summary { reachable: Some(0), without_channel: Some(0), ..Summary::default() };
    let mut new = summary();
    new.comparison = Some(compare(&old, &new, "old.json".to_owned()));
    let table = render_table(&new, TableStyle { width: 80, has_colors: true });
    let line =
        |name: &str| table.lines().find(|line| line.trim_start().starts_with(name) && line.contains('▲')).unwrap();
    for (name, color) in
        [("Contacts", "32"), ("Reachable", "32"), ("Opted out", "31"), ("Without", "31"), ("none", "31")]
    {
        assert!(line(name).contains(&format!("\u{1b}[{color}m▲")), "{table}");
    }
}
