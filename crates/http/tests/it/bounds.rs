//! How much the door takes: bodies, headers, time, connections, requests.

use crate::house::{CHIYODA, House};
use app::Committer;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes, Frame};
use hyper::{Method, Request, StatusCode};
use sekisho_http::{ApiState, Door, DoorLimits};
use serde_json::Value;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use store::PublicationDirectory;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

fn quick() -> DoorLimits {
    DoorLimits {
        header_timeout: Duration::from_millis(300),
        body_timeout: Duration::from_millis(300),
        idle_timeout: Duration::from_millis(300),
        drain_timeout: Duration::from_millis(500),
        ..DoorLimits::default()
    }
}

async fn connect(house: &House) -> TcpStream {
    TcpStream::connect(house.address).await.unwrap()
}

/// Reads until the other side closes; fails if it does not.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await;
    // A reset is an end too.
    let _ = read.expect("the connection was not closed");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Status, and label of the problem in the body.
fn told(answer: &str) -> (u16, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    (status, body["label"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_has_a_size() {
    let house = House::open().await;
    let big = vec![b' '; (1 << 20) + 1];
    let events = "/v1/feed/131016/events";
    let post = |body: Vec<u8>| house.ask(&Method::POST, events).by(CHIYODA).json(body).send();
    let answer = post(big).await;
    assert_eq!(
        (answer.status, answer.label().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "request_too_large")
    );
    assert_eq!(post(vec![b' '; 1 << 20]).await.label(), "request_malformed");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_say_its_size_is_cut_off_too() {
    let house = House::open().await;
    let mut stream = connect(&house).await;
    let head = format!(
        "POST /v1/feed/131016/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n",
        house.token(CHIYODA)
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let (mut reader, mut writer) = stream.split();
    let write = async {
        for _ in 0..17 {
            if writer.write_all(chunk.as_bytes()).await.is_err() {
                return;
            }
        }
    };
    let mut answer = vec![0; 4_096];
    let (_, read) = tokio::join!(write, reader.read(&mut answer));
    let answer = String::from_utf8_lossy(&answer[..read.unwrap()]).into_owned();
    assert_eq!(told(&answer), (413, "request_too_large".into()));
    drop(stream);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_have_a_size() {
    let house = House::open().await;
    for (length, status) in [(1_000, 200), (17_000, 413)] {
        let long = "x".repeat(length);
        let answer = house.get("/v1/feed/131016").by(CHIYODA).header("x-long", &long).send().await;
        assert_eq!(answer.status.as_u16(), status);
        let answer = house.get("/v1/feed/131016").by(CHIYODA).header("x-long", &long).over_http2();
        assert_eq!(answer.send().await.status.as_u16(), status);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_slow_or_silent_is_let_go() {
    let house = House::open_with(quick()).await;
    for beginning in
        ["", "GET /hea", "GET /health HTTP/1.1\r\nx: ", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut stream = connect(&house).await;
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let heard = rest(&mut stream).await;
        assert!(!heard.contains("200 OK"), "{beginning}");
    }
    // After an answer a connection may be silent for a while, and is then closed.
    let mut stream = connect(&house).await;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(rest(&mut stream).await.contains("alive"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let house = House::open_with(quick()).await;
    let mut stream = connect(&house).await;
    stream.write_all(post_head(&house, 10).as_bytes()).await.unwrap();
    assert_eq!(told(&rest(&mut stream).await), (408, "request_timeout".into()));
    house.close().await;
}

fn post_head(house: &House, length: usize) -> String {
    format!(
        "POST /v1/feed/131016/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n",
        house.token(CHIYODA)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_too_many_is_told_so() {
    let house = House::open_with(DoorLimits { connections_max: 2, ..DoorLimits::default() }).await;
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(&house).await;
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 1_024];
        assert!(stream.read(&mut answer).await.unwrap() > 0);
        kept.push(stream);
    }
    let mut third = connect(&house).await;
    third.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let answer = rest(&mut third).await;
    assert_eq!(told(&answer), (503, "overloaded".into()));
    assert!(answer.contains("retry-after: 1\r\n"));

    kept.pop();
    let metrics = async {
        loop {
            if let Ok(text) = try_metrics(&house).await {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let metrics = timeout(Duration::from_secs(10), metrics).await.unwrap();
    assert!(!metrics.contains("sekisho_http_connections_turned_away_total 0\n"));
    drop(kept);
    house.close().await;
}

async fn try_metrics(house: &House) -> Result<String, ()> {
    let mut stream = connect(house).await;
    let ask = b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(ask).await.map_err(drop)?;
    let text = rest(&mut stream).await;
    if text.starts_with("HTTP/1.1 200") { Ok(text) } else { Err(()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_too_many_is_told_so_and_probes_still_work() {
    let limits = DoorLimits { requests_max: 1, ..DoorLimits::default() };
    let house = House::open_with(limits).await;
    let mut slow = house.half_sent().await;
    let refused = house.get("/v1/feed/131016").by(CHIYODA).send().await;
    assert_eq!((refused.label().as_str(), refused.header("retry-after")), ("overloaded", "1"));
    for path in ["/health", "/ready", "/metrics", "/openapi.json"] {
        assert_eq!(house.get(path).send().await.status, StatusCode::OK, "{path}");
    }
    slow.write_all(b"{}]").await.unwrap();
    let mut answer = vec![0; 4_096];
    let read = slow.read(&mut answer).await.unwrap();
    assert!(String::from_utf8_lossy(&answer[..read]).contains("feed_field_missing"));
    drop(slow);
    assert_eq!(house.get("/v1/feed/131016").by(CHIYODA).send().await.status, StatusCode::OK);
    house.close().await;
}

/// A body that breaks off after its first part.
struct Broken(bool);

impl Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let first = std::mem::replace(&mut self.0, true);
        let frame = if first {
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
        } else {
            Ok(Frame::data(Bytes::from_static(b"{")))
        };
        Poll::Ready(Some(frame))
    }
}

async fn in_process(house: &House, limits: DoorLimits, request: Request<Broken>) -> String {
    let committer = Arc::new(Committer::start(house.platform.clone()).unwrap());
    let publication = PublicationDirectory::open(&house.directory.path().join("public")).unwrap();
    let mut state = ApiState::new(house.platform.clone(), committer, Arc::new(publication));
    state.limits = limits;
    let response = Door::new(state).answer(request).await;
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    problem["label"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_door_answers_without_a_network_too() {
    let house = House::open().await;
    let bearer = format!("Bearer {}", house.token(CHIYODA));
    let request = Request::post("/v1/feed/131016/events")
        .header("authorization", &bearer)
        .header("content-type", "application/json")
        .body(Broken(false))
        .unwrap();
    let label = in_process(&house, DoorLimits::default(), request).await;
    assert_eq!(label, "request_malformed");

    // Without a place to look there is no answer in time.
    let answer_timeout = Duration::from_millis(50);
    let limits = DoorLimits { looks_max: 0, answer_timeout, ..DoorLimits::default() };
    let request = Request::get("/checkpoint").body(Broken(true)).unwrap();
    assert_eq!(in_process(&house, limits, request).await, "overloaded");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_leaves_the_connection_usable_unless_too_much_is_coming() {
    let house = House::open().await;
    for (bytes, kept) in [(100_000, true), (6 << 20, false)] {
        let mut stream = connect(&house).await;
        let head =
            format!("POST /v1/numbers/ask HTTP/1.1\r\nhost: x\r\ncontent-length: {bytes}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let _ = stream.write_all(&vec![b' '; bytes]).await;
        let mut answer = vec![0; 4_096];
        let read = stream.read(&mut answer).await.unwrap_or(0);
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert_eq!(told(&answer), (401, "caller_unknown".into()));
        assert_eq!(!answer.contains("connection: close"), kept);
    }
    house.close().await;
}
