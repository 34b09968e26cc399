//! Lists that change while they are read: requests and verdict.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sent_export::simulator::{MovePlace, Movement, Order, Pace, Settings, Simulator};
use uuid::Uuid;

use crate::support::{Answer, Asked, Finished, ScriptedServer, csv_ids, sent_export, simulator};

fn moving(order: Order, contacts: u32, movement: Movement) -> Simulator {
    Simulator::start(Settings { order, contacts, movement, ..Settings::default() }).unwrap()
}

fn restless() -> Movement {
    Movement {
        created: Pace::PerRequest(0.6),
        deleted: Pace::PerRequest(0.6),
        updated: Pace::PerRequest(0.3),
        replaced: Pace::PerRequest(0.3),
        place: MovePlace::Reader,
        ..Movement::default()
    }
}

#[track_caller]
fn assert_nothing_is_lost(simulator: &Simulator, run: &Finished) {
    let ids = csv_ids(&run.path("c.csv"));
    let unique: HashSet<Uuid> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len(), "a contact was exported twice {run:?}");
    let lost = simulator.truth().present_throughout.iter().filter(|id| !unique.contains(id)).count();
    assert_eq!(lost, 0, "{run:?}");
}

#[test]
fn an_unchanged_list_costs_one_request_per_window_and_two_extra_requests_in_every_order() {
    for order in [Order::CreatedAscending, Order::RandomKey, Order::UpdatedDescending] {
        let simulator = moving(order, 1_950, Movement::default());
        let run = sent_export().contacts(&simulator.base_url(), &["-o", "c.csv", "--summary", "s.json"]).finish();
        let run = run.expect_code(0).expect_stderr("complete: 1,950 contacts");
        assert_eq!(simulator.statistics().list_requests, 22 + 2);
        let consistency = &run.json("s.json")["run"]["consistency"];
        assert_eq!((&consistency["boundaries_searched"], &consistency["changes_seen"]), (&0.into(), &0.into()));
        assert!(consistency["boundaries_verified"].as_u64().unwrap() >= 21, "{consistency}");
    }
}

#[test]
fn a_moving_list_is_healed_in_every_stable_order() {
    for order in [
        Order::CreatedAscending,
        Order::CreatedDescending,
        Order::RandomKey,
        Order::UpdatedAscending,
        Order::UpdatedDescending,
    ] {
        let simulator = moving(order, 3_000, restless());
        let run = sent_export().contacts(&simulator.base_url(), &["-o", "c.csv", "--summary", "s.json"]).finish();
        let run = run.expect_code(0).expect_stderr("healed: ");
        assert_nothing_is_lost(&simulator, &run);
        let summary = run.json("s.json");
        let consistency = &summary["run"]["consistency"];
        for name in ["changes_seen", "boundaries_verified"] {
            assert!(consistency[name].as_u64().unwrap() > 1, "{order:?} {consistency}");
        }
        assert!(consistency["created_during_run"].as_u64().unwrap() > 0, "{order:?} {consistency}");
        for name in ["first_request_id", "last_request_id"] {
            assert!(consistency[name].as_str().unwrap().starts_with("req_"), "{consistency}");
        }
    }
}

#[test]
fn without_overlap_contacts_are_lost_and_the_verdict_is_unverified() {
    let simulator = moving(Order::CreatedAscending, 3_000, restless());
    let run = sent_export()
        .contacts(&simulator.base_url(), &["-o", "c.csv", "--consistency", "plain", "--show-table"])
        .finish();
    let run = run.expect_code(3).expect_stderr("may be missing").expect_stderr("unverified: ");
    let ids: HashSet<Uuid> = csv_ids(&run.path("c.csv")).into_iter().collect();
    assert!(
        simulator.truth().present_throughout.iter().any(|id| !ids.contains(id)),
        "reading this list without overlap must miss rows"
    );
    let quiet = ["-o", "c.csv", "--consistency", "plain", "--quiet"];
    let run = sent_export().contacts(&simulator.base_url(), &quiet).finish().expect_code(3);
    run.expect_stderr("warning: completeness is not verified: ");
}

/// The rows of each response are random here and, with several requests in flight, so is the result of the run. So this test
/// checks only what is always true: the verdict, the reported number of missing rows, and a bound on the requests.
#[test]
fn an_unstable_order_is_reported_as_unverified() {
    for concurrency in ["1", "8"] {
        let simulator = moving(Order::Unstable, 1_500, Movement::default());
        let arguments = ["-o", "c.csv", "--concurrency", concurrency, "--summary", "s.json"];
        let run = sent_export().contacts(&simulator.base_url(), &arguments).finish();
        let run = run.expect_code(3).expect_stderr("the order of the list is not stable");
        let ids = csv_ids(&run.path("c.csv"));
        let unique: HashSet<Uuid> = ids.iter().copied().collect();
        assert_eq!(unique.len(), ids.len(), "a contact was exported twice {run:?}");
        let lost = simulator.truth().present_throughout.iter().filter(|id| !unique.contains(id)).count();
        // Three consecutive rescans missed each of these contacts.
        assert!(lost <= 10, "{lost} contacts are lost {run:?}");
        let told = run.evidence("s.json", "fewer_read_than_listed");
        assert_eq!(told, (lost > 0).then(|| lost.into()), "{run:?}");
        let requests = simulator.statistics().list_requests;
        assert!(requests <= 250, "{requests} requests for 15 pages");
    }
}

#[test]
fn a_strict_run_reads_everything_a_second_time() {
    let simulator = simulator(950);
    let strict = ["-o", "c.csv", "--consistency", "strict", "--show-table"];
    let run = sent_export().contacts(&simulator.base_url(), &strict).finish();
    let run = run.expect_code(0).expect_stderr("second read of the whole list (11 pages in all) found nothing new");
    assert_eq!(run.evidence("_c.csv.manifest.json", "rescan_found_nothing"), Some(11.into()));
    assert_eq!(
        simulator.statistics().list_requests,
        11 + 2 + 11,
        "windows, rereads of start and end, windows of the second read"
    );
}

#[test]
fn a_strict_run_that_cannot_reread_a_page_is_unverified() {
    let asked = AtomicBool::new(false);
    let server = ScriptedServer::start(move |_, head| match Asked::by(head) {
        page if page.holds(250) && asked.swap(true, Ordering::SeqCst) => Answer::error(500, "INTERNAL_001"),
        page => page.answer_of(450),
    });
    let arguments = ["-o", "c.csv", "--consistency", "strict", "--allow-missing-pages", "--max-retries", "0"];
    let run = sent_export().contacts(&server.url(), &arguments).finish().expect_code(3);
    let run = run
        .expect_stderr("rows 193 to 300 of the list could not be fetched a second time")
        .expect_stderr("unverified: 450 contacts");
    assert_eq!(csv_ids(&run.path("c.csv")).len(), 450);
}

#[test]
fn pages_that_shrink_midway_lose_no_rows() {
    let faults = vec!["page-cap:40 after=12".parse().unwrap()];
    let simulator = Simulator::start(Settings { contacts: 3_000, faults, ..Settings::default() }).unwrap();
    let run = sent_export().contacts(&simulator.base_url(), &["-o", "c.csv"]).finish();
    assert!(matches!(run.code, Some(0 | 3)), "{run:?}");
    assert_nothing_is_lost(&simulator, &run);
}

#[test]
fn a_page_that_is_truncated_once_is_read_again() {
    let faults = vec!["rows:40 page=5 times=1".parse().unwrap()];
    let simulator = Simulator::start(Settings { contacts: 1_000, faults, ..Settings::default() }).unwrap();
    let run = sent_export().contacts(&simulator.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
    assert_eq!(csv_ids(&run.path("c.csv")).len(), 1_000);
    assert_eq!(
        simulator.statistics().list_requests,
        12 + 1 + 1,
        "windows, the reread of the start, and that of the window that was cut short"
    );
}

#[test]
fn under_a_rate_limit_a_moving_list_is_read_without_a_429_and_without_waiting_longer_than_the_bucket() {
    let movement =
        Movement { created: "60/s".parse().unwrap(), deleted: "20/s".parse().unwrap(), ..Movement::default() };
    let rate_limit = Some("40/s".parse().unwrap());
    let settings = Settings { contacts: 8_000, movement, rate_limit, burst: 10, ..Settings::default() };
    let simulator = Simulator::start(settings).unwrap();
    let arguments = ["contacts", "-o", "c.csv", "--rate-limit", "40/s", "--burst", "10", "--summary", "s.json"];
    let run = sent_export().args(arguments).args(["--base-url", &simulator.base_url()]).finish().expect_code(0);
    assert_nothing_is_lost(&simulator, &run);
    let statistics = simulator.statistics();
    assert_eq!(statistics.rate_limited, 0);
    let (requests, elapsed) =
        (statistics.list_requests, run.json("s.json")["run"]["elapsed_seconds"].as_f64().unwrap());
    #[expect(clippy::cast_precision_loss, reason = "some dozens")]
    let allowed = (requests as f64 - 10.0) / 40.0;
    assert!(elapsed >= allowed - 0.05, "{requests} requests in {elapsed} s are more than the bucket holds");
}

/// A list of contacts that refuses windows with rows after `last`.
fn refusing_behind(last: u32, total: u32) -> ScriptedServer {
    ScriptedServer::start(move |_, head| match Asked::by(head) {
        asked if (asked.page - 1) * asked.size >= last => Answer::error(400, "VALIDATION_005"),
        asked => asked.answer_of(total),
    })
}

#[test]
fn deep_pages_that_are_refused_end_the_run_with_the_first_refused_row() {
    let server = refusing_behind(1_000, 3_000);
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--concurrency", "1"]).finish().expect_code(4);
    let run = run.expect_stderr("the API refuses rows from ").expect_stderr("hint: ").expect_stderr("exit code 3");
    let told = run.stderr.split_once("refuses rows from ").unwrap().1;
    let row: u32 = told.split(' ').next().unwrap().replace(',', "").parse().unwrap();
    assert!((1_001..=1_100).contains(&row), "{run:?}");
    assert!(!run.path("c.csv").exists());
}

#[test]
fn deep_pages_that_are_refused_may_be_missing() {
    for concurrency in ["1", "8"] {
        let server = refusing_behind(1_000, 3_000);
        let arguments = ["-o", "c.csv", "--allow-missing-pages", "--summary", "s.json", "--concurrency", concurrency];
        let run = sent_export().contacts(&server.url(), &arguments).finish().expect_code(3);
        let read = csv_ids(&run.path("c.csv")).len() as u64;
        assert!((1_000..=1_100).contains(&read), "{read} rows: {run:?}");
        let consistency = &run.json("s.json")["run"]["consistency"];
        assert_eq!(consistency["missing_rows"], serde_json::json!([[read + 1, 3_000]]), "{run:?}");
        // The number is above a thousand, and has a comma.
        let first = format!("1,{:03}", read + 1 - 1_000);
        run.expect_stderr(&format!("rows {first} to 3,000 of the list could not be fetched and are missing"));
        let plain = [&arguments[..], &["--consistency", "plain"]].concat();
        let run = sent_export().contacts(&server.url(), &plain).finish().expect_code(3);
        assert_eq!(csv_ids(&run.path("c.csv")).len(), 1_000, "{run:?}");
        run.expect_stderr("rows 1,001 to 3,000 of the list could not be fetched and are missing");
    }
}

#[test]
fn plain_pages_and_the_rows_up_to_a_limit_are_written_in_list_order_with_any_concurrency() {
    let server = ScriptedServer::start(|_, head| {
        let asked = Asked::by(head);
        // Later pages are often answered first.
        std::thread::sleep(Duration::from_millis(u64::from(asked.page * 7 % 5) * 30));
        asked.answer_of(1_000)
    });
    let written = |concurrency: &str, more: &[&str]| {
        let plain = ["-o", "c.csv", "--consistency", "plain", "--page-size", "50", "--concurrency", concurrency];
        let run = sent_export().contacts(&server.url(), &[&plain, more].concat()).finish().expect_code(3);
        std::fs::read_to_string(run.path("c.csv")).unwrap()
    };
    let whole = written("1", &[]);
    assert_eq!(whole.lines().count(), 1_001);
    assert_eq!(written("8", &[]), whole);
    let first: Vec<&str> = whole.lines().take(1 + 175).collect();
    assert_eq!(written("8", &["--limit", "175"]).lines().collect::<Vec<_>>(), first);
}

#[test]
fn endlessly_repeated_rows_end_the_run_as_unverified() {
    let server = ScriptedServer::start(|_, head| {
        let page = Asked::by(head).page;
        let pagination = serde_json::json!({"page": page, "page_size": 100, "total_count": 1_000_000_000_000_u64,
            "total_pages": 10_000_000_000_u64, "has_more": true});
        let data = serde_json::json!({"contacts": [{"id": "1"}, {"id": "2"}], "pagination": pagination});
        Answer::ok(serde_json::json!({"success": true, "data": data}).to_string())
    });
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--summary", "s.json"]).finish().expect_code(3);
    assert_eq!(run.json("s.json")["run"]["verdict"], "unverified");
    assert_eq!(std::fs::read_to_string(run.path("c.csv")).unwrap().lines().count(), 3);
    assert!(server.requests().len() < 1_000, "{} requests", server.requests().len());
}

/// More windows fail permanently than are in flight at once; the others are still exported.
#[test]
fn many_pages_that_cannot_be_fetched_do_not_affect_the_others() {
    for (concurrency, bad) in [("1", vec![550, 1_050]), ("2", (1..10).map(|at| at * 200 + 50).collect::<Vec<u32>>())] {
        let rows = bad.clone();
        let server = ScriptedServer::start(move |_, head| match Asked::by(head) {
            asked if rows.iter().any(|&row| asked.holds(row)) => Answer::error(500, "INTERNAL_001"),
            asked => asked.answer_of(2_000),
        });
        let limits = ["--max-retries", "0", "--concurrency", concurrency];
        let arguments = ["-o", "c.csv", "--allow-missing-pages", "--summary", "s.json"];
        let run = sent_export().contacts(&server.url(), &arguments).args(limits).finish().expect_code(3);
        let missing = run.json("s.json")["run"]["consistency"]["missing_rows"].clone();
        let missing: Vec<[u64; 2]> = serde_json::from_value(missing).unwrap();
        assert!(bad.iter().all(|&row| missing.iter().any(|&[from, to]| (from..=to).contains(&row.into()))), "{run:?}");
        let lost: u64 = missing.iter().map(|[from, to]| to - from + 1).sum();
        assert_eq!(csv_ids(&run.path("c.csv")).len() as u64 + lost, 2_000, "{missing:?} {run:?}");
        assert!(lost <= 100 * bad.len() as u64, "{missing:?}");
    }
}

/// If the total is one too high, the end of the list is requested twice. Both responses arrive before the window ahead of
/// them, and the run must not wait forever for either.
/// The page of a list of these contacts that a request covers.
fn page_of(contacts: &[u32], asked: Asked) -> String {
    let first = ((asked.page - 1) * asked.size) as usize;
    let rows = contacts.iter().skip(first).take(asked.size as usize);
    let rows: Vec<_> = rows.map(|at| serde_json::json!({"id": format!("00000000-0000-4000-8000-{at:012}")})).collect();
    let has_more = first + rows.len() < contacts.len();
    let pagination = serde_json::json!({"page": asked.page, "page_size": asked.size, "total_count": contacts.len(),
        "has_more": has_more});
    serde_json::json!({"success": true, "data": {"contacts": rows, "pagination": pagination}}).to_string()
}

#[test]
fn deletions_before_a_window_that_failed_lose_no_other_contacts() {
    let [whole, later] =
        [(1..=6_000).collect::<Vec<u32>>(), (1..=6_000).filter(|at| !(501..=900).contains(at)).collect()];
    let has_failed = AtomicBool::new(false);
    let server = ScriptedServer::start(move |number, head| {
        let asked = Asked::by(head);
        if asked.holds(3_050) && !has_failed.swap(true, Ordering::SeqCst) {
            return Answer::error(500, "INTERNAL_001");
        }
        // The main reading is over by the time the window is requested again.
        Answer::ok(page_of(if number < 65 { &whole } else { &later }, asked))
    });
    let flags = ["-o", "c.csv", "--max-retries", "0", "--concurrency", "1"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(0).expect_stderr("healed: 6,000");
    assert_eq!(csv_ids(&run.path("c.csv")).len(), 6_000);
    assert!(server.requests().len() < 100, "{} requests", server.requests().len());
}

#[test]
fn a_window_that_is_reread_early_is_awaited_once() {
    let asked_twice = std::sync::Arc::new(AtomicUsize::new(0));
    let server = ScriptedServer::start(move |_, head| {
        let asked = Asked::by(head);
        if asked.holds(249) {
            asked_twice.fetch_add(1, Ordering::SeqCst);
        }
        let until = Instant::now() + Duration::from_secs(2);
        while asked == (Asked { page: 2, size: 99 }) && asked_twice.load(Ordering::SeqCst) < 2 && Instant::now() < until
        {
            std::thread::sleep(Duration::from_millis(2));
        }
        if asked == (Asked { page: 2, size: 99 }) {
            // Make the second response arrive first.
            std::thread::sleep(Duration::from_millis(200));
        }
        Answer::ok(asked.page_of(249).replace(r#""total_count":249"#, r#""total_count":250"#))
    });
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(3);
    assert_eq!(csv_ids(&run.path("c.csv")).len(), 249);
}

/// A list of contacts whose pages have at most `cap` rows, which no answer says, and without any count.
fn capped_in_silence(rows: u32, cap: u32) -> ScriptedServer {
    ScriptedServer::start(move |_, head| {
        let Asked { page, size } = Asked::by(head);
        let size = size.min(cap);
        let contact = |at: u32| serde_json::json!({"id": format!("00000000-0000-4000-8000-{at:012}")});
        let contacts: Vec<_> = (0..rows).skip(((page - 1) * size) as usize).take(size as usize).map(contact).collect();
        Answer::ok(serde_json::json!({"success": true, "data": {"contacts": contacts}}).to_string())
    })
}

#[test]
fn a_short_page_without_a_count_is_not_taken_for_the_end() {
    for (rows, consistency) in [(300, "auto"), (300, "strict"), (30, "auto"), (1, "auto")] {
        let server = capped_in_silence(rows, 50);
        let flags = ["-o", "c.csv", "--consistency", consistency];
        let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
        assert_eq!(csv_ids(&run.path("c.csv")).len(), rows as usize, "{consistency}: {run:?}");
    }
    // Pages without overlap prove nothing about such a list.
    let server = capped_in_silence(300, 50);
    let flags = ["-o", "c.csv", "--consistency", "plain"];
    sent_export().contacts(&server.url(), &flags).finish().expect_code(3);
}
