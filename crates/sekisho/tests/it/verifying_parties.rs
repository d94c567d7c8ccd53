//! Verifiers on the real program: registered, asking over the API with consents that `openssl`
//! signed, suspended; and certificates explained with and without a platform.

use crate::bureau::{Bureau, P256, RSA, base64_of, openssl};
use crate::feeds::CHIYODA;
use crate::house::House;
use crate::serving::Serving;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

const PURPOSE: &str = "口座開設時の本人確認";

/// Posts as a caller; the status and the JSON of the answer.
pub(crate) fn post(serving: &Serving, token: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: sekisho\r\nConnection: close\r\nAuthorization: Bearer \
         {token}\r\nIdempotency-Key: once\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer[9..12].parse().unwrap();
    let (_, json) = answer.split_once("\r\n\r\n").unwrap();
    (status, serde_json::from_str(json).unwrap())
}

pub(crate) fn token(house: &House, actor: &str) -> String {
    house.ask(&["token", actor]).good()["token"].as_str().unwrap().to_owned()
}

fn register(house: &House, name: &str) -> Value {
    let what = ["--kind", "approved_firm", "--purpose", PURPOSE, "--approval", "認定第１号"];
    house.ask(&[&["verifiers", "register", name], &what[..]].concat()).good()
}

/// A resident with both certificates; the authentication key is RSA, as on today's cards.
fn bureau() -> Bureau {
    let bureau = Bureau::open("p256", 1);
    for (kind, key) in [("signature", P256), ("authentication", RSA)] {
        let request = bureau.request(kind, key);
        bureau.issue(kind, 0, &request, &format!("{kind}.pem")).good();
        let (pem, der) = (bureau.at(&format!("{kind}.pem")), bureau.at(&format!("{kind}.der")));
        openssl(&["x509", "-in", &pem, "-outform", "DER", "-out", &der]);
    }
    bureau
}

/// A consent to a verifier, as a stranger's client makes it.
fn consent(bureau: &Bureau, verifier: &str, kind: &str, nonce: u8) -> Value {
    let text = bureau.text(&format!("{kind}.pem"));
    let after = text.split_once("keyid:").unwrap().1;
    let issuer = after.lines().next().unwrap().trim().replace(':', "").to_lowercase();
    let pem = bureau.at(&format!("{kind}.pem"));
    let serial = openssl(&["x509", "-noout", "-serial", "-in", &pem]);
    let serial = u64::from_str_radix(serial.trim().strip_prefix("serial=").unwrap(), 16).unwrap();
    let now = jiff::Timestamp::now().as_second();
    let time = jiff::Timestamp::from_second(now).unwrap();
    let nonce = format!("{nonce:02x}").repeat(16);
    let statement = format!(
        "sekisho.consent.v1\ntell: name address birth_date sex\nverifier: {verifier}\npurpose: \
         {PURPOSE}\nissuer: {issuer}\nserial: {serial}\ntime: {time}\nnonce: {nonce}\n"
    );
    let (file, signature) =
        (bureau.house.write("statement", &statement), bureau.at("statement.sig"));
    let key = bureau.at(&format!("{kind}.key"));
    openssl(&["dgst", "-sha256", "-sign", &key, "-out", &signature, &file]);
    json!({ "statement": statement, "signature": base64_of(&signature) })
}

fn label(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["label"].as_str().unwrap_or_default())
}

const ATTRIBUTES: &str = "/v1/certificates/attributes";

#[test]
fn a_verifier_asks_with_a_consent_that_openssl_signed() {
    let bureau = bureau();
    let house = &bureau.house;
    let acts = || house.ask(&["ledger", "checkpoint"]).good()["size"].as_u64().unwrap();
    let before = acts();
    house.ask(&["token", "verifier:bank-1"]).problem(3, "verifier_unregistered");
    assert_eq!(acts(), before + 1, "a refused token is on record");
    assert_eq!(register(house, "bank-1")["owed"].as_array().unwrap().len(), 4);
    register(house, "bank-2");
    let [bank, other] = ["bank-1", "bank-2"].map(|name| token(house, &format!("verifier:{name}")));
    let town = token(house, &format!("municipality:{CHIYODA}"));

    let serving = Serving::start(house, &["--json", "serve"]);
    let [signature, authentication] =
        ["signature", "authentication"].map(|kind| base64_of(&bureau.at(&format!("{kind}.der"))));
    let shown = json!({ "certificates": [
        { "certificate": signature }, { "certificate": authentication },
    ] });
    let (status, answer) = post(&serving, &bank, "/v1/certificates/status", &shown);
    assert_eq!(status, 200, "{answer}");
    for told in answer["certificates"].as_array().unwrap() {
        assert_eq!(told["status"], "good");
    }
    let link = json!({ "certificate": signature });
    let (status, linked) = post(&serving, &bank, "/v1/certificates/link", &link);
    assert_eq!((status, linked["kind"].as_str()), (200, Some("authentication")));

    for (nonce, kind) in [(1, "authentication"), (2, "signature")] {
        let given = consent(&bureau, "bank-1", kind, nonce);
        let wrong = post(&serving, &other, ATTRIBUTES, &given);
        assert_eq!(label(&wrong), (403, "consent_other_verifier"));
        let (status, told) = post(&serving, &bank, ATTRIBUTES, &given);
        assert_eq!((status, told["name"].as_str()), (200, Some("山田　太郎1")), "{told}");
        assert_eq!(told["birth_date"], "1990-04-01");
        let again = post(&serving, &bank, ATTRIBUTES, &given);
        assert_eq!(label(&again), (409, "consent_used"));
    }
    // What was used stays used when the program was killed.
    let given = consent(&bureau, "bank-1", "authentication", 3);
    assert_eq!(post(&serving, &bank, ATTRIBUTES, &given).0, 200);
    serving.kill();
    let serving = Serving::start(house, &["--json", "serve"]);
    assert_eq!(label(&post(&serving, &bank, ATTRIBUTES, &given)), (409, "consent_used"));

    let whose = json!({ "resident_record_code": bureau.codes[0], "limit": 1000 });
    let (_, seen) = post(&serving, &town, "/v1/acts/about", &whose);
    let by_bank =
        seen["acts"].as_array().unwrap().iter().filter(|act| act["actor"] == "verifier:bank-1");
    let by_bank: Vec<_> = by_bank
        .map(|act| format!("{} {}", act["action"], act["outcome"]).replace('"', ""))
        .collect();
    let (read, used) = ("attributes_ask read", "attributes_ask refused:consent_used");
    let status = "certificate_status_ask read";
    let linked = "certificate_link_ask read";
    assert_eq!(by_bank, [status, status, linked, read, used, read, used, read, used]);
    serving.stop(house);

    let state = |word: &str| house.ask(&["verifiers", word, "bank-1"]).good()["state"].clone();
    assert_eq!(state("suspend"), "suspended");
    house.ask(&["token", "verifier:bank-1"]).problem(3, "verifier_suspended");
    let serving = Serving::start(house, &["--json", "serve"]);
    let refused = post(&serving, &bank, "/v1/certificates/status", &shown);
    assert_eq!(label(&refused), (403, "verifier_suspended"));
    serving.stop(house);
    assert_eq!(state("resume"), "registered");
    assert_eq!(state("end"), "ended");
    house.ask(&["verifiers", "resume", "bank-1"]).problem(3, "verifier_state");
    let listed = house.ask(&["verifiers", "list"]).good();
    assert_eq!((&listed[0]["state"], &listed[1]["state"]), (&json!("ended"), &json!("registered")));
    let heard = String::from_utf8(house.heard()).unwrap();
    assert!(!heard.contains("太郎") && !heard.contains("1990-04-01"), "nothing personal is said");
    house.done();
}

#[test]
fn a_certificate_is_explained_by_the_platform_and_by_files_alone() {
    let bureau = bureau();
    let house = &bureau.house;
    let pem = bureau.at("signature.pem");
    let explained = house.ask(&["certs", "explain", &pem]).good();
    assert_eq!((&explained["valid"], explained["act"].is_u64()), (&json!(true), true));
    bureau.save();
    let (anchors, lists) = (bureau.at("ca/authorities.pem"), bureau.at("ca/lists.pem"));
    let files = ["certs", "explain", &pem, "--anchor", &anchors, "--crl", &lists];
    let offline = house.ask(&files).good();
    assert_eq!((&offline["valid"], &offline["act"]), (&json!(true), &Value::Null));

    let code = bureau.at("code-0");
    let end = ["certs", "end", "--municipality", CHIYODA, "--trigger", "card_lost"];
    house.ask(&[&end[..], &["--code", &code]].concat()).good();
    let labels = |told: &Value| -> Vec<String> {
        let reasons = told["reasons"].as_array().unwrap().iter();
        reasons.map(|reason| reason["label"].as_str().unwrap().to_owned()).collect()
    };
    let told = house.ask(&["certs", "explain", &pem]).does_not_hold();
    assert_eq!(labels(&told), ["revoked"]);
    house.ask(&["certs", "lists"]).good();
    bureau.save();
    assert_eq!(labels(&house.ask(&files).does_not_hold()), ["revoked"]);
    let late = [&files[..], &["--at", "2126-01-01T00:00:00Z"]].concat();
    let late = labels(&house.ask(&late).does_not_hold());
    assert_eq!(late, ["issuer_expired", "revoked", "expired"], "no revocation is taken back");

    // Anybody can ask, with nothing but the file.
    let nobody = House::empty();
    let said = nobody.run(&["certs", "explain", &pem]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("No authority's certificate was at hand"), "{}", said.out);
    assert!(said.out.contains("失効の有無を確認できる情報がありません。"), "{}", said.out);
    let asked = nobody.ask(&["certs", "explain", &pem]).does_not_hold();
    assert_eq!((&asked["verdict"], &asked["valid"]), (&json!("unknown"), &json!(false)));
    let said = nobody.run(&["certs", "explain", &code, "--language", "ja"]);
    assert!(said.out.contains("ではありません。") && !said.out.contains("The "), "{}", said.out);
    house.done();
}
