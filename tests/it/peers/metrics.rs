//! Reads metrics with the parsers of Prometheus.

use std::process::Command;

use serde_json::Value;

use super::python;
use crate::support::{sent_export, simulator};

#[test]
#[ignore = "needs Python with prometheus-client"]
fn the_parsers_of_prometheus_read_metrics_of_success_and_failure() {
    let server = simulator(300);
    let output = "a \"quoted\\path\".csv";
    let flags = ["-o", output, "--metrics", "m.prom"];
    let mut run = sent_export();
    for (more, exit_code) in [(&[][..], 0), (&["--min-contacts", "1000"], 8)] {
        let done = run.contacts(&server.base_url(), &[&flags[..], more].concat()).finish().expect_code(exit_code);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/metrics/check.py");
        let read = Command::new(python()).arg(script).arg(done.path("m.prom")).output().unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        let samples: Value = serde_json::from_slice(&read.stdout).unwrap();
        let labels = serde_json::json!({"command": "contacts", "output": output});
        let value = |name: &str| {
            let found = samples.as_object().unwrap().iter().find(|(key, _)| {
                let key: Value = serde_json::from_str(key).unwrap();
                key[0] == format!("sent_export_{name}") && key[1] == labels
            });
            found.map(|(_, value)| value.as_f64().unwrap())
        };
        assert_eq!(value("last_run_exit_code"), Some(f64::from(exit_code)));
        assert_eq!(value("last_run_rows"), (exit_code == 0).then_some(300.0));
        assert!(value("last_success_timestamp_seconds") > Some(1.7e9), "{samples}");
        run = done.again();
    }
}
