//! Tests of windows, filters and records of a list that changes.

use super::super::filter::Channel;
use super::super::maker::Maker;
use super::super::movement::MovePlace;
use super::*;

const NOW: Ticks = Ticks(17_000_000_000_000_000);

fn world(order: Order) -> World {
    World::new(Maker { seed: 4, initial: 1_000, customer_id: None, hostile: false }, order)
}

fn step(kind: MoveKind, place: MovePlace, number: u64) -> MoveStep {
    MoveStep { kind, place, number }
}

fn all() -> Filter {
    Filter::default()
}

#[test]
fn a_window_past_the_end_is_empty_and_the_last_one_is_short() {
    let mut world = world(Order::CreatedAscending);
    assert_eq!(world.window(None, &all(), 1_000, 100, 1), ListWindow { indexes: vec![], total: 1_000 });
    assert_eq!(world.window(None, &all(), u64::MAX, 100, 1), ListWindow { indexes: vec![], total: 1_000 });
    assert_eq!(world.window(None, &all(), 980, 100, 1).indexes, (980..1_000).collect::<Vec<_>>());
}

#[test]
fn a_deletion_shifts_later_rows() {
    let mut world = world(Order::CreatedAscending);
    world.note_reader();
    assert!(world.take(step(MoveKind::Delete, MovePlace::Row(3), 0), (0, 100), NOW));
    assert_eq!(world.window(None, &all(), 0, 5, 2).indexes, [0, 1, 2, 4, 5]);
    assert!(!world.take(step(MoveKind::Delete, MovePlace::Row(999), 1), (0, 100), NOW));
}

#[test]
fn a_replacement_leaves_the_total_as_it_was() {
    let mut world = world(Order::CreatedDescending);
    assert!(world.take(step(MoveKind::Replace, MovePlace::Back, 0), (0, 100), NOW));
    let window = world.window(None, &all(), 0, 2, 1);
    assert_eq!((window.total, window.indexes), (1_000, vec![1_000, 999]));
}

#[test]
fn records_start_with_the_first_list_request() {
    let mut world = world(Order::CreatedAscending);
    world.take(step(MoveKind::Delete, MovePlace::Row(0), 0), (0, 100), NOW);
    world.take(step(MoveKind::Create, MovePlace::Anywhere, 1), (0, 100), NOW);
    world.note_reader();
    world.take(step(MoveKind::Delete, MovePlace::Row(0), 2), (0, 100), NOW);
    world.take(step(MoveKind::Create, MovePlace::Anywhere, 3), (0, 100), NOW);
    world.take(step(MoveKind::Update, MovePlace::Row(7), 4), (0, 100), NOW);
    world.note_reader();
    let truth = world.truth();
    let id = |index| world.pool.id(index);
    assert_eq!(truth.deleted_during, [id(1)]);
    assert_eq!(truth.created_during, [id(1_001)]);
    assert_eq!(truth.updated_during, [id(9)]);
    assert_eq!(truth.present_throughout.len(), 999);
    assert!(truth.present_throughout.contains(&id(1_000)) && !truth.present_throughout.contains(&id(1)));
    assert_eq!((truth.present_now.len(), truth.ever), (1_000, 1_002));
}

#[test]
fn changed_contacts_have_the_real_time() {
    let mut world = world(Order::UpdatedDescending);
    world.take(step(MoveKind::Create, MovePlace::Anywhere, 0), (0, 100), NOW);
    world.take(step(MoveKind::Update, MovePlace::Row(500), 1), (0, 100), NOW);
    let updated = world.window(None, &all(), 0, 1, 1).indexes[0];
    let created_at = world.contact(1_000).created_at;
    assert_eq!(created_at.as_deref().map(|text| &text[..19]), Some("2023-11-14T22:13:20"));
    assert_eq!(world.contact(updated).updated_at.as_deref().map(|text| &text[..10]), Some("2023-11-14"));
}

#[test]
fn a_filtered_list_has_its_own_total_and_follows_movement() {
    let mut world = world(Order::RandomKey);
    let filter = Filter { channel: Some(Channel::Rcs), ..all() };
    let expected = |world: &World| -> Vec<u32> {
        world.indexes(None).into_iter().filter(|index| filter.fits(&world.contact(*index))).collect()
    };
    for round in 0..50 {
        let window = world.window(None, &filter, 0, u32::MAX, round);
        assert_eq!(window.indexes, expected(&world));
        assert_eq!(window.total as usize, window.indexes.len());
        for kind in [MoveKind::Create, MoveKind::Update, MoveKind::Delete, MoveKind::Replace] {
            world.take(step(kind, MovePlace::Anywhere, round * 4 + kind as u64), (0, 100), NOW);
        }
    }
}

#[test]
fn ids_of_deleted_contacts_are_known_and_unused_ids_are_not() {
    let mut world = world(Order::CreatedAscending);
    let id = world.pool.id(5);
    world.take(step(MoveKind::Delete, MovePlace::Row(5), 0), (0, 100), NOW);
    assert_eq!(world.index_of(id), Some(5));
    assert!(!world.is_present(5) && world.is_present(6) && !world.is_present(1_000));
    assert_eq!(world.index_of(world.pool.id(1_000)), None);
}

#[test]
fn items_without_an_id_are_counted_separately() {
    let world = World::new(Maker { seed: 4, initial: 320, customer_id: None, hostile: true }, Order::CreatedAscending);
    let truth = world.truth();
    assert_eq!(truth.unidentified_now, 50);
    assert_eq!(truth.present_now.len(), 270);
}
