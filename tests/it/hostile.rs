//! A hostile or broken server: bounds on the memory that it can make the program use, and on the text it can make it print.

use std::io::Write;

use crate::support::{Answer, Asked, ScriptedServer, page, sent_export};

/// Maximum memory of a run, regardless of what a server sends.
const MAX_MEMORY: u64 = 300 << 20;

const KEY: &str = "sk_live_EXAMPLE0123456789";

fn pagination(page: u32) -> String {
    format!(
        r#""pagination":{{"page":{page},"page_size":100,"total_count":1000,"total_pages":10,"has_more":{}}}"#,
        page < 10
    )
}

/// A response with an excessive list of contacts.
fn contacts_flood(page: u32, item: &'static str, times: usize) -> Answer {
    let start = r#"{"success":true,"data":{"contacts":["#.to_owned();
    Answer::Flood(start, item, times, format!(r#"{{"id":"{page}"}}],{}}}}}"#, pagination(page)))
}

#[track_caller]
fn assert_bounded(code: i32, message: &str, script: impl Fn(u32) -> Answer + Send + Sync + 'static) {
    let server = ScriptedServer::start(move |_, head| script(Asked::by(head).page));
    let arguments = ["-o", "c.csv", "-o", "c.parquet", "--max-retries", "0", "-q", "--consistency", "plain"];
    let (run, peak) = sent_export().contacts(&server.url(), &arguments).finish_measured();
    assert!(peak < MAX_MEMORY, "{} MiB at the peak of{run:?}", peak >> 20);
    run.expect_code(code).expect_stderr(message);
}

#[test]
fn floods_of_items_are_refused() {
    const MEGABYTES: usize = 1 << 20;
    for item in ["{},", "0,", r#"{"id":"a"},"#] {
        assert_bounded(5, "the body is longer than 8 MiB", move |page| {
            contacts_flood(page, item, 60 * MEGABYTES / item.len())
        });
        assert_bounded(5, "holds more than 400 items", move |page| {
            contacts_flood(page, item, 7 * MEGABYTES / item.len())
        });
    }
    // Only from the second page on, when many requests are in flight.
    assert_bounded(5, "holds more than 400 items", |number| match number {
        1 => Answer::ok(page(1, 100, 10_000)),
        _ => contacts_flood(number, "{},", 7 * MEGABYTES / 3),
    });
}

#[test]
fn floods_within_one_item_or_error_take_little_memory() {
    let flood =
        |start: &str, part: &'static str, end: &str| Answer::Flood(start.to_owned(), part, 1 << 20, end.to_owned());
    assert_bounded(4, "VALIDATION_001", move |_| {
        flood(r#"{"success":false,"error":{"code":"VALIDATION_001","details":["#, "0,", "0]}}")
    });
    assert_bounded(4, "VALIDATION_001", move |_| {
        flood(r#"{"success":false,"error":{"code":"VALIDATION_001","details":{"#, r#""a":[],"#, r#""b":1}}}"#)
    });
    assert_bounded(5, "is truncated", move |_| {
        flood(r#"{"success":true,"data":{"contacts":[{"id":"1","new":"#, "[", "")
    });
    assert_bounded(0, "", move |_| {
        let end = r#"0]]}],"pagination":{"page":1,"page_size":100,"total_count":1,"has_more":false}}}"#;
        flood(r#"{"success":true,"data":{"contacts":[{"id":"1","available_channels":[["#, "0,", end)
    });
}

#[test]
fn pages_of_long_texts_wait_for_memory() {
    const TEXT: &str = "7f3a9c1e5b8d2064";
    let server = ScriptedServer::start(|_, head| {
        let number = Asked::by(head).page;
        if number > 10 {
            return Answer::ok(page(number, 1, 10));
        }
        let start = format!(r#"{{"success":true,"data":{{"contacts":[{{"id":"{number}","phone_number":""#);
        Answer::Flood(
            start,
            TEXT,
            (7 << 20) / TEXT.len(),
            format!(r#""}}],{}}}}}"#, pagination(number).replace("100,", "1,").replace("1000", "10")),
        )
    });
    let arguments = ["-o", "c.csv", "-o", "c.parquet", "--page-size", "1", "-q", "--consistency", "plain"];
    let (run, peak) = sent_export().contacts(&server.url(), &arguments).finish_measured();
    assert!(peak < MAX_MEMORY, "{} MiB at the peak of{run:?}", peak >> 20);
    // Without overlap, nothing is verified.
    let run = run.expect_code(3);
    assert!(std::fs::metadata(run.path("c.csv")).unwrap().len() > 70 << 20, "{run:?}");
}

/// A response that compresses very well.
fn bomb(encoding: &str) -> Answer {
    let fill = |packer: &mut dyn Write| {
        packer.write_all(br#"{"success":true,"data":{"contacts":["#).unwrap();
        let blanks = vec![b' '; 1 << 20];
        (0..200).for_each(|_| packer.write_all(&blanks).unwrap());
    };
    let packed = match encoding {
        "gzip" => {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            fill(&mut packer);
            packer.finish().unwrap()
        }
        "zstd" => {
            let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
            fill(&mut packer);
            packer.finish().unwrap()
        }
        _ => {
            let mut packer = brotli::CompressorWriter::new(Vec::new(), 4096, 1, 22);
            fill(&mut packer);
            packer.into_inner()
        }
    };
    Answer::Bytes(vec![format!("content-encoding: {encoding}")], packed.into())
}

#[test]
fn decompression_bombs_are_refused_in_every_encoding() {
    for encoding in ["gzip", "zstd", "br"] {
        let bomb = bomb(encoding);
        assert_bounded(5, "the body is longer than 8 MiB", move |_| bomb.clone());
    }
}

/// Runs with a key and all log messages against a server that always gives one response; returns what was printed and written.
fn shown_for(code: i32, answer: Answer) -> String {
    let server = ScriptedServer::start(move |_, _| answer.clone());
    let arguments = ["-o", "c.csv", "-vv", "--max-retries", "1", "--summary", "s.json", "--report", "r.html"];
    let run = sent_export().env("SENT_DM_API_KEY", Some(KEY)).contacts(&server.url(), &arguments).finish();
    let run = run.expect_code(code);
    let files = ["s.json", "r.html", "c.csv.manifest.json"]
        .map(|name| std::fs::read_to_string(run.path(name)).unwrap_or_default());
    format!("{}{}{}", run.stderr, String::from_utf8_lossy(&run.stdout), files.concat())
}

#[test]
fn the_key_appears_nowhere_even_if_a_server_echoes_it() {
    let percent: String = KEY.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, KEY);
    let escaped = KEY.bytes().map(|byte| format!("\\u{byte:04x}")).collect::<Vec<_>>().concat();
    let forms = [KEY, &KEY[..14], &KEY[9..], &KEY.to_lowercase(), &KEY.to_uppercase(), &percent, &base64, &escaped];
    for form in forms {
        let header = format!("x-request-id: {form}");
        let html = Answer::Http(502, vec![header.clone()], "<html>".into());
        let empty = Answer::Http(401, vec![header.clone()], String::new());
        let body = serde_json::json!({"success": false, "meta": {"request_id": form}, "error": {"code": form,
            "message": format!("the key {form} is not valid"), "details": {form: [form], "field": [form]}, "doc_url": form}});
        let error = Answer::Http(403, vec![header.clone()], body.to_string());
        let contacts = serde_json::json!([{"id": "1", form: 1}]);
        let data =
            serde_json::json!({"contacts": contacts, "pagination": {"page": 1, "page_size": 100, "total_count": 1}});
        let list = serde_json::json!({"success": true, "data": data, "meta": {"request_id": form}});
        let list = Answer::ok(list.to_string()).with_header(&header);
        for (code, answer) in [(5, html), (6, empty), (6, error), (0, list)] {
            let shown = shown_for(code, answer);
            assert!(!shown.to_lowercase().contains(&form.to_lowercase()), "{form} shows in\n{shown}");
        }
    }
}

#[test]
fn a_message_is_shown_without_invisible_characters() {
    let error = serde_json::json!({"code": "VALIDATION_001", "message": "a\u{202e}gnp.exe\u{2066}x\u{200b}\u{1b}[31m",
        "details": {"page\u{202e}_size": ["must be\u{feff} small"]}});
    let answer = Answer::Http(400, vec![], serde_json::json!({"success": false, "error": error}).to_string());
    let shown = shown_for(4, answer);
    assert!(shown.contains("VALIDATION_001 (HTTP 400): agnp.exex[31m; page_size: must be small"), "{shown}");
}

#[test]
fn a_message_with_a_phone_number_is_not_shown() {
    for message in ["no contact +1 (415) 555-0123", "contact_14155550123", "phone=%2B14155550123"] {
        let error = serde_json::json!({"code": "RESOURCE_001", "message": message, "details": {message: [message]}});
        let body = serde_json::json!({"success": false, "error": error, "meta": {"request_id": "14155550123"}});
        let shown = shown_for(4, Answer::Http(404, vec![], body.to_string()));
        assert!(shown.contains("RESOURCE_001 (HTTP 404); (hidden)\n"), "{shown}");
        assert!(!shown.contains("555"), "{shown}");
    }
}

#[test]
fn links_are_not_shown_as_field_names_or_codes() {
    let contact = serde_json::json!({"id": "1", "region_code": "www.evil.com", "default_channel": "http://evil.io",
        "available_channels": "www.evil.com", "https://evil.com/": 1});
    let data =
        serde_json::json!({"contacts": [contact], "pagination": {"page": 1, "page_size": 100, "total_count": 1}});
    let shown = shown_for(0, Answer::ok(serde_json::json!({"success": true, "data": data}).to_string()));
    assert!(!shown.to_lowercase().contains("evil"), "{shown}");
    assert!(shown.contains("these fields are not documented: (other)"), "{shown}");
}
