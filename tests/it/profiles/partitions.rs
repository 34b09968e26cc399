//! One output of all profiles as a folder with a file for each value of a column.

use super::{CONTACTS, columns, manifest, organization, profile_ids};
use crate::support::{Finished, sent_export};

/// The folders of a dataset.
fn folders(run: &Finished, name: &str) -> Vec<String> {
    let entries = std::fs::read_dir(run.path(name)).unwrap().map(Result::unwrap);
    let mut names: Vec<String> =
        entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn each_profile_has_a_file_in_one_dataset_that_is_read_back() {
    let server = organization(|settings| settings);
    let flags = ["-o", "c/", "--partition-by", "profile_id", "--profiles", "all", "-q"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let ids = profile_ids(&server);
    let wanted: Vec<String> = ids.iter().map(|id| format!("profile_id={id}")).collect();
    assert_eq!(folders(&run, "c"), wanted);
    for (id, folder) in ids.iter().zip(&wanted) {
        let rows = columns(&run.path(&format!("c/{folder}/part-0.parquet")), ["customer_id", "profile_name", "id"]);
        assert!(rows.len() == CONTACTS as usize && rows.iter().all(|[of, ..]| of.as_ref() == Some(id)), "{folder}");
    }
    let of_run = manifest(&run, "c/_profile_id.manifest.json");
    let wanted: Vec<_> = ids.iter().map(|id| (id.as_str(), CONTACTS, "complete")).collect();
    super::assert_profiles(&of_run["profiles"], &wanted);
    // As in a single file, an id that occurs in two profiles is not repeated, even if only the path names the profile.
    let flags = ["-o", "c.parquet", "--profiles", "all", "-q"];
    let run = run.again().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let report = |run: Finished, path: &str| {
        let run = run.again().args(["report", path, "--quiet", "--json", "r.json"]).finish().expect_code(0);
        let report = run.json("r.json");
        (run, report["contacts"].clone(), report["quality"].clone())
    };
    let (run, contacts, of_folder) = report(run, "c");
    let (run, _, of_file) = report(run, "c.parquet");
    assert_eq!((contacts, of_folder), ((3 * CONTACTS).into(), of_file));
    let run = run.again().args(["verify", "c"]).finish().expect_code(0);
    // A run over fewer profiles replaces the dataset.
    let flags = ["-o", "c/", "--partition-by", "profile_id", "--profiles", &ids[0], "-q"];
    let run = run.again().contacts(&server.base_url(), &flags).finish().expect_code(0);
    assert_eq!(folders(&run, "c"), [format!("profile_id={}", ids[0])]);
}

#[test]
fn partitions_by_column_combine_all_profiles() {
    let server = organization(|settings| settings);
    let export = |command: &str, column: &str, more: &[&str]| {
        let url = server.base_url();
        let flags = [command, "--base-url", &url, "-o", "d/", "--partition-by", column, "--profiles", "all", "-q"];
        let run = sent_export().args(flags).args(["--rate-limit", "none"]).args(more).finish().expect_code(0);
        run.again().args(["verify", "d"]).finish().expect_code(0);
    };
    for column in ["profile_name", "region_code"] {
        export("contacts", column, &[]);
    }
    // Contacts do not accumulate from day to day, so the whole dataset is replaced, unlike that of messages.
    export("contacts", "created_date", &["--max-partitions", "1000"]);
    for column in ["profile_name", "status"] {
        export("messages", column, &[]);
    }
    let flags = ["-o", "d/", "--partition-by", "profile_name", "--profiles", "all", "-q"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let names = ["profile_name=Blue Yonder", "profile_name=Café Señor & Sons", "profile_name=Åland Ferries"];
    assert_eq!(folders(&run, "d"), names);
    let rows = columns(&run.path("d/profile_name=Blue Yonder/part-0.parquet"), ["profile_id", "customer_id", "id"]);
    assert!(rows.len() == CONTACTS as usize && rows.iter().all(|[profile, customer, _]| profile == customer));
    // Without --profiles, there is no such column.
    let flags = ["-o", "d/", "--partition-by", "profile_id"];
    sent_export().contacts(&server.base_url(), &flags).finish().expect_code(2).expect_stderr("profile_id");
    let flags = ["sql", "duckdb", "contacts", "d/", "--partition-by", "profile_name"];
    sent_export().args(flags).finish().expect_code(2).expect_stderr("hint: add --of-profiles");
    let run = sent_export().args(flags).args(["--of-profiles"]).finish().expect_code(0);
    assert!(String::from_utf8_lossy(&run.stdout).contains("profile_name=*"), "{run:?}");
}
