//! A list that changes: what a client sees, and what the simulator's records say.

use std::collections::HashSet;

use sent_export::simulator::{MovePlace, Movement, Order, Pace, Settings, Simulator};

use super::client::{page, start};

const EVERY_ORDER: [Order; 6] = [
    Order::CreatedAscending,
    Order::CreatedDescending,
    Order::RandomKey,
    Order::UpdatedAscending,
    Order::UpdatedDescending,
    Order::Unstable,
];

/// Reads page after page as a careless client would.
fn walk(simulator: &Simulator) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 1.. {
        let answer = page(simulator, number, 100);
        ids.extend(answer.ids());
        if answer.json()["data"]["pagination"]["has_more"] == false {
            return ids;
        }
    }
    unreachable!("the list ends")
}

fn texts(ids: &[uuid::Uuid]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

#[test]
fn a_list_that_does_not_change_matches_the_books_in_every_stable_order() {
    for order in EVERY_ORDER {
        let simulator = start(Settings { order, contacts: 1_111, ..Settings::default() });
        let walked = walk(&simulator);
        let truth = simulator.truth();
        if order == Order::Unstable {
            assert!(walked.iter().collect::<HashSet<_>>().len() < 1_111, "ties must have been shuffled");
        } else {
            assert_eq!(walked, texts(&truth.present_now), "{order:?}");
        }
        assert_eq!(truth.present_throughout.len(), 1_111);
    }
}

#[test]
fn a_careless_walk_over_a_moving_list_loses_or_repeats_contacts() {
    let movement = Movement { deleted: Pace::PerRequest(2.0), created: Pace::PerRequest(2.0), ..Movement::default() };
    for order in EVERY_ORDER {
        let settings = Settings { order, contacts: 3_000, movement: movement.clone(), ..Settings::default() };
        let simulator = start(settings);
        let walked = walk(&simulator);
        let unique: HashSet<&String> = walked.iter().collect();
        let lost = texts(&simulator.truth().present_throughout).iter().filter(|id| !unique.contains(id)).count();
        assert!(lost > 0 || unique.len() < walked.len(), "{order:?} was read without harm");
    }
}

#[test]
fn movement_by_request_is_the_same_each_time() {
    for order in EVERY_ORDER {
        let outcome = || {
            let movement = Movement {
                created: Pace::PerRequest(0.7),
                deleted: Pace::PerRequest(0.5),
                updated: Pace::PerRequest(0.4),
                replaced: Pace::PerRequest(0.3),
                place: MovePlace::Reader,
                ..Movement::default()
            };
            let simulator = start(Settings { order, contacts: 1_500, movement, ..Settings::default() });
            (walk(&simulator), simulator.truth())
        };
        assert_eq!(outcome(), outcome(), "{order:?}");
    }
}

#[test]
fn the_books_balance() {
    let movement = Movement {
        created: Pace::PerRequest(1.5),
        deleted: Pace::PerRequest(0.8),
        updated: Pace::PerRequest(1.0),
        replaced: Pace::PerRequest(0.5),
        ..Movement::default()
    };
    let simulator = start(Settings { contacts: 2_000, movement, ..Settings::default() });
    walk(&simulator);
    let (truth, statistics) = (simulator.truth(), simulator.statistics());
    let (created, deleted) = (truth.created_during.len(), truth.deleted_during.len());
    assert_eq!((statistics.contacts_created, statistics.contacts_deleted), (created as u64, deleted as u64));
    assert_eq!(truth.ever, 2_000 + created as u64);
    assert_eq!(truth.present_now.len(), 2_000 + created - deleted);
    assert!(truth.updated_during.len() as u64 <= statistics.contacts_updated && !truth.updated_during.is_empty());
    let gone: HashSet<_> = truth.deleted_during.iter().collect();
    let present: HashSet<_> = truth.present_now.iter().collect();
    assert!(gone.is_disjoint(&present));
    assert!(truth.present_throughout.iter().all(|id| present.contains(id)));
    assert!(truth.created_during.iter().all(|id| present.contains(id) || gone.contains(id)));
}

#[test]
fn movement_ends_at_its_bound() {
    let movement = Movement {
        deleted: Pace::PerRequest(3.0),
        from_request: 2,
        until_request: Some(4),
        at_most: Some(8),
        ..Movement::default()
    };
    let simulator = start(Settings { contacts: 500, movement, ..Settings::default() });
    let totals: Vec<u64> = (0..6).map(|_| page(&simulator, 1, 10).total_count()).collect();
    assert_eq!(totals, [500, 497, 494, 492, 492, 492]);
}

#[test]
fn a_replacement_does_not_show_in_the_total() {
    let movement = Movement { replaced: Pace::PerRequest(1.0), ..Movement::default() };
    let simulator = start(Settings { contacts: 500, movement, ..Settings::default() });
    assert!((0..10).all(|_| page(&simulator, 1, 10).total_count() == 500));
    assert_eq!(simulator.truth().deleted_during.len(), 10);
}

#[test]
fn moves_come_at_their_request_before_it_is_answered() {
    let moves = vec!["delete=3 at=2 place=10".parse().unwrap(), "create=5 at=3".parse().unwrap()];
    let movement = Movement { moves, ..Movement::default() };
    let simulator = start(Settings { contacts: 100, movement, ..Settings::default() });
    let before = page(&simulator, 1, 100).ids();
    let after = page(&simulator, 1, 100).ids();
    assert_eq!(after, [&before[..10], &before[13..]].concat());
    assert_eq!(page(&simulator, 1, 100).total_count(), 102);
}

#[test]
fn the_list_can_be_moved_from_outside() {
    let simulator = start(Settings { contacts: 100, order: Order::UpdatedDescending, ..Settings::default() });
    let before = page(&simulator, 1, 100).ids();
    simulator.create(2);
    assert!(simulator.update_at(50) && simulator.delete_at(60) && simulator.replace_at(70));
    assert!(!simulator.delete_at(1_000));
    let after = page(&simulator, 1, 100).ids();
    // One contact created by the replacement, the updated one, two created ones, and then the former first one.
    assert_eq!(after[1], before[48]);
    assert_eq!(after[4], before[0]);
    assert_eq!(simulator.contact_count(), 101);
}

#[test]
fn the_records_can_be_read_again_for_another_reader() {
    let simulator = start(Settings { contacts: 100, ..Settings::default() });
    page(&simulator, 1, 10);
    simulator.delete_at(5);
    assert_eq!(simulator.truth().deleted_during.len(), 1);
    simulator.forget_reader();
    page(&simulator, 1, 10);
    let truth = simulator.truth();
    assert!(truth.deleted_during.is_empty());
    assert_eq!(truth.present_throughout.len(), 99);
}

#[test]
fn a_timed_pace_moves_the_list_over_time() {
    let movement = Movement { created: "600/min".parse().unwrap(), ..Movement::default() };
    let simulator = start(Settings { contacts: 100, movement, ..Settings::default() });
    assert_eq!(page(&simulator, 1, 10).total_count(), 100);
    std::thread::sleep(std::time::Duration::from_millis(350));
    let total = page(&simulator, 1, 10).total_count();
    assert!((103..150).contains(&total), "{total}");
}

#[test]
fn an_updated_contact_shows_new_values_and_the_present_time() {
    let simulator = start(Settings { contacts: 100, ..Settings::default() });
    let before = simulator.contact_by_index(7);
    simulator.update_at(7);
    let after = simulator.contact_by_index(7);
    assert_ne!(before.opt_out.unwrap_or_default(), after.opt_out.unwrap());
    assert!(after.updated_at.unwrap() > before.created_at.unwrap());
    assert_eq!(before.id, after.id);
}
