//! A whole export by the release binary against the built-in simulator on the same machine.
//!
//! The simulator makes its answers while the export runs, on the same cores, so the time is that of both; it is good
//! for comparing two builds in one sitting.

use std::process::Command;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sent_export::simulator::{DEFAULT_API_KEY, Settings, Simulator};

const CONTACTS: u32 = 50_000;

fn export(criterion: &mut Criterion) {
    let simulator = Simulator::start(Settings { contacts: CONTACTS, ..Settings::default() }).expect("a free port");
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let mut group = criterion.benchmark_group("export");
    group.throughput(Throughput::Elements(u64::from(CONTACTS))).sample_size(10);
    for outputs in [&["c.parquet"][..], &["c.csv"], &["c.parquet", "c.csv"]] {
        group.bench_function(outputs.join("+"), |bencher| {
            bencher.iter(|| {
                let mut command = Command::new(env!("CARGO_BIN_EXE_sent-export"));
                command.args(["contacts", "--quiet", "--rate-limit", "none", "--base-url", &simulator.base_url()]);
                command.args(outputs.iter().flat_map(|name| ["--output", name]));
                let status = command.current_dir(folder.path()).env("SENT_DM_API_KEY", DEFAULT_API_KEY).status();
                assert!(status.expect("the binary was built for this bench").success());
            });
        });
    }
    group.finish();
}

criterion_group!(benches, export);
criterion_main!(benches);
