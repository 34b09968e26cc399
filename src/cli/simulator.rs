//! The flags of `sent-export simulator`.
//!
//! [`SimulatorArgs`] only parses; [`SimulatorArgs::settings`] turns it into the [`Settings`] of the simulator. The command
//! `simulator` calls both. Values are parsed by the simulator's own types, so a fault is spelled the same on the command line and
//! in a test.
//!
//! *Easy to get wrong:* the defaults shown in the help must be those of [`Settings`], not a copy of them.
//!
//! The unit tests parse whole command lines.

use std::time::Duration;

use clap::Args;

use crate::simulator::{
    DEFAULT_API_KEY, DEFAULT_BURST, DEFAULT_PAGE_CAP, DEFAULT_PROFILE_API_KEY, Escapes, Fault, Latency, MessageClock,
    Messaging, Move, MovePlace, Movement, Order, OrganizationLists, OverCap, Pace, ParseError, Rate, RateHeaderStyle,
    RetryAfter, Service, Settings, Until,
};

const EXAMPLES: &str = "\
Examples:
  A small account, on a free port:
    sent-export simulator

  A large account, with the rate limit of the real API and the latency of another continent:
    sent-export simulator --contacts 1000000 --port 8080 --rate-limit 200/min --burst 50 --latency 80ms..200ms

  A list that changes while it is read, newest contacts first:
    sent-export simulator --order created-descending --created 60/min --deleted 20/min

  A list that changes in the same way each time, with every request, next to the reader, until request 100:
    sent-export simulator --created 0.5/req --deleted 0.5/req --place reader --until-request 100

  Specific changes at specific requests:
    sent-export simulator --move 'delete=3 at=5 place=40' --move 'create=5 at=9'

  Faults: one request in twenty, page 7 four times, a 429 with 3 s, a gateway error, a broken connection:
    sent-export simulator --fault 'INTERNAL_001 rate=5%' --fault 'INTERNAL_002 page=7 times=4' \\
        --fault '429:3 nth=20' --fault 'html-502 nth=30' --fault 'cut-off nth=40'

  A million messages up to now, 120 more a minute, and statuses that change as time passes:
    sent-export simulator --contacts 100000 --messages 1000000 --messages-until now --message-rate 120/min

  An organization with three profiles, behind replicas that lag and a count that is cached:
    sent-export simulator --profiles 3 --replica-lag 500ms --split-count --cached-count 3s --late-commits 2s

  A server that is down for a minute after 50 requests:
    sent-export simulator --fault 'gone:1m nth=51'

Faults (--fault 'WHAT [WHEN...]'):
  WHAT  an error code (INTERNAL_001, AUTH_005 ...), ok-envelope:CODE, a bare status (503), 429:SECONDS, html-STATUS,
        empty-STATUS (no body: empty-401), empty-body, not-json, cut-off, missing-data, null-data, reset, close, hang, drip[:DURATION], slow:DURATION,
        rows:N, page-cap:N, redirect[:URL], gone:DURATION
  WHEN  page=N, offset=N, nth=K, nth=K..L, after=K, rate=P%, times=T, always, on=list (contacts), on=contact,
        on=conversations, on=message, on=account, on=other (all but contacts), profile=N (the N-th of the organization);
        all given conditions must hold; the first fault that matches applies

Changes (--move '(create|delete|update|replace)=COUNT at=REQUEST [place=PLACE]'):
  PLACE anywhere, front, back, reader, or the number of a row, from 0

Requests it received: GET /_simulator/statistics. Rows in its list, now and throughout: GET /_simulator/truth.
The same for messages: GET /_simulator/message-truth. To advance the message clock and add messages:
GET /_simulator/pass-time?duration=1d&messages=500.";

/// The flags of `sent-export simulator`, before they are checked.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct SimulatorArgs {
    /// Number of contacts of the account
    #[arg(long, value_name = "N", default_value_t = Settings::default().contacts, help_heading = "Account")]
    contacts: u32,

    /// Seed of the random generator: the same seed gives the same contacts, faults and changes
    #[arg(long, value_name = "S", default_value_t = Settings::default().seed, help_heading = "Account")]
    seed: u64,

    /// Port on 127.0.0.1; 0 picks a free one
    #[arg(long, value_name = "P", default_value_t = Settings::default().port)]
    port: u16,

    /// API key to accept
    #[arg(long, value_name = "KEY", default_value = DEFAULT_API_KEY, help_heading = "Account")]
    api_key: String,

    /// API key of the first profile
    #[arg(long, value_name = "KEY", default_value = DEFAULT_PROFILE_API_KEY, help_heading = "Account")]
    profile_api_key: String,

    /// Number of profiles; the organization's lists then include their contacts (0 makes a plain user) [default: 2, not
    /// included]
    #[arg(long, value_name = "N", help_heading = "Account")]
    profiles: Option<u32>,

    /// Contents of the organization's lists: wide (rows of all profiles) or own [default: wide if --profiles is given]
    #[arg(long, value_name = "WHICH", help_heading = "Account")]
    organization_lists: Option<OrganizationLists>,

    /// Number of contacts of each profile
    #[arg(long, value_name = "N", default_value_t = Settings::default().profile_contacts, help_heading = "Account")]
    profile_contacts: u32,

    /// Number of messages
    #[arg(long, value_name = "N", default_value_t = Messaging::default().count, help_heading = "Messages")]
    messages: u32,

    /// Number of days to spread the messages over
    #[arg(long, value_name = "N", default_value_t = Messaging::default().days, value_parser = clap::value_parser!(u32).range(1..=36_500), help_heading = "Messages")]
    message_days: u32,

    /// End of these days: now, a time such as 2026-11-28T00:00:00Z, or fixed (start on 2026-01-01)
    #[arg(long, value_name = "TIME", default_value = "fixed", help_heading = "Messages")]
    messages_until: Until,

    /// Rate of new messages: 60/min in real time, 0.5/req per request for a page of messages, or none
    #[arg(long, value_name = "PACE", default_value = "none", help_heading = "Messages")]
    message_rate: Pace,

    /// Clock that message statuses change by: still, real, 60x (times real time) or 10s/req [default: real if
    /// --message-rate is in real time, otherwise still]
    #[arg(long, value_name = "CLOCK", help_heading = "Messages")]
    message_clock: Option<MessageClock>,

    /// Count a page's total before the list changes and read its rows after, like two SQL statements
    #[arg(long, help_heading = "Service")]
    split_count: bool,

    /// Cache totals for this long
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration, help_heading = "Service")]
    cached_count: Duration,

    /// Make new rows visible up to this long after their `created_at`
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration, help_heading = "Service")]
    late_commits: Duration,

    /// Answer from replicas that lag by up to this long
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration, help_heading = "Service")]
    replica_lag: Duration,

    /// Maximum page size
    #[arg(long, value_name = "N", default_value_t = DEFAULT_PAGE_CAP, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Responses")]
    page_cap: u32,

    /// Response to a larger page size: clamp (serve a smaller page), reject (`VALIDATION_005`), details or message
    /// (`VALIDATION_001` in either documented form) [default: clamp for contacts, details or message elsewhere]
    #[arg(long, value_name = "HOW", help_heading = "Responses")]
    over_cap: Option<OverCap>,

    /// Rate limit, such as 200/min or 20/s, or none
    #[arg(long, value_name = "RATE", default_value = "none", help_heading = "Rate limit")]
    rate_limit: OptionalRate,

    /// Burst size of the rate limit
    #[arg(long, value_name = "N", default_value_t = DEFAULT_BURST, help_heading = "Rate limit")]
    burst: u32,

    /// Rate of other requests that count toward the same limit, such as 100/min
    #[arg(long, value_name = "RATE", default_value = "none", help_heading = "Rate limit")]
    other_traffic: OptionalRate,

    /// Form of Retry-After in a 429: seconds, date, missing or junk
    #[arg(long, value_name = "FORM", default_value = "seconds", help_heading = "Rate limit")]
    retry_after: RetryAfter,

    /// What the X-RateLimit headers describe: bucket, window (the current minute, regardless of the burst), missing or junk
    #[arg(long, value_name = "FORM", default_value = "bucket", help_heading = "Rate limit")]
    rate_headers: RateHeaderStyle,

    /// Latency of responses, such as 50ms or 20ms..80ms
    #[arg(long, value_name = "DURATION", default_value = "0s", help_heading = "Responses")]
    latency: Latency,

    /// Order of the list: created-ascending, created-descending, random-key, updated-ascending,
    /// updated-descending or unstable
    #[arg(long, value_name = "ORDER", default_value = "created-ascending", help_heading = "Responses")]
    order: Order,

    /// Rate of new contacts: 60/min in real time, 0.5/req per list request, or none
    #[arg(long, value_name = "PACE", default_value = "none", help_heading = "Changes")]
    created: Pace,

    /// Rate of deleted contacts, likewise
    #[arg(long, value_name = "PACE", default_value = "none", help_heading = "Changes")]
    deleted: Pace,

    /// Rate of updated contacts, likewise
    #[arg(long, value_name = "PACE", default_value = "none", help_heading = "Changes")]
    updated: Pace,

    /// Rate of contacts replaced by a new one at the same instant, so that the total stays the same, likewise
    #[arg(long, value_name = "PACE", default_value = "none", help_heading = "Changes")]
    replaced: Pace,

    /// Which rows are deleted and updated: anywhere, front, back, reader (near the requested page), or a row number
    #[arg(long, value_name = "PLACE", default_value = "anywhere", help_heading = "Changes")]
    place: MovePlace,

    /// Number of the first list request that changes the list, from 1
    #[arg(long, value_name = "K", default_value_t = 1, help_heading = "Changes")]
    from_request: u64,

    /// Number of the last list request that changes the list
    #[arg(long, value_name = "K", help_heading = "Changes")]
    until_request: Option<u64>,

    /// Maximum number of changes
    #[arg(long, value_name = "N", help_heading = "Changes")]
    max_moves: Option<u64>,

    /// Change the list at a given list request; may be repeated
    #[arg(long = "move", value_name = "MOVE", help_heading = "Changes")]
    moves: Vec<Move>,

    /// Inject a fault; may be repeated
    #[arg(long = "fault", value_name = "FAULT", help_heading = "Responses")]
    faults: Vec<Fault>,

    /// Generate hostile contacts and messages: quotes, line ends, scripts, formulas, odd prices, items without id
    #[arg(long, help_heading = "Account")]
    hostile: bool,

    /// Escaping of text in JSON: dotnet (+ is \u002B), plain or everything
    #[arg(long, value_name = "HOW", default_value = "dotnet", help_heading = "Responses")]
    json_escapes: Escapes,

    /// Compress responses for clients that accept gzip
    #[arg(long, help_heading = "Responses")]
    gzip: bool,

    /// Omit `customer_id`, as older versions of the API do
    #[arg(long, help_heading = "Account")]
    no_customer_id: bool,
}

/// A rate, or none.
#[derive(Debug, Clone, Copy)]
struct OptionalRate(Option<Rate>);

impl std::str::FromStr for OptionalRate {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" { Ok(Self(None)) } else { text.parse().map(|rate| Self(Some(rate))) }
    }
}

impl SimulatorArgs {
    /// The settings for these flags.
    pub fn settings(&self) -> Settings {
        Settings {
            contacts: self.contacts,
            seed: self.seed,
            port: self.port,
            page_cap: self.page_cap,
            over_cap: self.over_cap.unwrap_or_default(),
            other_over_cap: self.over_cap,
            rate_limit: self.rate_limit.0,
            burst: self.burst,
            other_traffic: self.other_traffic.0,
            retry_after: self.retry_after,
            rate_headers: self.rate_headers,
            latency: self.latency,
            order: self.order,
            movement: Movement {
                created: self.created,
                deleted: self.deleted,
                updated: self.updated,
                replaced: self.replaced,
                place: self.place,
                from_request: self.from_request,
                until_request: self.until_request,
                at_most: self.max_moves,
                moves: self.moves.clone(),
            },
            faults: self.faults.clone(),
            api_key: self.api_key.clone(),
            profile_api_key: self.profile_api_key.clone(),
            profiles: self.profiles.unwrap_or(Settings::default().profiles),
            profile_contacts: self.profile_contacts,
            hostile: self.hostile,
            escapes: self.json_escapes,
            gzip: self.gzip,
            customer_id: !self.no_customer_id,
            lists: self.organization_lists.unwrap_or(if self.profiles.is_some() {
                OrganizationLists::Wide
            } else {
                OrganizationLists::Own
            }),
            messaging: self.messaging(),
            service: Service {
                split_count: self.split_count,
                cached_count: self.cached_count,
                late_commits: self.late_commits,
                replica_lag: self.replica_lag,
            },
        }
    }

    fn messaging(&self) -> Messaging {
        let usual =
            if matches!(self.message_rate, Pace::Timed(_)) { MessageClock::Running(1.0) } else { MessageClock::Still };
        Messaging {
            count: self.messages,
            days: self.message_days,
            until: self.messages_until,
            arrivals: self.message_rate,
            clock: self.message_clock.unwrap_or(usual),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::simulator::FaultKind;

    #[derive(Parser)]
    struct SimulatorLine {
        #[command(flatten)]
        simulator: SimulatorArgs,
    }

    fn settings(line: &str) -> Result<Settings, clap::Error> {
        SimulatorLine::try_parse_from(line.split('|').map(str::trim)).map(|line| line.simulator.settings())
    }

    #[test]
    fn without_flags_the_settings_are_the_default() {
        let (parsed, default) = (settings("simulator").unwrap(), Settings::default());
        let movement = Movement { from_request: 1, ..Movement::default() };
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Settings { movement, ..default }));
    }

    #[test]
    fn flags_reach_the_settings() {
        let parsed = settings(
            "simulator | --contacts=9 | --rate-limit=20/s | --created=0.5/req | --move=delete=1 at=2 | --order=unstable \
             | --fault=reset nth=3 | --fault=hang | --latency=1ms..2ms | --no-customer-id | --page-cap=25",
        )
        .unwrap();
        assert_eq!((parsed.contacts, parsed.page_cap, parsed.order), (9, 25, Order::Unstable));
        assert_eq!(parsed.rate_limit, Some(Rate { per_minute: 1_200.0 }));
        assert_eq!(parsed.movement.created, Pace::PerRequest(0.5));
        assert_eq!(parsed.movement.moves.len(), 1);
        assert_eq!(parsed.faults[1], Fault::always(FaultKind::Hang));
        assert!(!parsed.customer_id);
    }

    #[test]
    fn messages_profiles_and_service_flags_reach_the_settings() {
        let parsed = settings(
            "simulator | --messages=7 | --message-rate=60/min | --messages-until=now | --profiles=3 | --split-count \
             | --cached-count=3s | --late-commits=2s | --replica-lag=500ms | --over-cap=message",
        )
        .unwrap();
        assert_eq!((parsed.messaging.count, parsed.messaging.until), (7, Until::Now));
        assert_eq!(parsed.messaging.clock, MessageClock::Running(1.0));
        assert_eq!(
            (parsed.profiles, parsed.lists, parsed.other_over_cap),
            (3, OrganizationLists::Wide, Some(OverCap::Message))
        );
        let (three, two, half) = (Duration::from_secs(3), Duration::from_secs(2), Duration::from_millis(500));
        let expected = Service { split_count: true, cached_count: three, late_commits: two, replica_lag: half };
        assert_eq!(parsed.service, expected);
        let own = settings("simulator | --profiles=3 | --organization-lists=own | --message-rate=2/req").unwrap();
        assert_eq!(own.lists, OrganizationLists::Own);
        assert_eq!(own.messaging.clock, MessageClock::Still);
    }

    #[test]
    fn invalid_values_are_rejected_with_what_was_expected() {
        for line in ["simulator | --fault=explode", "simulator | --rate-limit=fast", "simulator | --page-cap=0"] {
            assert!(settings(line).is_err(), "{line}");
        }
        let message = settings("simulator | --order=sideways").unwrap_err().to_string();
        assert!(message.contains("created-ascending"), "{message}");
    }
}
