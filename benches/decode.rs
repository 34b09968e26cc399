//! Pages' JSON to rows, with `+` as it is and as .NET escapes it, the short way and by serde alone; rows to batches.

#[path = "support/pages.rs"]
mod pages;

use bytestring::ByteString;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sent_export::api::wire::Envelope;
use sent_export::contacts::{BatchBuilder, ContactList, ContactPage, decode_any_page, decode_page};

/// Enough different pages that neither cache nor branch prediction knows them by heart.
const CONTACTS: u32 = 20_000;

type Decode = fn(&ByteString) -> Result<Envelope<ContactList>, serde_json::Error>;

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(u64::from(CONTACTS)));
    for (name, is_escaped) in [("plain", false), ("escaped", true)] {
        let bodies: Vec<ByteString> = pages::page_bodies(CONTACTS, is_escaped).into_iter().map(Into::into).collect();
        let decode_all = |decode: Decode| bodies.iter().filter(|body| decode(body).is_ok()).count();
        group.bench_function(name, |bencher| bencher.iter(|| decode_all(decode_page)));
        group.bench_function(format!("{name}, by serde"), |bencher| bencher.iter(|| decode_all(decode_any_page)));
    }
    group.finish();

    let page = |body: String| decode_page(&body.into()).ok()?.data?.contacts;
    let pages: Vec<ContactPage> = pages::page_bodies(CONTACTS, true).into_iter().filter_map(page).collect();
    let mut group = criterion.benchmark_group("batch");
    group.throughput(Throughput::Elements(u64::from(CONTACTS)));
    group.bench_function("build", |bencher| {
        let mut builder = BatchBuilder::default();
        bencher.iter(|| pages.iter().map(|page| builder.append(page, &vec![true; page.rows()]).len()).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
