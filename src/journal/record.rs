//! Encodes one response.

use std::io::{self, Read};

use bytestring::ByteString;

/// First bytes of a record, at which reading resumes after damage.
pub(super) const RECORD_MAGIC: &[u8; 4] = b"SJR1";
/// Bytes before a record's payload.
pub(super) const RECORD_HEAD: usize = 12;
/// A longer record is damaged: a response has at most 8 MiB, and its compressed form at most a little more.
pub(super) const MAX_PAYLOAD: usize = 16 << 20;
/// Bytes of a payload before the body.
const PAYLOAD_HEAD: usize = 4 + 1 + 8 + 4 + 8 + 8;

/// Identifies the request of a response, in numbers that the caller defines. Journals store them, so their meaning must not
/// change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question {
    /// The purpose of the request, or the kind of response.
    pub kind: u8,
    /// The page; for a lookup, the position of the id in the list of ids.
    pub page: u64,
    /// Rows on a page.
    pub size: u32,
}

/// A response and its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The run that sent the request, from 0.
    pub session: u32,
    /// The request.
    pub question: Question,
    /// From sending the request to the last byte of the response, in microseconds.
    pub elapsed_micros: u64,
    /// When the response was created, in microseconds UTC; see [`Reply::answered_at`](crate::api::Reply::answered_at).
    pub answered_at: i64,
    /// The body of the response.
    pub body: ByteString,
}

impl Entry {
    /// Appends the entry as one record.
    pub(super) fn write(&self, compressor: &mut zstd::bulk::Compressor<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        let body = compressor.compress(self.body.as_bytes())?;
        let mut payload = Vec::with_capacity(PAYLOAD_HEAD + body.len());
        payload.extend(self.session.to_le_bytes());
        payload.push(self.question.kind);
        payload.extend(self.question.page.to_le_bytes());
        payload.extend(self.question.size.to_le_bytes());
        payload.extend(self.elapsed_micros.to_le_bytes());
        payload.extend(self.answered_at.to_le_bytes());
        payload.extend(body);
        let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
        out.extend(RECORD_MAGIC);
        out.extend(length.to_le_bytes());
        out.extend(crc32fast::hash(&payload).to_le_bytes());
        out.extend(payload);
        Ok(())
    }

    /// Decodes a payload whose checksum matched; `None` if its contents are invalid.
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let mut fields = FieldReader(payload);
        let session = u32::from_le_bytes(fields.take()?);
        let [kind] = fields.take()?;
        let page = u64::from_le_bytes(fields.take()?);
        let size = u32::from_le_bytes(fields.take()?);
        let elapsed_micros = u64::from_le_bytes(fields.take()?);
        let answered_at = i64::from_le_bytes(fields.take()?);
        let mut body = Vec::new();
        zstd::stream::read::Decoder::new(fields.0).ok()?.read_to_end(&mut body).ok()?;
        let body = ByteString::try_from(body).ok()?;
        let question = Question { kind, page, size };
        Some(Self { session, question, elapsed_micros, answered_at, body })
    }
}

struct FieldReader<'a>(&'a [u8]);

impl FieldReader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }
}
