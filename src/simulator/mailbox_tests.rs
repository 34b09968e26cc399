//! Tests that lists, single messages and summaries agree while messages arrive.

use super::super::message_maker::Sender;
use super::super::movement::Pace;
use super::super::order::Order;
use super::super::service::Service;
use super::super::templates::Templates;
use super::*;

fn settings(messaging: Messaging, late: u64) -> Settings {
    let service = Service { late_commits: Duration::from_secs(late), ..Service::default() };
    Settings { messaging, service, ..Settings::default() }
}

fn world() -> World {
    World::new(Maker { seed: 4, initial: 300, customer_id: None, hostile: false }, Order::CreatedAscending)
}

fn mailbox(settings: &Settings) -> Mailbox {
    let customer_id = Uuid::from_u128(7);
    let sender = Sender { customer_id, templates: Templates::new(4, customer_id) };
    Mailbox::new(settings, 4, 300, settings.messaging.count, vec![sender])
}

fn all(mailbox: &mut Mailbox, world: &World) -> Vec<u32> {
    let moment = mailbox.moment(Duration::ZERO);
    mailbox.window(None, 0, u32::MAX, moment, world).numbers
}

fn arrival(number: u64) -> Arrival {
    Arrival { number, at: Instant::now() }
}

#[test]
fn the_newest_messages_come_first_and_shift_older_ones() {
    let messaging = Messaging { count: 500, arrivals: Pace::PerRequest(3.0), ..Messaging::default() };
    let (world, mut mailbox) = (world(), mailbox(&settings(messaging, 0)));
    assert_eq!(all(&mut mailbox, &world), (0..500).rev().collect::<Vec<_>>());
    assert_eq!(mailbox.add_due_messages(arrival(1), &world), 3);
    assert_eq!(all(&mut mailbox, &world), (0..503).rev().collect::<Vec<_>>());
    let moment = mailbox.moment(Duration::ZERO);
    assert_eq!(mailbox.window(None, 2, 3, moment, &world).numbers, [500, 499, 498]);
    assert_eq!(mailbox.window(None, 503, 3, moment, &world), MessageWindow { numbers: vec![], total: 503 });
    let times: Vec<Ticks> = all(&mut mailbox, &world).iter().map(|number| mailbox.created(*number)).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older));
    let truth = mailbox.truth();
    assert_eq!((truth.present_now.len(), truth.present_throughout.len()), (503, 500));
}

#[test]
fn passing_time_changes_the_status_of_recent_messages_only() {
    let clock = MessageClock::PerRequest(Duration::from_secs(1));
    let messaging = Messaging { count: 500, arrivals: Pace::PerRequest(5.0), clock, ..Messaging::default() };
    let (world, mut mailbox) = (world(), mailbox(&settings(messaging, 0)));
    mailbox.add_due_messages(arrival(1), &world);
    let shown = |mailbox: &Mailbox, number| mailbox.message(number, mailbox.moment(Duration::ZERO), &world);
    let before: Vec<Message> = (0..505).map(|number| shown(&mailbox, number)).collect();
    mailbox.pass_time(Duration::from_secs(86_400), 0, &world);
    let after: Vec<Message> = (0..505).map(|number| shown(&mailbox, number)).collect();
    assert!(before[500..].iter().zip(&after[500..]).any(|(before, after)| before.status != after.status));
    let changed = before[..450].iter().zip(&after[..450]).filter(|(before, after)| before != after).count();
    assert!(changed < 25, "{changed}");
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((&before.id, &before.created_at, &before.body), (&after.id, &after.created_at, &after.body));
        let (old, new) = (before.events.as_ref().unwrap(), after.events.as_ref().unwrap());
        assert_eq!(old[..], new[..old.len()], "past events do not change");
    }
}

#[test]
fn a_running_clock_runs_at_the_given_speed() {
    let messaging = Messaging { clock: MessageClock::Running(60.0), ..Messaging::default() };
    let mut mailbox = mailbox(&settings(messaging, 0));
    let (start, before) = (Instant::now(), mailbox.moment(Duration::ZERO));
    mailbox.advance_clock(start);
    mailbox.advance_clock(start + Duration::from_secs(2));
    assert_eq!(mailbox.moment(Duration::ZERO).0 - before.0, 120 * SECOND);
    assert_eq!(mailbox.moment(Duration::from_secs(1)).0 - before.0, 60 * SECOND);
}

#[test]
fn a_late_commit_appears_among_older_messages() {
    let messaging = Messaging { count: 50, ..Messaging::default() };
    let (world, mut mailbox) = (world(), mailbox(&settings(messaging, 60)));
    mailbox.pass_time(Duration::from_secs(100), 100, &world);
    let before = all(&mut mailbox, &world);
    assert!((60..140).contains(&before.len()), "{}", before.len());
    let hidden = (0..150).find(|number| !before.contains(number)).unwrap();
    assert_eq!(mailbox.number_of(mailbox.id(hidden), mailbox.moment(Duration::ZERO)), None);
    mailbox.pass_time(Duration::from_secs(60), 0, &world);
    assert_eq!(all(&mut mailbox, &world), (0..150).rev().collect::<Vec<_>>());
    let inserted = all(&mut mailbox, &world).iter().position(|number| *number == hidden).unwrap();
    assert!(before.iter().position(|number| *number < hidden).unwrap() < inserted + 1);
}

#[test]
fn a_query_for_an_earlier_time_returns_the_list_of_that_time() {
    let messaging = Messaging { count: 50, ..Messaging::default() };
    let (world, mut mailbox) = (world(), mailbox(&settings(messaging, 0)));
    mailbox.pass_time(Duration::from_secs(10), 10, &world);
    let moment = mailbox.moment(Duration::from_secs(5));
    assert_eq!(mailbox.window(None, 0, 100, moment, &world).total, 55);
    assert_eq!(mailbox.number_of(mailbox.id(59), moment), None);
}

#[test]
fn a_history_counts_what_the_list_shows_for_the_contact() {
    let messaging = Messaging { count: 2_000, ..Messaging::default() };
    let (world, mut mailbox) = (world(), mailbox(&settings(messaging, 0)));
    mailbox.pass_time(Duration::from_secs(1_000), 100, &world);
    let moment = mailbox.moment(Duration::ZERO);
    let numbers = all(&mut mailbox, &world);
    let mut counted = 0;
    for contact in 0..300 {
        let history = mailbox.history(contact, moment, &world);
        counted += history.len();
        let mut shown: Vec<u32> =
            numbers.iter().copied().filter(|number| mailbox.contact_of(*number) == contact).collect();
        shown.reverse();
        assert_eq!(history.len(), shown.len());
        for ((created, channel, status), number) in history.into_iter().zip(shown) {
            let message = mailbox.message(number, moment, &world);
            assert_eq!(message.contact_id, world.contact(contact).id);
            assert_eq!((message.channel.as_deref(), message.status.as_deref()), (Some(channel), Some(status)));
            assert!(
                message.created_at.unwrap().starts_with(&created.text(super::super::times::ZoneSuffix::Missing)[..19])
            );
        }
    }
    assert_eq!(counted, 2_100);
}

#[test]
fn without_contacts_there_are_no_messages() {
    let settings = settings(Messaging::default(), 0);
    let mut mailbox = Mailbox::new(&settings, 4, 0, 1_000, Vec::new());
    let world = World::new(Maker { seed: 4, initial: 0, customer_id: None, hostile: false }, Order::CreatedAscending);
    mailbox.pass_time(Duration::from_secs(10), 10, &world);
    assert_eq!(all(&mut mailbox, &world), Vec::<u32>::new());
}
