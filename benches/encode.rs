//! Record batches to files.

mod support;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sent_export::contacts::{contacts_schema, decode_page};
use sent_export::sink::{OutputRequest, OutputSettings, Outputs};

/// Pages in the batch that is encoded; the same contacts again and again compress better than an account does, so
/// sizes mean nothing here and times are a lower bound.
const PAGES: usize = 200;

fn batch() -> RecordBatch {
    let body = support::page_body(true);
    let page = decode_page(&body).expect("the page is sound").data.and_then(|list| list.contacts).expect("a list");
    concat_batches(&contacts_schema(), &vec![page.batch; PAGES]).expect("one schema")
}

fn encode(criterion: &mut Criterion) {
    let batch = batch();
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(batch.num_rows() as u64)).sample_size(10);
    for name in ["c.parquet", "c.csv", "c.csv.gz", "c.csv.zst"] {
        let request = OutputRequest::new(&folder.path().join(name), None).expect("a known extension");
        let open = || Outputs::open(std::slice::from_ref(&request), &OutputSettings::default()).expect("writable");
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                open,
                |mut outputs| {
                    outputs.write(&batch).expect("room on the disk");
                    outputs.finish().expect("room on the disk").reports()[0].bytes
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
