//! Reading one profile of an organization: the header of each request, and responses for another profile.

use crate::support::{Answer, ScriptedServer, page, sent_export};

const ASKED: &str = "6f9619ff-8b86-4011-b42d-00cf4fc964ff";
const OTHER: &str = "6f9619ff-8b86-4011-b42d-00cf4fc96400";

fn answering_for(profile: &'static str) -> ScriptedServer {
    ScriptedServer::start(move |_, _| Answer::ok(page(1, 100, 3)).with_header(&format!("X-Profile-Id: {profile}")))
}

#[test]
fn an_answer_for_another_profile_is_never_published() {
    let flags = ["-o", "c.csv", "--profile-id", ASKED];
    let server = answering_for(ASKED);
    sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
    let server = answering_for(OTHER);
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(1);
    let run = run.expect_stderr(&format!("requested profile {ASKED}, but the response is for profile {OTHER}"));
    let run = run.expect_stderr("hint: bypass any cache in front of the API");
    assert!(!run.path("c.csv").exists());
    assert_eq!(server.requests().len(), 1, "another attempt would only hide it");
}

#[test]
fn a_profile_key_may_name_its_own_profile() {
    let server = answering_for(OTHER);
    sent_export().contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(0);
}
