//! Many different pages from the built-in simulator.
//!
//! Every bench of decoding, encoding and whole exports uses these contacts. A single repeated page would stay
//! in the processor's cache, train its branch prediction and compress far better than a real account.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use sent_export::simulator::{DEFAULT_API_KEY, Escapes, Messaging, Settings, Simulator};

/// Contacts on a full page.
pub(crate) const PAGE_ROWS: u32 = 100;

/// The bodies of all pages of a list of this many `contacts` or `conversations`, with each `+` either unescaped or escaped as
/// by .NET.
pub(crate) fn page_bodies(list: &str, rows: u32, is_escaped: bool) -> Vec<String> {
    let escapes = if is_escaped { Escapes::DotNet } else { Escapes::Plain };
    let messaging = Messaging { count: rows, ..Messaging::default() };
    let simulator = Simulator::start(Settings { contacts: rows, escapes, messaging, ..Settings::default() });
    let simulator = simulator.expect("a loopback port is free");
    let stream = TcpStream::connect(("127.0.0.1", simulator.port())).expect("the simulator listens");
    let mut connection = BufReader::new(stream);
    (1..=rows.div_ceil(PAGE_ROWS)).map(|page| read_page(&mut connection, list, page)).collect()
}

fn read_page(connection: &mut BufReader<TcpStream>, list: &str, page: u32) -> String {
    let request = format!(
        "GET /v3/{list}?page={page}&page_size={PAGE_ROWS} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: \
         {DEFAULT_API_KEY}\r\n\r\n"
    );
    connection.get_mut().write_all(request.as_bytes()).expect("the simulator reads");
    let mut length = 0;
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).expect("the simulator answers");
        let Some((name, value)) = line.trim_end().split_once(':') else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().expect("a length is a number");
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("the simulator sends the announced length");
    String::from_utf8(body).expect("JSON is UTF-8")
}
