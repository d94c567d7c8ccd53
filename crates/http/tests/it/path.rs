//! Path validation over the API: what the caller hands in is all that counts.

use crate::certifying::{bureau, issue};
use crate::house::{AUDITOR, CHIYODA, House};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::StatusCode;
use serde_json::{Value, json};
use x509::pem;

const VERIFY: &str = "/v1/certificates/verify";

/// The certificate, its authority's and the list of its municipality, as a question.
async fn question(house: &House, issued: &Value) -> Value {
    house.lists.make_due().unwrap();
    let word = issued["authority"].as_str().unwrap();
    let authority = house.get(&format!("/ca/{word}.cer")).send().await.body;
    let list = house.get(&format!("/crl/{word}/131016.crl")).send().await.body;
    let leaf = pem::decode(issued["certificate"].as_str().unwrap()).unwrap().1;
    json!({
        "certificate": STANDARD.encode(leaf),
        "anchors": [STANDARD.encode(authority)],
        "lists": [STANDARD.encode(list)],
    })
}

async fn ask(house: &House, body: &Value) -> Value {
    house.post(VERIFY, body).by(AUDITOR).send().await.done()
}

fn with(body: &Value, changes: &Value) -> Value {
    let mut body = body.clone();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_is_the_path_or_the_reason() {
    let (house, code) = bureau().await;
    let issued = issue(&house, "authentication", &code).await;
    let good = question(&house, &issued).await;
    let answer = ask(&house, &good).await;
    assert_eq!((&answer["accepted"], answer["path"].as_array().unwrap().len()), (&json!(true), 2));
    let policy = answer["policies"][0].as_str().unwrap().to_owned();
    for accepted in [
        json!({ "purpose": "client", "policies": [policy] }),
        json!({ "lists": [], "revocation": "none" }),
        json!({ "lists": [], "revocation": "if_present", "explicit_policy": true }),
    ] {
        assert_eq!(ask(&house, &with(&good, &accepted)).await["accepted"], true, "{accepted}");
    }
    let other = issue(&house, "signature", &code).await;
    let other = question(&house, &other).await;
    for (changes, label) in [
        (json!({ "purpose": "server" }), "path_purpose"),
        (json!({ "policies": ["1.2.3"] }), "path_policy"),
        (json!({ "lists": [] }), "path_revocation_unknown"),
        (json!({ "lists": other["lists"] }), "path_revocation_unknown"),
        (json!({ "anchors": other["anchors"] }), "path_issuer_unknown"),
        (json!({ "time": "2100-01-01T00:00:00Z" }), "path_expired"),
        (json!({ "time": "2001-01-01T00:00:00Z" }), "path_not_yet_valid"),
        (json!({ "certificate": STANDARD.encode("hello") }), "path_malformed"),
    ] {
        let answer = ask(&house, &with(&good, &changes)).await;
        assert_eq!(answer["accepted"], false);
        assert_eq!(answer["refusal"]["label"], label, "{changes}");
    }
    let lost = json!({ "resident_record_code": code, "trigger": "card_lost" });
    house.post("/v1/certificates/end", &lost).by(CHIYODA).once("e").send().await.done();
    house.pass_seconds(60);
    let ended = question(&house, &issued).await;
    let refusal = ask(&house, &ended).await["refusal"].clone();
    assert_eq!((&refusal["label"], &refusal["depth"]), (&json!("path_revoked"), &json!(0)));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_named_by_its_place() {
    let (house, code) = bureau().await;
    let issued = issue(&house, "authentication", &code).await;
    let good = question(&house, &issued).await;
    let anchor = &good["anchors"][0];
    for (changes, label, field, line) in [
        (json!({ "anchors": [] }), "request_malformed", "anchors", None),
        (json!({ "anchors": null }), "request_malformed", "anchors", None),
        (json!({ "anchors": [anchor, "?"] }), "request_malformed", "anchors", Some(2)),
        (json!({ "anchors": [anchor, "MIIC"] }), "path_malformed", "anchors", Some(2)),
        (json!({ "intermediates": ["MIIC"] }), "path_malformed", "intermediates", Some(1)),
        (json!({ "lists": [anchor] }), "path_crl_malformed", "lists", Some(1)),
        (json!({ "certificate": "?" }), "request_malformed", "certificate", None),
        (json!({ "certificate": null }), "request_malformed", "certificate", None),
        (json!({ "time": "tomorrow" }), "request_malformed", "time", None),
        (json!({ "purpose": "all" }), "request_malformed", "purpose", None),
        (json!({ "revocation": "maybe" }), "request_malformed", "revocation", None),
        (json!({ "policies": ["one"] }), "request_malformed", "policies", None),
        (json!({ "explicit_policy": 1 }), "request_malformed", "explicit_policy", None),
    ] {
        let answer = house.post(VERIFY, &with(&good, &changes)).by(AUDITOR).send().await;
        let told = answer.json();
        assert_eq!(answer.label(), label, "{changes}");
        assert_eq!((told["field"].as_str(), told["line"].as_u64()), (Some(field), line));
        assert!(answer.status.is_client_error());
    }
    let nobody = house.post(VERIFY, &good).send().await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    house.close().await;
}
