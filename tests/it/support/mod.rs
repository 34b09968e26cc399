//! How tests run the binary and answer its requests.

mod command;
mod server;

pub(crate) use command::{Finished, sent_export};
pub(crate) use server::{Answer, ScriptedServer, page};

use sent_export::simulator::{Settings, Simulator};

/// A simulator with so many contacts.
pub(crate) fn simulator(contacts: u32) -> Simulator {
    Simulator::start(Settings { contacts, ..Settings::default() }).expect("a loopback port is free")
}
