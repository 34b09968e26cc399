//! A minimal client that returns everything a server sends.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use sent_export::simulator::{DEFAULT_API_KEY, Settings, Simulator};
use serde_json::Value;

/// An unprocessed response.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Header names in lower case, and their values.
    headers: Vec<(String, String)>,
    /// The bytes until the connection was closed.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Status and error code.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status, self.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
    }

    /// The ids on a page.
    pub(crate) fn ids(&self) -> Vec<String> {
        let contacts = self.json()["data"]["contacts"].as_array().cloned().unwrap_or_default();
        contacts.iter().filter_map(|contact| contact["id"].as_str().map(str::to_owned)).collect()
    }

    pub(crate) fn total_count(&self) -> u64 {
        self.json()["data"]["pagination"]["total_count"].as_u64().unwrap()
    }
}

pub(crate) fn start(settings: Settings) -> Simulator {
    Simulator::start(settings).unwrap()
}

/// Sends a request with the valid key.
pub(crate) fn ask(simulator: &Simulator, path: &str) -> Answer {
    try_ask(simulator, path).unwrap()
}

/// Sends a request with the valid key; the connection may fail.
pub(crate) fn try_ask(simulator: &Simulator, path: &str) -> io::Result<Answer> {
    send(simulator, "GET", path, &[("x-api-key", DEFAULT_API_KEY)])
}

/// Sends a request with only these headers.
pub(crate) fn ask_with(simulator: &Simulator, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(simulator, "GET", path, headers).unwrap()
}

/// A page of the list.
pub(crate) fn page(simulator: &Simulator, page: u32, page_size: u32) -> Answer {
    ask(simulator, &format!("/v3/contacts?page={page}&page_size={page_size}"))
}

/// Sends a request on a new connection and reads until that is closed.
pub(crate) fn send(simulator: &Simulator, method: &str, path: &str, headers: &[(&str, &str)]) -> io::Result<Answer> {
    let mut stream = connect(simulator)?;
    let headers: String = headers.iter().map(|(name, value)| [*name, ": ", *value, "\r\n"].concat()).collect();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes())?;
    read_answer(&mut stream)
}

pub(crate) fn connect(simulator: &Simulator) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", simulator.port()))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    Ok(stream)
}

fn read_answer(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Ok(Answer { status, headers, body: bytes.split_off(end + 4) })
}
