//! Reads exported files with other programs.
//!
//! `SENT_EXPORT_SDK_PYTHON` names a Python with the packages of `tests/requirements.txt`.

use std::path::{Path, PathBuf};
use std::process::Command;

use sent_export::simulator::{Settings, Simulator};

use super::python;
use crate::support::{Finished, sent_export};

#[test]
#[ignore = "needs Python with duckdb and pyarrow"]
fn duckdb_and_pyarrow_read_the_same_contacts_from_every_format() {
    for hostile in [false, true] {
        let simulator = Simulator::start(Settings { contacts: 3000, hostile, ..Settings::default() }).unwrap();
        let outputs = ["parquet", "arrow", "arrows", "csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "ndjson.zst"];
        let outputs = outputs.map(|format| format!("--output=c.{format}"));
        let outputs: Vec<&str> = outputs.iter().map(String::as_str).chain(["--summary", "s.json"]).collect();
        let run = sent_export().contacts(&simulator.base_url(), &outputs).finish().expect_code(0);
        let rows = run.json("s.json")["contacts"].to_string();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers/check.py");
        let output = Command::new(python()).arg(script).arg(run.path("")).arg(rows).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "hostile: {hostile}\n{stderr}");
    }
}

/// Rewrites `c.parquet` as other programs write Arrow: compressed, with dictionaries, and as one large batch.
const WRITE_ARROW: &str = "
import pyarrow as pa, pyarrow.feather as feather, pyarrow.parquet as pq
table = pq.read_table('c.parquet')
feather.write_feather(table, 'lz4.feather', compression='lz4')
feather.write_feather(table, 'zstd.feather', compression='zstd', chunksize=1 << 20)
at = table.schema.get_field_index('region_code')
table = table.set_column(at, 'region_code', table.column(at).dictionary_encode())
with pa.ipc.new_stream('dictionary.arrows', table.schema) as stream:
    stream.write_table(table)
";

#[test]
#[ignore = "needs Python with pyarrow"]
fn arrow_files_of_another_program_are_read_or_refused_by_their_codec() {
    let simulator = Simulator::start(Settings { contacts: 9000, ..Settings::default() }).unwrap();
    let run = sent_export().contacts(&simulator.base_url(), &["-o", "c.parquet", "--quiet"]).finish().expect_code(0);
    let output = Command::new(python()).args(["-c", WRITE_ARROW]).current_dir(run.path("")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = |run: Finished, name: &str| {
        run.again().args(["report", name, "--json", "-", "--quiet", "--as-of", "2026-03-31"]).finish()
    };
    let regions = |run: &Finished| serde_json::from_slice::<serde_json::Value>(&run.stdout).unwrap()["regions"].clone();
    let mut run = report(run, "c.parquet").expect_code(0);
    let wanted = regions(&run);
    for name in ["zstd.feather", "dictionary.arrows"] {
        run = report(run, name).expect_code(0);
        assert_eq!(regions(&run), wanted, "{name}");
    }
    report(run, "lz4.feather").expect_code(2).expect_stderr("unsupported compression LZ4: lz4.feather\nhint: ");
}

/// Every cell is compared twice: as written, and after `LibreOffice` has opened and saved the file.
#[test]
#[ignore = "needs Python with openpyxl and pyarrow, and LibreOffice"]
fn openpyxl_and_libreoffice_find_every_value_of_parquet_in_the_workbook() {
    for hostile in [false, true] {
        // One message body of the hostile account is too long for a cell.
        let no_body = if hostile { "--no-body" } else { "--page-size=100" };
        let settings = Settings { hostile, ..Settings::of_messages(1500) };
        let simulator = Simulator::start(settings).unwrap();
        let run = sent_export()
            .contacts(&simulator.base_url(), &["-o", "contacts.parquet", "-o", "contacts.xlsx", "--quiet"])
            .finish()
            .expect_code(0);
        let run = run
            .again()
            .messages(&simulator.base_url(), &["-o", "messages.parquet", "-o", "messages.xlsx", "--quiet", no_body])
            .finish()
            .expect_code(0);
        for name in ["contacts", "messages"] {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers/check_xlsx.py");
            let files = ["xlsx", "parquet"].map(|extension| run.path(&format!("{name}.{extension}")));
            let saved = opened_and_saved(&files[0]);
            let output = Command::new(python()).arg(script).args(files).arg(name).arg(saved).output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{name}, hostile: {hostile}\n{stderr}");
        }
    }
}

/// A workbook as saved by `LibreOffice`, in a separate folder.
fn opened_and_saved(workbook: &Path) -> PathBuf {
    let folder = workbook.with_file_name("saved");
    // A separate profile, because the default one may be in use, or there may be no home folder.
    let profile = format!("-env:UserInstallation=file://{}", workbook.with_file_name("profile").display());
    let mut office = Command::new("soffice");
    office.args(["--headless", &profile, "--convert-to", "xlsx", "--outdir"]).arg(&folder).arg(workbook);
    let output = office.output().expect("LibreOffice is installed");
    let saved = folder.join(workbook.file_name().unwrap());
    assert!(saved.is_file(), "{}", String::from_utf8_lossy(&output.stderr));
    saved
}

/// Reads the CSV dialects by the documented rules, and compares every text with Parquet.
#[test]
#[ignore = "needs Python with pyarrow"]
fn texts_in_csv_for_excel_and_postgresql_come_back_by_the_documented_rules() {
    let simulator = Simulator::start(Settings { contacts: 3000, hostile: true, ..Settings::default() }).unwrap();
    for arguments in [&["--csv", "excel", "--delimiter", ";"][..], &["--csv", "postgres"]] {
        let outputs = ["-o", "c.csv", "-o", "c.parquet", "--quiet"];
        let run =
            sent_export().contacts(&simulator.base_url(), &[&outputs, arguments].concat()).finish().expect_code(0);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers/check_csv.py");
        let output = Command::new(python()).arg(script).arg(run.path("")).arg(arguments[1]).output().unwrap();
        assert!(output.status.success(), "{arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
