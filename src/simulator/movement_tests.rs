//! Tests that movement keeps its pace and its bounds, and that its settings are parsed.

use super::*;

fn counts(movement: Movement, arrivals: impl Iterator<Item = Arrival>) -> [usize; 4] {
    let mut mover = Mover::new(movement, 1);
    let steps: Vec<MoveStep> = arrivals.flat_map(|arrival| mover.steps(arrival)).collect();
    [MoveKind::Create, MoveKind::Delete, MoveKind::Update, MoveKind::Replace]
        .map(|kind| steps.iter().filter(|step| step.kind == kind).count())
}

fn at_once(requests: u64) -> impl Iterator<Item = Arrival> {
    let at = Instant::now();
    (1..=requests).map(move |number| Arrival { number, at })
}

fn every_second(requests: u64) -> impl Iterator<Item = Arrival> {
    let start = Instant::now();
    (1..=requests).map(move |number| Arrival { number, at: start + Duration::from_secs(number - 1) })
}

#[test]
fn a_pace_per_request_keeps_its_average() {
    let movement = Movement { created: Pace::PerRequest(2.5), deleted: Pace::PerRequest(0.1), ..Movement::default() };
    let [created, deleted, updated, replaced] = counts(movement, at_once(1_000));
    assert!((2_400..2_600).contains(&created) && (60..140).contains(&deleted), "{created} {deleted}");
    assert_eq!((updated, replaced), (0, 0));
}

#[test]
fn a_timed_pace_follows_the_clock_from_the_first_request_on() {
    let movement = Movement { updated: "30/min".parse().unwrap(), ..Movement::default() };
    assert_eq!(counts(movement, every_second(121)), [0, 0, 60, 0]);
}

#[test]
fn bounds_are_kept() {
    let movement = Movement { replaced: Pace::PerRequest(1.0), ..Movement::default() };
    let within = Movement { from_request: 10, until_request: Some(19), ..movement.clone() };
    assert_eq!(counts(within, at_once(100)), [0, 0, 0, 10]);
    let few = Movement { at_most: Some(7), ..movement };
    assert_eq!(counts(few, at_once(100)), [0, 0, 0, 7]);
}

#[test]
fn moves_come_at_their_request() {
    let movement = Movement {
        moves: vec!["delete=3 at=5 place=40".parse().unwrap(), "create=2 at=7".parse().unwrap()],
        ..Movement::default()
    };
    let mut mover = Mover::new(movement, 1);
    let steps: Vec<Vec<MoveStep>> = at_once(8).map(|arrival| mover.steps(arrival)).collect();
    assert_eq!(steps.iter().map(Vec::len).collect::<Vec<_>>(), [0, 0, 0, 0, 3, 0, 2, 0]);
    assert!(steps[4].iter().all(|step| step.kind == MoveKind::Delete && step.place == MovePlace::Row(40)));
}

#[test]
fn the_same_seed_gives_the_same_steps() {
    let movement = Movement { created: Pace::PerRequest(0.5), deleted: Pace::PerRequest(0.5), ..Movement::default() };
    let steps = |seed| {
        let mut mover = Mover::new(movement.clone(), seed);
        at_once(50).map(|arrival| mover.steps(arrival)).collect::<Vec<_>>()
    };
    assert_eq!(steps(1), steps(1));
    assert_ne!(steps(1), steps(2));
}

#[test]
fn moves_affect_the_requested_positions() {
    for step in 0..1_000 {
        assert!(MovePlace::Anywhere.draw(step, 1, 50, (0, 10)) < 50);
        assert!((380..880).contains(&MovePlace::Reader.draw(step, 1, 5_000, (580, 100))));
        assert!(MovePlace::Reader.draw(step, 1, 600, (580, 100)) < 600);
    }
    assert_eq!(MovePlace::Front.draw(1, 1, 50, (0, 10)), 0);
    assert_eq!(MovePlace::Back.draw(1, 1, 50, (0, 10)), 49);
    assert_eq!(MovePlace::Anywhere.draw(1, 1, 0, (0, 10)), 0);
}

#[test]
fn settings_are_parsed_or_refused() {
    assert_eq!("0.5/req".parse(), Ok(Pace::PerRequest(0.5)));
    assert_eq!("none".parse(), Ok(Pace::Never));
    assert_eq!("60/min".parse(), Ok(Pace::Timed(Rate { per_minute: 60.0 })));
    assert_eq!("reader".parse(), Ok(MovePlace::Reader));
    let expected = Move { kind: MoveKind::Replace, count: 4, at_request: 2, place: MovePlace::Front };
    assert_eq!("replace=4 at=2 place=front".parse(), Ok(expected));
    for wrong in ["-1/req", "x/req", "5"] {
        assert!(wrong.parse::<Pace>().is_err(), "{wrong}");
    }
    for wrong in ["", "delete=3", "at=3", "delete=x at=3", "delete=1 at=1 place=middle", "vanish=1 at=1"] {
        assert!(wrong.parse::<Move>().is_err(), "{wrong}");
    }
}
