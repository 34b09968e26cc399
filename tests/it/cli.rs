//! The command line: keys, addresses, help.

use crate::support::{Answer, ScriptedServer, page, sent_export};

fn one_contact() -> ScriptedServer {
    ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 1)))
}

#[test]
fn without_a_key_the_run_ends_with_6_and_says_where_to_put_it() {
    let server = one_contact();
    let run = sent_export().env("SENT_DM_API_KEY", None).contacts(&server.url(), &["-o", "c.csv"]);
    run.finish().expect_code(6).expect_stderr("SENT_DM_API_KEY").expect_stderr("--simulate");
    let run = sent_export().env("SENT_DM_API_KEY", Some("  \n")).contacts(&server.url(), &["-o", "c.csv"]);
    run.finish().expect_code(6);
    assert!(server.requests().is_empty());
}

#[test]
fn the_key_comes_from_the_variable_a_file_or_stdin_without_its_white_space() {
    let server = one_contact();
    sent_export()
        .env("SENT_DM_API_KEY", Some(" key-1 \n"))
        .contacts(&server.url(), &["-o", "c.csv"])
        .finish()
        .expect_code(0);
    sent_export()
        .file("key.txt", "key-2\r\n")
        .contacts(&server.url(), &["-o", "c.csv", "--api-key-file", "key.txt"])
        .finish()
        .expect_code(0);
    sent_export()
        .stdin("key-3\n")
        .contacts(&server.url(), &["-o", "c.csv", "--api-key-file", "-"])
        .finish()
        .expect_code(0);
    let keys: Vec<bool> = (1..=3)
        .zip(server.requests())
        .map(|(at, head)| head.contains(&format!("x-api-key: key-{at}\r\n")) && !head.contains("x-profile-id"))
        .collect();
    assert_eq!(keys, [true, true, true]);
    sent_export()
        .contacts(&server.url(), &["-o", "c.csv", "--api-key-file", "missing.txt"])
        .finish()
        .expect_code(6)
        .expect_stderr("missing.txt");
    for (key, why) in [
        (" \n", "it is empty"),
        ("two words", "white space inside"),
        ("\u{feff}key", "byte order mark"),
        ("\"words\"", "quotes around it"),
        ("'words'", "quotes around it"),
    ] {
        let run = sent_export().env("SENT_DM_API_KEY", Some(key)).contacts(&server.url(), &["-o", "c.csv"]).finish();
        let run = run.expect_code(6).expect_stderr("SENT_DM_API_KEY holds no usable API key").expect_stderr(why);
        assert!(!run.stderr.contains("words") && !run.stderr.contains("key\n"), "{run:?}");
    }
}

#[test]
fn invalid_values_are_named_with_valid_ones() {
    let server = one_contact();
    let table: &[(&[&str], &str)] = &[
        (&["--search", ""], "the filter is empty"),
        (&["--channel", " "], "the filter is empty"),
        (&["--phone", "abc"], "+12025550123"),
        (&["--concurrency", "0"], "write a whole number from 1 to 1024"),
        (&["--page-size", "abc"], "write a whole number from 1 to 10000"),
        (&["--min-contacts", "1e6"], "write a whole number, such as 1000"),
        (&["--profile-id", "foo"], "6f9619ff-8b86-4011-b42d-00cf4fc964ff"),
        (&["--format", "xml"], "parquet, arrow, arrows, csv, csv.gz, csv.zst, ndjson, ndjson.gz, ndjson.zst or xlsx"),
        (&["--columns", "id,fone"], "the columns are id,phone_number,"),
        (&["--max-shrink", "20"], "20%"),
        (&["--max-rejected", "1"], "20% or 0.2"),
        (&["--mode", "rw"], "an octal mode like 640"),
        (&["--mode", "040"], "lets the owner read"),
        (&["--manifest", "-"], "a path or none"),
    ];
    for (arguments, text) in table {
        let run = sent_export().contacts(&server.url(), &["-o", "c.csv"]).args(*arguments).finish();
        run.expect_code(2).expect_stderr(arguments[0]).expect_stderr(text);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn the_number_of_simulated_contacts_may_follow_a_space() {
    for arguments in [["--simulate=12", "--quiet"], ["--simulate", "12"]] {
        let run = sent_export().args(["contacts", "-o", "c.csv"]).args(arguments).finish().expect_code(0);
        let manifest = run.json("_c.csv.manifest.json");
        assert_eq!((&manifest["contacts"], &manifest["api"]), (&12.into(), &"simulator".into()));
    }
}

#[test]
fn shells_learn_the_flags() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = sent_export().args(["completions", shell]).finish().expect_code(0);
        let script = String::from_utf8(run.stdout).unwrap();
        assert!(script.contains("max-shrink") && script.contains("min-cell"), "{shell}");
    }
    sent_export().args(["completions", "dos"]).finish().expect_code(2).expect_stderr("bash");
}

#[test]
fn a_profile_is_sent_as_a_header() {
    let server = one_contact();
    let profile = "6f9619ff-8b86-4011-b42d-00cf4fc964ff";
    sent_export().contacts(&server.url(), &["-o", "c.csv", "--profile-id", profile]).finish().expect_code(0);
    assert!(server.requests()[0].contains(&format!("x-profile-id: {profile}\r\n")));
}

#[test]
fn the_address_comes_from_the_variable_and_must_not_send_the_key_in_clear_text() {
    let server = one_contact();
    sent_export().env("SENT_BASE_URL", Some(&server.url())).args(["contacts", "-o", "c.csv"]).finish().expect_code(0);
    let unset = sent_export()
        .env("SENT_BASE_URL", Some(""))
        .args(["contacts", "-o", "missing/c.csv", "--no-create-dirs"])
        .finish();
    unset.expect_code(7);
    for address in [
        "http://192.0.2.1",
        "http://example.com",
        "ftp://example.com",
        "example.com",
        "https://example.com/#v3",
        "https://example.com?key=words",
        "https://me:words@example.com",
    ] {
        sent_export().contacts(address, &["-o", "c.csv"]).finish().expect_code(2).expect_stderr("hint:");
    }
}

#[test]
fn an_address_with_a_path_keeps_it() {
    let server = one_contact();
    sent_export().contacts(&format!("{}/gateway/", server.url()), &["-o", "c.csv"]).finish().expect_code(0);
    assert!(server.requests()[0].starts_with("get /gateway/v3/contacts?"), "{:?}", server.requests());
}

#[test]
fn a_log_never_shows_the_number_of_a_filter() {
    let server = ScriptedServer::start(|_, _| Answer::error(500, "INTERNAL_001"));
    let run = sent_export()
        .contacts(&server.url(), &["-o", "c.csv", "-vv", "--phone", "+12025550123", "--max-retries", "1"])
        .finish()
        .expect_code(5)
        .expect_stderr("sending")
        .expect_stderr("retrying");
    assert!(!run.stderr.contains("2025550123"), "{run:?}");
    assert!(server.requests()[0].contains("phone=%2b12025550123"), "{:?}", server.requests());
}

#[test]
fn help_names_every_exit_code() {
    let run = sent_export().args(["contacts", "--help"]).finish().expect_code(0);
    let help = String::from_utf8(run.stdout).unwrap();
    for text in
        ["0 complete", "3 written", "5 API unavailable", "130/143", "--output", "--simulate", "[env: SENT_BASE_URL"]
    {
        assert!(help.contains(text), "{text} is missing in\n{help}");
    }
    sent_export().args(["contacts", "--no-such-flag"]).finish().expect_code(2);
}

#[test]
fn a_key_that_is_given_for_its_file_is_not_printed() {
    let run =
        sent_export().args(["contacts", "-o", "c.csv", "--api-key-file", sent_export::simulator::DEFAULT_API_KEY]);
    run.finish().expect_code(6).expect_stderr("--api-key-file takes a path").expect_stderr("omit --api-key-file");
}

#[test]
fn a_machine_without_certificates_can_use_the_simulator() {
    let run = sent_export().env("SSL_CERT_FILE", Some("missing.pem")).args(["contacts", "--simulate=5", "-o", "c.csv"]);
    run.finish().expect_code(0);
    let run = sent_export().env("SSL_CERT_FILE", Some("missing.pem")).args(["contacts", "-o", "c.csv"]);
    run.args(["--base-url", "https://127.0.0.1:1"]).finish().expect_code(2).expect_stderr("CA certificates");
}

#[test]
fn a_reserve_needs_a_rate() {
    let server = one_contact();
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--reserve", "20%"]).finish();
    run.expect_code(2).expect_stderr("--reserve 20% needs a rate limit, but there is none");
}

#[test]
fn a_search_that_may_be_a_number_is_written_nowhere() {
    let simulator = crate::support::simulator(50);
    for (search, shown) in [("+12025550123", "(hidden)"), ("+1", "+1")] {
        let arguments = ["-o", "c.parquet", "--summary", "s.json", "--search", search, "--quiet"];
        let run = sent_export().contacts(&simulator.base_url(), &arguments).finish().expect_code(0);
        for name in ["s.json", "_c.parquet.manifest.json"] {
            assert_eq!(run.json(name)["filters"]["search"], shown, "{name}");
        }
        let bytes = std::fs::read(run.path("c.parquet")).unwrap();
        assert!(!bytes.windows(12).any(|window| window == b"+12025550123"));
    }
}
