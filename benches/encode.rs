//! Measures encoding record batches to files.

#[path = "support/pages.rs"]
mod pages;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sent_export::format::{FormatSettings, ParquetSettings, Projection};
use sent_export::publish::{OutputRequest, OutputSettings, Outputs};
use sent_export::resources::contacts::{UNIQUE_COLUMNS, contacts_schema, decode_page};
use sent_export::store::Stores;

const CONTACTS: u32 = 20_000;

fn batch() -> RecordBatch {
    let batch = |body: String| {
        let list = decode_page(&body.into()).expect("the page is valid").data.and_then(|list| list.items);
        list.expect("a list").batch()
    };
    let batches: Vec<RecordBatch> = pages::page_bodies("contacts", CONTACTS, true).into_iter().map(batch).collect();
    concat_batches(&contacts_schema(), &batches).expect("one schema")
}

fn encode(criterion: &mut Criterion) {
    let batch = batch();
    let parquet = ParquetSettings { unique_columns: UNIQUE_COLUMNS, ..ParquetSettings::default() };
    let format = FormatSettings { parquet, ..FormatSettings::default() };
    let settings = OutputSettings { format, ..OutputSettings::new(Projection::all(contacts_schema())) };
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(batch.num_rows() as u64)).sample_size(10);
    for name in ["c.parquet", "c.csv", "c.csv.gz", "c.csv.zst", "c.ndjson", "c.ndjson.zst", "c.arrow", "c.xlsx"] {
        let request =
            OutputRequest::new(&folder.path().join(name), None, &Stores::new(&[], None)).expect("a known extension");
        let open = || Outputs::open(std::slice::from_ref(&request), &settings).expect("writable");
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                open,
                |mut outputs| {
                    outputs.write(&batch).expect("the disk has space");
                    outputs.finish().expect("the disk has space").reports()[0].bytes
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
