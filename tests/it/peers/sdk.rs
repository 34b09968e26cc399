//! Reads the simulator with the official clients, and checks its phone numbers with libphonenumber.
//!
//! They are not part of the build. `SENT_EXPORT_SDK_PYTHON` names a Python that has `sentdm` and `phonenumbers`,
//! `SENT_EXPORT_SDK_NODE_DIR` a folder with `node_modules/@sentdm/sentdm`; the scripts are in `tests/sdk`.

use std::path::{Path, PathBuf};
use std::process::Command;

use sent_export::simulator::{DEFAULT_API_KEY, Rate, Settings, Simulator};

use super::{peer, python};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk").join(name)
}

fn start(settings: Settings) -> Simulator {
    Simulator::start(settings).unwrap()
}

/// A burst of one request, then one per second.
fn limited() -> Simulator {
    start(Settings { rate_limit: Some(Rate { per_minute: 60.0 }), burst: 1, ..Settings::default() })
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{out}\n{err}");
    say(out.trim());
}

#[expect(clippy::print_stderr, reason = "which versions passed is for people to read")]
fn say(text: &str) {
    eprintln!("{text}");
}

#[test]
#[ignore = "needs Python with sentdm"]
fn the_python_client_lists_all_contacts_and_gets_typed_errors() {
    let (simulator, limited) = (start(Settings { contacts: 2_345, ..Settings::default() }), limited());
    run(Command::new(python())
        .arg(script("list_contacts.py"))
        .args([simulator.base_url(), limited.base_url(), DEFAULT_API_KEY.to_owned()])
        .arg(simulator.message_id(0).to_string()));
    assert!(simulator.statistics().last_user_agent.is_some_and(|agent| agent.starts_with("Sent/Python")));
}

#[test]
#[ignore = "needs Node.js with @sentdm/sentdm"]
fn the_javascript_client_lists_all_contacts_and_gets_typed_errors() {
    let folder = peer("SENT_EXPORT_SDK_NODE_DIR");
    let (simulator, limited) = (start(Settings { contacts: 2_345, ..Settings::default() }), limited());
    run(Command::new("node")
        .env("NODE_PATH", folder.join("node_modules"))
        .arg(script("list_contacts.cjs"))
        .args([simulator.base_url(), limited.base_url(), DEFAULT_API_KEY.to_owned()])
        .arg(simulator.message_id(0).to_string()));
}

#[test]
#[ignore = "needs Python with phonenumbers"]
fn phone_numbers_are_valid_for_their_regions() {
    let simulator = start(Settings { contacts: 20_000, ..Settings::default() });
    run(Command::new(python()).arg(script("check_phone_numbers.py")).args([&simulator.base_url(), DEFAULT_API_KEY]));
}
