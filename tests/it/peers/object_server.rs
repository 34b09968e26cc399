//! Object store servers on loopback, provided by other programs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{peer, python};

/// The key that the servers accept.
const KEY: &str = "test-key";

/// A server of S3 or Google Cloud Storage; see `tests/readers/object_server.py`.
pub(super) struct ObjectServer {
    child: Child,
    port: u16,
    kind: &'static str,
}

impl ObjectServer {
    /// Starts a server of this `kind` with an empty bucket `lake`.
    pub(super) fn start(python: &Path, kind: &'static str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers/object_server.py");
        let mut command = Command::new(python);
        command.args([script, kind]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("Python was installed for this test");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("stdout is piped")).read_line(&mut line).expect("it prints a port");
        let port = line.trim().parse().expect("it prints a port");
        Self { child, port, kind }
    }

    /// The flags and variables with which the program connects to the server.
    pub(super) fn options(&self) -> Vec<String> {
        let port = self.port;
        let options = match self.kind {
            "s3" => vec![
                format!("endpoint=http://127.0.0.1:{port}"),
                format!("access_key_id={KEY}"),
                "secret_access_key=secret".to_owned(),
            ],
            _ => vec![
                format!(
                    r#"service_account_key={{"private_key":"","private_key_id":"","client_email":"","disable_oauth":true,"gcs_base_url":"http://127.0.0.1:{port}"}}"#
                ),
                "allow_http=true".to_owned(),
            ],
        };
        options.into_iter().flat_map(|option| ["--store-option".to_owned(), option]).collect()
    }

    /// The S3 endpoint.
    pub(super) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The bytes of an object; `None` if it does not exist.
    pub(super) fn get(&self, key: &str) -> Option<Vec<u8>> {
        let encoded = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'=' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        let (status, body) = self.request(&format!("/lake/{}", key.bytes().map(encoded).collect::<String>()));
        match status {
            200 => Some(body),
            404 => None,
            other => panic!("{other} for {key}"),
        }
    }

    /// Configures failures, and returns the number of open uploads.
    pub(super) fn set(&self, setting: &str) -> u64 {
        let (_, body) = self.request(&format!("/_admin?{setting}"));
        String::from_utf8_lossy(&body).trim().parse().expect("the response is a number")
    }

    /// Uploads that are neither complete nor aborted.
    pub(super) fn open_uploads(&self) -> u64 {
        self.set("uploads=1")
    }

    fn request(&self, path: &str) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the server runs");
        let head = format!(
            "GET {path} HTTP/1.0\r\nhost: 127.0.0.1\r\nauthorization: AWS4-HMAC-SHA256 \
             Credential={KEY}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("the server reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the server answers");
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head ends with an empty line");
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a head has a status");
        (status, answer[end + 4..].to_vec())
    }
}

impl Drop for ObjectServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Azurite's well-known account.
const AZURE_KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A server of Azure Blob Storage with a container `lake`.
pub(super) struct Azurite {
    child: Child,
    endpoint: String,
    _folder: tempfile::TempDir,
}

impl Azurite {
    pub(super) fn start() -> Self {
        let program: PathBuf = peer("SENT_EXPORT_SDK_NODE_DIR").join("node_modules/.bin/azurite-blob");
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.args(["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--blobPort", "0"]);
        command.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let found = lines.find_map(|line| Some(line.split_once("successfully listen")?.1.to_owned()));
        // Azurite exits when its output is closed.
        std::thread::spawn(move || lines.for_each(drop));
        let address =
            found.as_deref().and_then(|line| line.split_whitespace().last()).expect("Azurite prints its address");
        let endpoint = format!("{address}/devstoreaccount1");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers/azure_container.py");
        let made = Command::new(python()).args([Path::new(script)]).args([&endpoint, AZURE_KEY]).status().unwrap();
        assert!(made.success());
        Self { child, endpoint, _folder: folder }
    }

    pub(super) fn options(&self) -> Vec<String> {
        let options = [
            format!("endpoint={}", self.endpoint),
            "account_name=devstoreaccount1".to_owned(),
            format!("account_key={AZURE_KEY}"),
        ];
        options.into_iter().flat_map(|option| ["--store-option".to_owned(), option]).collect()
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
