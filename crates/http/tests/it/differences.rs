//! A municipality compares its register with the platform's, with nothing but the API.

use crate::house::{CHIYODA, House, SETAGAYA, message};
use numbers::ResidentRecordCode;
use registry::FeedMessage;
use registry::set_digest::{Answer, Entry, Exchange, NodeDigest, Question};
use seal::DigestKey;
use serde_json::{Value, json};

/// A set entry as the municipality works it out from its own record.
fn entry(key: &DigestKey, message: &Value) -> Entry {
    let read = FeedMessage::from_json_value(message).unwrap();
    let code: ResidentRecordCode = read.event.code.unwrap();
    let record = app::set_record(&code, &read.event.record.unwrap());
    let position = key.position(code.reveal().as_str().as_bytes());
    Entry { position, digest: key.digest(&record) }
}

fn bytes<const N: usize>(hex: &Value) -> [u8; N] {
    let hex = hex.as_str().unwrap();
    assert_eq!(hex.len(), 2 * N);
    std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
}

fn question_json(question: &Question) -> Value {
    let texts = |list: &[_]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({ "children": texts(&question.children), "entries": texts(&question.entries) })
}

fn answer_of(answer: &Value) -> Answer {
    let list = |value: &Value| value.as_array().unwrap().clone();
    let node = |node: &Value| NodeDigest {
        count: node["count"].as_u64().unwrap(),
        sum: u128::from_be_bytes(bytes(&node["sum"])),
    };
    let entry = |entry: &Value| Entry {
        position: u64::from_be_bytes(bytes(&entry["position"])),
        digest: bytes(&entry["digest"]),
    };
    let nodes = |nodes: &Value| -> [NodeDigest; 16] {
        let nodes: Vec<_> = list(nodes).iter().map(node).collect();
        nodes.try_into().unwrap()
    };
    Answer {
        children: list(&answer["children"]).iter().map(nodes).collect(),
        entries: list(&answer["entries"])
            .iter()
            .map(|l| list(l).iter().map(entry).collect())
            .collect(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trailing_space_among_many_records_is_found_and_named() {
    let house = House::open().await;
    let codes = house.stock(40).await;
    let mut ours: Vec<Value> = (1..).zip(&codes).map(|(n, code)| message(n, code)).collect();
    let events = "/v1/feed/131016/events";
    house.post(events, &ours.clone().into()).by(CHIYODA).send().await.done();
    ours[17]["name"] = "山田　太郎 ".into();

    let key = house.post("/v1/feed/131016/digest-key", &json!({})).by(CHIYODA).send().await.done();
    let key = DigestKey::new(bytes(&key["digest_key"]));
    let entries: Vec<_> = ours.iter().map(|message| entry(&key, message)).collect();
    let mut exchange = Exchange::new(entries.clone());
    while let Some(question) = exchange.next_question() {
        let asked = house.post("/v1/feed/131016/set-digest", &question_json(&question));
        let answer = answer_of(&asked.by(CHIYODA).send().await.done());
        exchange.answer(&answer).unwrap();
    }
    let findings = exchange.findings();
    assert_eq!(findings.differing, [entries[17].position]);
    assert!(findings.only_here.is_empty() && findings.only_there.is_empty());

    let mut theirs = ours[17].clone();
    for member in ["municipality", "sequence", "event", "event_date"] {
        theirs.as_object_mut().unwrap().remove(member);
    }
    let path = "/v1/feed/131016/record-difference";
    let found = house.post(path, &theirs).by(CHIYODA).send().await.done();
    assert_eq!(found["differences"].as_array().unwrap().len(), 1);
    assert_eq!(found["differences"][0]["kind"], "trailing_space");
    assert_eq!(found["differences"][0]["field"], "name");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_two_municipalities_differ_and_questions_have_bounds() {
    let house = House::open().await;
    let key = async |of: &str, who: &str| {
        house.post(&format!("/v1/feed/{of}/digest-key"), &json!({})).by(who).send().await
    };
    let (own, other) = (key("131016", CHIYODA).await, key("131121", SETAGAYA).await);
    assert_ne!(own.done()["digest_key"], other.done()["digest_key"]);
    assert_eq!(key("131121", CHIYODA).await.label(), "permit_foreign_municipality");
    // To hand it out is an act, which no mere reading may lead to.
    let read = house.get("/v1/feed/131016/digest-key").by(CHIYODA).send().await;
    assert_eq!((read.label().as_str(), read.header("allow")), ("method_not_allowed", "POST"));
    let label = async |question: Value| {
        let asked = house.post("/v1/feed/131016/set-digest", &question).by(CHIYODA);
        asked.send().await.label()
    };
    let deep = "0".repeat(16);
    assert_eq!(label(json!({ "children": [deep] })).await, "set_digest_prefix");
    assert_eq!(label(json!({ "entries": ["", "g"] })).await, "set_digest_prefix");
    assert_eq!(label(json!({ "entries": vec![""; 4_097] })).await, "page_range");
    assert_eq!(label(json!({})).await, "request_malformed");
    house.close().await;
}
