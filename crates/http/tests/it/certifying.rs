//! Certificates over the API, and what strangers' tools make of them: `openssl ocsp`, `openssl crl`
//! and `openssl verify -crl_check` ask the same addresses as everybody.

use crate::house::{Answer, CHIYODA, House, OPERATOR};
use app::authority_init::{AuthorityAsked, authority_init};
use authority::CertificateKind;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::{Method, StatusCode};
use keys::{OsEntropy, SoftKeyStore};
use ports::{KeyKind, KeyStore};
use sekisho_http::DoorLimits;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::Ordering;
use x509::{
    CertStatus, Certificate, Crl, IdHash, IssuerId, KeyAlgorithm, Name, OcspRequest, OcspResponse,
    OcspStatus, Serial, assemble, encode_request_info, pem,
};

/// A house with authorities of both kinds and one resident, two hours ago by the machine's clock.
pub(crate) async fn bureau() -> (House, String) {
    bureau_with(DoorLimits::default()).await
}

async fn bureau_with(limits: DoorLimits) -> (House, String) {
    let house = House::open_with(limits).await;
    house.set_seconds_ago(7_200);
    for kind in CertificateKind::ALL {
        let asked = AuthorityAsked { kind, algorithm: KeyAlgorithm::P256 };
        authority_init(&house.platform, &OPERATOR.parse().unwrap(), asked).unwrap();
    }
    let code = house.stock(1).await.remove(0);
    house.enter(1, &code).await;
    (house, code)
}

/// A request of a new key, in DER.
fn request() -> Vec<u8> {
    let keys = SoftKeyStore::in_memory();
    let label = "holder".parse().unwrap();
    let (kind, at) = (KeyKind::Sign(KeyAlgorithm::P256), base::Moment::from_us(0));
    let public = keys.generate(&label, kind, at, &mut OsEntropy::new()).unwrap().public.unwrap();
    let info = encode_request_info(&Name::new([(x509::COMMON_NAME, "whatever")]).unwrap(), &public);
    assemble(&info, KeyAlgorithm::P256, &keys.sign(&label, &info).unwrap())
}

pub(crate) fn application(kind: &str, code: &str) -> Value {
    json!({
        "resident_record_code": code, "kind": kind, "request": STANDARD.encode(request()),
        "card_end": "2036-04-01", "card_has_pins": true,
    })
}

pub(crate) async fn issue(house: &House, kind: &str, code: &str) -> Value {
    let asked = house.post("/v1/certificates", &application(kind, code)).by(CHIYODA);
    asked.once(&format!("issue {kind}")).send().await.done()
}

/// Runs openssl; whether it was content, and all it said.
pub(crate) fn openssl(arguments: &[&str]) -> (bool, String) {
    let run = || Command::new("openssl").args(arguments).output().unwrap();
    let output = tokio::task::block_in_place(run);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

pub(crate) fn file(house: &House, name: &str, content: impl AsRef<[u8]>) -> String {
    let path: PathBuf = house.directory.path().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The certificate of the authority of a kind, as a file, and its word.
pub(crate) async fn authority_file(house: &House, kind: &str) -> (String, String) {
    let all = house.get("/ca").send().await.done();
    let of_kind = all["authorities"].as_array().unwrap().iter().find(|one| one["kind"] == kind);
    let told = of_kind.unwrap();
    let served = house.get(told["certificate"].as_str().unwrap()).send().await;
    assert_eq!(served.header("content-type"), "application/pkix-cert");
    let digest = x509::sha256(&served.body).map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(told["sha256"], digest);
    let text = pem::encode(pem::CERTIFICATE, &served.body);
    let word = told["authority"].as_str().unwrap().to_owned();
    (file(house, &format!("{kind}.pem"), text), word)
}

fn der_of(answer: &Value) -> Vec<u8> {
    pem::decode(answer["certificate"].as_str().unwrap()).unwrap().1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openssl_asks_ocsp() {
    let (house, code) = bureau().await;
    let issued = issue(&house, "authentication", &code).await;
    let (authority, word) = authority_file(&house, "authentication").await;
    assert_eq!(issued["authority"], word);
    let leaf = file(&house, "leaf.pem", issued["certificate"].as_str().unwrap());
    let url = format!("http://{}/ocsp", house.address);
    let ask = |which: &[&str], nonce: &str| {
        let common = ["ocsp", "-url", &url, "-issuer", &authority, "-CAfile", &authority, nonce];
        // The house is two hours behind the machine.
        openssl(&[&common[..], &["-validity_period", "7200"], which].concat())
    };
    for nonce in ["-no_nonce", "-nonce", "-no_nonce"] {
        let (_, said) = ask(&["-cert", &leaf], nonce);
        assert!(said.contains("Response verify OK") && said.contains(": good"), "{said}");
        assert!(!said.contains("WARNING: no nonce"), "{said}");
    }
    let (_, said) = ask(&["-serial", "0x7777"], "-no_nonce");
    assert!(said.contains("Response verify OK") && said.contains(": unknown"), "{said}");

    house.pass_seconds(60);
    let lost = json!({ "resident_record_code": code, "trigger": "card_lost" });
    let ended = house.post("/v1/certificates/end", &lost).by(CHIYODA).once("e").send().await.done();
    assert_eq!(ended["certificates"][0]["serial"], issued["serial"]);
    house.pass_seconds(11);
    for nonce in ["-no_nonce", "-nonce"] {
        let (_, said) = ask(&["-cert", &leaf], nonce);
        assert!(said.contains("Response verify OK") && said.contains(": revoked"), "{said}");
    }
    let metrics = String::from_utf8(house.get("/metrics").send().await.body.to_vec()).unwrap();
    for line in [
        "sekisho_certificates_issued_total 1\n",
        "sekisho_certificates_ended_total 1\n",
        "sekisho_ocsp_prepared_total 1\n",
        "sekisho_ocsp_signed_total 5\n",
    ] {
        assert!(metrics.contains(line), "{line}{metrics}");
    }
    // The authority knows its own certificate, and that of the responder that signs.
    let (_, said) = ask(&["-cert", &authority], "-no_nonce");
    assert!(said.contains("Response verify OK") && said.contains("pem: good"), "{said}");
    let answer = file(&house, "answer.der", "");
    let (_, said) = ask(&["-respout", &answer, "-cert", &leaf], "-nonce");
    assert!(said.contains("Response verify OK"), "{said}");
    let response = std::fs::read(&answer).unwrap();
    let response = OcspResponse::parse(&response).unwrap();
    let responder = Certificate::parse(response.certificates()[0]).unwrap().serial().unwrap();
    let (_, said) = ask(&["-serial", &format!("0x{responder}")], "-no_nonce");
    assert!(said.contains("Response verify OK") && said.contains(": good"), "{said}");
    house.close().await;
}

/// A request about a certificate in DER, with a nonce if one is given.
fn question(certificate: &[u8], authority: &[u8], nonce: Option<&[u8]>) -> Vec<u8> {
    let serial = Certificate::parse(certificate).unwrap().serial().unwrap();
    let authority = Certificate::parse(authority).unwrap();
    let (name, key) = (authority.subject_name().unwrap(), authority.public_key().unwrap());
    let id = IssuerId::new(&name, &key).certificate(IdHash::Sha1, serial);
    OcspRequest { certificates: vec![id], nonce, signed: false }.encode()
}

fn in_address(request: &[u8]) -> String {
    let text = STANDARD.encode(request);
    format!("/ocsp/{}", text.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D"))
}

async fn post_ocsp(house: &House, body: Vec<u8>) -> Answer {
    let asked =
        house.ask(&Method::POST, "/ocsp").header("content-type", "application/ocsp-request");
    asked.raw(body).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ocsp_in_addresses_is_for_caches() {
    let (house, code) = bureau().await;
    let issued = issue(&house, "signature", &code).await;
    let word = issued["authority"].as_str().unwrap();
    let authority = house.get(&format!("/ca/{word}.cer")).send().await.body;
    let plain = question(&der_of(&issued), &authority, None);
    // Once worked out, once from memory; escaped or not, over either version of HTTP.
    let whole = format!("/ocsp/{}", STANDARD.encode(&plain));
    let mut bodies = Vec::new();
    for _ in 0..2 {
        for asked in [house.get(&in_address(&plain)), house.get(&whole).over_http2()] {
            let answer = asked.send().await;
            assert_eq!(answer.header("content-type"), "application/ocsp-response");
            let rule = "max-age=30, public, no-transform, must-revalidate";
            assert_eq!(answer.header("cache-control"), rule);
            bodies.push(answer.body);
        }
    }
    bodies.push(post_ocsp(&house, plain.clone()).await.body);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(OcspResponse::parse(&bodies[0]).unwrap().answers()[0].status, CertStatus::Good);

    let answer = house.get(&in_address(&plain)).send().await;
    let (tag, modified) = (answer.header("etag"), answer.header("last-modified"));
    assert!(!modified.is_empty() && !answer.header("expires").is_empty());
    let known = house.get(&in_address(&plain)).header("if-none-match", tag).send().await;
    assert_eq!((known.status, known.header("etag")), (StatusCode::NOT_MODIFIED, tag));
    // Two answers may be of one second, so a date is no proof of a copy.
    let dated = house.get(&in_address(&plain)).header("if-modified-since", modified).send().await;
    assert_eq!(dated.status, StatusCode::OK);
    let metrics = String::from_utf8(house.get("/metrics").send().await.body.to_vec()).unwrap();
    for line in [
        "sekisho_ocsp_prepared_total 7\n",
        "sekisho_ocsp_signed_total 1\n",
        "{route=\"/ocsp/{+request}\",method=\"GET\",status=\"200\",label=\"\"} 6\n",
    ] {
        assert!(metrics.contains(line), "{line}{metrics}");
    }

    let nonce = question(&der_of(&issued), &authority, Some(&[7; 32]));
    let answers =
        [house.get(&in_address(&nonce)).send().await, post_ocsp(&house, nonce.clone()).await];
    for answer in answers {
        assert_eq!((answer.header("cache-control"), answer.header("etag")), ("no-store", ""));
        assert!(answer.body.windows(32).any(|window| window == [7; 32]));
    }

    // While the keys cannot be reached, what was signed is told; what was not is put off.
    house.sick.store(true, Ordering::SeqCst);
    house.pass_seconds(3_600);
    assert_eq!(house.get(&in_address(&plain)).send().await.body, bodies[0]);
    let late = house.get(&in_address(&nonce)).send().await;
    assert_eq!(&late.body[..], OcspStatus::TryLater.response());
    assert_eq!(late.header("cache-control"), "no-store");
    house.sick.store(false, Ordering::SeqCst);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prepared_answers_are_told_when_the_door_is_full() {
    let limits = DoorLimits { requests_max: 1, ..DoorLimits::default() };
    let (house, code) = bureau_with(limits).await;
    let issued = issue(&house, "signature", &code).await;
    let word = issued["authority"].as_str().unwrap();
    let authority = house.get(&format!("/ca/{word}.cer")).send().await.body;
    let ask = |nonce| house.get(&in_address(&question(&der_of(&issued), &authority, nonce))).send();
    let first = ask(None).await;
    let slow = house.half_sent().await;
    assert_eq!(ask(Some(&[7])).await.label(), "overloaded");
    assert_eq!(ask(None).await.body, first.body);
    drop(slow);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_ocsp_request_is_told_so() {
    let (house, code) = bureau().await;
    let issued = issue(&house, "signature", &code).await;
    let malformed = OcspStatus::MalformedRequest.response();
    for body in [&b""[..], b"\x30\x00", b"hello", &[0x30; 64]] {
        let answer = post_ocsp(&house, body.to_vec()).await;
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &malformed[..]));
    }
    let foreign = question(&der_of(&issued), &der_of(&issued), None);
    let answer = post_ocsp(&house, foreign).await;
    assert_eq!(&answer.body[..], OcspStatus::Unauthorized.response());
    let json = house.post("/ocsp", &json!({})).send().await;
    assert_eq!((json.label().as_str(), json.status.as_u16()), ("request_media_type", 415));
    let bare = house.ask(&Method::POST, "/ocsp").raw("x").send().await;
    assert_eq!(bare.label(), "request_media_type");
    assert_eq!(post_ocsp(&house, vec![0; 1 << 17]).await.label(), "request_too_large");
    for path in ["/ocsp/%", "/ocsp/a", "/ocsp/-_-_", &format!("/ocsp/{}", "A".repeat(3_000))] {
        assert_eq!(house.get(path).send().await.label(), "request_malformed", "{path}");
    }
    assert_eq!(house.get("/ocsp").send().await.label(), "method_not_allowed");
    assert_eq!(house.get("/ocsp/").send().await.label(), "path_absent");
    house.close().await;
}

/// Fetches a list with openssl's help: its text, after its signature was checked.
fn shown(list: &str, authority: &str) -> String {
    let (good, said) =
        openssl(&["crl", "-in", list, "-inform", "DER", "-CAfile", authority, "-noout", "-text"]);
    assert!(good && said.contains("verify OK"), "{said}");
    said
}

fn verified(house: &House, leaf: &str, list: &[u8], authority: &str) -> (bool, String) {
    let text = pem::encode(pem::X509_CRL, list);
    let list = file(house, "list.pem", text);
    openssl(&["verify", "-crl_check", "-CAfile", authority, "-CRLfile", &list, leaf])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_served_and_openssl_goes_by_them() {
    let (house, code) = bureau().await;
    let issued = issue(&house, "signature", &code).await;
    let leaf = file(&house, "leaf.pem", issued["certificate"].as_str().unwrap());
    let (authority, word) = authority_file(&house, "signature").await;
    let path = format!("/crl/{word}/131016.crl");
    assert_eq!(house.get(&path).send().await.label(), "path_absent");
    house.lists.make_due().unwrap();
    let first = house.get(&path).send().await;
    assert_eq!(first.header("content-type"), "application/pkix-crl");
    assert_eq!(first.header("cache-control"), "max-age=30, public, no-transform, must-revalidate");
    shown(&file(&house, "first.crl", &first.body), &authority);
    let (good, said) = verified(&house, &leaf, &first.body, &authority);
    assert!(good, "{said}");
    copies(&house, &path, &first).await;
    read_once_a_second(&house, &path, &first).await;

    house.pass_seconds(600);
    let lost = json!({ "resident_record_code": code, "trigger": "card_lost" });
    house.post("/v1/certificates/end", &lost).by(CHIYODA).once("e").send().await.done();
    // Changes are gathered for five seconds; copies of the list before are kept for thirty.
    house.pass_seconds(5);
    house.lists.make_due().unwrap();
    let tag = first.header("etag");
    let second = house.get(&path).header("if-none-match", tag).send().await;
    assert_eq!(second.status, StatusCode::OK);
    let (good, said) = verified(&house, &leaf, &second.body, &authority);
    assert!(!good && said.contains("certificate revoked"), "{said}");
    let delta = house.get(&path.replace(".crl", "-delta.crl")).send().await;
    let said = shown(&file(&house, "delta.crl", &delta.body), &authority);
    assert!(said.contains("Delta CRL Indicator"), "{said}");
    for list in ["authorities.crl", "platform.crl"] {
        let list = house.get(&format!("/crl/{word}/{list}")).send().await;
        shown(&file(&house, "other.crl", &list.body), &authority);
    }
    let (kind, rest) = word.split_once('/').unwrap();
    for other in ["131016", "131016.crt", "..%2f131016.crl", ".crl", "131024.crl", "x y.crl"] {
        let asked = house.get(&format!("/crl/{kind}/{rest}/{}", other.replace(' ', "%20")));
        assert_eq!(asked.send().await.status, StatusCode::NOT_FOUND, "{other}");
    }
    near_its_end(&house, &path).await;
    let gone = house.get(&format!("/ca/{kind}/0000000000000000.cer")).send().await;
    assert_eq!(gone.label(), "authority_absent");
    house.close().await;
}

/// Whoever asks, the file is looked at once a second.
async fn read_once_a_second(house: &House, path: &str, first: &Answer) {
    let place = house.directory.path().join(path.replace("/crl/", "lists/"));
    let aside = place.with_extension("away");
    std::fs::rename(&place, &aside).unwrap();
    assert_eq!(house.get(path).send().await.body, first.body);
    house.pass_seconds(1);
    assert_eq!(house.get(path).send().await.label(), "path_absent");
    std::fs::rename(&aside, &place).unwrap();
    assert_eq!(house.get(path).send().await.body, first.body);
}

/// Nobody keeps a list beyond the moment at which the next is due.
async fn near_its_end(house: &House, path: &str) {
    let list = house.get(path).send().await.body;
    let due = Crl::parse(&list).unwrap().next_update().unwrap();
    let now = house.platform.clock.now();
    house.pass_seconds(due.seconds() - now.seconds() - 10);
    let answer = house.get(path).send().await;
    assert!(answer.header("cache-control").starts_with("max-age=10,"), "{answer:?}");
    let expires = answer.header("expires").to_owned();
    house.pass_seconds(11);
    let late = house.get(path).send().await;
    assert_eq!((late.header("cache-control"), late.header("expires")), ("no-store", &expires[..]));
}

/// Whoever has a copy is told that it is the newest.
async fn copies(house: &House, path: &str, first: &Answer) {
    let (tag, modified) = (first.header("etag"), first.header("last-modified"));
    assert!(tag.starts_with('"') && tag.len() == 34, "{tag}");
    let ask = |name, value: &str| house.get(path).header(name, value).send();
    for (name, value) in [
        ("if-none-match", tag),
        ("if-none-match", &format!("\"x\", W/{tag}")),
        ("if-none-match", "*"),
        ("if-modified-since", modified),
    ] {
        let answer = ask(name, value).await;
        assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "{name} {value}");
        assert_eq!((answer.header("etag"), answer.header("last-modified")), (tag, modified));
        assert!(answer.header("cache-control").starts_with("max-age="));
    }
    for (name, value) in [
        ("if-none-match", "\"x\""),
        ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("if-modified-since", "yesterday"),
    ] {
        assert_eq!(ask(name, value).await.status, StatusCode::OK, "{name} {value}");
    }
    let both = house.get(path).header("if-none-match", "\"x\"");
    let both = both.header("if-modified-since", modified).send().await;
    assert_eq!(both.status, StatusCode::OK);
    let head = house.ask(&Method::HEAD, path).send().await;
    assert_eq!((head.header("etag"), head.body.len()), (tag, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_is_carried_out_once_and_told_again() {
    let (house, code) = bureau().await;
    let body = application("signature", &code);
    let ask =
        |key: &'static str| house.post("/v1/certificates", &body).by(CHIYODA).once(key).send();
    let first = ask("k").await;
    let answer = first.done();
    let read = Certificate::parse(&der_of(&answer)).unwrap().serial();
    assert_eq!(read, Serial::try_from(answer["serial"].as_u64().unwrap()).ok());
    let again = ask("k").await;
    assert_eq!(again.done(), answer);
    assert_eq!([&first, &again].map(|told| told.header("sekisho-repeated")), ["false", "true"]);
    assert_eq!(first.header("sekisho-act"), answer["act"].to_string());
    assert_eq!(ask("l").await.label(), "certificate_key_used");
    let other = house.post("/v1/certificates", &application("signature", &code)).by(CHIYODA);
    assert_eq!(other.once("k").send().await.label(), "idempotency_key_reused");

    let about = json!({ "resident_record_code": code });
    let list = house.post("/v1/certificates/list", &about).by(CHIYODA).send().await.done();
    let told = &list["certificates"][0];
    assert_eq!((&told["serial"], &told["state"]), (&answer["serial"], &json!("in_force")));
    assert_eq!((&told["act"], &told["reason"]), (&answer["act"], &Value::Null));
    let about = house.post("/v1/acts/about", &about).by(CHIYODA).send().await.done();
    let acts: Vec<_> = about["acts"].as_array().unwrap().iter().skip(1).collect();
    let acts: Vec<_> = acts
        .iter()
        .map(|act| (act["action"].as_str().unwrap(), act["outcome"].as_str().unwrap()))
        .collect();
    let expected = [
        ("certificate_issue", "intended"),
        ("certificate_issue", "done"),
        ("certificate_issue", "read"),
        ("certificate_issue", "refused:certificate_key_used"),
        ("certificate_explain", "read"),
    ];
    assert_eq!(acts, expected);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sick_device_only_puts_an_application_off() {
    let (house, code) = bureau().await;
    let body = application("authentication", &code);
    let ask = || house.post("/v1/certificates", &body).by(CHIYODA).once("k").send();
    house.sick.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let late = ask().await;
        assert_eq!((late.status.as_u16(), late.header("retry-after")), (503, "1"));
    }
    let whose = json!({ "resident_record_code": code });
    let list = house.post("/v1/certificates/list", &whose).by(CHIYODA).send().await.done();
    assert_eq!(list["certificates"][0]["state"], "intended");
    let other = application("authentication", &code);
    let other = house.post("/v1/certificates", &other).by(CHIYODA).once("l").send().await;
    assert_eq!(
        (other.label().as_str(), other.status.as_u16()),
        ("certificate_issuance_under_way", 409)
    );
    house.sick.store(false, Ordering::SeqCst);
    let done = ask().await;
    assert_eq!(done.header("sekisho-repeated"), "true");
    assert_eq!(done.done()["serial"], list["certificates"][0]["serial"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_is_released() {
    let (house, code) = bureau().await;
    let issued = issue(&house, "authentication", &code).await;
    house.pass_seconds(60);
    let whose = json!({ "resident_record_code": code });
    let missing = json!({ "resident_record_code": code, "trigger": "reported_missing" });
    let back = json!({ "resident_record_code": code, "kind": "authentication" });
    let end = || house.post("/v1/certificates/end", &missing).by(OPERATOR).once("h").send();
    let release = || house.post("/v1/certificates/release", &back).by(CHIYODA).once("r").send();
    assert_eq!(release().await.label(), "certificate_not_held");
    let state = async || {
        let list = house.post("/v1/certificates/list", &whose).by(CHIYODA).send().await.done();
        list["certificates"][0]["state"].as_str().unwrap().to_owned()
    };
    let held = end().await;
    assert_eq!(state().await, "held");
    assert_eq!(held.done()["certificates"][0]["serial"], issued["serial"]);
    assert_eq!((end().await.done(), end().await.header("sekisho-repeated")), (held.done(), "true"));
    house.pass_seconds(60);
    let released = release().await.done();
    assert_eq!(released["certificates"][0]["authority"], issued["authority"]);
    assert_eq!(release().await.done(), released);
    assert_eq!(state().await, "released");

    let trigger = |word: &str| json!({ "resident_record_code": code, "trigger": word });
    let told = |body: Value| house.post("/v1/certificates/end", &body).by(CHIYODA).once("t").send();
    assert_eq!(told(trigger("died")).await.label(), "trigger_of_register");
    assert_eq!(told(trigger("boredom")).await.label(), "request_malformed");
    // What touches nothing is refused, and on record as that, whoever's report it is.
    for word in ["applied_for_signature", "signature_recorded_wrongly"] {
        assert_eq!(told(trigger(word)).await.label(), "certificate_absent", "{word}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_applications_are_refused_with_their_reason() {
    let (house, code) = bureau().await;
    let good = application("signature", &code);
    let mut der = request();
    *der.last_mut().unwrap() ^= 1;
    let wrong = STANDARD.encode(&der);
    let text = pem::encode(pem::CERTIFICATE_REQUEST, &der);
    for (member, value, label, field) in [
        ("request", json!("hello"), "request_pem", "request"),
        ("request", json!(""), "der_truncated", "request"),
        ("request", json!(wrong), "proof_of_possession", "request"),
        ("request", json!(text), "proof_of_possession", "request"),
        ("request", json!(7), "request_malformed", "request"),
        ("kind", json!("encryption"), "request_malformed", "kind"),
        ("card_end", json!("2036-04-31"), "feed_date", "card_end"),
        ("card_end", Value::Null, "request_malformed", "card_end"),
        ("card_has_pins", json!("yes"), "request_malformed", "card_has_pins"),
        ("algorithm", json!("ed25519"), "request_malformed", "algorithm"),
        ("algorithm", json!("p384"), "authority_absent", ""),
        ("card_has_pins", json!(false), "certificate_card_without_pin", ""),
        ("card_end", json!("2020-01-01"), "certificate_card_expired", ""),
        ("is_ward", json!(true), "certificate_holder_is_ward", ""),
        ("resident_record_code", json!("24727059608"), "resident_absent", ""),
    ] {
        let mut body = good.clone();
        body[member] = value;
        let answer = house.post("/v1/certificates", &body).by(CHIYODA).once("k").send().await;
        let told = (answer.label(), answer.json()["field"].as_str().unwrap_or("").to_owned());
        assert_eq!(told, (label.to_owned(), field.to_owned()), "{member}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(&code));
    }
    let bare = house.post("/v1/certificates", &good).by(CHIYODA).send().await;
    assert_eq!(bare.label(), "idempotency_key_missing");
    // None of it used the key up.
    house.post("/v1/certificates", &good).by(CHIYODA).once("k").send().await.done();
    house.close().await;
}
