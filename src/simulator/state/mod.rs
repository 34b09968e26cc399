//! The state of the simulator, and its decision about each request.
//!
//! [`SimulatorState`] holds accounts, limit, faults, movement and counters behind one lock. [`SimulatorState::decide`] is
//! called once for each request, when it arrives, and returns a finished [`ResponsePlan`]; `server` carries it out without
//! holding the lock.
//!
//! Each request passes movement, key, rate limit, fault and endpoint, in this order. So a request with a bad key or
//! over the limit consumes no fault, and a fault replaces the endpoint's response.
//!
//! *Easy to get wrong:* a response shows the list as it was when its request *arrived*, however late it is sent.
//! Responses that overtake each other are therefore out of date, as with a real server.
//!
//! The pause that a 429 requires ends at the time its header names, rounding included.
//!
//! The server tests cover every branch.

mod answer;

use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::accounts::{AccountNumber, Accounts};
use super::error_code::ErrorCode;
use super::fault::{ArmedFaults, FaultKind, RequestFacts};
use super::limit::AccountRateLimit;
use super::mailbox::MessageTruth;
use super::movement::{Arrival, MoveKind, MovePlace, MoveStep, Mover};
use super::random::{DrawPurpose, Draws, draw};
use super::reply::{PreparedReply, ReplyMeta};
use super::request::{Asked, Route, requested_window};
use super::service::{CachedTotals, Event, Replicas};
use super::settings::{RetryAfter, Settings};
use super::statistics::Statistics;
use super::times::{Ticks, http_date, unix_seconds};
use super::world::Truth;
use answer::add_api_headers;

/// How long after a 429 requests may arrive that were already in flight when it was sent.
const ON_ITS_WAY: Duration = Duration::from_millis(250);

/// Target of a redirect without a URL.
pub(super) const REDIRECT_TARGET: &str = "/_simulator/redirect-target";

/// Everything that changes while the simulator runs.
#[derive(Debug)]
pub(super) struct SimulatorState {
    settings: Arc<Settings>,
    /// The organization and its profiles.
    pub(super) accounts: Accounts,
    /// Injected faults.
    pub(super) faults: ArmedFaults,
    /// The counters.
    pub(super) statistics: Statistics,
    limiter: AccountRateLimit,
    mover: Mover,
    replicas: Replicas,
    counts: CachedTotals,
    /// Contacts that are not visible yet: when they become visible, and their creation time.
    uncommitted: Vec<(Ticks, Ticks)>,
    pause: Option<Pause>,
}

/// A pause that a 429 required.
#[derive(Debug, Clone, Copy)]
struct Pause {
    since: Instant,
    until: Instant,
}

/// A request being decided.
#[derive(Debug)]
struct Case<'asked> {
    asked: &'asked Asked,
    number: u64,
    route: Route,
    caller: Result<AccountNumber, ErrorCode>,
    meta: ReplyMeta,
    /// The values of the rate-limit headers.
    limits: Option<[String; 3]>,
    /// Maximum page size for this request.
    page_cap: u32,
    /// Maximum number of rows of a page, regardless of its size.
    max_page_rows: usize,
    /// Number of rows before the list changed for this request, if the response states that.
    total_before: Option<u32>,
}

/// How to respond to a request.
#[derive(Debug)]
pub(super) struct ResponsePlan {
    /// How long to wait before sending anything.
    pub(super) delay: Duration,
    /// What is sent.
    pub(super) delivery: ResponseDelivery,
}

/// How a response is sent, if at all.
#[derive(Debug)]
pub(super) enum ResponseDelivery {
    /// Complete.
    Whole(PreparedReply),
    /// Half of it.
    CutOff(PreparedReply),
    /// One byte at a time.
    Drip(PreparedReply, Duration),
    /// The connection is reset instead.
    Reset,
    /// The connection is closed instead.
    Close,
    /// No response is ever sent.
    Hang,
    /// The server becomes unavailable for this long.
    Gone(Duration),
}

impl SimulatorState {
    /// The state before the first request.
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let accounts = Accounts::new(&settings);
        let world = &accounts.account(AccountNumber::ORGANIZATION).world;
        Self {
            replicas: Replicas::new(world, settings.service.replica_lag, settings.seed),
            counts: CachedTotals::new(settings.service.cached_count),
            uncommitted: Vec::new(),
            accounts,
            faults: ArmedFaults::new(settings.faults.clone(), settings.seed, settings.page_cap),
            statistics: Statistics::default(),
            limiter: AccountRateLimit::new(&settings, Instant::now()),
            mover: Mover::new(settings.movement.clone(), settings.seed),
            pause: None,
            settings,
        }
    }

    /// Counts a request, changes the list, and decides what is sent.
    pub(super) fn decide(&mut self, asked: &Asked) -> ResponsePlan {
        let mut case = self.open(asked);
        let mut delay = self.latency(case.number);
        if let Some(refusal) = self.limit(&mut case) {
            return ResponsePlan { delay, delivery: ResponseDelivery::Whole(refusal) };
        }
        let facts = RequestFacts {
            number: case.number,
            endpoint: case.route.endpoint(),
            window: self.requested_window(&case).map(|(_, offset, size)| (offset, size)),
            profile: self.accounts.scope(AccountNumber::ORGANIZATION, asked).ok().and_then(AccountNumber::profile),
        };
        if let Some(fault) = self.faults.strike(facts) {
            self.statistics.faults_injected += 1;
            match fault {
                FaultKind::Slow(longer) => delay += longer,
                FaultKind::PageCap(page_cap) => case.page_cap = page_cap,
                FaultKind::Rows(rows) => case.max_page_rows = rows,
                fault => return ResponsePlan { delay, delivery: self.apply_fault(fault, &case) },
            }
        }
        let reply = self.answer(&case);
        self.count_answer(&reply);
        ResponsePlan { delay, delivery: ResponseDelivery::Whole(reply) }
    }

    /// What an export of the organization must and may contain.
    pub(super) fn truth(&self) -> Truth {
        self.accounts.account(AccountNumber::ORGANIZATION).world.truth()
    }

    /// What a list of all messages of the organization must and may contain.
    pub(super) fn message_truth(&self) -> MessageTruth {
        self.accounts.account(AccountNumber::ORGANIZATION).mailbox.truth()
    }

    /// Advances the message clock of the organization, with new messages spread over that time.
    pub(super) fn pass_time(&mut self, duration: Duration, messages: u32) {
        let account = self.accounts.account_mut(AccountNumber::ORGANIZATION);
        account.mailbox.pass_time(duration, messages, &account.world);
        self.statistics.messages_arrived += u64::from(messages);
    }

    /// Changes the organization's list immediately; false if there was no such row.
    pub(super) fn move_now(&mut self, kind: MoveKind, place: MovePlace) -> bool {
        let number = self.mover.next_number();
        self.take(MoveStep { kind, place, number }, (0, self.settings.page_cap))
    }

    /// Counts the request and changes the list before it is read.
    fn open<'asked>(&mut self, asked: &'asked Asked) -> Case<'asked> {
        self.statistics.requests += 1;
        let number = self.statistics.requests;
        let mut case = Case {
            asked,
            number,
            route: Route::of(&asked.path),
            caller: self.accounts.caller(asked),
            meta: ReplyMeta {
                request_id: format!("req_{:016x}", draw(self.settings.seed, DrawPurpose::Request, number)),
                arrived: asked.arrived,
                escapes: self.settings.escapes,
            },
            limits: self.limiter.headers(asked.clock),
            page_cap: self.settings.page_cap,
            max_page_rows: usize::MAX,
            total_before: None,
        };
        self.count_request(&case);
        let is_about_the_organization =
            case.caller == Ok(AccountNumber::ORGANIZATION) && asked.header("x-profile-id").is_none();
        if self.settings.service.split_count {
            case.total_before = self.total(&case);
        }
        if case.route == Route::Contacts && is_about_the_organization {
            self.let_the_list_move(&case);
        }
        self.add_due_messages(&case);
        case
    }

    fn count_request(&mut self, case: &Case) {
        let window = self.requested_window(case);
        let statistics = &mut self.statistics;
        statistics.bad_keys += u64::from(case.caller.is_err());
        statistics.last_api_key_ok = Some(case.caller.is_ok());
        statistics.last_profile_id = case.asked.header("x-profile-id").map(str::to_owned);
        statistics.last_user_agent = case.asked.user_agent().map(str::to_owned);
        statistics.list_requests += u64::from(case.route == Route::Contacts);
        statistics.conversation_requests += u64::from(case.route == Route::Conversations);
        if let (Route::Contacts, Some((page, _, page_size))) = (&case.route, window) {
            *statistics.requests_by_window.entry((page, page_size)).or_default() += 1;
        }
        if let Some(pause) = self.pause.filter(|pause| case.asked.arrived < pause.until) {
            statistics.requests_while_paused += 1;
            statistics.requests_deep_in_pause += u64::from(case.asked.arrived > pause.since + ON_ITS_WAY);
        }
    }

    /// The page, the first row and the number of rows of a list request.
    fn requested_window(&self, case: &Case) -> Option<(u64, u64, u32)> {
        let (page, asked_size) = case.route.is_list().then(|| requested_window(case.asked)).flatten()?;
        let page = u64::from(page);
        let size = asked_size.min(self.settings.page_cap);
        Some((page, (page - 1) * u64::from(size), asked_size))
    }

    fn let_the_list_move(&mut self, case: &Case) {
        let window =
            self.requested_window(case).map_or((0, self.settings.page_cap), |(_, offset, size)| (offset, size));
        self.accounts.world(AccountNumber::ORGANIZATION).note_reader();
        let arrival = Arrival { number: self.statistics.list_requests, at: case.asked.arrived };
        for step in self.mover.steps(arrival) {
            self.take(step, window);
        }
        self.commit(Ticks::now());
    }

    /// Adds new messages to the requested mailbox, or at least advances its time.
    fn add_due_messages(&mut self, case: &Case) {
        let Ok(scope) = case.caller.map_err(Into::into).and_then(|caller| self.accounts.scope(caller, case.asked))
        else {
            return;
        };
        let holder = self.accounts.books(scope).holder;
        let account = self.accounts.account_mut(holder);
        if case.route == Route::Conversations && holder == AccountNumber::ORGANIZATION {
            let arrival = Arrival { number: self.statistics.conversation_requests, at: case.asked.arrived };
            let count = account.mailbox.add_due_messages(arrival, &account.world);
            self.statistics.messages_arrived += count;
        } else {
            account.mailbox.advance_clock(case.asked.arrived);
        }
    }

    /// Number of rows of the requested list.
    fn total(&mut self, case: &Case) -> Option<u32> {
        let scope = self.accounts.scope(case.caller.ok()?, case.asked).ok()?;
        let query = self.query(case).ok()?;
        let place = self.accounts.books(scope);
        let account = self.accounts.account_mut(place.holder);
        match case.route {
            Route::Contacts => Some(account.world.window(place.owner, &query.filter, 0, 0, case.number).total),
            Route::Conversations => {
                let moment = account.mailbox.moment(Duration::ZERO);
                Some(account.mailbox.window(place.owner, 0, 0, moment, &account.world).total)
            }
            _ => None,
        }
    }

    /// Takes a step; a created row may become visible after its creation time.
    fn take(&mut self, step: MoveStep, window: (u64, u32)) -> bool {
        let now = Ticks::now();
        let late = self.settings.service.late_commits;
        let is_late = !late.is_zero() && matches!(step.kind, MoveKind::Create | MoveKind::Replace);
        if is_late {
            let mut draws = Draws::new(self.settings.seed, DrawPurpose::Commit, step.number | 1 << 40);
            let after = late.mul_f64(f64::from(draws.below(1_001)) / 1_000.0);
            self.uncommitted.push((Ticks(now.0 + i64::try_from(after.as_nanos() / 100).unwrap_or_default()), now));
        }
        let taken = match (is_late, step.kind) {
            (true, MoveKind::Create) => return true,
            (true, _) => self.happen(Event::Step(MoveStep { kind: MoveKind::Delete, ..step }, window, now)),
            (false, _) => self.happen(Event::Step(step, window, now)),
        };
        let count = u64::from(taken);
        match step.kind {
            MoveKind::Create => self.statistics.contacts_created += count,
            MoveKind::Delete => self.statistics.contacts_deleted += count,
            MoveKind::Update => self.statistics.contacts_updated += count,
            MoveKind::Replace => {
                self.statistics.contacts_deleted += count;
                self.statistics.contacts_created += if is_late { 0 } else { count };
            }
        }
        taken
    }

    /// Makes the contacts visible whose commits are due.
    fn commit(&mut self, now: Ticks) {
        let mut due: Vec<(Ticks, Ticks)> = self.uncommitted.extract_if(.., |(at, _)| *at <= now).collect();
        due.sort_unstable();
        for (_, created) in due {
            self.happen(Event::Commit(created));
            self.statistics.contacts_created += 1;
        }
    }

    /// Applies a change to the organization's list and sends it to the replicas.
    fn happen(&mut self, event: Event) -> bool {
        self.replicas.tell(Instant::now(), event);
        event.happen(self.accounts.world(AccountNumber::ORGANIZATION))
    }

    /// Latency of this response.
    fn latency(&self, number: u64) -> Duration {
        let latency = self.settings.latency;
        let range = u32::try_from(latency.longest.saturating_sub(latency.shortest).as_micros()).unwrap_or(u32::MAX);
        let more = Draws::new(self.settings.seed, DrawPurpose::Latency, number).below(range);
        latency.shortest + Duration::from_micros(u64::from(more))
    }

    /// Takes a token; without one, returns a 429. A bad key takes no token.
    fn limit(&mut self, case: &mut Case) -> Option<PreparedReply> {
        if case.caller.is_err() {
            return None;
        }
        let verdict = self.limiter.take(case.asked.arrived, case.asked.clock);
        case.limits = verdict.headers;
        let wait = verdict.wait?;
        self.statistics.rate_limited += 1;
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Some(self.too_many_requests(case, seconds.max(1)))
    }

    /// A 429 with `Retry-After`.
    fn too_many_requests(&mut self, case: &Case, seconds: u64) -> PreparedReply {
        let mut reply = case.meta.failure(&ErrorCode::BUSINESS_002.into());
        add_api_headers(&mut reply, case);
        let clock = case.asked.clock;
        if self.settings.rate_limit.is_none() && self.settings.rate_headers.are_numbers() {
            // This 429 is injected, so the limiter's headers would contradict the status.
            let end = unix_seconds(clock + Duration::from_secs(seconds));
            reply.set_header("x-ratelimit-remaining", "0");
            reply.set_header("x-ratelimit-reset", &end.to_string());
        }
        let (value, wait) = match self.settings.retry_after {
            RetryAfter::Seconds => (seconds.to_string(), Duration::from_secs(seconds)),
            RetryAfter::Date => {
                let date = UNIX_EPOCH + Duration::from_secs(unix_seconds(clock + Duration::from_secs(seconds)));
                (http_date(date), date.duration_since(clock).unwrap_or_default())
            }
            RetryAfter::Missing => return reply,
            RetryAfter::Junk => {
                reply.set_header("retry-after", "in a little while");
                return reply;
            }
        };
        reply.set_header("retry-after", &value);
        let now = Instant::now();
        let until = case.asked.arrived + wait;
        let pause = self.pause.get_or_insert(Pause { since: now, until });
        if until > pause.until {
            // A longer pause extends the current one, or starts a new one if there is none.
            *pause = Pause { since: if pause.until > now { pause.since } else { now }, until };
        }
        reply
    }
}
