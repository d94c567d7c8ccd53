//! A door on the network: HTTP/1.1 and HTTP/2 with prior knowledge, in the clear.
//!
//! Owns accepting, the bounds of connections, and closing in good order. Nobody can hold a
//! connection without asking: headers have a deadline, silence has one, and whoever comes when all
//! places are taken is told so.

use crate::door::{ApiState, Door};
use crate::limits::DoorLimits;
use crate::metrics::Metrics;
use crate::reply::{PROBLEM_MEDIA_TYPE, problem_body};
use base::{Problem, labels};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Serves the API until `shutdown` is there; then takes no more, lets what is under way end, and
/// returns after the drain timeout at the latest.
///
/// # Errors
/// `io` when nothing can be accepted any more.
pub async fn serve(
    listener: TcpListener,
    state: ApiState,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Problem> {
    serve_desk(listener, Door::new(state), shutdown).await
}

/// What answers requests, and within which bounds.
pub(crate) trait Desk: Clone + Send + Sync + 'static {
    /// Answers a request. There is always an answer.
    fn answer(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send;

    fn limits(&self) -> &DoorLimits;

    fn metrics(&self) -> &Metrics;
}

impl Desk for Door {
    fn answer(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send {
        Self::answer(self, request)
    }

    fn limits(&self) -> &DoorLimits {
        &self.inside().state.limits
    }

    fn metrics(&self) -> &Metrics {
        &self.inside().metrics
    }
}

/// Serves any desk, as [`serve`] does the API's.
pub(crate) async fn serve_desk(
    listener: TcpListener,
    desk: impl Desk,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Problem> {
    let limits = desk.limits().clone();
    let hall = Hall {
        desk,
        places: Arc::new(Semaphore::new(limits.connections_max)),
        waiting_room: Arc::new(Semaphore::new(TURNED_AWAY_AT_A_TIME)),
    };
    let (close, closing) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    let mut failures = 0;
    let ended = loop {
        tokio::select! {
            () = &mut shutdown => break Ok(()),
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    failures = 0;
                    hall.take(&mut connections, stream, &closing);
                }
                Err(error) if failures < FAILURES_MAX => {
                    failures += 1;
                    tracing::warn!(kind = %error.kind(), "a connection was not accepted");
                    sleep(FAILURE_PAUSE).await;
                }
                Err(error) => break Err(Problem::new(&labels::IO, error.kind().to_string())),
            }
        }
    };
    drop((listener, close));
    let drained = async { while connections.join_next().await.is_some() {} };
    if timeout(limits.drain_timeout + CLOSING_PAUSE, drained).await.is_err() {
        connections.shutdown().await;
    }
    ended
}

/// Where connections come in.
struct Hall<D> {
    desk: D,
    places: Arc<Semaphore>,
    waiting_room: Arc<Semaphore>,
}

impl<D: Desk> Hall<D> {
    fn take(
        &self,
        connections: &mut JoinSet<()>,
        stream: TcpStream,
        closing: &watch::Receiver<()>,
    ) {
        // Without it a small answer may wait for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            connections.spawn(connection(self.desk.clone(), stream, place, closing.clone()));
            return;
        }
        self.desk.metrics().turned_away();
        if let Ok(seat) = Arc::clone(&self.waiting_room).try_acquire_owned() {
            connections.spawn(turn_away(stream, seat));
        }
    }
}

async fn connection(
    desk: impl Desk,
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
    mut closing: watch::Receiver<()>,
) {
    let bounds = desk.clone();
    let limits = bounds.limits();
    let _open = bounds.metrics().connection();
    let pulse = Arc::new(Pulse::default());
    let heart = Arc::clone(&pulse);
    let service = service_fn(move |request: Request<Incoming>| {
        let (desk, beat) = (desk.clone(), Beat::start(Arc::clone(&heart)));
        async move {
            let response = desk.answer(request).await;
            drop(beat);
            Ok::<_, Infallible>(response)
        }
    });
    let builder = builder(limits);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // What a connection breaks off with is the other side's affair.
        _ = connection.as_mut() => return,
        () = pulse.silent(limits.header_timeout, limits.idle_timeout) => {}
        _ = closing.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.drain_timeout, connection).await;
}

fn builder(limits: &DoorLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Larger than what the door takes, so that the door is the one who says so.
    let head_bytes = limits.header_bytes_max.saturating_mul(2).max(HEAD_BYTES_MIN);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(head_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_max)
        .max_header_list_size(u32::try_from(head_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(limits.idle_timeout / 2)
        .keep_alive_timeout(limits.header_timeout);
    builder
}

/// Tells a caller in HTTP/1.1 that there is no place, and waits a moment for it to be read.
async fn turn_away(mut stream: TcpStream, _seat: OwnedSemaphorePermit) {
    let problem = Problem::new(&labels::OVERLOADED, "too many connections");
    let body = problem_body(&problem).to_string();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: {PROBLEM_MEDIA_TYPE}\r\n\
         content-length: {}\r\nretry-after: 1\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let tell = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // Closing with something unread would take the answer away again.
        let mut unread = [0; 1024];
        while stream.read(&mut unread).await? > 0 {}
        std::io::Result::Ok(())
    };
    let _ = timeout(TURN_AWAY_TIMEOUT, tell).await;
}

/// Whether anything goes on in a connection.
#[derive(Default)]
struct Pulse {
    under_way: AtomicU64,
    beats: AtomicU64,
}

/// A request under way.
struct Beat(Arc<Pulse>);

impl Pulse {
    /// Returns when there was no request for `first`, or later for `idle`.
    async fn silent(&self, first: Duration, idle: Duration) {
        let mut wait = first;
        loop {
            let before = self.beats.load(Ordering::Relaxed);
            sleep(wait).await;
            let still = self.under_way.load(Ordering::Relaxed) == 0;
            if still && self.beats.load(Ordering::Relaxed) == before {
                return;
            }
            wait = idle;
        }
    }
}

impl Beat {
    fn start(pulse: Arc<Pulse>) -> Self {
        pulse.under_way.fetch_add(1, Ordering::Relaxed);
        Self(pulse)
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        self.0.beats.fetch_add(1, Ordering::Relaxed);
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

const TURNED_AWAY_AT_A_TIME: usize = 64;
const TURN_AWAY_TIMEOUT: Duration = Duration::from_secs(1);
/// hyper takes no smaller buffer.
const HEAD_BYTES_MIN: usize = 8_192;
const FAILURES_MAX: u32 = 100;
const FAILURE_PAUSE: Duration = Duration::from_millis(50);
const CLOSING_PAUSE: Duration = Duration::from_millis(500);
