//! What the tasks and the owner of the simulator share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::settings::Settings;
use super::state::State;

/// What the tasks and the owner of the simulator share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Tells the accepting loop to go away for a while.
    pub(super) gone: mpsc::Sender<Duration>,
}

impl Shared {
    /// The shared state, and where the loop hears that it shall go away.
    pub(super) fn new(settings: Arc<Settings>) -> (Arc<Self>, mpsc::Receiver<Duration>) {
        let (gone, hear_gone) = mpsc::channel(1);
        (Arc::new(Self { state: Mutex::new(State::new(settings)), gone }), hear_gone)
    }

    /// The state; a panic elsewhere does not make it unusable.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
