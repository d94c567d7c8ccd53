//! What a municipality can find out about people of other towns: nothing, and that it tried stands
//! in the ledger.

use crate::house::{AGENCY, AUDITOR, Answer, CHIYODA, House, SETAGAYA, message};
use serde_json::{Value, json};

const NOBODY: &str = "24727059608";

/// Enters a resident of Setagaya with the name and birth date of Chiyoda's.
async fn enter_in_setagaya(house: &House, sequence: u64) -> String {
    let stock = house.post("/v1/stocks/131121", &json!({ "count": 1 })).by(SETAGAYA);
    let stock = stock.once(&sequence.to_string()).send().await.done();
    let code = stock["resident_record_codes"][0].as_str().unwrap().to_owned();
    let mut entry = message(sequence, &code);
    entry["municipality"] = "131121".into();
    let entered = house.post("/v1/feed/131121/events", &entry).by(SETAGAYA).send().await.done();
    assert_eq!(entered["results"][0]["end"], "applied");
    code
}

fn named() -> Value {
    json!({ "name": "山田 太郎", "birth_date": "1990-04-01" })
}

fn by_code(code: &str) -> Value {
    json!({ "resident_record_code": code })
}

/// Asks as Setagaya, which is not where the person lives.
async fn probe(house: &House, path: &str, body: &Value) -> Answer {
    let mut body = body.clone();
    if path.ends_with("change") {
        body["municipality"] = "131121".into();
        body["ground"] = "ex_officio".into();
        body["reason"] = "theft".into();
    } else if path.ends_with("difference") {
        let mut record = message(1, NOBODY);
        for member in ["municipality", "sequence", "event", "event_date"] {
            record.as_object_mut().unwrap().remove(member);
        }
        record["resident_record_code"] = body["resident_record_code"].clone();
        body = record;
    }
    let asked = house.post(path, &body).by(SETAGAYA).once("key");
    if path.ends_with("ask") { asked.purpose("tax").send().await } else { asked.send().await }
}

/// The ledger's leaf of an act, as anybody may read it.
async fn leaf(house: &House, act: u64) -> Value {
    let shown = house.get(&format!("/v1/acts/{act}")).by(AUDITOR).send().await.done();
    serde_json::from_str(shown["entry"].as_str().unwrap()).unwrap()
}

fn acts(house: &House) -> u64 {
    let mut acts = 0;
    let count = &mut |view: &mut dyn ports::View| {
        acts = view.act_count()?;
        Ok(())
    };
    house.platform.store.snapshot("acts", count).unwrap();
    acts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_other_towns_are_as_absent_as_nobody_and_the_attempt_is_on_record() {
    let house = House::open().await;
    let codes = house.stock(2).await;
    house.enter(1, &codes[0]).await;
    house.enter(2, &codes[1]).await;
    let code = [by_code(&codes[0]), by_code(NOBODY)];
    let nobody = json!({ "name": "山田 太郎", "birth_date": "1990-04-02" });
    let name = [named(), nobody];
    let roads = [
        ("/v1/numbers/ask", &code),
        ("/v1/numbers/ask", &name),
        ("/v1/acts/about", &code),
        ("/v1/acts/about", &name),
        ("/v1/numbers/change", &code),
        ("/v1/feed/131121/record-difference", &code),
    ];
    for (path, [there, nowhere]) in roads {
        let first = acts(&house);
        let answers = [probe(&house, path, there).await, probe(&house, path, nowhere).await];
        assert_eq!(answers[0].label(), "resident_absent", "{path} {there}");
        assert_eq!(answers[0].body, answers[1].body, "{path}");
        assert_eq!(answers[0].headers.len(), answers[1].headers.len(), "{path}");
        assert_eq!(acts(&house), first + 2, "{path}");
        let leaves = [leaf(&house, first).await, leaf(&house, first + 1).await];
        for leaf in &leaves {
            assert_eq!(
                (&leaf["actor"], &leaf["outcome"]),
                (&SETAGAYA.into(), &"refused:resident_absent".into())
            );
        }
        // Not even the public leaf tells somebody from nobody.
        let members = leaves.map(|leaf| {
            let kind = |value: &Value| (value.is_null(), value.as_str().map(str::len));
            leaf.as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.clone(), kind(value)))
                .collect::<Vec<_>>()
        });
        assert_eq!(members[0], members[1], "{path}");
    }
    // The person who was looked for can see it.
    let about = house.post("/v1/acts/about", &by_code(&codes[0])).by(CHIYODA).send().await.done();
    let outcomes = about["acts"].as_array().unwrap().iter().filter(|act| act["actor"] == SETAGAYA);
    assert_eq!(outcomes.count(), 4, "{about}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namesake_elsewhere_makes_nobody_ambiguous() {
    let house = House::open().await;
    let codes = house.stock(2).await;
    house.enter(1, &codes[0]).await;
    enter_in_setagaya(&house, 1).await;
    let ask = async |who: &str| {
        house.post("/v1/numbers/ask", &named()).by(who).purpose("tax").send().await
    };
    assert!(ask(CHIYODA).await.done()["individual_number"].is_string());
    assert!(ask(SETAGAYA).await.done()["individual_number"].is_string());
    assert_eq!(ask(AGENCY).await.label(), "resident_ambiguous");
    house.enter(2, &codes[1]).await;
    assert_eq!(ask(CHIYODA).await.label(), "resident_ambiguous");
    assert!(ask(SETAGAYA).await.done()["individual_number"].is_string());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_change_is_on_record_and_the_number_stays() {
    let house = House::open().await;
    let code = house.stock(1).await.remove(0);
    house.enter(1, &code).await;
    let whose = by_code(&code);
    let number = house.post("/v1/numbers/ask", &whose).by(AGENCY).purpose("tax").send().await;
    let change = json!({
        "municipality": "131016", "resident_record_code": code, "ground": "request",
        "reason": "theft", "current": "123456789018",
    });
    let first = acts(&house);
    for expected in [first + 1, first + 2] {
        let asked = house.post("/v1/numbers/change", &change).by(CHIYODA).once("c").send().await;
        assert_eq!(
            (asked.label().as_str(), asked.status.as_u16()),
            ("number_current_differs", 409)
        );
        // A refusal is not kept under the key: what is guessed again is guessed on record.
        assert_eq!(acts(&house), expected);
    }
    assert_eq!(leaf(&house, first).await["outcome"], "refused:number_current_differs");
    let again = house.post("/v1/numbers/ask", &whose).by(AGENCY).purpose("tax").send().await;
    assert_eq!(again.done()["individual_number"], number.done()["individual_number"]);
    house.close().await;
}
