//! Random movement, faults and kills, drawn from a seed and checked against the simulator's records.
//!
//! A case that fails prints its seed; `SENT_EXPORT_CHAOS_SEED=N cargo test --test it -- --ignored chaos` repeats it.
//! `SENT_EXPORT_CHAOS_CASES=N` with the same command runs more cases.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use sent_export::simulator::{Fault, Latency, MovePlace, Movement, Order, Pace, Settings, Simulator};
use uuid::Uuid;

use crate::support::{Finished, csv_ids, run_in};

const CASES_PER_TEST: u64 = 80;

/// A simulated account, and what happens to it and to the runs that read it.
#[derive(Debug)]
struct Case {
    seed: u64,
    contacts: u32,
    order: Order,
    movement: Movement,
    faults: Vec<Fault>,
    concurrency: &'static str,
    kills: u64,
    /// Number of bytes of the journal that are damaged after a kill.
    damage: u64,
}

impl Case {
    fn draw(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let orders = [
            Order::CreatedAscending,
            Order::CreatedDescending,
            Order::RandomKey,
            Order::UpdatedAscending,
            Order::UpdatedDescending,
            Order::Unstable,
        ];
        let scale = [0.0, 0.05, 0.5, 1.5][random.usize(0..4)];
        let mut pace = |most: f64| Pace::PerRequest(random.f64() * most * scale);
        let movement = Movement {
            created: pace(1.0),
            deleted: pace(1.0),
            updated: pace(0.7),
            replaced: pace(0.7),
            place: [MovePlace::Anywhere, MovePlace::Reader, MovePlace::Front, MovePlace::Back][random.usize(0..4)],
            ..Movement::default()
        };
        let known = [
            "INTERNAL_001 rate=5%",
            "SERVICE_001 rate=3%",
            "ok-envelope:INTERNAL_002 rate=3%",
            "html-502 rate=2%",
            "cut-off rate=3%",
            "reset rate=2%",
            "empty-body rate=2%",
            "missing-data rate=2%",
            "not-json rate=2%",
            "rows:30 rate=2%",
        ];
        let faults = known.iter().filter(|_| random.u8(0..4) == 0).map(|fault| fault.parse().unwrap()).collect();
        Self {
            seed,
            contacts: random.u32(0..2_500),
            order: orders[random.usize(0..orders.len())],
            movement,
            faults,
            concurrency: ["1", "4", "16"][random.usize(0..3)],
            kills: random.u64(0..3),
            damage: [0, 0, 1, 4][random.usize(0..4)],
        }
    }

    /// Runs the case; returns whether a readable list was reported as unverified.
    fn run(self) -> bool {
        let latency: Latency = "1ms..4ms".parse().unwrap();
        let Self { seed, contacts, order, .. } = self;
        let (movement, faults) = (self.movement.clone(), self.faults.clone());
        let server =
            Simulator::start(Settings { seed, contacts, order, movement, faults, latency, ..Settings::default() });
        let server = server.unwrap();
        let url = server.base_url();
        // With a gate, the journal starts with the first response, however fast responses arrive.
        let gate = ["--min-contacts", "0"];
        let arguments = ["-o", "c.csv", "--quiet", "--max-retries", "20", "--concurrency", self.concurrency];
        let arguments: Vec<&str> = arguments.into_iter().chain(gate).collect();
        let mut random = fastrand::Rng::with_seed(seed);
        let mut folder = tempfile::tempdir().unwrap();
        for _ in 0..self.kills {
            let at = server.statistics().list_requests + random.u64(1..40);
            let is_time = || server.statistics().list_requests >= at;
            folder = run_in(folder).contacts(&url, &arguments).kill_when(is_time);
            damage(&folder.path().join(".c.csv.journal"), self.damage, &mut random);
            if folder.path().join("c.csv").exists() {
                break;
            }
        }
        if folder.path().join("c.csv").exists() {
            return false;
        }
        let run = run_in(folder).contacts(&url, &arguments).finish();
        self.judge(&server, &run)
    }

    /// Checks that every contact that was present throughout was exported once, that no exported contact is unknown, and that the
    /// verdict is correct.
    fn judge(&self, server: &Simulator, run: &Finished) -> bool {
        assert!(matches!(run.code, Some(0 | 3)), "{self:?}{run:?}");
        let ids = csv_ids(&run.path("c.csv"));
        let unique: HashSet<Uuid> = ids.iter().copied().collect();
        assert_eq!(unique.len(), ids.len(), "a contact was exported twice: {self:?}{run:?}");
        assert!(
            ids.iter().all(|&id| server.contact_by_id(id).is_some()),
            "an exported contact never existed: {self:?}{run:?}"
        );
        let lost = server.truth().present_throughout.iter().filter(|id| !unique.contains(id)).count();
        if run.code == Some(0) || self.order != Order::Unstable {
            assert_eq!(lost, 0, "of {}: {self:?}{run:?}", ids.len());
        }
        run.code != Some(0) && self.order != Order::Unstable
    }
}

/// Changes this many bytes of a journal, including some of the first record.
fn damage(journal: &Path, bytes: u64, random: &mut fastrand::Rng) {
    let Ok(mut content) = std::fs::read(journal) else { return };
    let Some(first) = content.windows(4).position(|window| window == b"SJR1") else { return };
    for number in 0..bytes {
        let at = if number == 0 { first } else { random.usize(first..content.len()) };
        content[at] ^= 0x55;
    }
    std::fs::write(journal, content).expect("the folder is writable");
}

fn run_cases(first: u64, cases: u64) {
    let mut doubted = Vec::new();
    for seed in first..first + cases {
        let case = Case::draw(seed);
        let shown = format!("{case:?}");
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case.run()));
        match result {
            Ok(is_doubted) => doubted.extend(is_doubted.then_some(seed)),
            Err(panic) => {
                drop(writeln!(std::io::stderr(), "chaos seed {seed} fails: {shown}"));
                std::panic::resume_unwind(panic);
            }
        }
    }
    // These lists change several times between responses, with faults, kills and damaged journals. Still, only a few runs may be
    // unverified.
    assert!(
        doubted.len() as u64 * 25 <= cases.max(25),
        "stable orders called unverified, seeds {doubted:?} of {cases} cases"
    );
}

#[test]
fn chaos_of_the_first_seeds_loses_nothing() {
    run_cases(0, CASES_PER_TEST);
}

#[test]
fn chaos_of_the_second_seeds_loses_nothing() {
    run_cases(10_000, CASES_PER_TEST);
}

#[test]
fn chaos_of_the_third_seeds_loses_nothing() {
    run_cases(20_000, CASES_PER_TEST);
}

#[test]
#[ignore = "a soak, or one seed, on demand"]
fn chaos_on_demand_loses_nothing() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("SENT_EXPORT_CHAOS_SEED");
    let cases = number("SENT_EXPORT_CHAOS_CASES").unwrap_or(if seed.is_some() { 1 } else { 1_000 });
    run_cases(seed.unwrap_or(1_000_000), cases);
}
