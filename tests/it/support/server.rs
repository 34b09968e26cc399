//! A scripted server: for each request, a function of the test returns the response.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A response, or the lack of one.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Status, extra header lines, body.
    Http(u16, Vec<String>, String),
    /// Status 200, extra header lines, and a body that may be binary.
    Bytes(Vec<String>, Arc<[u8]>),
    /// Status 200 and a body that is generated while it is sent: a beginning, a part that is repeated, an end.
    Flood(String, &'static str, usize, String),
    /// The body is cut off in the middle.
    CutOff(String),
    /// The connection is closed without a response.
    Close,
    /// Nothing is sent for this long.
    Silence(Duration),
}

impl Answer {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self::Http(200, Vec::new(), body.into())
    }

    pub(crate) fn error(status: u16, code: &str) -> Self {
        let error = serde_json::json!({"code": code, "message": format!("{code} happened"), "details": null});
        let body = serde_json::json!({"success": false, "data": null, "error": error,
            "meta": {"request_id": "req_test", "timestamp": "2026-01-01T00:00:00Z", "version": "v3"}});
        Self::Http(status, Vec::new(), body.to_string())
    }

    pub(crate) fn with_header(mut self, line: &str) -> Self {
        if let Self::Http(_, headers, _) = &mut self {
            headers.push(line.to_owned());
        }
        self
    }
}

/// A contact with an id made from a number.
fn contact(at: u32) -> serde_json::Value {
    serde_json::json!({"id": format!("00000000-0000-4000-8000-{at:012}"), "region_code": "US", "phone_number": "+12025550123"})
}

/// A page of an account that holds `total` contacts.
pub(crate) fn page(number: u32, page_size: u32, total: u32) -> String {
    let first = (number - 1) * page_size;
    let contacts: Vec<_> = (first..total.min(first + page_size)).map(contact).collect();
    let pagination = serde_json::json!({"page": number, "page_size": page_size, "total_count": total,
        "total_pages": total.div_ceil(page_size), "has_more": first + page_size < total, "cursors": null});
    serde_json::json!({"success": true, "data": {"contacts": contacts, "pagination": pagination}, "error": null,
        "meta": {"request_id": "req_1", "timestamp": "2026-01-01T00:00:00Z", "version": "v3"}})
    .to_string()
}

/// The rows that a request covers, from its `page` and `page_size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) page: u32,
    pub(crate) size: u32,
}

impl Asked {
    /// Parses the head of a request.
    pub(crate) fn by(head: &str) -> Self {
        let number = |name: &str| {
            let at = head.find(&format!("?{name}=")).or_else(|| head.find(&format!("&{name}=")));
            let value = &head[at.expect("every request has a page and a page size") + name.len() + 2..];
            value.split(['&', ' ']).next().expect("split gives one part").parse().expect("a number")
        };
        Self { page: number("page"), size: number("page_size") }
    }

    /// The requested page of a list of `total` contacts.
    pub(crate) fn page_of(self, total: u32) -> String {
        page(self.page, self.size, total)
    }

    /// The requested page, as a response.
    pub(crate) fn answer_of(self, total: u32) -> Answer {
        Answer::ok(self.page_of(total))
    }

    /// Whether the request covers this row, counted from 1.
    pub(crate) fn holds(self, row: u32) -> bool {
        (row - 1) / self.size + 1 == self.page
    }

    /// Whether the request is for the start of the list.
    pub(crate) fn is_first(self) -> bool {
        self.page == 1
    }
}

type Script = dyn Fn(usize, &str) -> Answer + Send + Sync;

/// The server; stops when it is dropped, and fails the test if its script panicked.
pub(crate) struct ScriptedServer {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
    accepting: Option<JoinHandle<()>>,
    panics: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
}

impl ScriptedServer {
    /// `script` takes the number of the request, from 0, and its head in lower case.
    pub(crate) fn start(script: impl Fn(usize, &str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let address = listener.local_addr().expect("the listener is bound").to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let panics = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (script, log, failed): (Arc<Script>, _, _) = (Arc::new(script), requests.clone(), panics.clone());
        let is_stopped = stop.clone();
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if is_stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { return };
                let (script, log, failed) = (script.clone(), log.clone(), failed.clone());
                std::thread::spawn(move || serve(&stream, &*script, &log, &failed));
            }
        });
        Self { address, requests, accepting: Some(accepting), panics, stop }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Heads of all requests so far, in lower case, each followed by its unchanged body, if any.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
        let failed = self.panics.lock().unwrap();
        if !std::thread::panicking() {
            assert!(failed.is_empty(), "the server's script panicked: {failed:?}");
        }
    }
}

fn serve(stream: &TcpStream, script: &Script, log: &Mutex<Vec<String>>, failed: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        loop {
            let mut line = String::new();
            match reader.read_line(&mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) if line == "\r\n" => break,
                Ok(_) => head.push_str(&line.to_lowercase()),
            }
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        head.push_str(&String::from_utf8_lossy(&body));
        let number = {
            let mut log = log.lock().unwrap();
            log.push(head.clone());
            log.len() - 1
        };
        let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| script(number, &head)));
        let Ok(answer) = answer else {
            failed.lock().unwrap().push(head);
            return;
        };
        if !send(stream, answer) {
            drop(stream.shutdown(Shutdown::Both));
            return;
        }
    }
}

/// Sends the response; returns whether the connection stays open.
fn send(mut stream: &TcpStream, answer: Answer) -> bool {
    match answer {
        Answer::Http(status, headers, body) => {
            let length = format!("content-length: {}", body.len());
            let head = [vec![format!("HTTP/1.1 {status} X"), length], headers].concat().join("\r\n");
            let text = format!("{head}\r\n\r\n{body}");
            stream.write_all(text.as_bytes()).is_ok()
        }
        Answer::Bytes(headers, body) => {
            let length = format!("content-length: {}", body.len());
            let head = [vec!["HTTP/1.1 200 OK".to_owned(), length], headers].concat().join("\r\n") + "\r\n\r\n";
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).is_ok()
        }
        Answer::Flood(start, part, times, end) => {
            let length = start.len() + part.len() * times + end.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{start}");
            let chunk = part.repeat(1000);
            let mut sent = stream.write_all(head.as_bytes());
            for _ in 0..times / 1000 {
                sent = sent.and_then(|()| stream.write_all(chunk.as_bytes()));
            }
            let rest = part.repeat(times % 1000) + &end;
            sent.and_then(|()| stream.write_all(rest.as_bytes())).is_ok()
        }
        Answer::CutOff(body) => {
            let half = &body[..body.len() / 2];
            let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{half}", body.len());
            drop(stream.write_all(text.as_bytes()));
            false
        }
        Answer::Close => false,
        Answer::Silence(time) => {
            std::thread::sleep(time);
            false
        }
    }
}
