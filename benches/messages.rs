//! Measures decoding pages of messages to rows and then to batches. They are escaped as by .NET and have about 1,700 bytes
//! per message.

#[path = "support/pages.rs"]
mod pages;

use bytestring::ByteString;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sent_export::resources::messages::{MessageBatches, MessagePage, decode_page};
use sent_export::resources::{BuildBatches, PageLimit};

/// Enough different pages that neither caches nor branch prediction can learn them.
const MESSAGES: u32 = 20_000;

fn read(body: &ByteString) -> MessagePage {
    let answer = decode_page(body, PageLimit::default()).expect("the page is valid");
    answer.data.and_then(|list| list.items).expect("a list")
}

fn decode(criterion: &mut Criterion) {
    let bodies: Vec<ByteString> =
        pages::page_bodies("conversations", MESSAGES, true).into_iter().map(Into::into).collect();
    let mut group = criterion.benchmark_group("messages");
    group.throughput(Throughput::Elements(u64::from(MESSAGES)));
    group.bench_function("rows", |bencher| bencher.iter(|| bodies.iter().map(|body| read(body).rows()).sum::<usize>()));
    group.bench_function("to batches", |bencher| {
        let mut builder = MessageBatches::new(true, false);
        bencher.iter(|| {
            let pages = bodies.iter().map(read);
            pages.map(|page| builder.append(&page, &vec![true; page.rows()]).len()).sum::<usize>()
        });
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
