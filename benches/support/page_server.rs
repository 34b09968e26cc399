//! A server of prepared pages with negligible cost.
//!
//! It runs in a separate process (the bench itself, started with `serve`), so that only the memory and time of the client
//! are measured. `GET /v3/contacts?page=N` returns the page; a path may start with the latency of every
//! response and a content coding, as in `/50ms/gzip/v3/contacts?page=1`.
//!
//! *Easy to get wrong:* the simulator generates its responses on request, which costs more than an export does. This
//! server only sends prepared bytes, from one thread.
//!
//! It exits when its standard input closes, so that it does not outlive the bench.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::ValueEnum;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::pages::page_bodies;

/// Content coding of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Coding {
    /// Not compressed.
    Identity,
    /// gzip at the level that servers use for dynamic responses.
    Gzip,
    /// Brotli at such a level.
    Br,
    /// Zstandard at such a level.
    Zstd,
}

impl Coding {
    /// Its name in `Content-Encoding` and in a path of the server.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Br => "br",
            Self::Zstd => "zstd",
        }
    }

    fn encode(self, body: &[u8]) -> Vec<u8> {
        match self {
            Self::Identity => body.to_vec(),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(body).and_then(|()| encoder.finish()).expect("writing to memory cannot fail")
            }
            Self::Br => {
                let mut coded = Vec::new();
                brotli::CompressorWriter::new(&mut coded, 4096, 1, 22)
                    .write_all(body)
                    .expect("writing to memory cannot fail");
                coded
            }
            Self::Zstd => zstd::encode_all(body, 1).expect("writing to memory cannot fail"),
        }
    }
}

/// Complete responses, with head and body, by coding and page.
struct Answers(Vec<(Coding, Vec<Bytes>)>);

impl Answers {
    fn new(contacts: u32, codings: &[Coding]) -> Self {
        let bodies = page_bodies("contacts", contacts, false);
        let answer = |coding: Coding, body: &String| {
            let body = coding.encode(body.as_bytes());
            let coded = match coding {
                Coding::Identity => String::new(),
                coding => format!("content-encoding: {}\r\n", coding.name()),
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{coded}content-length: {}\r\n\r\n",
                body.len()
            );
            Bytes::from([head.as_bytes(), &body].concat())
        };
        Self(codings.iter().map(|&coding| (coding, bodies.iter().map(|body| answer(coding, body)).collect())).collect())
    }
}

/// A parsed request.
struct Asked {
    page: usize,
    coding: Coding,
    latency: Duration,
}

impl Asked {
    fn read(request: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(request.split(|&byte| byte == b'\r').next()?).ok()?;
        let (path, query) = line.split(' ').nth(1)?.split_once('?')?;
        let page = query.split('&').find_map(|pair| pair.strip_prefix("page="))?.parse().ok()?;
        let mut asked = Self { page, coding: Coding::Identity, latency: Duration::ZERO };
        for segment in path.split('/') {
            if let Ok(latency) = humantime::parse_duration(segment) {
                asked.latency = latency;
            } else if let Ok(coding) = Coding::from_str(segment, false) {
                asked.coding = coding;
            }
        }
        Some(asked)
    }
}

/// Serves until standard input closes; the first line on standard output is the port.
pub(crate) fn serve(contacts: u32, codings: &[Coding]) -> io::Result<()> {
    let answers = Arc::new(Answers::new(contacts, codings));
    let (stop, stopped) = oneshot::channel();
    std::thread::spawn(move || {
        // The end of stdin or a read error stops the server.
        io::stdin().read_to_end(&mut Vec::new()).ok();
        stop.send(()).ok();
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        writeln!(io::stdout(), "{}", listener.local_addr()?.port())?;
        tokio::select! {
            result = accept_all(&listener, &answers) => result,
            _ = stopped => Ok(()),
        }
    })
}

async fn accept_all(listener: &TcpListener, answers: &Arc<Answers>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // The client closed the connection; there is nothing to report.
        let answers = Arc::clone(answers);
        drop(tokio::spawn(async move { answer_all(stream, &answers).await.ok() }));
    }
}

async fn answer_all(mut stream: TcpStream, answers: &Answers) -> io::Result<()> {
    let mut request = Vec::with_capacity(2048);
    loop {
        request.clear();
        while !request.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        let asked = Asked::read(&request);
        if let Some(asked) = asked.as_ref().filter(|asked| !asked.latency.is_zero()) {
            tokio::time::sleep(asked.latency).await;
        }
        let answer = asked.and_then(|asked| {
            let (_, pages) = answers.0.iter().find(|(coding, _)| *coding == asked.coding)?;
            pages.get(asked.page.checked_sub(1)?)
        });
        match answer {
            Some(answer) => stream.write_all(answer).await?,
            None => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await?,
        }
    }
}
