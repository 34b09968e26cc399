//! Measures decoding pages of JSON to rows and then to batches, with `+` unescaped and escaped as by .NET. Rows are also
//! decoded with serde alone.

#[path = "support/pages.rs"]
mod pages;

use bytestring::ByteString;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sent_export::api::wire::Envelope;
use sent_export::resources::contacts::{BatchBuilder, ContactPage, decode_any_page, decode_page};
use sent_export::resources::{BuildBatches, ListData};

/// Enough different pages that neither caches nor branch prediction can learn them.
const CONTACTS: u32 = 20_000;

type Read = Result<Envelope<ListData<ContactPage>>, serde_json::Error>;

fn page(read: Read) -> ContactPage {
    read.expect("the page is valid").data.and_then(|list| list.items).expect("a list")
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(u64::from(CONTACTS)));
    for (name, is_escaped) in [("plain", false), ("escaped", true)] {
        let bodies: Vec<ByteString> =
            pages::page_bodies("contacts", CONTACTS, is_escaped).into_iter().map(Into::into).collect();
        let rows =
            |read: &dyn Fn(&ByteString) -> Read| bodies.iter().map(|body| page(read(body)).rows()).sum::<usize>();
        group.bench_function(name, |bencher| bencher.iter(|| rows(&decode_page)));
        group.bench_function(format!("{name}, by serde"), |bencher| bencher.iter(|| rows(&decode_any_page)));
        group.bench_function(format!("{name}, to batches"), |bencher| {
            let mut builder = BatchBuilder::default();
            bencher.iter(|| {
                let pages = bodies.iter().map(|body| page(decode_page(body)));
                pages.map(|page| builder.append(&page, &vec![true; page.rows()]).len()).sum::<usize>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
