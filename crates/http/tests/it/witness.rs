//! Being a witness, as C2SP tlog-witness says it, over a real network and on a real directory.

use app::Witness;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base::{Clock, Moment};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use keys::{OsEntropy, SoftKeyStore};
use ledger::checkpoint::{Checkpoint, LogIdentity};
use ledger::grow::{MemoryTiles, TileGrower};
use ledger::note::{SignatureKind, VerifierKey, sign};
use ledger::prove::{NodeCache, Prover};
use ledger::witness::{Request as Ask, read_cosignature};
use ledger::{Hash, TreeHead};
use ports::{KeyKind, KeyStore, Publication};
use sekisho_http::{DoorLimits, serve_witness};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use store::PublicationDirectory;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A witness with a directory of its own.
pub(crate) struct Home {
    pub(crate) witness: Arc<Witness>,
    pub(crate) directory: TempDir,
    keys: Arc<dyn KeyStore>,
    name: &'static str,
    logs: Vec<VerifierKey>,
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Moment {
        Moment::from_us(NOON_S * 1_000_000)
    }
}

impl Home {
    pub(crate) fn new(name: &'static str, logs: &[VerifierKey]) -> Self {
        let keys = SoftKeyStore::in_memory();
        let label = app::witness::label().unwrap();
        keys.generate(
            &label,
            KeyKind::Sign(x509::KeyAlgorithm::Ed25519),
            Noon.now(),
            &mut OsEntropy::new(),
        )
        .unwrap();
        let (keys, directory): (Arc<dyn KeyStore>, _) =
            (Arc::new(keys), tempfile::tempdir().unwrap());
        let record = Arc::new(PublicationDirectory::open(directory.path()).unwrap());
        let witness = witness(&keys, record, name, logs);
        Self { witness, directory, keys, name, logs: logs.to_vec() }
    }

    /// The same witness after a start, on any record.
    pub(crate) fn again(&self, record: Arc<dyn Publication>) -> Arc<Witness> {
        witness(&self.keys, record, self.name, &self.logs)
    }

    pub(crate) fn record(&self) -> PublicationDirectory {
        PublicationDirectory::open(self.directory.path()).unwrap()
    }

    /// The files of the record below the folder of a log.
    pub(crate) fn folder(&self, origin: &str) -> PathBuf {
        let origin: ledger::checkpoint::Origin = origin.parse().unwrap();
        self.directory.path().join(origin.hash().to_string())
    }
}

fn witness(
    keys: &Arc<dyn KeyStore>,
    record: Arc<dyn Publication>,
    name: &str,
    logs: &[VerifierKey],
) -> Arc<Witness> {
    let tools = (Arc::clone(keys), Arc::new(Noon) as Arc<dyn Clock>);
    Arc::new(Witness::new(tools, record, name.parse().unwrap(), logs).unwrap())
}

/// A ledger of invented leaves; another `history` has other leaves from its third one on.
pub(crate) struct Log {
    pub(crate) key: VerifierKey,
    pair: Ed25519KeyPair,
    tiles: MemoryTiles,
}

impl Log {
    pub(crate) fn new(origin: &str, seed: u8, history: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let public = pair.public_key().as_ref().try_into().unwrap();
        let key = VerifierKey::new(origin.parse().unwrap(), SignatureKind::Ed25519, public);
        let leaf = |at: u8| Hash::leaf(&[at, if at < 2 { 0 } else { history }]);
        let (mut grower, mut tiles) = (TileGrower::new(), MemoryTiles::new());
        tiles.absorb(grower.append((0..LEAVES).map(leaf)));
        Self { key, pair, tiles }
    }

    fn head(&self, size: u64) -> TreeHead {
        Prover::new(&self.tiles, &NodeCache::new(4)).head(size).unwrap()
    }

    fn path(&self, old: u64, size: u64) -> Vec<Hash> {
        Prover::new(&self.tiles, &NodeCache::new(4)).consistency(old, size).unwrap().path
    }

    /// A request of this ledger from one size to another.
    pub(crate) fn ask(&self, old: u64, size: u64) -> Ask {
        let origin = self.key.name().as_str().parse().unwrap();
        let mut note = Checkpoint::new(origin, self.head(size)).to_note().unwrap();
        let by = |message: &[u8]| Ok::<_, ()>(self.pair.sign(message).as_ref().to_vec());
        note.add(sign(note.text(), &self.key, by).unwrap()).unwrap();
        Ask { old, path: self.path(old.min(size), size), note }
    }
}

/// A witness while it serves.
struct Served {
    address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Served {
    async fn start(home: &Home) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let witness = Arc::clone(&home.witness);
        let served = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            serve_witness(listener, witness, DoorLimits::default(), stopped).await.unwrap();
        });
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { address, client, stop, served }
    }

    async fn send(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
        let uri = format!("http://{}{path}", self.address);
        let request = Request::builder().method(method).uri(uri);
        let request = request.body(Full::new(body.into())).unwrap();
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.into()).unwrap();
        Answer { status: head.status, headers: head.headers, body }
    }

    async fn ask(&self, ask: &Ask) -> Answer {
        self.send(Method::POST, "/add-checkpoint", ask.to_string()).await
    }

    async fn close(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap();
    }
}

impl Answer {
    fn kind(&self) -> &str {
        self.headers["content-type"].to_str().unwrap()
    }

    fn label(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(body["status"], self.status.as_u16());
        body["label"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_grows_is_cosigned_step_by_step() {
    let log = Log::new("log.example", 1, 0);
    let home = Home::new("w.example/1", std::slice::from_ref(&log.key));
    let served = Served::start(&home).await;
    let hash = log_hash("log.example");
    let monitored = format!("/{hash}/checkpoint");
    let nothing = served.send(Method::GET, &monitored, "").await;
    assert_eq!((nothing.status.as_u16(), nothing.label()), (404, "checkpoint_absent".into()));
    let mut old = 0;
    // The same size twice: whoever did not hear the answer asks again.
    for size in [0, 1, 5, 5, 200] {
        let ask = log.ask(old, size);
        let answer = served.ask(&ask).await;
        assert_eq!(answer.status, 200, "{size}: {}", answer.body);
        let line = read_cosignature(&answer.body, ask.note.text(), home.witness.key()).unwrap();
        assert_eq!(answer.body, format!("{line}\n"), "one line and nothing else");
        let shown = served.send(Method::GET, &monitored, "").await;
        assert_eq!(shown.body, format!("{}{line}\n", ask.note));
        let identity =
            LogIdentity { origin: "log.example".parse().unwrap(), keys: vec![log.key.clone()] };
        let witnesses = std::slice::from_ref(home.witness.key());
        let open = identity.open(&shown.body, witnesses).unwrap();
        assert_eq!((open.head().size, open.cosigners()[0].time_s), (size, Some(NOON_S as u64)));
        old = size;
    }
    for behind in [0, 5, 199] {
        let answer = served.ask(&log.ask(behind, 200)).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (409, "200\n"));
        assert_eq!(answer.kind(), "text/x.tlog.size");
    }
    let smaller = served.ask(&log.ask(0, 5)).await;
    assert_eq!((smaller.status.as_u16(), smaller.body.as_str()), (409, "200\n"));
    served.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_has_the_status_of_the_specification() {
    let log = Log::new("log.example", 1, 0);
    let (fork, stranger) = (Log::new("log.example", 1, 1), Log::new("log.example", 2, 0));
    let unknown = Log::new("other.example", 1, 0);
    let home = Home::new("w", std::slice::from_ref(&log.key));
    let served = Served::start(&home).await;
    assert_eq!(served.ask(&log.ask(0, 10)).await.status, 200);
    let mut bent = log.ask(10, 20);
    bent.note = bent.note.to_string().replace("\n20\n", "\n21\n").parse().unwrap();
    let mut shortened = log.ask(10, 20);
    shortened.path.pop();
    let mut wrong_way = log.ask(10, 20);
    wrong_way.path[0] = Hash::EMPTY;
    let mut backwards = log.ask(0, 10);
    backwards.old = 11;
    for (ask, status, label) in [
        (unknown.ask(0, 10), 404, "witness_unknown_log"),
        (stranger.ask(10, 20), 403, "witness_not_by_the_log"),
        (bent, 403, "witness_wrong_signature"),
        (backwards, 400, "witness_old_size"),
        (shortened, 422, "witness_proof_length"),
        (wrong_way, 422, "witness_proof"),
        (fork.ask(10, 10), 422, "witness_split_view"),
        (fork.ask(10, 20), 422, "witness_split_view"),
    ] {
        let answer = served.ask(&ask).await;
        assert_eq!((answer.status.as_u16(), answer.label().as_str()), (status, label));
    }
    let post = async |path: &str, body: Vec<u8>| served.send(Method::POST, path, body).await;
    for (body, status, label) in [
        (b"old 10\n".to_vec(), 400, "witness_form"),
        (vec![0xff; 9], 400, "witness_form"),
        (vec![b'x'; 200_000], 413, "request_too_large"),
    ] {
        let answer = post("/add-checkpoint", body).await;
        assert_eq!((answer.status.as_u16(), answer.label().as_str()), (status, label));
    }
    for (method, path, status, allow) in [
        (Method::GET, "/add-checkpoint", 405, "POST"),
        (Method::POST, "/health", 405, "GET, HEAD"),
        (Method::GET, "/", 404, ""),
        (Method::GET, "/../key/checkpoint", 404, ""),
        (Method::GET, "/evidence/checkpoint", 404, ""),
        (Method::GET, "/health", 200, ""),
        (Method::HEAD, "/health", 200, ""),
    ] {
        let answer = served.send(method, path, "").await;
        let allowed = answer.headers.get("allow").map_or("", |value| value.to_str().unwrap());
        assert_eq!((answer.status.as_u16(), allowed), (status, allow), "{path}");
    }
    let metrics = served.send(Method::GET, "/metrics", "").await.body;
    let counted = "route=\"/add-checkpoint\",method=\"POST\",status=\"422\",\
                   label=\"witness_split_view\"} 2";
    assert!(metrics.contains(counted), "{metrics}");
    assert_eq!(served.ask(&log.ask(10, 20)).await.status, 200, "nothing was taken from it");
    served.close().await;
}

/// Of two histories that arrive at once, one is cosigned; whatever the other asks, it is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_histories_at_once_are_never_both_cosigned() {
    let logs = [Log::new("log.example", 1, 0), Log::new("log.example", 1, 1)];
    for _ in 0..8 {
        let home = Home::new("w", std::slice::from_ref(&logs[0].key));
        let served = Served::start(&home).await;
        let asks = [0, 1, 0, 1, 0, 1].map(|at| logs[at].ask(0, 50 + at as u64));
        let [a, b, c, d, e, f] = asks.each_ref().map(|ask| served.ask(ask));
        let answers = tokio::join!(a, b, c, d, e, f);
        let answers = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5];
        let good: Vec<_> = (0..6).filter(|at| answers[*at].status == 200).collect();
        assert_eq!(good.len(), 1, "{good:?}");
        let won = good[0] % 2;
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(
                (answer.status.as_u16(), answer.body.clone()),
                (409, format!("{}\n", 50 + won))
            );
        }
        let lost = &logs[1 - won];
        let late = served.ask(&lost.ask(50 + won as u64, 60)).await;
        assert_eq!(late.label(), "witness_split_view");
        served.close().await;
    }
}

fn log_hash(origin: &str) -> String {
    origin.parse::<ledger::checkpoint::Origin>().unwrap().hash().to_string()
}

const LEAVES: u8 = 255;
const NOON_S: i64 = 1_775_012_400;
