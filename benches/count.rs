//! Counting on the way to the outputs: it must cost less than a twentieth of what an export takes.
//!
//! Contacts in batches of a page and in the order in which an export counts them, more than fit into the processor's
//! caches: an export of the built-in simulator, read back.

use std::fs::File;
use std::process::Command;

use arrow::array::RecordBatch;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sent_export::summary::Counts;

const CONTACTS: u32 = 200_000;
const PAGE_ROWS: usize = 100;

fn batches() -> Vec<RecordBatch> {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let path = folder.path().join("c.parquet");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sent-export"));
    command.args(["contacts", "--quiet", &format!("--simulate={CONTACTS}"), "--output"]).arg(&path);
    assert!(command.status().expect("the binary was built for this bench").success());
    let file = File::open(path).expect("the export wrote it");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
    let reader = reader.with_batch_size(PAGE_ROWS).build().expect("a Parquet file");
    reader.map(|batch| batch.expect("a whole file")).collect()
}

fn count(criterion: &mut Criterion) {
    let batches = batches();
    let mut group = criterion.benchmark_group("count");
    group.throughput(Throughput::Elements(u64::from(CONTACTS))).sample_size(20);
    for (name, counts) in [("export", Counts::default()), ("files", Counts::for_files())] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut counts = counts.clone();
                for batch in &batches {
                    counts.add_batch(batch, 1_775_000_000_000_000);
                }
                counts
            });
        });
    }
    group.finish();
}

criterion_group!(benches, count);
criterion_main!(benches);
