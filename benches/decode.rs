//! A page's JSON to columns, with `+` as it is and as .NET escapes it.

mod support;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sent_export::contacts::decode_page;

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(u64::from(support::PAGE_ROWS)));
    for (name, escapes) in [("plain", false), ("escaped", true)] {
        let body = support::page_body(escapes);
        group.bench_function(name, |bencher| bencher.iter(|| decode_page(&body).expect("the page is sound")));
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
