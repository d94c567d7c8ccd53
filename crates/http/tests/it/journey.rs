//! Whole roads: from a stock of codes to a proof that somebody outside can check.

use crate::house::{AGENCY, AUDITOR, Answer, CHIYODA, House, OPERATOR, SETAGAYA, message};
use hyper::Version;
use ledger::checkpoint::LogIdentity;
use ledger::note::VerifierKey;
use ledger::proof::{ConsistencyProof, InclusionProof};
use ledger::{Hash, TreeHead};
use serde_json::{Value, json};
use std::task::Poll;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_a_stock_to_a_proof() {
    let house = House::open().await;
    let code = house.stock(3).await.remove(0);
    let entered = house.enter(1, &code).await;
    assert_eq!((&entered["end"], &entered["repeated"]), (&json!("applied"), &json!(false)));

    let whose = json!({ "resident_record_code": code });
    let asked = house.post("/v1/numbers/ask", &whose).by(AGENCY).purpose("tax").send().await;
    assert_eq!(asked.header("sekisho-act"), asked.json()["act"].to_string());
    let first = asked.done()["individual_number"].clone();

    let change = json!({
        "municipality": "131016", "resident_record_code": code, "ground": "request",
        "reason": "theft", "current": first,
    });
    let changed = house.post("/v1/numbers/change", &change).by(CHIYODA).once("c1").send().await;
    let second = changed.done()["individual_number"].clone();
    assert_ne!(first, second);
    let by_name = json!({ "name": "山田 太郎", "birth_date": "1990-04-01" });
    let asked = house.post("/v1/numbers/ask", &by_name).by(CHIYODA).purpose("resident_register");
    assert_eq!(asked.send().await.done()["individual_number"], second);

    let about = house.post("/v1/acts/about", &whose).by(CHIYODA).send().await.done();
    let actions: Vec<_> =
        about["acts"].as_array().unwrap().iter().map(|act| act["action"].clone()).collect();
    assert_eq!(actions, ["resident_event", "number_ask", "number_change", "number_ask"]);
    house.publish();
    for act in about["acts"].as_array().unwrap() {
        check_proof(&house, &act["act"]).await;
    }
    check_proof(&house, &about["act"]).await;
    house.close().await;
}

/// Reads an act back and proves its leaf against the public checkpoint, as an outsider would.
async fn check_proof(house: &House, act: &Value) {
    let shown = house.get(&format!("/v1/acts/{act}")).by(AUDITOR).send().await.done();
    let head = published(house).await;
    let proof = house.get(shown["proof"].as_str().unwrap()).send().await.done();
    let leaf = Hash::leaf(shown["entry"].as_str().unwrap().as_bytes());
    assert_eq!(leaf.to_string(), shown["leaf_hash"].as_str().unwrap());
    assert_eq!(shown["leaf_hash"], proof["leaf_hash"]);
    assert_eq!(proof["root"], head.root.to_string());
    let path = hashes(&proof["path"]);
    let proof = InclusionProof { index: act.as_u64().unwrap(), size: head.size, path };
    assert_eq!(proof.verify(&leaf, &head), Ok(()));
}

/// The head of the public checkpoint under the key that the API names.
pub(crate) async fn published(house: &House) -> TreeHead {
    let key = house.get("/v1/ledger/key").send().await.done();
    let keys = key["verifier_keys"].as_array().unwrap().iter();
    let keys: Vec<VerifierKey> = keys.map(|key| key.as_str().unwrap().parse().unwrap()).collect();
    let origin = key["origin"].as_str().unwrap().parse().unwrap();
    let note = house.get("/checkpoint").send().await;
    let note = String::from_utf8(note.body.to_vec()).unwrap();
    *LogIdentity { origin, keys }.open(&note, &[]).unwrap().head()
}

fn hashes(list: &Value) -> Vec<Hash> {
    let hash = |text: &Value| {
        let text = text.as_str().unwrap();
        let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
        Hash::from_bytes(std::array::from_fn(byte))
    };
    list.as_array().unwrap().iter().map(hash).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_tree_begins_with_an_earlier_one() {
    let house = House::open().await;
    let codes = house.stock(4).await;
    house.publish();
    let earlier = published(&house).await;
    for (sequence, code) in (1..).zip(&codes) {
        house.enter(sequence, code).await;
    }
    house.publish();
    let later = published(&house).await;
    assert!(earlier.size < later.size);
    let path = format!("/v1/ledger/proof/consistency?from={}", earlier.size);
    let proof = house.get(&path).send().await.done();
    let (from, to) = (earlier.size, proof["to"].as_u64().unwrap());
    let proof = ConsistencyProof { from, to, path: hashes(&proof["path"]) };
    assert_eq!(proof.verify(&earlier, &later), Ok(()));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_wait_repeat_and_are_refused_each_in_its_own_way() {
    let house = House::open().await;
    let codes = house.stock(3).await;
    let foreign = {
        let mut message = message(5, &codes[2]);
        message["municipality"] = "131121".into();
        message
    };
    let list = json!([
        message(1, &codes[0]), message(3, &codes[1]), message(1, &codes[0]), message(1, &codes[2]),
        { "sequence": 9 }, foreign,
    ]);
    let events = "/v1/feed/131016/events";
    let answer = house.post(events, &list).by(CHIYODA).send().await.done();
    let ends: Vec<_> = answer["results"].as_array().unwrap().iter().map(|r| &r["end"]).collect();
    assert_eq!(ends, ["applied", "waiting", "applied", "rejected", "rejected", "rejected"]);
    let results = &answer["results"];
    assert_eq!((&results[1]["next"], &results[2]["repeated"]), (&json!(2), &json!(true)));
    assert_eq!(results[3]["problem"]["label"], "feed_repeat_differs");
    assert_eq!(results[4]["problem"]["label"], "feed_field_missing");
    assert_eq!(
        (&results[4]["problem"]["line"], &results[4]["problem"]["field"]),
        (&json!(5), &json!("municipality"))
    );
    assert_eq!(results[5]["problem"]["label"], "permit_foreign_municipality");

    // The one message that fills the gap lets the waiting one through; the one after is refused.
    let mut second = message(2, &codes[0]);
    second["event"] = "birth".into();
    let refused = house.post(events, &second).by(CHIYODA).send().await.done();
    assert_eq!(refused["results"][0]["end"], "refused", "{refused}");
    let again = house.post(events, &message(3, &codes[1])).by(CHIYODA).send().await.done();
    assert_eq!(again["results"][0]["end"], "applied");
    let single = house.post(events, &message(1, &codes[2])).by(CHIYODA).send().await;
    assert_eq!((single.label().as_str(), single.status.as_u16()), ("feed_repeat_differs", 409));

    let status = house.get("/v1/feed/131016?after=0&limit=1").by(OPERATOR).send().await.done();
    assert_eq!((&status["next"], &status["waiting"]), (&json!(4), &json!(0)));
    assert_eq!(status["refused"][0]["sequence"], 2);
    assert_eq!(status["after"], 2);
    let rest = house.get("/v1/feed/131016?after=2").by(AUDITOR).send().await.done();
    assert_eq!((&rest["refused"], &rest["after"]), (&json!([]), &Value::Null));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_is_named() {
    let house = House::open().await;
    let codes = house.stock(2).await;
    house.enter(4, &codes[0]).await;
    house.enter(7, &codes[1]).await;
    let status = house.get("/v1/feed/131016").by(CHIYODA).send().await.done();
    assert_eq!(status["missing"], json!([{ "from": 1, "to": 3 }, { "from": 5, "to": 6 }]));
    assert_eq!(status["waiting"], 2);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_again_under_its_key_is_answered_from_the_record() {
    let house = House::open().await;
    let stock = |key: &'static str, count: u64| {
        house.post("/v1/stocks/131016", &json!({ "count": count })).by(CHIYODA).once(key).send()
    };
    let first = stock("k", 2).await;
    let again = stock("k", 2).await;
    assert_eq!(
        (first.done(), first.header("sekisho-act")),
        (again.done(), again.header("sekisho-act"))
    );
    let repeated = |answer: &Answer| answer.header("sekisho-repeated").to_owned();
    assert_eq!([repeated(&first), repeated(&again)], ["false", "true"]);
    assert_ne!(stock("l", 2).await.done(), first.json());
    assert_eq!(stock("k", 3).await.label(), "idempotency_key_reused");
    let bare = house.post("/v1/stocks/131016", &json!({ "count": 1 })).by(CHIYODA).send().await;
    assert_eq!(bare.label(), "idempotency_key_missing");
    let long = "k".repeat(129);
    let long = house.post("/v1/stocks/131016", &json!({ "count": 1 })).by(CHIYODA).once(&long);
    assert_eq!(long.send().await.label(), "idempotency_key_length");

    // The same key of somebody else is another key.
    let other = house.post("/v1/stocks/131016", &json!({ "count": 2 })).by(OPERATOR).once("k");
    assert_ne!(other.send().await.done(), first.json());

    // After a day the key is forgotten, and whoever repeats then is told that it was done anew.
    house.pass_seconds(25 * 3_600);
    for _ in 0..3 {
        stock("m", 1).await.done();
    }
    let late = stock("k", 2).await;
    assert_eq!(repeated(&late), "false");
    assert_ne!(late.done(), first.json());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reserved_number_becomes_the_number() {
    let house = House::open().await;
    let codes = house.stock(2).await;
    let body = json!({ "resident_record_codes": [codes[0], codes[0], "24727059608"] });
    let path = "/v1/numbers/provisional/131016";
    let list = house.post(path, &body).by(CHIYODA).once("p").send().await.done();
    let reserved = list["list"][0]["individual_number"].clone();
    assert_eq!(list["list"][1]["problem"]["label"], "number_already_assigned");
    assert_eq!(list["list"][2]["problem"]["label"], "record_code_not_in_stock");
    let again = house.post(path, &body).by(CHIYODA).once("p").send().await.done();
    assert_eq!(again, list);
    let about = json!({ "resident_record_code": codes[0] });
    let about = house.post("/v1/acts/about", &about).by(CHIYODA).send().await.done();
    let ends: Vec<_> =
        about["acts"].as_array().unwrap().iter().map(|act| &act["outcome"]).collect();
    assert_eq!(ends, ["done", "read"]);

    let whose = json!({ "resident_record_code": codes[0] });
    let early = house.post("/v1/numbers/ask", &whose).by(AGENCY).purpose("tax").send().await;
    assert_eq!((early.label().as_str(), early.status.as_u16()), ("number_not_assigned", 404));
    house.enter(1, &codes[0]).await;
    let told = house.post("/v1/numbers/ask", &whose).by(AGENCY).purpose("tax").send().await.done();
    assert_eq!(told["individual_number"], reserved);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_acts_about_a_person_come_in_pages() {
    let house = House::open().await;
    let code = house.stock(1).await.remove(0);
    house.enter(1, &code).await;
    let page = async |after: Value, limit: u64| {
        let body = json!({ "resident_record_code": code, "after": after, "limit": limit });
        house.post("/v1/acts/about", &body).by(CHIYODA).send().await.done()
    };
    let first = page(Value::Null, 1).await;
    assert_eq!(first["acts"][0]["action"], "resident_event");
    let second = page(first["after"].clone(), 2).await;
    assert_eq!(second["acts"][0]["action"], "subject_acts");
    assert_eq!((second["acts"].as_array().unwrap().len(), &second["after"]), (1, &Value::Null));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_carries_many_requests_at_once() {
    let house = House::open().await;
    let codes = house.stock(32).await;
    let messages: Vec<_> = (1..).zip(&codes).map(|(n, code)| message(n, code)).collect();
    let send = |message: &Value| {
        house.post("/v1/feed/131016/events", message).by(CHIYODA).over_http2().send()
    };
    let asked: Vec<_> = messages.iter().rev().map(send).collect();
    let answers = join_all(asked).await;
    assert!(answers.iter().all(|answer| answer.version == Version::HTTP_2));
    assert!(answers.iter().all(|answer| answer.done()["results"][0]["end"] != "rejected"));
    let status = house.get("/v1/feed/131016").by(CHIYODA).over_http2().send().await.done();
    assert_eq!((&status["next"], &status["waiting"]), (&json!(33), &json!(0)));
    house.close().await;
}

/// Runs futures side by side and gives what they give, in their order.
async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let Poll::Ready(done) = future.as_mut().poll(context)
            {
                *output = Some(done);
            }
        }
        if outputs.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

/// A key is no way around the law: whoever may not ask any more is not told again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_former_municipality_is_not_told_again() {
    let house = House::open().await;
    let code = house.stock(1).await.remove(0);
    house.enter(1, &code).await;
    let change = json!({
        "municipality": "131016", "resident_record_code": code, "ground": "ex_officio",
        "reason": "theft",
    });
    let ask = || house.post("/v1/numbers/change", &change).by(CHIYODA).once("k").send();
    let first = ask().await;
    assert_eq!(ask().await.done(), first.done());
    let mut moved = message(2, &code);
    moved["event"] = "move_out".into();
    house.post("/v1/feed/131016/events", &moved).by(CHIYODA).send().await.done();
    let mut moved = message(1, &code);
    (moved["event"], moved["municipality"]) = ("move_in".into(), "131121".into());
    let taken = house.post("/v1/feed/131121/events", &moved).by(SETAGAYA).send().await.done();
    assert_eq!(taken["results"][0]["end"], "applied", "{taken}");
    let refused = ask().await;
    let label = (refused.label(), refused.status.as_u16());
    assert_eq!(label, ("resident_absent".to_owned(), 404));
    house.close().await;
}
