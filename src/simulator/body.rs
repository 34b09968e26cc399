//! Bodies that arrive whole, half, or a byte at a time.
//!
//! [`Body`] is what hyper sends. It always promises the full length; whether it keeps the promise is the point.
//!
//! *Easy to get wrong:* a body that fails at once may take what was written before it down with it, headers included. The cut-off
//! body therefore waits a moment after its first half, in which hyper sends what it has.
//!
//! A fiftieth of a second is long enough for that on a busy machine and short enough for a test.
//!
//! Whatever it carries, a body holds the [`InFlight`] mark of its request, so that a request counts as under way until the last
//! byte is sent or the client gives up. The tests of the server read each kind of body from a socket.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::shared::Shared;

/// How long a body waits before it breaks off.
const BEFORE_BREAKING_OFF: Duration = Duration::from_millis(20);

/// The body of an answer.
#[derive(Debug)]
pub(super) struct Body {
    manner: Manner,
    rest: Bytes,
    /// How many bytes were promised and are not sent.
    promised: u64,
    _in_flight: Option<InFlight>,
}

#[derive(Debug)]
enum Manner {
    Whole,
    /// The first half is still to be sent.
    FirstHalf,
    /// The wait before it breaks off.
    BreakingOff(Pin<Box<Sleep>>),
    /// A byte after each wait.
    Drip(Duration, Pin<Box<Sleep>>),
}

impl Body {
    /// All of it at once.
    pub(super) fn whole(bytes: Vec<u8>, in_flight: Option<InFlight>) -> Self {
        Self::new(Manner::Whole, bytes, in_flight)
    }

    /// The first half.
    pub(super) fn cut_off(bytes: Vec<u8>, in_flight: InFlight) -> Self {
        Self::new(Manner::FirstHalf, bytes, Some(in_flight))
    }

    /// A byte at a time.
    pub(super) fn drip(bytes: Vec<u8>, pause: Duration, in_flight: InFlight) -> Self {
        Self::new(Manner::Drip(pause, Box::pin(sleep(pause))), bytes, Some(in_flight))
    }

    fn new(manner: Manner, bytes: Vec<u8>, in_flight: Option<InFlight>) -> Self {
        Self { manner, promised: bytes.len() as u64, rest: bytes.into(), _in_flight: in_flight }
    }

    /// Sends the next `count` bytes.
    fn send(&mut self, count: usize) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = self.rest.split_to(count.min(self.rest.len()));
        self.promised -= frame.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let body = self.get_mut();
        match &mut body.manner {
            Manner::FirstHalf => {
                body.manner = Manner::BreakingOff(Box::pin(sleep(BEFORE_BREAKING_OFF)));
                let half = body.rest.len() / 2;
                body.send(half)
            }
            Manner::BreakingOff(wait) => {
                std::task::ready!(wait.as_mut().poll(context));
                Poll::Ready(Some(Err(io::Error::other("broken off on purpose"))))
            }
            _ if body.rest.is_empty() => Poll::Ready(None),
            Manner::Whole => {
                let all = body.rest.len();
                body.send(all)
            }
            Manner::Drip(pause, wait) => {
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

/// Counts a request as under way for as long as it lives.
#[derive(Debug)]
pub(super) struct InFlight {
    shared: Arc<Shared>,
}

impl InFlight {
    /// Begins to count.
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let statistics = &mut shared.lock().statistics;
        statistics.in_flight += 1;
        statistics.max_concurrent = statistics.max_concurrent.max(statistics.in_flight);
        Self { shared: Arc::clone(shared) }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.shared.lock().statistics.in_flight -= 1;
    }
}
