//! The official clients, and libphonenumber, against the simulator: is it what it claims to be?
//!
//! They are not part of the build. With `SENT_EXPORT_SDK_PYTHON` (a Python that has `sentdm` and `phonenumbers`) and
//! `SENT_EXPORT_SDK_NODE_DIR` (a folder with `node_modules/@sentdm/sentdm`) set, the scripts in `tests/sdk` are run;
//! otherwise these tests say that they are skipped.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use sent_export::simulator::{DEFAULT_API_KEY, Rate, Settings, Simulator};

fn variable(name: &str) -> Option<OsString> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty());
    if value.is_none() {
        say(&format!("skipped: {name} is not set"));
    }
    value
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk").join(name)
}

fn start(settings: Settings) -> Simulator {
    Simulator::start(settings).unwrap()
}

/// One request at once and then one a second.
fn limited() -> Simulator {
    start(Settings { rate_limit: Some(Rate { per_minute: 60.0 }), burst: 1, ..Settings::default() })
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{out}\n{err}");
    say(out.trim());
}

#[expect(clippy::print_stderr, reason = "what was skipped, and which versions passed, is for people to read")]
fn say(text: &str) {
    eprintln!("{text}");
}

#[test]
fn the_python_client_lists_all_contacts_and_gets_typed_errors() {
    let Some(python) = variable("SENT_EXPORT_SDK_PYTHON") else { return };
    let (simulator, limited) = (start(Settings { contacts: 2_345, ..Settings::default() }), limited());
    run(Command::new(python)
        .arg(script("list_contacts.py"))
        .args([simulator.base_url(), limited.base_url(), DEFAULT_API_KEY.to_owned()])
        .arg(simulator.message_id(0).to_string()));
    assert!(simulator.statistics().last_user_agent.is_some_and(|agent| agent.starts_with("Sent/Python")));
}

#[test]
fn the_javascript_client_lists_all_contacts_and_gets_typed_errors() {
    let Some(folder) = variable("SENT_EXPORT_SDK_NODE_DIR") else { return };
    let (simulator, limited) = (start(Settings { contacts: 2_345, ..Settings::default() }), limited());
    run(Command::new("node")
        .env("NODE_PATH", Path::new(&folder).join("node_modules"))
        .arg(script("list_contacts.cjs"))
        .args([simulator.base_url(), limited.base_url(), DEFAULT_API_KEY.to_owned()])
        .arg(simulator.message_id(0).to_string()));
}

#[test]
fn phone_numbers_are_valid_for_their_regions() {
    let Some(python) = variable("SENT_EXPORT_SDK_PYTHON") else { return };
    let simulator = start(Settings { contacts: 20_000, ..Settings::default() });
    run(Command::new(python).arg(script("check_phone_numbers.py")).args([&simulator.base_url(), DEFAULT_API_KEY]));
}
