//! A platform with its API on a port of its own, for one test, and a caller for it.

use crate::shape;
use app::revocation_list::RevocationLists;
use app::{Committer, KeyNames, Platform, Publisher, init, verify};
use base::{Clock, Moment, Problem, labels};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request, StatusCode, Version};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use keys::SoftKeyStore;
use keys::testing::{FitfulKeyStore, Signing};
use ports::{KeyStore, Publication};
use sekisho_http::{ApiState, DoorLimits, serve, token};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;
use store::{PublicationDirectory, SqliteOptions, SqliteStore};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const CHIYODA: &str = "municipality:131016";
pub(crate) const SETAGAYA: &str = "municipality:131121";
pub(crate) const AGENCY: &str = "agency:nta";
pub(crate) const OPERATOR: &str = "operator:k.sato";
pub(crate) const AUDITOR: &str = "auditor:a-1";

pub(crate) struct House {
    pub(crate) platform: Platform,
    pub(crate) address: SocketAddr,
    clock: Arc<SetClock>,
    publisher: Mutex<Publisher>,
    pub(crate) lists: RevocationLists,
    /// Whether the device with the keys of certification does not answer.
    pub(crate) sick: Arc<AtomicBool>,
    stocks: AtomicI64,
    /// One for HTTP/1.1, one for HTTP/2.
    clients: [Client<HttpConnector, Full<Bytes>>; 2],
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    pub(crate) directory: TempDir,
}

/// A clock that stands still until it is set.
pub(crate) struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Moment {
        Moment::from_us(self.0.load(Ordering::SeqCst))
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(DoorLimits::default()).await
    }

    pub(crate) async fn open_with(limits: DoorLimits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock(AtomicI64::new(NOON_US)));
        let sick = Arc::new(AtomicBool::new(false));
        let platform = platform(&directory, Arc::clone(&clock), fitful(Arc::clone(&sick)));
        init::make_keys(&platform).unwrap();
        init::make_store(&platform, "sekisho.test/ledger").unwrap();
        let publication =
            Arc::new(PublicationDirectory::open(&directory.path().join("public")).unwrap());
        let publisher = Publisher::open(platform.clone(), publication.clone()).unwrap();
        let committer = Arc::new(Committer::start(platform.clone()).unwrap());
        let place = PublicationDirectory::open(&directory.path().join("lists")).unwrap();
        let place: Arc<dyn Publication> = Arc::new(place);
        let lists = RevocationLists::new(platform.clone(), Arc::clone(&place));
        let state = ApiState::new(platform.clone(), committer, publication);
        let mut state = state.with_lists(place).counting_lists(lists.made());
        state.limits = limits;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            serve(listener, state, async { drop(stopped.await) }).await.unwrap();
        });
        let client = |only| Client::builder(TokioExecutor::new()).http2_only(only).build_http();
        Self {
            platform,
            address,
            clock,
            publisher: Mutex::new(publisher),
            lists,
            sick,
            stocks: AtomicI64::new(0),
            clients: [client(false), client(true)],
            stop,
            served,
            directory,
        }
    }

    pub(crate) fn token(&self, actor: &str) -> String {
        token::issue(&self.platform, &actor.parse().unwrap(), 3_600).unwrap()
    }

    pub(crate) fn pass_seconds(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// Sets the clock so many seconds before the machine's, which other programs go by.
    pub(crate) fn set_seconds_ago(&self, seconds: u64) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let at = i64::try_from((now.as_secs() - seconds) * 1_000_000).unwrap();
        self.clock.0.store(at, Ordering::SeqCst);
    }

    pub(crate) fn publish(&self) {
        self.publisher.lock().unwrap().publish().unwrap();
    }

    /// A request under construction.
    pub(crate) fn ask(&self, method: &Method, path: &str) -> Asking<'_> {
        let request =
            Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        Asking { house: self, request, body: Bytes::new(), version: Version::HTTP_11 }
    }

    pub(crate) fn get(&self, path: &str) -> Asking<'_> {
        self.ask(&Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Asking<'_> {
        self.ask(&Method::POST, path).json(body.to_string())
    }

    /// Gives Chiyoda codes.
    pub(crate) async fn stock(&self, count: u64) -> Vec<String> {
        let asked = self.post("/v1/stocks/131016", &json!({ "count": count })).by(CHIYODA);
        let key = format!("stock {}", self.stocks.fetch_add(1, Ordering::SeqCst));
        let answer = asked.once(&key).send().await.done();
        let codes = answer["resident_record_codes"].as_array().unwrap().iter();
        codes.map(|code| code.as_str().unwrap().to_owned()).collect()
    }

    /// Enters an invented resident of Chiyoda under a code.
    pub(crate) async fn enter(&self, sequence: u64, code: &str) -> Value {
        let message = message(sequence, code);
        let asked = self.post("/v1/feed/131016/events", &message).by(CHIYODA);
        asked.send().await.done()["results"][0].clone()
    }

    /// A connection whose request is under way: a body of four bytes, `[` of which is sent.
    pub(crate) async fn half_sent(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "POST /v1/feed/131016/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: 4\r\n\r\n[",
            self.token(CHIYODA)
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The question itself is one of the two.
        let two = "sekisho_http_requests_under_way 2\n";
        while !String::from_utf8_lossy(&self.get("/metrics").send().await.body).contains(two) {}
        stream
    }

    /// Stops the server and looks whether everything holds.
    pub(crate) async fn close(self) {
        let Self { platform, publisher, stop, served, directory, .. } = self;
        stop.send(()).unwrap();
        served.await.unwrap();
        publisher.into_inner().unwrap().publish().unwrap();
        let report = verify::verify(&platform, &mut |_| ()).unwrap();
        drop(directory);
        assert!(report.holds(), "{:?}", report.faults);
    }
}

/// A request under construction.
pub(crate) struct Asking<'a> {
    house: &'a House,
    request: hyper::http::request::Builder,
    body: Bytes,
    version: Version,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) version: Version,
}

impl Asking<'_> {
    pub(crate) fn by(self, actor: &str) -> Self {
        let value = format!("Bearer {}", self.house.token(actor));
        self.header("authorization", &value)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn purpose(self, word: &str) -> Self {
        self.header("sekisho-purpose", word)
    }

    pub(crate) fn once(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn json(self, body: impl Into<Bytes>) -> Self {
        self.header("content-type", "application/json").raw(body)
    }

    pub(crate) fn raw(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn over_http2(mut self) -> Self {
        self.version = Version::HTTP_2;
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let request = self.request.body(Full::new(self.body)).unwrap();
        let asked = (request.method().clone(), request.uri().path().to_owned());
        let clients = &self.house.clients;
        let client = &clients[usize::from(self.version == Version::HTTP_2)];
        let response = client.request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let answer =
            Answer { status: head.status, headers: head.headers, body, version: head.version };
        shape::check(&asked.0, &asked.1, &answer);
        answer
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The answer of something that was done.
    #[track_caller]
    pub(crate) fn done(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// The label of a problem, which must be a whole one.
    #[track_caller]
    pub(crate) fn label(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16(), "{body}");
        let label = body["label"].as_str().unwrap();
        assert_eq!(body["type"], format!("urn:sekisho:problem:{label}"));
        assert!(body["title"].is_string() && body["title_ja"].is_string());
        label.to_owned()
    }
}

/// An entry of an invented resident of Chiyoda.
pub(crate) fn message(sequence: u64, code: &str) -> Value {
    json!({
        "municipality": "131016",
        "sequence": sequence,
        "event": "ex_officio_entry",
        "event_date": "2026-03-31",
        "resident_record_code": code,
        "name": "山田　太郎",
        "name_kana": "ヤマダ　タロウ",
        "birth_date": "1990-04-01",
        "sex": "male",
        "postal_code": "1000013",
        "address": "東京都千代田区霞が関一丁目２番３号",
    })
}

/// Keys of which those of certification cannot be reached while they are sick.
fn fitful(sick: Arc<AtomicBool>) -> Arc<dyn KeyStore> {
    let sign = move |asked: &Signing<'_>| {
        let certifies = |of: &&str| asked.label.as_str().starts_with(of);
        if ["ca-", "ocsp-", "time-"].iter().any(certifies) && sick.load(Ordering::SeqCst) {
            return Err(Problem::new(&labels::OVERLOADED, "the device does not answer"));
        }
        asked.go_on()
    };
    Arc::new(FitfulKeyStore::new(Arc::new(SoftKeyStore::in_memory()), sign))
}

fn platform(directory: &TempDir, clock: Arc<SetClock>, keys: Arc<dyn KeyStore>) -> Platform {
    let options = SqliteOptions { create: true, ..SqliteOptions::default() };
    let path = directory.path().join("sekisho.sqlite");
    let store = SqliteStore::open(&path, options, clock.now()).unwrap();
    Platform {
        store: Arc::new(store),
        keys,
        clock,
        entropy: Arc::new(|| Box::new(keys::OsEntropy::new())),
        names: Arc::new(KeyNames::first().unwrap()),
        profile: Arc::new(app::CertificateProfile::first().unwrap()),
    }
}

/// 2026-04-01T03:00:00Z, noon in Japan.
const NOON_US: i64 = 1_775_012_400_000_000;
