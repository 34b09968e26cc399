//! Checks that the commands of `docs/develop.md` produce the files in `sample-output`.
//!
//! The comparison is byte for byte, except that values which differ from run to run are masked on both sides: the times of
//! the runs from their manifests, in every format ([`times_of_runs`]), and durations and ids of runs ([`MASKED_KEYS`],
//! [`MASKED_LINES`]). `UPDATE_SAMPLES=1 cargo test --test it samples` rewrites the files.
//! [`SCREENSHOTS`] are made by hand.

use std::collections::BTreeSet;
use std::path::Path;

use crate::readme::{Command, Said, Session, as_run, documents};

/// Screenshots of reports, which no command produces.
const SCREENSHOTS: [&str; 2] = ["delivery.png", "report.png"];

/// Members of the JSON files with a duration or the id of the run.
const MASKED_KEYS: [&str; 3] = ["elapsed_seconds", "run_id", "waited_seconds"];

/// Parts of the lines of `summary.txt` with a duration.
const MASKED_LINES: [&str; 2] = [" contacts per second), ", "Total wait across requests"];

#[test]
fn sample_output_matches_the_commands() {
    let session = Session::new(&[]);
    std::fs::create_dir(session.path("sample-output")).unwrap();
    let block = documents()
        .into_iter()
        .flat_map(|document| document.blocks)
        .find(|block| block.commands.iter().any(|command| command.text.contains("sample-output")))
        .expect("docs/develop.md has the commands for the samples");
    let run = |command: Command| Command { text: as_run(&command.text, session.simulator()), ..command };
    let commands: Vec<Command> = block.commands.into_iter().map(run).collect();
    let said: Vec<Said> = session.run(&commands);
    let made = session.path("sample-output");
    std::fs::write(made.join("summary.txt"), &said[0].stderr).unwrap();

    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-output");
    let is_update = std::env::var_os("UPDATE_SAMPLES").is_some();
    let (new_times, old_times) = (times_of_runs(&made), times_of_runs(&kept));
    let mut differing = Vec::new();
    for name in names(&made) {
        let new = std::fs::read(made.join(&name)).unwrap();
        let old = std::fs::read(kept.join(&name)).unwrap_or_default();
        let (masked_new, masked_old) = (masked(&name, &new, &new_times), masked(&name, &old, &old_times));
        if masked_new != masked_old {
            differing.push(first_difference(&name, &masked_old, &masked_new));
        }
    }
    if is_update && !differing.is_empty() {
        // Update all of them, because they describe one run.
        names(&kept).iter().filter(|name| !SCREENSHOTS.contains(&name.as_str())).for_each(|name| {
            std::fs::remove_file(kept.join(name)).unwrap();
        });
        for name in names(&made) {
            std::fs::copy(made.join(&name), kept.join(&name)).unwrap();
        }
        differing.clear();
    }
    let hint = "UPDATE_SAMPLES=1 cargo test --test it samples";
    assert!(differing.is_empty(), "sample-output is out of date; {hint} writes it again\n{}", differing.join("\n"));
    let mut expected = names(&made);
    expected.extend(SCREENSHOTS.map(str::to_owned));
    assert_eq!(names(&kept), expected, "no command produces the other files");
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The start and end times of the runs that wrote these files, in all formats that occur in the files.
fn times_of_runs(folder: &Path) -> Vec<String> {
    let manifests = names(folder).into_iter().filter(|name| name.ends_with(".manifest.json"));
    let runs: Vec<[String; 2]> = manifests
        .map(|name| {
            let manifest = std::fs::read(folder.join(name)).unwrap();
            let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
            ["started_at", "finished_at"].map(|key| manifest[key].as_str().unwrap().to_owned())
        })
        .collect();
    let to_minute = |time: &String| format!("{}, {} UTC", &time[..10], &time[11..16]);
    // Longer formats first, because shorter ones are prefixes of them.
    let span = |[from, to]: &[String; 2]| format!("{}, {} to {} UTC", &from[..10], &from[11..16], &to[11..16]);
    let over_midnight = |run: &[String; 2]| run.each_ref().map(to_minute).join(" to ");
    let spans = runs.iter().flat_map(|run| [over_midnight(run), span(run)]);
    let times = runs.as_flattened();
    let since = times.iter().map(|time| format!("Since {}", &time[..10]));
    spans.chain(times.iter().cloned()).chain(times.iter().map(to_minute)).chain(since).collect()
}

/// The content with values that differ from run to run masked.
fn masked(name: &str, content: &[u8], times: &[String]) -> Vec<u8> {
    // A binary file does not depend on the run.
    let Ok(text) = std::str::from_utf8(content) else { return content.to_owned() };
    let is_masked = |line: &str| {
        MASKED_LINES.iter().any(|part| line.contains(part))
            || MASKED_KEYS.iter().any(|key| line.trim_start().starts_with(&format!("\"{key}\":")))
    };
    let has_them = matches!(name.rsplit('.').next(), Some("json" | "txt"));
    let mask = |line: &str| if has_them && is_masked(line) { "(masked)\n".to_owned() } else { line.to_owned() };
    let text: String = text.split_inclusive('\n').map(mask).collect();
    times.iter().fold(text, |text, time| text.replace(time, "(time of run)")).into()
}

fn first_difference(name: &str, old: &[u8], new: &[u8]) -> String {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let differs = |&(_, (old, new)): &(usize, (&str, &str))| old != new;
    match old.lines().zip(new.lines()).enumerate().find(differs) {
        Some(_) if name.ends_with(".parquet") => format!("{name} differs"),
        Some((at, (old, new))) => format!("{name}, line {}:\n- {old:.200}\n+ {new:.200}", at + 1),
        None => format!("{name} has {} bytes and should have {}", old.len(), new.len()),
    }
}
