//! What the simulator knows, and how it decides about a request.
//!
//! [`State`] holds accounts, limit, faults, movement and counters behind one lock. [`State::decide`] is called once for each
//! request, when it arrives, and gives back a finished [`Decision`]; `server` carries it out without the lock.
//!
//! The order is: movement; key; rate limit; fault; everything else. So a request with a bad key or over the limit uses up no
//! fault, and a fault hides what the endpoint would have answered.
//!
//! *Easy to get wrong:* an answer shows the list as it was when its request *arrived*, however late it is sent. Answers that
//! overtake each other are therefore out of date, as they are with a real server.
//!
//! A pause is what a 429 asked for; it ends at the moment that the header named, rounding included.
//!
//! The tests of the server drive every branch.

use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::accounts::{AccountNumber, Accounts};
use super::endpoints;
use super::error_code::ErrorCode;
use super::fault::{ArmedFaults, FaultKind, RequestFacts};
use super::limit::RateLimiter;
use super::movement::{Arrival, MoveKind, Mover, Place, Step};
use super::random::{Draws, Purpose, draw};
use super::reply::{Meta, Problem, Reply};
use super::request::{Asked, ListQuery, Route, window_asked_for};
use super::settings::{RetryAfter, Settings};
use super::statistics::Statistics;
use super::times::{Ticks, http_date, unix_seconds};
use super::world::Truth;

/// How long after a 429 a request may still have been on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(250);

/// Where a redirect without a URL leads to.
pub(super) const REDIRECT_TARGET: &str = "/_simulator/redirect-target";

/// Everything that changes while the simulator runs.
#[derive(Debug)]
pub(super) struct State {
    settings: Arc<Settings>,
    /// The organization and its profiles.
    pub(super) accounts: Accounts,
    /// What goes wrong.
    pub(super) faults: ArmedFaults,
    /// The counters.
    pub(super) statistics: Statistics,
    limiter: RateLimiter,
    mover: Mover,
    pause: Option<Pause>,
}

/// A time in which a 429 asked for silence.
#[derive(Debug, Clone, Copy)]
struct Pause {
    since: Instant,
    until: Instant,
}

/// A request under consideration.
#[derive(Debug)]
struct Case<'asked> {
    asked: &'asked Asked,
    number: u64,
    route: Route,
    caller: Result<AccountNumber, ErrorCode>,
    meta: Meta,
    /// The values of the headers about the limit.
    limits: Option<[String; 3]>,
    /// The largest page size for this request.
    page_cap: u32,
    /// How many rows a page may hold, whatever its size.
    most_rows: usize,
}

/// What is to be done about a request.
#[derive(Debug)]
pub(super) struct Decision {
    /// How long to wait before anything is sent.
    pub(super) delay: Duration,
    /// What is sent.
    pub(super) delivery: Delivery,
}

/// How an answer is sent, if at all.
#[derive(Debug)]
pub(super) enum Delivery {
    /// As it should be.
    Whole(Reply),
    /// Half of it.
    CutOff(Reply),
    /// A byte at a time.
    Drip(Reply, Duration),
    /// The connection is reset instead.
    Reset,
    /// The connection is closed instead.
    Close,
    /// Never.
    Hang,
    /// The server goes away for so long.
    Gone(Duration),
}

impl State {
    /// The state before the first request.
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        Self {
            accounts: Accounts::new(&settings),
            faults: ArmedFaults::new(settings.faults.clone(), settings.seed, settings.page_cap),
            statistics: Statistics::default(),
            limiter: RateLimiter::new(&settings, Instant::now()),
            mover: Mover::new(settings.movement.clone(), settings.seed),
            pause: None,
            settings,
        }
    }

    /// Counts a request, lets the list move, and decides what is sent.
    pub(super) fn decide(&mut self, asked: &Asked) -> Decision {
        let mut case = self.open(asked);
        let mut delay = self.latency(case.number);
        if let Some(refusal) = self.limit(&mut case) {
            return Decision { delay, delivery: Delivery::Whole(refusal) };
        }
        let facts = RequestFacts {
            number: case.number,
            endpoint: case.route.endpoint(),
            window: self.window_asked_for(&case).map(|(_, offset, size)| (offset, size)),
        };
        if let Some(fault) = self.faults.strike(facts) {
            self.statistics.faults_injected += 1;
            match fault {
                FaultKind::Slow(longer) => delay += longer,
                FaultKind::PageCap(page_cap) => case.page_cap = page_cap,
                FaultKind::Rows(rows) => case.most_rows = rows,
                fault => return Decision { delay, delivery: self.spoil(fault, &case) },
            }
        }
        let reply = self.answer(&case);
        self.count_answer(&reply);
        Decision { delay, delivery: Delivery::Whole(reply) }
    }

    /// What an export of the organization must and may hold.
    pub(super) fn truth(&self) -> Truth {
        self.accounts.account(AccountNumber::ORGANIZATION).world.truth()
    }

    /// Does something to the organization's list at once; false if there was no such row.
    pub(super) fn move_now(&mut self, kind: MoveKind, place: Place) -> bool {
        let number = self.mover.next_number();
        self.take(Step { kind, place, number }, (0, self.settings.page_cap))
    }

    /// Counts the request and lets the list move before anybody sees it.
    fn open<'asked>(&mut self, asked: &'asked Asked) -> Case<'asked> {
        self.statistics.requests += 1;
        let number = self.statistics.requests;
        let case = Case {
            asked,
            number,
            route: Route::of(&asked.path),
            caller: self.accounts.caller(asked),
            meta: Meta {
                request_id: format!("req_{:016x}", draw(self.settings.seed, Purpose::Request, number)),
                arrived: asked.arrived,
                escapes: self.settings.escapes,
            },
            limits: self.limiter.headers(asked.clock),
            page_cap: self.settings.page_cap,
            most_rows: usize::MAX,
        };
        self.count_request(&case);
        let is_about_the_organization =
            case.caller == Ok(AccountNumber::ORGANIZATION) && asked.header("x-profile-id").is_none();
        if case.route == Route::Contacts && is_about_the_organization {
            self.let_the_list_move(&case);
        }
        case
    }

    fn count_request(&mut self, case: &Case) {
        let window = self.window_asked_for(case);
        let statistics = &mut self.statistics;
        statistics.bad_keys += u64::from(case.caller.is_err());
        statistics.last_api_key_ok = Some(case.caller.is_ok());
        statistics.last_profile_id = case.asked.header("x-profile-id").map(str::to_owned);
        statistics.last_user_agent = case.asked.user_agent().map(str::to_owned);
        if case.route == Route::Contacts {
            statistics.list_requests += 1;
        }
        if let Some((page, _, page_size)) = window {
            *statistics.requests_by_window.entry((page, page_size)).or_default() += 1;
        }
        if let Some(pause) = self.pause.filter(|pause| case.asked.arrived < pause.until) {
            statistics.requests_while_paused += 1;
            statistics.requests_deep_in_pause += u64::from(case.asked.arrived > pause.since + ON_ITS_WAY);
        }
    }

    /// The page, the first row and the number of rows asked for, by a request for the list.
    fn window_asked_for(&self, case: &Case) -> Option<(u64, u64, u32)> {
        let (page, asked_size) = (case.route == Route::Contacts).then(|| window_asked_for(case.asked)).flatten()?;
        let page = u64::from(page);
        let size = asked_size.min(self.settings.page_cap);
        Some((page, (page - 1) * u64::from(size), asked_size))
    }

    fn let_the_list_move(&mut self, case: &Case) {
        let window =
            self.window_asked_for(case).map_or((0, self.settings.page_cap), |(_, offset, size)| (offset, size));
        self.accounts.world(AccountNumber::ORGANIZATION).note_reader();
        let arrival = Arrival { number: self.statistics.list_requests, at: case.asked.arrived };
        for step in self.mover.steps(arrival) {
            self.take(step, window);
        }
    }

    fn take(&mut self, step: Step, window: (u64, u32)) -> bool {
        let taken = self.accounts.world(AccountNumber::ORGANIZATION).take(step, window, Ticks::now());
        let count = u64::from(taken);
        match step.kind {
            MoveKind::Create => self.statistics.contacts_created += count,
            MoveKind::Delete => self.statistics.contacts_deleted += count,
            MoveKind::Update => self.statistics.contacts_updated += count,
            MoveKind::Replace => {
                self.statistics.contacts_deleted += count;
                self.statistics.contacts_created += count;
            }
        }
        taken
    }

    /// How long this answer takes.
    fn latency(&self, number: u64) -> Duration {
        let latency = self.settings.latency;
        let range = u32::try_from(latency.longest.saturating_sub(latency.shortest).as_micros()).unwrap_or(u32::MAX);
        let more = Draws::new(self.settings.seed, Purpose::Latency, number).below(range);
        latency.shortest + Duration::from_micros(u64::from(more))
    }

    /// Takes a token; without one, the 429 that is sent instead of an answer. A bad key costs nothing.
    fn limit(&mut self, case: &mut Case) -> Option<Reply> {
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

    /// A 429 that asks to wait.
    fn too_many_requests(&mut self, case: &Case, seconds: u64) -> Reply {
        let mut reply = case.meta.failure(&ErrorCode::BUSINESS_002.into());
        dress(&mut reply, case);
        let clock = case.asked.clock;
        if self.settings.rate_limit.is_none() && self.settings.rate_headers.are_numbers() {
            // A fault: the limiter knows nothing of it, so its headers would contradict the status.
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
            // A longer pause begins anew, unless it only carries on the one that is under way.
            *pause = Pause { since: if pause.until > now { pause.since } else { now }, until };
        }
        reply
    }

    /// What the endpoint answers.
    fn answer(&mut self, case: &Case) -> Reply {
        let mut reply = self.endpoint(case).unwrap_or_else(|problem| case.meta.failure(&problem));
        dress(&mut reply, case);
        if let Ok(caller) = case.caller
            && reply.status == 200
            && let Some(profile) = case.asked.header("x-profile-id")
            && caller == AccountNumber::ORGANIZATION
        {
            reply.set_header("x-profile-id", profile);
        }
        if self.settings.gzip && case.asked.accepts_gzip() {
            reply.compress();
        }
        reply
    }

    fn endpoint(&mut self, case: &Case) -> Result<Reply, Problem> {
        let caller = case.caller?;
        let scope = self.accounts.scope(caller, case.asked)?;
        if !case.asked.is_get {
            return Err(ErrorCode::NO_SUCH_PATH.into());
        }
        let (accounts, meta) = (&mut self.accounts, &case.meta);
        match &case.route {
            Route::Contacts => {
                let query = ListQuery::read(case.asked, case.page_cap, self.settings.over_cap)?;
                endpoints::contacts(accounts, scope, &query, case.most_rows, case.number, meta)
            }
            Route::Contact(_) | Route::MessageSummary(_) => endpoints::contact(accounts, scope, &case.route, meta),
            Route::Activities(id) => endpoints::activities(self.settings.seed, id, meta),
            Route::Me => Ok(endpoints::me(accounts, scope, meta)),
            Route::Profiles => endpoints::profiles(accounts, scope, meta),
            Route::Nowhere => Err(ErrorCode::NO_SUCH_PATH.into()),
        }
    }

    fn count_answer(&mut self, reply: &Reply) {
        if reply.status == 200 {
            self.statistics.answered_ok += 1;
        } else {
            self.statistics.refused += 1;
        }
    }

    /// What is sent when a fault strikes.
    fn spoil(&mut self, fault: FaultKind, case: &Case) -> Delivery {
        let mut reply = match fault {
            FaultKind::Error(ErrorCode::BUSINESS_002) => return Delivery::Whole(self.too_many_requests(case, 1)),
            FaultKind::Error(code) => case.meta.failure(&code.into()),
            FaultKind::ErrorInside200(code) => Reply { status: 200, ..case.meta.failure(&code.into()) },
            FaultKind::TooManyRequests(seconds) => return Delivery::Whole(self.too_many_requests(case, seconds)),
            FaultKind::MissingData => case.meta.without_data(),
            FaultKind::NullData => case.meta.success(0, |json| json.raw("null")),
            FaultKind::NotJson => {
                let mut reply = self.answer(case);
                reply.body.truncate(reply.body.len() / 2);
                reply
            }
            FaultKind::EmptyBody => Reply::new(200, "application/json; charset=utf-8", Vec::new()),
            FaultKind::Status(status) => return Delivery::Whole(Reply::bare(status)),
            FaultKind::Html(status) => return Delivery::Whole(Reply::html(status)),
            FaultKind::Redirect(target) => {
                let mut reply = Reply::bare(302);
                reply.set_header("location", target.as_deref().unwrap_or(REDIRECT_TARGET));
                return Delivery::Whole(reply);
            }
            FaultKind::CutOff => return Delivery::CutOff(self.answer(case)),
            FaultKind::Drip(pause) => return Delivery::Drip(self.answer(case), pause),
            FaultKind::Slow(_) | FaultKind::Rows(_) | FaultKind::PageCap(_) => self.answer(case),
            FaultKind::Reset => return Delivery::Reset,
            FaultKind::Close => return Delivery::Close,
            FaultKind::Hang => return Delivery::Hang,
            FaultKind::Gone(duration) => return Delivery::Gone(duration),
        };
        dress(&mut reply, case);
        Delivery::Whole(reply)
    }
}

/// Adds the headers that every answer of the API carries.
fn dress(reply: &mut Reply, case: &Case) {
    reply.set_header("x-request-id", &case.meta.request_id);
    if let Some([limit, remaining, reset]) = &case.limits {
        reply.set_header("x-ratelimit-limit", limit);
        reply.set_header("x-ratelimit-remaining", remaining);
        reply.set_header("x-ratelimit-reset", reset);
    }
}
