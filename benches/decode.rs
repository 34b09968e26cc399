//! Pages' JSON to columns, with `+` as it is and as .NET escapes it, the short way and by serde alone.

#[path = "support/pages.rs"]
mod pages;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sent_export::api::wire::Envelope;
use sent_export::contacts::{ContactList, decode_any_page, decode_page};

/// Enough different pages that neither cache nor branch prediction knows them by heart.
const CONTACTS: u32 = 20_000;

type Decode = fn(&str) -> Result<Envelope<ContactList>, serde_json::Error>;

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(u64::from(CONTACTS)));
    for (name, is_escaped) in [("plain", false), ("escaped", true)] {
        let bodies = pages::page_bodies(CONTACTS, is_escaped);
        let decode_all = |decode: Decode| bodies.iter().filter(|body| decode(body).is_ok()).count();
        group.bench_function(name, |bencher| bencher.iter(|| decode_all(decode_page)));
        group.bench_function(format!("{name}, by serde"), |bencher| bencher.iter(|| decode_all(decode_any_page)));
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
