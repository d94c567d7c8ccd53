//! Marked residents go through every road; their marks come out nowhere but in the answers that are
//! meant to hold them: not in problems, metrics, logs, the public ledger, or the store's file.

use crate::certifying::application;
use crate::house::{AGENCY, Answer, CHIYODA, House, OPERATOR, message};
use app::authority_init::{AuthorityAsked, authority_init};
use authority::CertificateKind;
use hyper::Method;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::{Arc, Mutex};
use x509::KeyAlgorithm;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything at every level, of every crate, that is logged from now on.
fn listen() -> Log {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    log
}

fn marked(sequence: u64, code: &str) -> Value {
    let mut message = message(sequence, code);
    message["name"] = MARKS[0].into();
    message["name_kana"] = MARKS[1].into();
    message["address"] = MARKS[2].into();
    message["birth_date"] = MARKS[3].into();
    message["postal_code"] = MARKS[4].into();
    message
}

fn check(what: &str, bytes: &[u8], marks: &[String]) {
    for mark in marks {
        let found = bytes.windows(mark.len()).any(|window| window == mark.as_bytes());
        assert!(!found, "{what} shows {mark}");
    }
}

fn check_problem(answer: &Answer, marks: &[String]) {
    assert!(!answer.status.is_success());
    check("a problem", &answer.body, marks);
    check("a header", format!("{:?}", answer.headers).as_bytes(), marks);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_come_out_nowhere() {
    let log = listen();
    let house = House::open().await;
    let codes = house.stock(3).await;
    let events = "/v1/feed/131016/events";
    let list = json!([marked(1, &codes[0]), marked(3, &codes[1])]);
    house.post(events, &list).by(CHIYODA).over_http2().send().await.done();
    let whose = json!({ "resident_record_code": codes[0] });
    let told = house.post("/v1/numbers/ask", &whose).by(AGENCY).purpose("tax").send().await.done();
    let number = told["individual_number"].as_str().unwrap().to_owned();
    let mut marks: Vec<String> = MARKS.iter().map(ToString::to_string).collect();
    marks.extend([codes[0].clone(), codes[1].clone(), number.clone()]);

    certify(&house, &codes[0]).await;
    for answer in refused(&house, &codes, &number).await {
        check_problem(&answer, &marks);
    }
    house.publish();
    let word = house.get("/ca").send().await.done()["authorities"][0]["authority"].clone();
    let list = format!("/crl/{}/131016.crl", word.as_str().unwrap());
    let public = ["/metrics", "/ready", "/tile/entries/000.p/3", "/ca", &list];
    for path in public.into_iter().chain(["/v1/feed/131016", "/v1/acts/1"]) {
        let answer = house.get(path).by(CHIYODA).send().await;
        assert!(answer.status.is_success(), "{path}");
        check(path, &answer.body, &marks);
    }
    for file in std::fs::read_dir(house.directory.path()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            check(path.to_str().unwrap(), &std::fs::read(&path).unwrap(), &marks);
        }
    }
    house.close().await;
    let logged = log.0.lock().unwrap().clone();
    assert!(!logged.is_empty());
    check("the log", &logged, &marks);
}

/// A marked resident's signature certificate, which shows the marks, is issued and revoked.
async fn certify(house: &House, code: &str) {
    let asked = AuthorityAsked { kind: CertificateKind::Signature, algorithm: KeyAlgorithm::P256 };
    authority_init(&house.platform, &OPERATOR.parse().unwrap(), asked).unwrap();
    let application = application("signature", code);
    let asked = || house.post("/v1/certificates", &application).by(CHIYODA).once("c").send();
    assert_eq!(asked().await.done(), asked().await.done());
    let whose = json!({ "resident_record_code": code });
    house.post("/v1/certificates/list", &whose).by(CHIYODA).send().await.done();
    house.pass_seconds(60);
    let lost = json!({ "resident_record_code": code, "trigger": "card_lost" });
    house.post("/v1/certificates/end", &lost).by(CHIYODA).once("e").send().await.done();
    house.lists.make_due().unwrap();
}

/// Requests with marks in every place, none of which is done.
async fn refused(house: &House, codes: &[String], number: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    let events = "/v1/feed/131016/events";
    for member in ["municipality", "sequence", "event", "event_date", "sex", "postal_code", "x"] {
        for mark in [MARKS[0], MARKS[3], number] {
            let mut message = marked(2, &codes[2]);
            message[member] = mark.into();
            if (member, mark) != ("event_date", MARKS[3]) {
                answers.push(house.post(events, &message).by(CHIYODA).send().await);
            }
        }
    }
    let text = marked(1, &codes[1]).to_string();
    let half = &text.as_bytes()[..text.len() - 9];
    answers.push(house.ask(&Method::POST, events).by(CHIYODA).json(half.to_vec()).send().await);
    answers.push(house.ask(&Method::POST, events).by(CHIYODA).json(text).send().await);
    let change = json!({
        "municipality": "131016", "resident_record_code": codes[1], "ground": "request",
        "reason": "theft", "current": number,
    });
    answers.push(house.post("/v1/numbers/change", &change).by(CHIYODA).once("k").send().await);
    let name = json!({ "name": MARKS[0], "birth_date": "1950-01-01" });
    answers.push(house.post("/v1/numbers/ask", &name).by(AGENCY).purpose("tax").send().await);
    let unknown = json!({ number: MARKS[0] });
    for (member, mark) in [("kind", MARKS[0]), ("request", MARKS[2]), ("card_end", number)] {
        let mut body = application("signature", &codes[0]);
        body[member] = mark.into();
        answers.push(house.post("/v1/certificates", &body).by(CHIYODA).once("m").send().await);
    }
    for path in [
        "/v1/numbers/ask",
        "/v1/numbers/change",
        "/v1/acts/about",
        "/v1/stocks/131016",
        "/v1/certificates",
        "/v1/certificates/end",
        "/v1/certificates/release",
        "/v1/certificates/list",
    ] {
        let asked = house.post(path, &unknown).by(CHIYODA).once("k");
        let asked = if path.ends_with("ask") { asked.purpose("tax") } else { asked };
        answers.push(asked.send().await);
    }
    for path in [
        "/v1/numbers/",
        "/v1/acts/",
        "/v1/feed/",
        "/tile/",
        "/v1/feed/131016?after=",
        "/crl/signature/0123456789abcdef/",
        "/ca/signature/",
        "/ocsp/-",
        "/timestamps/",
    ] {
        answers.push(house.get(&format!("{path}{number}x")).by(CHIYODA).send().await);
    }
    let purpose = house.get("/v1/feed/131016").by(CHIYODA).purpose(number).send().await;
    let token = format!("Bearer {number}");
    let token = house.get("/v1/feed/131016").header("authorization", &token).send().await;
    answers.extend([purpose, token]);
    answers
}

const MARKS: [&str; 5] = [
    "印標　目立子",
    "シルシ　メダツコ",
    "東京都千代田区目印町九丁目９９番９号",
    "1987-06-05",
    "1029876",
];
