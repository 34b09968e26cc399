//! Response bodies that arrive completely, by half, or one byte at a time.
//!
//! hyper sends a [`ResponseBody`], which always announces the full length. Faults make it send less.
//!
//! *Easy to get wrong:* when a body fails immediately, hyper may discard what was written before, including the
//! headers. The cut-off body therefore waits 20 ms after its first half, long enough for hyper to send it even on a
//! busy machine.
//!
//! A body owns the [`InFlightGuard`] guard of its request, so a request counts as in flight until the last byte is sent or
//! the client disconnects. The server tests read each kind of body from a socket.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::shared::SharedState;

/// How long a cut-off body waits after its first half.
const CUT_OFF_DELAY: Duration = Duration::from_millis(20);

/// The body of a response.
#[derive(Debug)]
pub(super) struct ResponseBody {
    manner: SendingState,
    rest: Bytes,
    /// Number of announced bytes that are not sent.
    promised: u64,
    _in_flight: Option<InFlightGuard>,
}

#[derive(Debug)]
enum SendingState {
    Whole,
    /// The first half has not been sent yet.
    FirstHalf,
    /// The wait before the body ends.
    BeforeCutOff(Pin<Box<Sleep>>),
    /// One byte is sent after each wait.
    Drip(Duration, Pin<Box<Sleep>>),
}

impl ResponseBody {
    /// Sends everything at once.
    pub(super) fn whole(bytes: Vec<u8>, in_flight: Option<InFlightGuard>) -> Self {
        Self::new(SendingState::Whole, bytes, in_flight)
    }

    /// Sends the first half, then fails.
    pub(super) fn cut_off(bytes: Vec<u8>, in_flight: InFlightGuard) -> Self {
        Self::new(SendingState::FirstHalf, bytes, Some(in_flight))
    }

    /// Sends one byte at a time.
    pub(super) fn drip(bytes: Vec<u8>, pause: Duration, in_flight: InFlightGuard) -> Self {
        Self::new(SendingState::Drip(pause, Box::pin(sleep(pause))), bytes, Some(in_flight))
    }

    fn new(manner: SendingState, bytes: Vec<u8>, in_flight: Option<InFlightGuard>) -> Self {
        Self { manner, promised: bytes.len() as u64, rest: bytes.into(), _in_flight: in_flight }
    }

    /// Sends the next `count` bytes.
    fn send(&mut self, count: usize) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = self.rest.split_to(count.min(self.rest.len()));
        self.promised -= frame.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let body = self.get_mut();
        match &mut body.manner {
            SendingState::FirstHalf => {
                body.manner = SendingState::BeforeCutOff(Box::pin(sleep(CUT_OFF_DELAY)));
                let half = body.rest.len() / 2;
                body.send(half)
            }
            SendingState::BeforeCutOff(wait) => {
                std::task::ready!(wait.as_mut().poll(context));
                Poll::Ready(Some(Err(io::Error::other("cut off on purpose"))))
            }
            _ if body.rest.is_empty() => Poll::Ready(None),
            SendingState::Whole => {
                let all = body.rest.len();
                body.send(all)
            }
            SendingState::Drip(pause, wait) => {
                std::task::ready!(wait.as_mut().poll(context));
                *wait = Box::pin(sleep(*pause));
                body.send(1)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.promised == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}

/// Counts a request as in flight until dropped.
#[derive(Debug)]
pub(super) struct InFlightGuard {
    shared: Arc<SharedState>,
}

impl InFlightGuard {
    /// Starts counting.
    pub(super) fn new(shared: &Arc<SharedState>) -> Self {
        let statistics = &mut shared.lock().statistics;
        statistics.in_flight += 1;
        statistics.max_concurrent = statistics.max_concurrent.max(statistics.in_flight);
        Self { shared: Arc::clone(shared) }
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.shared.lock().statistics.in_flight -= 1;
    }
}
