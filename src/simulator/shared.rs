//! State shared by the server tasks and the owner of the simulator.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::settings::Settings;
use super::state::SimulatorState;

/// State shared by the tasks and the owner of the simulator.
#[derive(Debug)]
pub(super) struct SharedState {
    state: Mutex<SimulatorState>,
    /// Makes the server unavailable for a while.
    pub(super) gone: mpsc::Sender<Duration>,
}

impl SharedState {
    /// The shared state, and the receiver that tells the accept loop when to become unavailable.
    pub(super) fn new(settings: Arc<Settings>) -> (Arc<Self>, mpsc::Receiver<Duration>) {
        let (gone, hear_gone) = mpsc::channel(1);
        (Arc::new(Self { state: Mutex::new(SimulatorState::new(settings)), gone }), hear_gone)
    }

    /// Locks the state, even if another task panicked while holding the lock.
    pub(super) fn lock(&self) -> MutexGuard<'_, SimulatorState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
