//! The HTML report in a real browser.
//!
//! `SENT_EXPORT_BROWSER` names a Chromium and `SENT_EXPORT_BROWSER_NODE_DIR` a folder where npm has installed
//! playwright-core; `SENT_EXPORT_SDK_PYTHON` a Python that reads the printed pages. Screenshots stay under `target/report-screenshots`.

use std::path::PathBuf;
use std::process::Command;

use sent_export::simulator::{Messaging, Settings, Simulator};

use super::{peer, python};
use crate::support::sent_export;

#[test]
#[ignore = "needs Chromium, Node.js with playwright-core and Python with pypdfium2"]
fn the_page_works_in_light_and_dark_mode_on_a_phone_and_in_print() {
    let (browser, node) = (peer("SENT_EXPORT_BROWSER"), peer("SENT_EXPORT_BROWSER_NODE_DIR"));
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../report-screenshots");
    std::fs::create_dir_all(&out).unwrap();
    let mut pages = Vec::new();
    let accounts = [
        ("usual", 20_000, false),
        // In print, this report and that of ordinary messages have at most four pages.
        ("ordinary", 5000, false),
        ("hostile", 6000, true),
        ("one", 1, false),
        ("empty", 0, false),
    ];
    for (name, contacts, hostile) in accounts {
        let simulator = Simulator::start(Settings { contacts, hostile, ..Settings::default() }).unwrap();
        let page = out.join(format!("{name}.html"));
        let page_name = page.to_str().unwrap();
        sent_export().contacts(&simulator.base_url(), &["-o", "c.csv", "--report", page_name]).finish().expect_code(0);
        pages.push(page);
    }
    pages.extend([changed_page(&out), crowded_page(&out)]);
    pages.extend([messages_page(&out, false), messages_page(&out, true), changed_messages_page(&out)]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/look.cjs");
    let mut command = Command::new("node");
    command.env("NODE_PATH", node.join("node_modules")).arg(script).arg(browser).arg(&out).args(&pages);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The pages that the script has printed.
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/pages.py");
    let printed = |page: &PathBuf| out.join(format!("{}-print.pdf", page.file_stem().unwrap().to_str().unwrap()));
    let output = Command::new(python()).arg(script).args(pages.iter().map(printed)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// axe-core is slow on long pages, so these reports are of small accounts.
#[test]
#[ignore = "needs Chromium and Node.js with playwright-core and axe-core"]
fn axe_core_finds_no_violation() {
    let (browser, node) = (peer("SENT_EXPORT_BROWSER"), peer("SENT_EXPORT_BROWSER_NODE_DIR"));
    let messaging = Messaging { count: 400, ..Messaging::default() };
    let simulator = Simulator::start(Settings { contacts: 400, messaging, ..Settings::default() }).unwrap();
    let url = simulator.base_url();
    let outputs = ["-o", "c.parquet", "--summary", "s.json", "--report", "contacts.html"];
    let run = sent_export().contacts(&url, &outputs).finish().expect_code(0);
    let run = run.again().messages(&url, &["-o", "m.parquet", "--report", "messages.html"]).finish().expect_code(0);
    // With a comparison and a trend.
    for day in ["2026-03-02", "2026-03-09"] {
        let name = format!("{day}.json");
        std::fs::write(run.path(&name), std::fs::read_to_string(run.path("s.json")).unwrap()).unwrap();
    }
    let run = run.again().args(["report", "c.parquet", "-q", "--html", "changes.html", "--compare", "c.parquet"]);
    let run = run.args(["--compare", "2026-03-02.json", "--compare", "2026-03-09.json"]).finish().expect_code(0);
    let pages = ["contacts.html", "messages.html", "changes.html"].map(|name| run.path(name));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/axe.cjs");
    let mut command = Command::new("node");
    command.env("NODE_PATH", node.join("node_modules")).arg(script).arg(browser).args(&pages);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A report on messages.
fn messages_page(out: &std::path::Path, hostile: bool) -> PathBuf {
    let messaging = Messaging { count: 6000, ..Messaging::default() };
    let settings = Settings { contacts: 2000, hostile, messaging, ..Settings::default() };
    let simulator = Simulator::start(settings).unwrap();
    let page = out.join(if hostile { "hostile-messages.html" } else { "ordinary-messages.html" });
    let page_name = page.to_str().unwrap();
    sent_export().messages(&simulator.base_url(), &["-o", "m.csv", "--report", page_name]).finish().expect_code(0);
    page
}

/// A report on messages, compared with an export from some hours earlier.
fn changed_messages_page(out: &std::path::Path) -> PathBuf {
    let messaging = Messaging { count: 3000, days: 20, ..Messaging::default() };
    let simulator = Simulator::start(Settings { contacts: 2000, messaging, ..Settings::default() }).unwrap();
    let url = simulator.base_url();
    let run = sent_export().messages(&url, &["-o", "old.csv", "-q"]).finish().expect_code(0);
    simulator.pass_time(std::time::Duration::from_secs(5 * 3600), 60);
    let run = run.again().messages(&url, &["-o", "new.csv", "-q"]).finish().expect_code(0);
    let page = out.join("changed-messages.html");
    let report = ["report", "new.csv", "--compare", "old.csv", "--quiet", "--html", page.to_str().unwrap()];
    run.again().args(report).finish().expect_code(0);
    page
}

/// A report with changes and merged small groups.
fn changed_page(out: &std::path::Path) -> PathBuf {
    let export = |seed: u64, contacts: u32| {
        let simulator = Simulator::start(Settings { contacts, seed, ..Settings::default() }).unwrap();
        sent_export().contacts(&simulator.base_url(), &["-o", "c.csv", "--summary", "s.json"]).finish().expect_code(0)
    };
    let (old, new) = (export(1, 3000), export(2, 4000));
    let page = out.join("changed.html");
    sent_export()
        .args(["report", "--min-cell", "20", "--quiet", "--html"])
        .args([&page, &new.path("c.csv")])
        .args(["--compare".as_ref(), old.path("s.json").as_os_str()])
        .finish()
        .expect_code(0);
    page
}

/// A report with every possible region, more channels than fit, and names of all kinds.
fn crowded_page(out: &std::path::Path) -> PathBuf {
    const CHANNELS: [&str; 10] = [
        "sms",
        "whatsapp",
        "rcs",
        "<b>bold</b>",
        "WWWWWWWWWWWWWWWWWWWW",
        "電話電話電話電話",
        "a b",
        "viber",
        "email",
        "x",
    ];
    let mut contacts = "id,region_code,available_channels,created_at\n".to_owned();
    for at in 0..6000_u32 {
        let letter = |at: u32| char::from(b'A' + u8::try_from(at % 26).unwrap());
        let region = match at % 15 {
            0 => "<I>WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW</I>".to_owned(),
            1 => "BA".to_owned(),
            2 => String::new(),
            _ => format!("{}{}", letter(at), letter(at / 23)),
        };
        let channels: Vec<&str> = CHANNELS
            .into_iter()
            .enumerate()
            .filter(|(bit, _)| at >> bit & 1 == 0)
            .map(|(_, channel)| channel)
            .collect();
        contacts += &format!("{at},{region},\"{}\",2025-{:02}-01T00:00:00Z\n", channels.join(","), at % 9 + 1);
    }
    let page = out.join("crowded.html");
    sent_export()
        .file("c.csv", &contacts)
        .args(["report", "c.csv", "--quiet", "--html"])
        .args([&page])
        .finish()
        .expect_code(0);
    assert!(std::fs::metadata(&page).unwrap().len() < 300_000);
    page
}
