//! Measures counting rows, which must take less than 5% of the time of an export.
//!
//! The rows are an export of the built-in simulator, read back in the batches and in the order in which an export counts
//! them. There are more of them than fit into the processor's caches.
//!
//! Times are CPU times where the system reports them, so that they are comparable on a busy machine, too.

use std::fs::File;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sent_export::report::ContactCounts;
use sent_export::resources::contacts::BATCH_ROWS;

const CONTACTS: u32 = 1_000_000;

fn batches() -> Vec<RecordBatch> {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let path = folder.path().join("c.parquet");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sent-export"));
    command.args(["contacts", "--quiet", &format!("--simulate={CONTACTS}"), "--output"]).arg(&path);
    assert!(command.status().expect("the binary was built for this bench").success());
    let file = File::open(path).expect("the export wrote it");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
    let reader = reader.with_batch_size(BATCH_ROWS).build().expect("a Parquet file");
    reader.map(|batch| batch.expect("a whole file")).collect()
}

/// CPU time that this thread has used, on Linux.
fn processor_time() -> Option<Duration> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    statistics.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn count(criterion: &mut Criterion) {
    let batches = batches();
    let mut group = criterion.benchmark_group("count");
    group.throughput(Throughput::Elements(u64::from(CONTACTS))).sample_size(20);
    for (name, counts) in [("export", ContactCounts::default()), ("files", ContactCounts::for_files())] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                let (started, started_at) = (processor_time(), Instant::now());
                for _ in 0..iterations {
                    let mut counts = counts.clone();
                    for batch in &batches {
                        counts.add_batch(batch, 1_775_000_000_000_000);
                    }
                    black_box(counts.summary());
                }
                match (started, processor_time()) {
                    (Some(start), Some(end)) => end.saturating_sub(start),
                    _ => started_at.elapsed(),
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, count);
criterion_main!(benches);
