//! The road of one request: found, admitted, caller known, permit given, body read, done, measured.
//!
//! Owns the order of these steps and what is said when one fails. Looks run on threads of their
//! own, a bounded number at a time; deeds go to the committer and are answered after their commit.

use crate::caller;
use crate::inlet::{self, Incoming};
use crate::limits::DoorLimits;
use crate::looks::{Job, Looks};
use crate::metrics::{Metrics, Seen};
use crate::openapi;
use crate::operation::Readiness;
use crate::reply::{Reply, problem_response};
use crate::request::{Ask, Query, municipality};
use crate::revocation_list::ListsRead;
use crate::route::{self, Access, Act, Deed, Found, Handle, Route};
use app::cosign::Tally;
use app::ocsp::Responder;
use app::set_difference::SetCache;
use app::time_stamp::Stamper;
use app::{Committer, Platform, Work};
use base::{Problem, Remedy, labels};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, Version};
use ledger::prove::NodeCache;
use ports::Publication;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

/// What the API stands on.
#[derive(Clone)]
pub struct ApiState {
    /// Store, keys, clock.
    pub platform: Platform,
    /// The write door.
    pub committer: Arc<Committer>,
    /// Where the ledger is published.
    pub publication: Arc<dyn Publication>,
    /// What the publisher heard from its witnesses.
    pub witnesses: Arc<Tally>,
    /// Where the revocation lists are published, if this platform serves any.
    pub lists: Option<Arc<dyn Publication>>,
    /// How many of them were made by this program.
    pub lists_made: Arc<AtomicU64>,
    /// How much is taken.
    pub limits: DoorLimits,
}

/// The API without a network: a request in, an answer out. Cheap to clone.
#[derive(Clone)]
pub struct Door(Arc<Inside>);

/// What every route may reach.
pub(crate) struct Inside {
    pub(crate) state: ApiState,
    pub(crate) routes: Vec<Route>,
    pub(crate) openapi: Bytes,
    pub(crate) metrics: Metrics,
    pub(crate) nodes: NodeCache,
    pub(crate) readiness: Readiness,
    pub(crate) sets: SetCache,
    pub(crate) responder: Responder,
    pub(crate) stamper: Stamper,
    pub(crate) lists_read: ListsRead,
    requests: Arc<Semaphore>,
    looks: Looks<Self>,
}

impl Door {
    /// A door to this platform.
    pub fn new(state: ApiState) -> Self {
        let routes = route::table();
        let openapi = Bytes::from(openapi::text_of(&routes));
        let requests = Arc::new(Semaphore::new(state.limits.requests_max));
        let looks = Looks::new(state.limits.looks_max);
        let (metrics, nodes) = (Metrics::default(), NodeCache::new(TILES_CACHED));
        let (readiness, sets) = (Readiness::default(), SetCache::default());
        let responder = Responder::new(state.platform.clone());
        let stamper = Stamper::new(state.platform.clone());
        Self(Arc::new(Inside {
            state,
            routes,
            openapi,
            metrics,
            nodes,
            readiness,
            sets,
            responder,
            stamper,
            lists_read: ListsRead::default(),
            requests,
            looks,
        }))
    }

    /// Answers a request. There is always an answer; what went wrong is a problem.
    pub async fn answer<B: Incoming>(&self, request: Request<B>) -> Response<Full<Bytes>> {
        let begun = Instant::now();
        let _under_way = self.0.metrics.under_way();
        let (head, mut body) = request.into_parts();
        if let Some((route, response)) = self.prepared_ocsp(&head, &body) {
            let status = response.status();
            let seen = Seen { route, method: method_word(&head.method), status, label: "" };
            self.0.metrics.count(&seen, begun.elapsed());
            return response;
        }
        let mut allow = None;
        let (route, result) = match route::find(&self.0.routes, &head.method, head.uri.path()) {
            Found::Route(route, places) => {
                (route.path, self.walk(route, places, &head, &mut body).await)
            }
            Found::OtherMethods(methods) => {
                allow = allowed(&methods);
                (NO_ROUTE, Err(Problem::new(&labels::METHOD_UNKNOWN, "")))
            }
            Found::Nothing => (NO_ROUTE, Err(Problem::new(&labels::PATH_ABSENT, ""))),
        };
        let label = result.as_ref().err().map_or("", Problem::label);
        let done = |reply: Reply| reply.unless_known(&head.headers).into_response();
        let mut response = result.map_or_else(|problem| refuse(&problem), done);
        let headers = response.headers_mut();
        headers.extend(allow.map(|methods| (header::ALLOW, methods)));
        if head.version < Version::HTTP_2 && !inlet::drain(&mut body).await {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let (status, method) = (response.status(), method_word(&head.method));
        self.0.metrics.count(&Seen { route, method, status, label }, begun.elapsed());
        tracing::debug!(route, method, status = status.as_u16(), label, "answered");
        response
    }

    pub(crate) fn inside(&self) -> &Inside {
        &self.0
    }

    async fn walk<B: Incoming>(
        &self,
        route: &Route,
        path: Vec<String>,
        head: &Parts,
        body: &mut B,
    ) -> Result<Reply, Problem> {
        let limits = &self.0.state.limits;
        let _admitted = self.admit(route)?;
        inlet::check_head(head, limits.header_bytes_max)?;
        let granted = self.granted(route, head, &path)?;
        let query = Query::read(head.uri.query(), route.query)?;
        let body = if route.method == Method::POST {
            inlet::read(head, body, route.handle.media(), limits.body_timeout).await?
        } else {
            Bytes::new()
        };
        let line = format!("{} {}", route.method, head.uri.path());
        let idempotency_key = inlet::idempotency_key(head)?;
        let ask = Ask { line, path, query, body, idempotency_key, granted };
        match route.handle {
            Handle::Look(look) => self.look(look, ask).await,
            Handle::Deed(prepare) => self.commit(prepare(&self.0, &ask)?).await,
            Handle::Once(prepare) => self.commit(once(&ask, prepare(&ask)?)?).await,
            Handle::Issue => self.certificate_issue(ask).await,
            Handle::Ocsp => self.ocsp(ask).await,
            Handle::Octets(_, look) => self.look(look, ask).await,
            Handle::About => self.acts_about(ask).await,
            Handle::Tell(tell) => tell(&self.0, &ask),
            Handle::Ready => self.ready(ask).await,
        }
    }

    /// A place among the requests under way, for as long as the answer is worked out.
    fn admit(&self, route: &Route) -> Result<Option<OwnedSemaphorePermit>, Problem> {
        if route.access == Access::Probe {
            return Ok(None);
        }
        let place = Arc::clone(&self.0.requests).try_acquire_owned();
        place.map(Some).map_err(|_| overloaded("too many requests at a time"))
    }

    fn granted(
        &self,
        route: &Route,
        head: &Parts,
        path: &[String],
    ) -> Result<Option<caller::Granted>, Problem> {
        let action = match route.access {
            Access::Probe | Access::Public => return Ok(None),
            Access::Caller => {
                caller::caller(&self.0.state.platform, &head.headers)?;
                return Ok(None);
            }
            Access::Permit(action) => action,
        };
        let actor = caller::caller(&self.0.state.platform, &head.headers)?;
        let named = route.path.contains("{municipality}").then(|| path.first()).flatten();
        let concerned = named.map(|text| municipality(text)).transpose()?;
        caller::grant(actor, action, &head.headers, concerned).map(Some)
    }

    /// Runs a look on a thread of its own.
    pub(crate) async fn look(
        &self,
        look: impl FnOnce(&Inside, &Ask) -> Result<Reply, Problem> + Send + 'static,
        ask: Ask,
    ) -> Result<Reply, Problem> {
        self.aside(move |inside| look(inside, &ask)).await
    }

    /// Runs anything that may take a while on a thread of its own: one of those for looks.
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Inside) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        if self.0.looks.push(Box::new(Aside { run, reply })) {
            let inside = Arc::clone(&self.0);
            drop(tokio::task::spawn_blocking(move || inside.looks.work(&inside)));
        }
        let late = |_| overloaded("no answer in time");
        let looked = timeout(self.0.state.limits.answer_timeout, answer).await.map_err(late)?;
        looked.unwrap_or_else(|_| Err(Problem::new(&labels::INTERNAL, "a look panicked")))
    }

    /// Hands a deed to the committer and waits for its commit.
    pub(crate) async fn commit<T: Send + 'static>(&self, deed: Committed<T>) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        // Whoever asked may have gone: the deed is done all the same.
        self.0.state.committer.submit(deed, move |result| drop(reply.send(result)));
        let late = |_| overloaded("not answered in time; it may still be carried out");
        let answer = timeout(self.0.state.limits.answer_timeout, answer).await.map_err(late)?;
        answer.unwrap_or_else(|_| Err(Problem::new(&labels::INTERNAL, "the committer stopped")))
    }
}

impl ApiState {
    /// A state without witnesses and revocation lists, and with the default limits.
    pub fn new(
        platform: Platform,
        committer: Arc<Committer>,
        publication: Arc<dyn Publication>,
    ) -> Self {
        Self {
            platform,
            committer,
            publication,
            witnesses: Arc::default(),
            lists: None,
            lists_made: Arc::default(),
            limits: DoorLimits::default(),
        }
    }

    /// The same, with the revocation lists that are published in `place`.
    #[must_use]
    pub fn with_lists(self, place: Arc<dyn Publication>) -> Self {
        Self { lists: Some(place), ..self }
    }

    /// The same, with the count of the lists that this program makes.
    #[must_use]
    pub fn counting_lists(self, made: Arc<AtomicU64>) -> Self {
        Self { lists_made: made, ..self }
    }
}

/// Something that runs aside, and who waits for it.
struct Aside<T, F> {
    run: F,
    reply: oneshot::Sender<Result<T, Problem>>,
}

impl<T, F> Job<Inside> for Aside<T, F>
where
    T: Send,
    F: FnOnce(&Inside) -> Result<T, Problem> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(self: Box<Self>, on: &Inside) {
        drop(self.reply.send((self.run)(on)));
    }
}

/// Something to commit, with what it answers.
pub(crate) type Committed<T> = Box<dyn FnMut(&mut Work<'_>) -> Result<T, Problem> + Send>;

/// A deed that is done once: when its key comes again, the answer is made again.
fn once(ask: &Ask, mut act: Act) -> Result<Deed, Problem> {
    let (actor, key, request) = (ask.granted()?.actor, ask.idempotency_key()?, ask.fingerprint());
    Ok(Box::new(move |work| {
        let (told, repeated) = app::once::once(work, &actor, &key, &request, &mut act)?;
        Ok(Reply::json(&told.answer).of_act(told.act).once(repeated))
    }))
}

/// Tells a problem to the caller, and to the log when it is the platform's own.
pub(crate) fn refuse(problem: &Problem) -> Response<Full<Bytes>> {
    let (label, detail) = (problem.label(), problem.detail_text());
    match (problem.entry().status, problem.remedy()) {
        (..500, _) => {}
        // A flood of requests is no flood of the log; the metrics count it.
        _ if label == labels::OVERLOADED.text => tracing::debug!(label, detail, "not now"),
        (_, Remedy::Again) => tracing::warn!(label, detail, "not now"),
        _ => tracing::error!(label, detail, "broken"),
    }
    problem_response(problem)
}

fn allowed(methods: &[&Method]) -> Option<HeaderValue> {
    let words: Vec<_> = methods
        .iter()
        .map(|method| if **method == Method::GET { "GET, HEAD" } else { method.as_str() })
        .collect();
    HeaderValue::from_str(&words.join(", ")).ok()
}

/// The methods that somebody may count; any other is one of many.
pub(crate) fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

fn overloaded(detail: &str) -> Problem {
    Problem::new(&labels::OVERLOADED, detail)
}

/// What is counted for requests that lead nowhere.
const NO_ROUTE: &str = "none";
/// Tiles with their inner nodes kept for proofs: about 16 MiB.
const TILES_CACHED: usize = 1_024;
