//! For operators and their probes: alive, ready, metrics, and the description of the API.

use crate::door::{Door, Inside};
use crate::log::published_head;
use crate::metrics::{answers, single};
use crate::openapi::schema::{integer, object, one_of};
use crate::openapi::{Content, Doc};
use crate::reply::{JSON, Reply};
use crate::request::Ask;
use crate::route::{Access, Handle, Route};
use app::publish::identity;
use base::{ActId, Problem, labels};
use hyper::Method;
use ledger::leaf::LeafEntry;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::time::timeout;

pub(crate) fn routes() -> Vec<Route> {
    let route = |operation, path, handle, doc| Route {
        operation,
        method: Method::GET,
        path,
        access: Access::Probe,
        query: &[],
        handle,
        doc,
    };
    vec![
        route("health", "/health", Handle::Tell(health), health_doc),
        route("ready", "/ready", Handle::Ready, ready_doc),
        route("metrics", "/metrics", Handle::Look(metrics), metrics_doc),
        route("openapi", "/openapi.json", Handle::Tell(openapi), openapi_doc),
    ]
}

/// The last answer to `ready`, and since when it is there. Whoever finds a new one holds it.
pub(crate) type Readiness = Arc<Mutex<Option<(Instant, Result<Reply, Problem>)>>>;

impl Door {
    /// Whether the platform as a whole does its work: the store answers, acts are committed, and
    /// what is committed is published. One probe is under way at most, whoever asks.
    pub(crate) async fn ready(&self, ask: Ask) -> Result<Reply, Problem> {
        let inside = self.inside();
        let mut last = Arc::clone(&inside.readiness).lock_owned().await;
        let kept = inside.state.limits.ready_kept;
        if let Some((_, said)) = last.as_ref().filter(|(since, _)| since.elapsed() < kept) {
            return said.clone();
        }
        let door = self.clone();
        // Goes on when the caller is gone, or each of them would leave a commit behind.
        let probing = tokio::spawn(async move {
            let said = door.probe(ask).await;
            *last = Some((Instant::now(), said.clone()));
            said
        });
        probing.await.unwrap_or_else(|_| Err(Problem::new(&labels::INTERNAL, "a probe panicked")))
    }

    async fn probe(&self, ask: Ask) -> Result<Reply, Problem> {
        let slow = |_| Problem::new(&labels::OVERLOADED, "the committer does not answer");
        let nothing = self.commit(Box::new(|_| Ok(Reply::json(&json!({})))));
        timeout(READY_TIMEOUT, nothing).await.map_err(slow)??;
        let slow = |_| Problem::new(&labels::STORE_BUSY, "the store does not answer");
        timeout(READY_TIMEOUT, self.look(stands, ask)).await.map_err(slow)?
    }
}

fn stands(inside: &Inside, _: &Ask) -> Result<Reply, Problem> {
    identity(&inside.state.platform)?;
    let sizes = Sizes::of(inside)?;
    if sizes.behind_us > BEHIND_US_MAX {
        return Err(Problem::new(&labels::OVERLOADED, "the publisher is behind"));
    }
    Ok(Reply::json(&json!({
        "status": "ready",
        "acts": sizes.committed,
        "published": sizes.published,
    })))
}

/// How far committing and publishing have come.
struct Sizes {
    committed: u64,
    published: u64,
    /// For how long the first act that is not published has been waiting, in microseconds.
    behind_us: i64,
}

impl Sizes {
    fn of(inside: &Inside) -> Result<Self, Problem> {
        let platform = &inside.state.platform;
        let published = published_head(inside)?.map_or(0, |head| head.size);
        let (mut committed, mut waiting) = (0, None);
        platform.store.snapshot("sizes", &mut |view| {
            committed = view.act_count()?;
            waiting = view.acts(ActId(published), 1)?.pop();
            Ok(())
        })?;
        let leaf = waiting.and_then(|row| LeafEntry::parse(&row.entry).ok());
        let since = leaf.map(|leaf| leaf.fields().at_us);
        let behind_us = since.map_or(0, |at| platform.clock.now().us().saturating_sub(at));
        Ok(Self { committed, published, behind_us })
    }
}

fn health(_: &Inside, _: &Ask) -> Result<Reply, Problem> {
    Ok(Reply::json(&json!({ "status": "alive" })))
}

fn metrics(inside: &Inside, _: &Ask) -> Result<Reply, Problem> {
    let mut text = inside.metrics.text();
    let sizes = Sizes::of(inside)?;
    let tally = inside.state.committer.tally();
    let load = |value: &AtomicU64| value.load(Ordering::Relaxed);
    let (ocsp, stamps) = (inside.responder.tally(), inside.stamper.tally());
    for (name, help, value) in [
        ("sekisho_certificates_issued_total", "Certificates put in force.", &tally.issued),
        ("sekisho_certificates_ended_total", "Certificates revoked or held.", &tally.ended),
        ("sekisho_ocsp_prepared_total", "OCSP answers that were kept.", &ocsp.prepared),
        ("sekisho_ocsp_signed_total", "OCSP answers signed.", &ocsp.signed),
        ("sekisho_ocsp_refused_total", "OCSP requests refused.", &ocsp.refused),
        ("sekisho_lists_made_total", "Revocation lists made.", &*inside.state.lists_made),
        ("sekisho_time_stamps_total", "Time stamps made on request.", &stamps.stamped),
        ("sekisho_time_stamps_refused_total", "Time stamps refused.", &stamps.refused),
    ] {
        single(&mut text, (name, "counter", help), load(value));
    }
    for (name, kind, help, value) in [
        ("sekisho_ledger_acts", "gauge", "Acts committed.", sizes.committed),
        ("sekisho_ledger_published", "gauge", "Acts under a checkpoint.", sizes.published),
        ("sekisho_commit_batches_total", "counter", "Transactions.", load(&tally.batches)),
        ("sekisho_commit_jobs_total", "counter", "Jobs committed in them.", load(&tally.jobs)),
    ] {
        single(&mut text, (name, kind, help), value);
    }
    answers(&mut text, &inside.state.witnesses.counts());
    Ok(Reply::of(PROMETHEUS, text))
}

fn openapi(inside: &Inside, _: &Ask) -> Result<Reply, Problem> {
    Ok(Reply::of(JSON, inside.openapi.clone()).cached("public, max-age=300"))
}

/// The text format of Prometheus.
pub(crate) const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const READY_TIMEOUT: Duration = Duration::from_secs(2);
const BEHIND_US_MAX: i64 = 5_000_000;

fn health_doc() -> Doc {
    Doc {
        tag: "operation",
        summary: "Whether the program is alive.",
        body: None,
        answer: Content::json(
            object(&[("status", one_of(&["alive"]))]),
            json!({ "status": "alive" }),
        ),
        links: Vec::new(),
    }
}

fn ready_doc() -> Doc {
    Doc {
        tag: "operation",
        summary: "Whether the store answers, acts are committed and the ledger is published.",
        body: None,
        answer: Content::json(
            object(&[
                ("status", one_of(&["ready"])),
                ("acts", integer(0)),
                ("published", integer(0)),
            ]),
            json!({ "status": "ready", "acts": 12, "published": 12 }),
        ),
        links: Vec::new(),
    }
}

fn metrics_doc() -> Doc {
    Doc {
        tag: "operation",
        summary: "Counters and waits for Prometheus; nothing personal.",
        body: None,
        answer: Content {
            media_type: PROMETHEUS,
            schema: json!({ "type": "string" }),
            example: "sekisho_ledger_acts 12\n".into(),
        },
        links: Vec::new(),
    }
}

fn openapi_doc() -> Doc {
    Doc {
        tag: "operation",
        summary: "This document.",
        body: None,
        answer: Content::json(json!({ "type": "object" }), json!({ "openapi": "3.1.0" })),
        links: Vec::new(),
    }
}
