//! Pages as the built-in simulator sends them.

use std::io::{Read, Write};
use std::net::TcpStream;

use sent_export::simulator::{DEFAULT_API_KEY, Escapes, Settings, Simulator};

/// Contacts on a page.
pub(crate) const PAGE_ROWS: u32 = 100;

/// The body of one full page.
pub(crate) fn page_body(is_escaped: bool) -> String {
    let escapes = if is_escaped { Escapes::DotNet } else { Escapes::Plain };
    let simulator = Simulator::start(Settings { escapes, ..Settings::default() }).expect("a loopback port is free");
    let address = simulator.base_url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).expect("the simulator listens");
    let path = format!("/v3/contacts?page=1&page_size={PAGE_ROWS}");
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nx-api-key: {DEFAULT_API_KEY}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the simulator reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the simulator answers");
    let (_, body) = answer.split_once("\r\n\r\n").expect("an answer has a head and a body");
    body.to_owned()
}
