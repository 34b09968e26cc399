//! A local server that behaves like the Sent API, faults included.
//!
//! [`Simulator::start`] serves generated contacts and messages on a port of 127.0.0.1, on its own thread, until it is dropped.
//! It runs in the `simulator` command, in `--simulate`, and in the tests.
//!
//! ```text
//!             ┌ request   parses the request           ┌ accounts ─ world ┬ maker ─ regions, times ─ calendar, hostile ─► contact
//! server ─────┤                                        │  │               ├ roster   which contacts, in which order
//!  sockets    └ state     decides on the response ─────┤  │               └ pool, filter
//!  body ◄──────── reply ◄─ endpoints                   │  └ mailbox ┬ dealing   which contact gets which message, and when
//!                                                      │            └ message_maker ─ timeline, templates ─────► message
//!                                                      └ limit, fault, movement, service, statistics
//! ```
//!
//! *Easy to get wrong:* the simulator imports nothing from the rest of this crate, so that a misunderstanding of the API cannot
//! hide in shared code.
//!
//! Contacts and messages are computed from seed and index on demand. A list that changes takes four bytes per contact; a
//! message that arrives takes 24 bytes. Each module documents which facts about the service are known and which are guesses.
//!
//! Each module has unit tests. `tests/it/simulator.rs` tests the whole simulator over sockets, and scripts in `tests/sdk` read
//! it with the official clients.

#[cfg(test)]
mod layering_tests;

mod accounts;
mod body;
mod calendar;
mod contact;
mod dealing;
mod endpoints;
mod error_code;
mod fault;
mod filter;
mod hostile;
mod hostile_message;
mod json;
mod limit;
mod mailbox;
mod maker;
mod message;
mod message_maker;
mod messaging;
mod movement;
mod order;
mod parse;
mod permutation;
mod pool;
mod random;
mod regions;
mod reply;
mod request;
mod roster;
mod server;
mod service;
mod settings;
mod shared;
mod state;
mod statistics;
mod templates;
mod timeline;
mod times;
mod world;

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use uuid::Uuid;

use accounts::AccountNumber;
pub use contact::{Contact, Shape};
pub use error_code::ErrorCode;
pub use fault::{Conditions, Endpoint, Fault, FaultKind};
pub use json::Escapes;
pub use mailbox::MessageTruth;
pub use message::{Message, MessageBody, MessageEvent, MessageShape};
pub use messaging::{MessageClock, Messaging, Until};
pub use movement::{Move, MoveKind, MovePlace, Movement, Pace};
pub use order::Order;
pub use parse::{ParseError, Rate};
pub use service::Service;
pub use settings::{
    DEFAULT_API_KEY, DEFAULT_BURST, DEFAULT_PAGE_CAP, DEFAULT_PROFILE_API_KEY, Latency, OrganizationLists, OverCap,
    RateHeaderStyle, RetryAfter, Settings,
};
use shared::SharedState;
pub use statistics::Statistics;
pub use world::Truth;

/// A running simulator; dropping it stops it.
#[derive(Debug)]
pub struct Simulator {
    settings: Arc<Settings>,
    shared: Arc<SharedState>,
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// An error while starting the simulator or waiting for it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is in use or not allowed.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port.
        port: u16,
        /// The cause.
        source: io::Error,
    },
    /// The thread or its runtime could not be created.
    #[error("cannot start the simulator's thread")]
    Thread(#[source] io::Error),
    /// Signals cannot be received.
    #[error("cannot wait for a signal")]
    Signal(#[source] io::Error),
}

impl Simulator {
    /// Starts serving.
    ///
    /// # Errors
    /// If the port is in use or the system cannot create a thread.
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        let listen_error = |source| StartError::Listen { port: settings.port, source };
        let listener = server::listen(settings.port).map_err(listen_error)?;
        let port = listener.local_addr().map_err(listen_error)?.port();
        let runtime = Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
        let settings = Arc::new(settings);
        let (shared, gone) = SharedState::new(Arc::clone(&settings));
        let (stop, stopped) = oneshot::channel();
        let serving = server::serve(Arc::clone(&shared), listener, gone, stopped);
        let thread = std::thread::Builder::new()
            .name("simulator".to_owned())
            // Can fail only if a socket that was just opened stops working. Connections are then refused, as they should be.
            .spawn(move || drop(runtime.block_on(serving)))
            .map_err(StartError::Thread)?;
        Ok(Self { settings, shared, port, stop: Some(stop), thread: Some(thread) })
    }

    /// The base URL, for instance `http://127.0.0.1:8080`.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The request statistics so far.
    pub fn statistics(&self) -> Statistics {
        self.shared.lock().statistics.clone()
    }

    /// What an export of the organization must and may contain.
    pub fn truth(&self) -> Truth {
        self.shared.lock().truth()
    }

    /// Resets the records: [`Self::truth`] then describes the time from the next list request on.
    pub fn forget_reader(&self) {
        self.shared.lock().accounts.world(AccountNumber::ORGANIZATION).forget_reader();
    }

    /// How many contacts are in the organization's list.
    pub fn contact_count(&self) -> u32 {
        self.shared.lock().accounts.account(AccountNumber::ORGANIZATION).world.len()
    }

    /// The contacts in the organization's list, in its order, each in its state when the iterator reaches it.
    pub fn contacts(&self) -> impl Iterator<Item = Contact> {
        let indexes = self.shared.lock().accounts.account(AccountNumber::ORGANIZATION).world.indexes(None);
        indexes.into_iter().map(|index| self.contact_by_index(index))
    }

    /// A contact of the organization by its number in order of creation, from 0.
    pub fn contact_by_index(&self, index: u32) -> Contact {
        self.shared.lock().accounts.account(AccountNumber::ORGANIZATION).world.contact(index)
    }

    /// The contact of the organization with this id, deleted or not; `None` if there never was one.
    pub fn contact_by_id(&self, id: Uuid) -> Option<Contact> {
        let state = self.shared.lock();
        let world = &state.accounts.account(AccountNumber::ORGANIZATION).world;
        world.index_of(id).map(|index| world.contact(index))
    }

    /// The ids of the organization's profiles.
    pub fn profile_ids(&self) -> Vec<Uuid> {
        self.shared.lock().accounts.profiles().iter().map(|profile| profile.id).collect()
    }

    /// The contacts of a profile, in the order of its list; none if there is no such profile.
    pub fn profile_contacts(&self, profile: Uuid) -> Vec<Contact> {
        let state = self.shared.lock();
        let Some(number) = state.accounts.profile(profile) else { return Vec::new() };
        let books = state.accounts.books(number);
        let world = &state.accounts.account(books.holder).world;
        world.indexes(books.owner).into_iter().map(|index| world.contact(index)).collect()
    }

    /// The id of a message of the organization, by its number in order of creation, from 0.
    pub fn message_id(&self, number: u32) -> Uuid {
        self.shared.lock().accounts.account(AccountNumber::ORGANIZATION).mailbox.id(number)
    }

    /// The message of the organization with this id, as it is now; `None` if there is none.
    pub fn message_by_id(&self, id: Uuid) -> Option<Message> {
        let state = self.shared.lock();
        let account = state.accounts.account(AccountNumber::ORGANIZATION);
        let moment = account.mailbox.moment(Duration::ZERO);
        account.mailbox.number_of(id, moment).map(|number| account.mailbox.message(number, moment, &account.world))
    }

    /// What a list of all messages of the organization must and may contain.
    pub fn message_truth(&self) -> MessageTruth {
        self.shared.lock().message_truth()
    }

    /// Advances the message clock of the organization, with new messages evenly spread over that time.
    pub fn pass_time(&self, duration: Duration, messages: u32) {
        self.shared.lock().pass_time(duration, messages);
    }

    /// Creates contacts.
    pub fn create(&self, count: u32) {
        let mut state = self.shared.lock();
        for _ in 0..count {
            state.move_now(MoveKind::Create, MovePlace::Back);
        }
    }

    /// Deletes the contact at a position of the list, from 0; false if the list is shorter.
    pub fn delete_at(&self, position: u32) -> bool {
        self.shared.lock().move_now(MoveKind::Delete, MovePlace::Row(position))
    }

    /// Updates the contact at a position of the list, from 0; false if the list is shorter.
    pub fn update_at(&self, position: u32) -> bool {
        self.shared.lock().move_now(MoveKind::Update, MovePlace::Row(position))
    }

    /// Deletes the contact at a position of the list, from 0, and creates another one; false if the list is shorter.
    pub fn replace_at(&self, position: u32) -> bool {
        self.shared.lock().move_now(MoveKind::Replace, MovePlace::Row(position))
    }

    /// Adds a fault after the existing ones.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Sleeps until Ctrl-C or SIGTERM.
    ///
    /// # Errors
    /// If signals cannot be received.
    pub fn wait_for_signal(&self) -> Result<(), StartError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
        runtime.block_on(stop_signal()).map_err(StartError::Signal)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that the thread has ended already.
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            // If the thread panicked, that was printed; a second panic while dropping would end the process.
            thread.join().ok();
        }
    }
}

#[cfg(unix)]
async fn stop_signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stop_signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
