//! Verifiers over the API: what they are told, with what they owe; and what is refused.

use crate::certifying::{bureau, issue};
use crate::house::{CHIYODA, House, OPERATOR, SETAGAYA};
use app::verifiers::{verifier_change, verifier_register};
use authority::verifier::{Change, Filing, VerifierKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use serde_json::{Value, json};
use x509::pem;

const BANK: &str = "verifier:bank-1";
const STATUS: &str = "/v1/certificates/status";

fn register(house: &House, name: &str, kind: VerifierKind) {
    let approval = kind.needs_approval().then(|| "認定第１号".parse().unwrap());
    let providers =
        if kind.has_providers() { vec!["shop=通販".parse().unwrap()] } else { vec![] };
    let filing = Filing::new(kind, "口座開設".parse().unwrap(), approval, providers).unwrap();
    app::commit::transact(&house.platform, |work| {
        verifier_register(work, &OPERATOR.parse().unwrap(), name, &filing).map(drop)
    })
    .unwrap();
}

fn suspend(house: &House, name: &str) {
    app::commit::transact(&house.platform, |work| {
        verifier_change(work, &OPERATOR.parse().unwrap(), name, Change::Suspend).map(drop)
    })
    .unwrap();
}

fn base64_of(issued: &Value) -> String {
    STANDARD.encode(pem::decode(issued["certificate"].as_str().unwrap()).unwrap().1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_told_with_what_is_owed_for_it() {
    let (house, code) = bureau().await;
    let issued = issue(&house, "authentication", &code).await;
    register(&house, "bank-1", VerifierKind::ApprovedFirm);
    let asked = json!({ "certificates": [
        { "certificate": base64_of(&issued) },
        { "issuer": "00".repeat(20), "serial": 1 },
    ] });
    let answer = house.post(STATUS, &asked).by(BANK).send().await.done();
    let told = &answer["certificates"];
    let act = |at: usize| told[at]["act"].as_u64().unwrap();
    assert_eq!(act(1), act(0) + 1, "an act for each");
    assert_eq!((&told[0]["status"], &told[1]["status"]), (&json!("good"), &json!("unknown")));
    assert!(told[0]["not_after"].is_string() && told[1]["not_after"].is_null());
    let duties = answer["owed"]["duties"].as_array().unwrap();
    assert!(duties.iter().any(|duty| duty["duty"] == "revocation_to_check_only"));
    assert_eq!(answer["owed"]["keeping"][0]["keeping"], "revocation_until_checked");

    let lost = json!({ "resident_record_code": code, "trigger": "card_lost" });
    house.pass_seconds(60);
    house.post("/v1/certificates/end", &lost).by(CHIYODA).once("e").send().await.done();
    let answer = house.post(STATUS, &asked).by(BANK).send().await.done();
    let told = &answer["certificates"][0];
    assert_eq!((&told["status"], &told["reason"]), (&json!("revoked"), &json!(1)));
    let whose = json!({ "resident_record_code": code });
    let seen = house.post("/v1/acts/about", &whose).by(CHIYODA).send().await.done();
    let seen = seen["acts"].as_array().unwrap();
    assert_eq!(seen.iter().filter(|act| act["actor"] == BANK).count(), 2);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_ask_is_refused() {
    let (house, code) = bureau().await;
    let issued = issue(&house, "authentication", &code).await;
    register(&house, "bank-1", VerifierKind::ApprovedFirm);
    register(&house, "hub", VerifierKind::PlatformOperator);
    register(&house, "union", VerifierKind::ProfessionalAssociation);
    let one = json!({ "certificate": base64_of(&issued) });
    let asked = json!({ "certificates": [one] });
    let label = |by: &'static str, path: &'static str, body: Value| {
        let asked = house.post(path, &body).by(by).send();
        async move {
            let answer = asked.await;
            (answer.status, answer.label())
        }
    };
    let refused = |status: StatusCode, label: &str| (status, label.to_owned());
    let forbidden = |word| refused(StatusCode::FORBIDDEN, word);
    let unfit = |word| refused(StatusCode::UNPROCESSABLE_ENTITY, word);
    let unknown = label("verifier:stranger", STATUS, asked.clone()).await;
    assert_eq!(unknown, forbidden("verifier_unregistered"));
    assert_eq!(label(CHIYODA, STATUS, asked.clone()).await, forbidden("permit_refused"));
    let missing = label("verifier:hub", STATUS, asked.clone()).await;
    assert_eq!(missing, unfit("verifier_provider_missing"));
    let mut for_shop = asked.clone();
    for_shop["provider"] = "shop".into();
    house.post(STATUS, &for_shop).by("verifier:hub").send().await.done();
    let link = "/v1/certificates/link";
    assert_eq!(label("verifier:union", link, one.clone()).await, forbidden("verifier_right"));
    let absent = refused(StatusCode::NOT_FOUND, "certificate_link_absent");
    assert_eq!(label(BANK, link, one.clone()).await, absent);
    suspend(&house, "bank-1");
    assert_eq!(label(BANK, STATUS, asked).await, forbidden("verifier_suspended"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_name_nothing_are_refused_by_place() {
    let (house, _) = bureau().await;
    register(&house, "bank-1", VerifierKind::ApprovedFirm);
    let number = json!({ "issuer": "00".repeat(20), "serial": 1 });
    for (body, field, line) in [
        (json!({}), Some("certificates"), None),
        (json!({ "certificates": [] }), Some("certificates"), None),
        (json!({ "certificates": vec![number.clone(); 1_001] }), Some("certificates"), None),
        (json!({ "certificates": [number, {}] }), None, Some(2)),
        (json!({ "certificates": [{ "issuer": "00", "serial": 1 }] }), Some("issuer"), Some(1)),
        (json!({ "certificates": [{ "certificate": "%" }] }), Some("certificate"), Some(1)),
        (json!({ "certificates": [{ "certificate": "MAA=" }] }), Some("certificate"), Some(1)),
        (json!({ "certificates": [7] }), None, Some(1)),
    ] {
        let answer = house.post(STATUS, &body).by(BANK).send().await;
        let problem = answer.json();
        assert!(answer.status.is_client_error(), "{problem}");
        assert_eq!(problem["field"].as_str(), field, "{problem}");
        assert_eq!(problem["line"].as_u64(), line, "{problem}");
    }
    let attributes = "/v1/certificates/attributes";
    let body = json!({ "statement": "I consent.", "signature": "AA==" });
    let answer = house.post(attributes, &body).by(BANK).send().await;
    assert_eq!(answer.label(), "consent_malformed");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_a_certificate_is_not_valid_is_told_in_two_languages() {
    let (house, code) = bureau().await;
    let issued = issue(&house, "authentication", &code).await;
    let path = "/v1/certificates/explain";
    let mut asked = json!({ "certificate": base64_of(&issued) });
    let good = house.post(path, &asked).by(CHIYODA).send().await.done();
    assert_eq!((&good["valid"], &good["reasons"]), (&json!(true), &json!([])));
    let other = house.post(path, &asked).by(SETAGAYA).send().await;
    assert_eq!(other.label(), "certificate_absent");
    asked["wanted"] = "signature".into();
    let told = house.post(path, &asked).by(OPERATOR).send().await.done();
    let reason = &told["reasons"][0];
    assert_eq!((&told["valid"], &reason["label"]), (&json!(false), &json!("other_purpose")));
    assert_eq!(
        reason["text"],
        "It is an authentication certificate: it does not serve for signing."
    );
    assert!(reason["text_ja"].as_str().unwrap().ends_with('。'));
    let none = json!({ "certificate": STANDARD.encode("nothing") });
    let told = house.post(path, &none).by(CHIYODA).send().await.done();
    assert_eq!(told["reasons"][0]["label"], "malformed");
    let refused = house.post(path, &none).by(BANK).send().await;
    assert_eq!(refused.label(), "permit_refused");
    house.close().await;
}
