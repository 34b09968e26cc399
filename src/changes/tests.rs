//! Compares the changes between snapshots with a model that holds everything in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, new_null_array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{
    ChangeCounts, ChangeLayout, Changes, CompareSettings, GoneAs, SnapshotSorter, SortSettings, changes_schema,
};
use crate::format::json_objects;
use crate::input::Content;

/// A row: id, name, `opt_out` and tags.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TestRow {
    id: Option<String>,
    name: Option<String>,
    opt_out: Option<bool>,
    tags: Option<Vec<String>>,
}

impl TestRow {
    fn new(id: &str, name: &str, opt_out: Option<bool>, tags: &[&str]) -> Self {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let tags = Some(tags.iter().map(|&tag| tag.to_owned()).collect());
        Self { id: text(id), name: text(name), opt_out, tags }
    }
}

fn schema() -> SchemaRef {
    let tags = DataType::List(Arc::new(Field::new("element", DataType::Utf8, false)));
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Utf8, true),
        Field::new("name", DataType::Utf8, true),
        Field::new("opt_out", DataType::Boolean, true),
        Field::new("tags", tags, true),
    ]))
}

fn batch(rows: &[TestRow]) -> RecordBatch {
    let DataType::List(item) = schema().field(3).data_type().clone() else { unreachable!() };
    let mut tags = arrow::array::ListBuilder::new(arrow::array::StringBuilder::new()).with_field(item);
    for row in rows {
        row.tags.iter().flatten().for_each(|tag| tags.values().append_value(tag));
        tags.append(row.tags.is_some());
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| row.id.clone()).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| row.name.clone()).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| row.opt_out).collect::<BooleanArray>()),
        Arc::new(tags.finish()),
    ];
    RecordBatch::try_new(schema(), columns).unwrap()
}

/// A budget in bytes, the number of runs merged at once, and rows per batch.
#[derive(Debug, Clone, Copy)]
struct Cut(usize, usize, usize);

/// Everything in memory.
const WHOLE: Cut = Cut(usize::MAX, 64, usize::MAX);

fn changes(old: &[TestRow], new: &[TestRow], settings: &CompareSettings, cut: Cut) -> (RecordBatch, ChangeCounts) {
    let Cut(budget_bytes, max_merged_runs, batch_rows) = cut;
    let folder = tempfile::tempdir().unwrap();
    let sorting = SortSettings {
        budget_bytes,
        max_merged_runs,
        chunk_bytes: budget_bytes.min(100),
        folder: folder.path().into(),
    };
    let [mut sorted_old, mut sorted_new] = SnapshotSorter::pair(&schema(), &sorting).unwrap();
    for (sorter, rows) in [(&mut sorted_old, old), (&mut sorted_new, new)] {
        for rows in rows.chunks(batch_rows) {
            sorter.add(&batch(rows), 0).unwrap();
        }
    }
    let [old, new] = [sorted_old, sorted_new].map(|sorter| sorter.finish().unwrap());
    // Sorted snapshots can be read more than once.
    let mut first = Changes::between(&old, &new, settings).unwrap();
    while first.next_batch().unwrap().is_some() {}
    let mut changes = Changes::between(&old, &new, settings).unwrap();
    let batches: Vec<RecordBatch> = std::iter::from_fn(|| changes.next_batch().unwrap()).collect();
    let all = concat_batches(&changes_schema(&schema(), settings.layout), &batches).unwrap();
    // Temporary files have no names.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    (all, changes.counts())
}

fn between(old: SnapshotSorter, new: SnapshotSorter) -> Result<Changes, super::ChangesError> {
    Changes::between(&old.finish()?, &new.finish()?, &CompareSettings::default())
}

fn lines(old: &[TestRow], new: &[TestRow], settings: &CompareSettings) -> (Vec<String>, ChangeCounts) {
    let (batch, counts) = changes(old, new, settings, WHOLE);
    (json_objects(&batch), counts)
}

#[test]
fn every_kind_of_change_has_its_row() {
    let old = [
        TestRow::new("b", "Bo", Some(false), &["sms"]),
        TestRow::new("a", "Al", None, &[]),
        TestRow::new("d", "Di", Some(true), &["sms"]),
        TestRow::new("e", "Ed", Some(true), &[]),
        TestRow { tags: None, ..TestRow::new("f", "Fi", None, &[]) },
    ];
    let new = [
        TestRow::new("c", "Cy", Some(true), &["rcs", "sms"]),
        TestRow::new("b", "", Some(true), &["sms"]),
        TestRow::new("d", "Di", Some(false), &["sms", "rcs"]),
        TestRow::new("e", "Ed", None, &[]),
        TestRow::new("f", "Fi", None, &[]),
    ];
    let (lines, counts) = lines(&old, &new, &CompareSettings::default());
    assert_eq!(
        lines,
        [
            r#"{"id":"a","change":"removed","changed_fields":null,"opt_out_change":null,"old":{"name":"Al","opt_out":null,"tags":[]},"new":null}"#,
            r#"{"id":"b","change":"changed","changed_fields":["name","opt_out"],"opt_out_change":"opted_out","old":{"name":"Bo","opt_out":false,"tags":null},"new":{"name":null,"opt_out":true,"tags":null}}"#,
            r#"{"id":"c","change":"added","changed_fields":null,"opt_out_change":null,"old":null,"new":{"name":"Cy","opt_out":true,"tags":["rcs","sms"]}}"#,
            r#"{"id":"d","change":"changed","changed_fields":["opt_out","tags"],"opt_out_change":"opted_in","old":{"name":null,"opt_out":true,"tags":["sms"]},"new":{"name":null,"opt_out":false,"tags":["sms","rcs"]}}"#,
            r#"{"id":"e","change":"changed","changed_fields":["opt_out"],"opt_out_change":null,"old":{"name":null,"opt_out":true,"tags":null},"new":{"name":null,"opt_out":null,"tags":null}}"#,
            r#"{"id":"f","change":"changed","changed_fields":["tags"],"opt_out_change":null,"old":{"name":null,"opt_out":null,"tags":null},"new":{"name":null,"opt_out":null,"tags":[]}}"#,
        ]
    );
    let fields = [("name", 1), ("opt_out", 3), ("tags", 2)].map(|(name, rows)| (name.to_owned(), rows));
    let wanted = ChangeCounts {
        added: 1,
        changed: 4,
        removed: 1,
        opted_out: 1,
        opted_in: 1,
        fields: fields.to_vec(),
        ..ChangeCounts::default()
    };
    assert_eq!(counts, wanted);
    assert!(!counts.are_equal());
}

#[test]
fn ignored_columns_are_not_changes_and_stay_in_whole_rows() {
    let old = [TestRow::new("a", "Al", Some(false), &[]), TestRow::new("b", "Bo", Some(false), &[])];
    let new = [
        TestRow::new("a", "Ali", Some(false), &[]),
        TestRow::new("b", "Bob", Some(true), &[]),
        TestRow::new("c", "C", None, &[]),
    ];
    let ignored = vec!["name".to_owned()];
    let settings = CompareSettings { ignored, layout: ChangeLayout::Wide, ..CompareSettings::default() };
    let (lines, counts) = lines(&old, &new, &settings);
    assert_eq!(
        lines,
        [
            r#"{"id":"b","change":"changed","changed_fields":["opt_out"],"opt_out_change":"opted_out","old_name":null,"new_name":null,"old_opt_out":false,"new_opt_out":true,"old_tags":null,"new_tags":null}"#,
            r#"{"id":"c","change":"added","changed_fields":null,"opt_out_change":null,"old_name":null,"new_name":"C","old_opt_out":null,"new_opt_out":null,"old_tags":null,"new_tags":[]}"#,
        ]
    );
    assert_eq!((counts.unchanged, counts.changed, counts.added), (1, 1, 1));
}

#[test]
fn rows_that_an_incomplete_snapshot_lacks_are_missing() {
    let settings = CompareSettings { gone_as: GoneAs::Missing, ..CompareSettings::default() };
    let (lines, counts) = lines(&[TestRow::new("a", "", None, &[])], &[], &settings);
    assert!(lines[0].starts_with(r#"{"id":"a","change":"missing","#), "{lines:?}");
    assert_eq!((counts.removed, counts.missing), (0, 1));
}

#[test]
fn the_row_with_the_highest_rank_is_used_for_a_repeated_id() {
    for budget in [1, usize::MAX] {
        let sorting = SortSettings { budget_bytes: budget, ..SortSettings::default() };
        let [mut old, mut new] = SnapshotSorter::pair(&schema(), &sorting).unwrap();
        old.add(&batch(&[TestRow::new("a", "now", None, &[])]), 2).unwrap();
        old.add(
            &batch(&[TestRow::new("a", "then", None, &[]), TestRow { id: None, ..TestRow::new("", "x", None, &[]) }]),
            1,
        )
        .unwrap();
        new.add(&batch(&[TestRow::new("a", "now", None, &[])]), 0).unwrap();
        assert_eq!([old.without_id(), new.without_id()], [1, 0]);
        let mut changes = between(old, new).unwrap();
        assert_eq!(changes.next_batch().unwrap().map(|batch| batch.num_rows()), Some(0));
        assert!(changes.next_batch().unwrap().is_none());
        assert_eq!(changes.counts(), ChangeCounts { unchanged: 1, repeated: [1, 0], ..ChangeCounts::default() });
    }
}

#[test]
fn contacts_and_messages_can_be_compared() {
    for content in [Content::Contacts, Content::Messages] {
        let schema = content.full_schema();
        let [mut old, new] = SnapshotSorter::pair(&schema, &SortSettings::default()).unwrap();
        let column = |field: &Arc<Field>| match field.name().as_str() {
            "id" => Arc::new(StringArray::from(vec!["a"])) as ArrayRef,
            _ => new_null_array(field.data_type(), 1),
        };
        let columns = schema.fields().iter().map(column).collect();
        old.add(&RecordBatch::try_new(Arc::clone(&schema), columns).unwrap(), 0).unwrap();
        let mut changes = between(old, new).unwrap();
        let batch = changes.next_batch().unwrap().unwrap();
        assert_eq!(batch.schema(), changes_schema(&schema, ChangeLayout::Structs));
        assert_eq!(batch.column_by_name("opt_out_change").is_some(), content == Content::Contacts);
        let old = batch.column_by_name("old").unwrap().as_struct();
        assert_eq!((old.num_columns(), old.is_valid(0)), (schema.fields().len() - 1, true));
    }
    assert!(SnapshotSorter::pair(&Schema::empty(), &SortSettings::default()).is_err());
}

#[test]
fn a_missing_folder_for_temporary_files_is_named_in_the_error() {
    let folder = tempfile::tempdir().unwrap().path().join("gone");
    let sorting = SortSettings { budget_bytes: 1, folder, ..SortSettings::default() };
    let [mut old, _] = SnapshotSorter::pair(&schema(), &sorting).unwrap();
    let error = old.add(&batch(&[TestRow::new("a", "", None, &[])]), 0).unwrap_err();
    assert!(error.to_string().ends_with("gone") && error.hint().contains("TMPDIR"), "{error}");
}

#[test]
fn many_changes_are_split_into_batches_by_the_rows_alone() {
    let rows = |salt: usize| -> Vec<TestRow> {
        (0..20_000)
            .map(|at| TestRow::new(&format!("{:05}", at * 7 % 20_000), &format!("{}", at * salt % 3), None, &[]))
            .collect()
    };
    let mut sizes = Vec::new();
    for budget_bytes in [200_000, usize::MAX] {
        let sorting = SortSettings { budget_bytes, ..SortSettings::default() };
        let [mut old, mut new] = SnapshotSorter::pair(&schema(), &sorting).unwrap();
        for (sorter, salt) in [(&mut old, 1), (&mut new, 2)] {
            rows(salt).chunks(1000).for_each(|rows| sorter.add(&batch(rows), 0).unwrap());
        }
        let mut changes = between(old, new).unwrap();
        let batches = std::iter::from_fn(|| changes.next_batch().unwrap());
        sizes.push(batches.map(|batch| batch.num_rows()).collect::<Vec<_>>());
        assert_eq!(changes.counts().changed, 13_333);
    }
    assert_eq!(sizes[0], sizes[1]);
    assert_eq!((sizes[0].len(), sizes[0][0]), (4, 4096));
}

/// The expected changes: the kind of change of each id, and the columns that differ.
fn model(old: &[TestRow], new: &[TestRow]) -> Vec<(String, &'static str, Vec<&'static str>)> {
    let by_id = |rows: &[TestRow]| -> BTreeMap<String, TestRow> {
        rows.iter().filter_map(|row| Some((row.id.clone()?, row.clone()))).collect()
    };
    let (old, new) = (by_id(old), by_id(new));
    let ids: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change = |id: &String| match (old.get(id), new.get(id)) {
        (Some(old), Some(new)) => {
            let differs = [
                ("name", old.name != new.name),
                ("opt_out", old.opt_out != new.opt_out),
                ("tags", old.tags != new.tags),
            ];
            let fields: Vec<_> = differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
            (!fields.is_empty()).then(|| (id.clone(), "changed", fields))
        }
        (Some(_), None) => Some((id.clone(), "removed", Vec::new())),
        _ => Some((id.clone(), "added", Vec::new())),
    };
    ids.into_iter().filter_map(change).collect()
}

fn found(batch: &RecordBatch) -> Vec<(String, String, Vec<String>)> {
    let text = |column: usize, row: usize| batch.column(column).as_string::<i32>().value(row).to_owned();
    let fields = |row: usize| -> Vec<String> {
        let lists = batch.column(2).as_list::<i32>();
        let names = lists.value(row);
        names.as_string::<i32>().iter().flatten().map(str::to_owned).collect()
    };
    (0..batch.num_rows()).map(|row| (text(0, row), text(1, row), fields(row))).collect()
}

/// Ids with common prefixes, empty ones, and ones longer than the prefix that settles most comparisons.
fn ids() -> impl Strategy<Value = Option<String>> {
    prop_oneof![1 => Just(None), 20 => "(|same-beginning-of-id-)[ab\u{e9}]{0,3}".prop_map(Some)]
}

fn rows() -> impl Strategy<Value = Vec<TestRow>> {
    let row =
        (ids(), any::<Option<bool>>(), proptest::option::of("[xy]{0,1}"), proptest::option::of(vec("[st]{0,2}", 0..2)));
    let rows = vec(row.prop_map(|(id, opt_out, name, tags)| TestRow { id, name, opt_out, tags }), 0..60);
    // Each id occurs once: another test covers repeated ids.
    rows.prop_map(|mut rows| {
        let mut seen = BTreeSet::new();
        rows.retain(|row| row.id.is_none() || seen.insert(row.id.clone()));
        rows
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changes_match_the_model_with_any_budget(
        old in rows(),
        new in rows(),
        budget in 1_usize..3000,
        max_merged_runs in 2_usize..5,
        batch_rows in 1_usize..20,
    ) {
        let settings = CompareSettings::default();
        let (all, counts) = changes(&old, &new, &settings, WHOLE);
        let wanted: Vec<_> = model(&old, &new).into_iter()
            .map(|(id, change, fields)| (id, change.to_owned(), fields.into_iter().map(str::to_owned).collect::<Vec<_>>()))
            .collect();
        prop_assert_eq!(found(&all), wanted);
        let count = |change: &str| found(&all).iter().filter(|(_, found, _)| found == change).count() as u64;
        prop_assert_eq!([counts.added, counts.changed, counts.removed], ["added", "changed", "removed"].map(count));
        let ids = |rows: &[TestRow]| rows.iter().filter(|row| row.id.is_some()).count() as u64;
        prop_assert_eq!(counts.unchanged + counts.changed + counts.added, ids(&new));
        let (cut, cut_counts) = changes(&old, &new, &settings, Cut(budget, max_merged_runs, batch_rows));
        prop_assert_eq!(cut, all);
        prop_assert_eq!(cut_counts, counts);
    }

    #[test]
    fn repeated_ids_give_the_same_changes_in_any_order(rows in vec((0_u8..4, 0_u8..3), 1..40), budget in 1_usize..2000) {
        let row = |&(id, name): &(u8, u8)| TestRow::new(&format!("id{id}"), &format!("n{name}"), None, &[]);
        let old: Vec<TestRow> = rows.iter().map(row).collect();
        let reversed: Vec<TestRow> = old.iter().rev().cloned().collect();
        let settings = CompareSettings::default();
        let one = changes(&old, &[], &settings, Cut(budget, 2, 3));
        let other = changes(&reversed, &[], &settings, WHOLE);
        prop_assert_eq!(one, other);
    }
}

#[test]
fn rows_are_matched_by_id_and_profile_with_any_budget() {
    let schema: SchemaRef =
        Arc::new(Schema::new(["id", "name", "profile_id"].map(|name| Field::new(name, DataType::Utf8, true)).to_vec()));
    // Ids with a common prefix, which several profiles share.
    let rows = |profiles: &[&str], ids: std::ops::Range<u32>, name: &str| {
        let keys: Vec<_> = profiles.iter().flat_map(|profile| ids.clone().map(move |id| (id, *profile))).collect();
        let ids = keys.iter().map(|(id, _)| Some(format!("0000-0000-0000-0000-{id:04}"))).collect::<StringArray>();
        let of = keys.iter().map(|(_, profile)| Some(*profile).filter(|of| !of.is_empty())).collect::<StringArray>();
        let names = StringArray::from(vec![name; keys.len()]);
        RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(ids), Arc::new(names), Arc::new(of)]).unwrap()
    };
    let compared = |budget_bytes: usize| {
        let folder = tempfile::tempdir().unwrap();
        let sorting = SortSettings { budget_bytes, max_merged_runs: 2, chunk_bytes: 100, folder: folder.path().into() };
        let [mut old, mut new] = SnapshotSorter::pair(&schema, &sorting).unwrap();
        for batch in [rows(&["a", "b", ""], 0..20, "x"), rows(&["c"], 5..7, "x")] {
            old.add(&batch, 0).unwrap();
        }
        for batch in [rows(&["b"], 0..18, "x"), rows(&["a"], 0..20, "x"), rows(&[""], 0..20, "y")] {
            new.add(&batch, 0).unwrap();
        }
        let complete_profiles = ["b".to_owned()].into();
        let settings = CompareSettings { gone_as: GoneAs::Missing, complete_profiles, ..CompareSettings::default() };
        let (old, new) = (old.finish().unwrap(), new.finish().unwrap());
        let mut changes = Changes::between(&old, &new, &settings).unwrap();
        let batches: Vec<RecordBatch> = std::iter::from_fn(|| changes.next_batch().unwrap()).collect();
        (concat_batches(&changes_schema(&schema, ChangeLayout::Structs), &batches).unwrap(), changes.counts())
    };
    let (whole, counts) = compared(usize::MAX);
    assert_eq!((counts.removed, counts.missing, counts.changed, counts.added, counts.unchanged), (2, 2, 20, 0, 38));
    assert_eq!(compared(1).0, whole);
    let texts = |column: usize| whole.column(column).as_string::<i32>();
    let key =
        |row: usize| (texts(0).value(row).to_owned(), texts(1).is_valid(row).then(|| texts(1).value(row).to_owned()));
    assert!((1..whole.num_rows()).all(|row| key(row - 1) < key(row)), "by id, then by profile");
}
