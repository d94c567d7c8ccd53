//! A witness's door: `add-checkpoint` for ledgers, `checkpoint` for monitors (C2SP tlog-witness).
//!
//! Nobody shows who they are: a request counts by the ledger's signature in it. The bounds are
//! those of the API's door; deciding waits for the disk and runs on threads of its own.

use crate::door::{method_word, refuse};
use crate::inlet::{self, Incoming};
use crate::limits::DoorLimits;
use crate::metrics::{Metrics, Seen};
use crate::operation::PROMETHEUS;
use crate::reply::{JSON, Reply, TEXT};
use crate::serve::{Desk, serve_desk};
use app::Witness;
use app::witness::Said;
use base::{Problem, labels};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Version};
use ledger::witness::{CONFLICT_CONTENT_TYPE, conflict_body};
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// Serves a witness until `shutdown` is there, as the API is served.
///
/// # Errors
/// `io` when nothing can be accepted any more.
pub async fn serve_witness(
    listener: TcpListener,
    witness: Arc<Witness>,
    limits: DoorLimits,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Problem> {
    let requests = Semaphore::new(limits.requests_max);
    let looks = Semaphore::new(limits.looks_max);
    let metrics = Metrics::default();
    let inside = Inside { witness, limits, metrics, requests, looks };
    serve_desk(listener, WitnessDoor(Arc::new(inside)), shutdown).await
}

#[derive(Clone)]
struct WitnessDoor(Arc<Inside>);

struct Inside {
    witness: Arc<Witness>,
    limits: DoorLimits,
    metrics: Metrics,
    requests: Semaphore,
    looks: Semaphore,
}

/// What is asked for.
enum Asked {
    AddCheckpoint,
    Checkpoint(String),
    Health,
    Metrics,
}

impl Desk for WitnessDoor {
    async fn answer(&self, request: Request<hyper::body::Incoming>) -> Response<Full<Bytes>> {
        let begun = Instant::now();
        let _under_way = self.0.metrics.under_way();
        let (head, mut body) = request.into_parts();
        let (route, result) = match asked(&head) {
            Ok((route, asked)) => (route, self.walk(asked, &head, &mut body).await),
            Err(problem) => (NO_ROUTE, Err(problem)),
        };
        let label = result.as_ref().err().map_or("", Problem::label);
        let mut response = result.map_or_else(|problem| refuse(&problem), Reply::into_response);
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(header::ALLOW, allowed(head.uri.path()));
        }
        if head.version < Version::HTTP_2 && !inlet::drain(&mut body).await {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        let (status, method) = (response.status(), method_word(&head.method));
        self.0.metrics.count(&Seen { route, method, status, label }, begun.elapsed());
        tracing::debug!(route, method, status = status.as_u16(), label, "answered");
        response
    }

    fn limits(&self) -> &DoorLimits {
        &self.0.limits
    }

    fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}

impl WitnessDoor {
    async fn walk<B: Incoming>(
        &self,
        asked: Asked,
        head: &Parts,
        body: &mut B,
    ) -> Result<Reply, Problem> {
        let limits = &self.0.limits;
        inlet::check_head(head, limits.header_bytes_max)?;
        match asked {
            Asked::Health => Ok(Reply::of(JSON, r#"{"status":"alive"}"#)),
            Asked::Metrics => Ok(Reply::of(PROMETHEUS, self.0.metrics.text())),
            Asked::Checkpoint(log) => {
                let _admitted = self.admit()?;
                let found = self.work(move |witness| witness.checkpoint(&log)).await?;
                let absent = || Problem::new(&labels::CHECKPOINT_ABSENT, "");
                Ok(Reply::of(TEXT, found.ok_or_else(absent)?).cached("no-cache"))
            }
            Asked::AddCheckpoint => {
                let _admitted = self.admit()?;
                let body = inlet::whole(head, body, REQUEST_BYTES_MAX, limits.body_timeout).await?;
                // What is not text is no request, and is refused as such.
                let body = String::from_utf8(body.into()).unwrap_or_default();
                said(self.work(move |witness| witness.add_checkpoint(&body)).await?)
            }
        }
    }

    fn admit(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.0.requests.try_acquire().map_err(|_| overloaded("too many requests at a time"))
    }

    /// Runs something on a thread of its own. What is late is carried out all the same.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Witness) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let working = async {
            let _free = self.0.looks.acquire().await;
            let witness = Arc::clone(&self.0.witness);
            tokio::task::spawn_blocking(move || work(&witness)).await
        };
        let done = timeout(self.0.limits.answer_timeout, working).await;
        let done = done.map_err(|_| overloaded("no answer in time"))?;
        done.unwrap_or_else(|_| Err(Problem::new(&labels::INTERNAL, "a request panicked")))
    }
}

fn asked(head: &Parts) -> Result<(&'static str, Asked), Problem> {
    let looks = [Method::GET, Method::HEAD].contains(&head.method);
    let (posts, path) = (head.method == Method::POST, head.uri.path());
    let monitored = path.strip_prefix('/').and_then(|path| path.strip_suffix("/checkpoint"));
    let (fits, route, asked) = match (path, monitored) {
        ("/add-checkpoint", _) => (posts, "/add-checkpoint", Asked::AddCheckpoint),
        ("/health", _) => (looks, "/health", Asked::Health),
        ("/metrics", _) => (looks, "/metrics", Asked::Metrics),
        (_, Some(log)) => (looks, "/{log}/checkpoint", Asked::Checkpoint(log.to_owned())),
        _ => return Err(Problem::new(&labels::PATH_ABSENT, "")),
    };
    if fits { Ok((route, asked)) } else { Err(Problem::new(&labels::METHOD_UNKNOWN, "")) }
}

fn allowed(path: &str) -> HeaderValue {
    HeaderValue::from_static(if path == "/add-checkpoint" { "POST" } else { "GET, HEAD" })
}

fn said(said: Said) -> Result<Reply, Problem> {
    match said {
        Said::Cosigned(line) => Ok(Reply::of(TEXT, line)),
        Said::Knows(known) => {
            let reply = Reply::of(CONFLICT_CONTENT_TYPE, conflict_body(known));
            Ok(reply.with_status(StatusCode::CONFLICT))
        }
        Said::Refused(refusal) => Err(Problem::from_refusal(refusal.label())),
    }
}

fn overloaded(detail: &str) -> Problem {
    Problem::new(&labels::OVERLOADED, detail)
}

/// Longest request: the longest proof, and a note with sixteen post-quantum signatures.
const REQUEST_BYTES_MAX: usize = 128 * 1024;
const NO_ROUTE: &str = "none";
