//! Sockets: accepting, responding, and failing on purpose.
//!
//! [`serve`] runs on the simulator's own thread. It accepts connections itself, because only the owner of a socket can
//! reset it, close it without a response, or refuse new ones for a while.
//!
//! Each connection is a task in one set, so that stopping the server or making it unavailable ends all of them.
//! [`SimulatorState::decide`](super::state::SimulatorState::decide) plans the response to a request when it arrives; this
//! module carries out the plan.
//!
//! *Easy to get wrong:* the lock is never held while waiting. The port must not be lost while the server is unavailable: a
//! socket that is bound but does not listen keeps the port, and connections are refused.
//!
//! With a backlog of 1,024, a client can open all its connections at once. The tests are in `tests/it/simulator.rs`.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::{Domain, SockRef, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::body::{InFlightGuard, ResponseBody};
use super::parse::parse_duration;
use super::reply::PreparedReply;
use super::request::Asked;
use super::shared::SharedState;
use super::state::{REDIRECT_TARGET, ResponseDelivery};

const BACKLOG: i32 = 1_024;

/// How long to wait before another attempt to bind the port or to accept a connection.
const RETRY_DELAY: Duration = Duration::from_millis(10);

/// A socket on this port of 127.0.0.1 that does not listen yet.
fn bound(port: u16) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    Ok(socket)
}

/// Lets a bound socket listen.
fn listening(socket: Socket) -> io::Result<StdListener> {
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A socket that listens on this port of 127.0.0.1.
pub(super) fn listen(port: u16) -> io::Result<StdListener> {
    bound(port).and_then(listening)
}

/// Serves until stopped.
pub(super) async fn serve(
    shared: Arc<SharedState>,
    listener: StdListener,
    mut gone: mpsc::Receiver<Duration>,
    mut stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    let port = listener.local_addr()?.port();
    let mut listener = TcpListener::from_std(listener)?;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => break,
            Some(away) = gone.recv() => {
                drop(listener);
                connections.shutdown().await;
                let back = async {
                    let placeholder = retry_until_ok(|| bound(port)).await;
                    sleep(away).await;
                    match listening(placeholder) {
                        Ok(listener) => listener,
                        Err(_) => retry_until_ok(|| listen(port)).await,
                    }
                };
                listener = tokio::select! {
                    _ = &mut stop => break,
                    listener = back => TcpListener::from_std(listener)?,
                };
            }
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    shared.lock().statistics.connections += 1;
                    connections.spawn(serve_requests(Arc::clone(&shared), stream));
                }
                // Most likely there are no free file descriptors until a connection ends.
                Err(_) => sleep(RETRY_DELAY).await,
            },
        }
    }
    connections.shutdown().await;
    Ok(())
}

/// Retries something until it works.
async fn retry_until_ok<T>(mut attempt: impl FnMut() -> io::Result<T>) -> T {
    loop {
        if let Ok(result) = attempt() {
            return result;
        }
        sleep(RETRY_DELAY).await;
    }
}

/// Answers the requests of one connection.
async fn serve_requests(shared: Arc<SharedState>, stream: TcpStream) {
    // If this fails, responses are only slower.
    stream.set_nodelay(true).ok();
    let stream = Arc::new(stream);
    let socket = Arc::clone(&stream);
    let service = service_fn(move |request| answer(Arc::clone(&shared), Arc::clone(&socket), request));
    // An error means that the client disconnected or that the connection was ended on purpose.
    http1::Builder::new().serve_connection(TokioIo::new(SharedStream(stream)), service).await.ok();
}

/// The connection ends without a response.
#[derive(Debug, thiserror::Error)]
#[error("the connection is ended on purpose")]
struct ConnectionEnded;

async fn answer(
    shared: Arc<SharedState>,
    socket: Arc<TcpStream>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, ConnectionEnded> {
    let asked = Asked {
        is_get: request.method() == Method::GET,
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request.headers().clone(),
        arrived: Instant::now(),
        clock: SystemTime::now(),
    };
    if asked.path.starts_with("/_simulator/") {
        return Ok(about_itself(&shared, &asked));
    }
    let in_flight = InFlightGuard::new(&shared);
    let decision = shared.lock().decide(&asked);
    if !decision.delay.is_zero() {
        sleep(decision.delay).await;
    }
    match decision.delivery {
        ResponseDelivery::Whole(reply) => Ok(response(reply, |body| ResponseBody::whole(body, Some(in_flight)))),
        ResponseDelivery::CutOff(reply) => Ok(response(reply, |body| ResponseBody::cut_off(body, in_flight))),
        ResponseDelivery::Drip(reply, pause) => Ok(response(reply, |body| ResponseBody::drip(body, pause, in_flight))),
        ResponseDelivery::Reset => {
            // Closing with a linger time of zero sends RST; should it fail, the connection is at least closed.
            SockRef::from(&*socket).set_linger(Some(Duration::ZERO)).ok();
            Err(ConnectionEnded)
        }
        ResponseDelivery::Close => Err(ConnectionEnded),
        ResponseDelivery::Hang => std::future::pending().await,
        ResponseDelivery::Gone(duration) => {
            // If a message is already queued, the server becomes unavailable anyway.
            shared.gone.try_send(duration).ok();
            std::future::pending().await
        }
    }
}

fn response(reply: PreparedReply, body: impl FnOnce(Vec<u8>) -> ResponseBody) -> Response<ResponseBody> {
    let mut response = Response::new(body(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = reply.headers;
    response
}

/// Responses about the simulator itself; these requests are not counted.
fn about_itself(shared: &SharedState, asked: &Asked) -> Response<ResponseBody> {
    let mut state = shared.lock();
    let json = match asked.path.as_str() {
        "/_simulator/statistics" => serde_json::to_vec(&state.statistics),
        "/_simulator/truth" => serde_json::to_vec(&state.truth()),
        "/_simulator/message-truth" => serde_json::to_vec(&state.message_truth()),
        "/_simulator/pass-time" => {
            let duration = asked.parameter("duration").and_then(|text| parse_duration(&text).ok());
            let messages = asked.parameter("messages").map_or(Some(0), |number| number.parse().ok());
            let (Some(duration), Some(messages)) = (duration, messages) else {
                return response(PreparedReply::bare(400), |body| ResponseBody::whole(body, None));
            };
            state.pass_time(duration, messages);
            Ok(b"{\"passed\":true}".to_vec())
        }
        REDIRECT_TARGET => {
            state.statistics.redirect_target_hits += 1;
            state.statistics.redirect_target_hits_with_key += u64::from(asked.header("x-api-key").is_some());
            Ok(b"{\"visited\":true}".to_vec())
        }
        _ => return response(PreparedReply::bare(404), |body| ResponseBody::whole(body, None)),
    };
    let reply =
        json.map_or_else(|_| PreparedReply::bare(500), |json| PreparedReply::new(200, "application/json", json));
    response(reply, |body| ResponseBody::whole(body, None))
}

/// A stream that its owner can still access while hyper uses it.
#[derive(Debug)]
struct SharedStream(Arc<TcpStream>);

impl AsyncRead for SharedStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            std::task::ready!(self.0.poll_read_ready(context))?;
            match self.0.try_read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for SharedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            std::task::ready!(self.0.poll_write_ready(context))?;
            match self.0.try_write_vectored(slices) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&*self.0).shutdown(std::net::Shutdown::Write))
    }
}
