//! Whatever goes wrong before a route is reached comes out as a problem too.

use crate::house::{CHIYODA, House};
use hyper::{Method, StatusCode};
use serde_json::json;

const EVENTS: &str = "/v1/feed/131016/events";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_or_not_so() {
    let house = House::open().await;
    for path in ["/", "/v1", "/v1/feed/131016/", "/v2/feed/131016", "//checkpoint", "/health%20"] {
        let answer = house.get(path).send().await;
        assert_eq!(
            (answer.status, answer.label()),
            (StatusCode::NOT_FOUND, "path_absent".into()),
            "{path}"
        );
    }
    for (method, path, allow) in [
        (Method::DELETE, "/health", "GET, HEAD"),
        (Method::GET, EVENTS, "POST"),
        (Method::OPTIONS, "/checkpoint", "GET, HEAD"),
    ] {
        let answer = house.ask(&method, path).send().await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(
            (answer.label().as_str(), answer.header("allow")),
            ("method_not_allowed", allow)
        );
    }
    let head = house.ask(&Method::HEAD, "/health").send().await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_no_json() {
    let house = House::open().await;
    let post = |body: &'static str| house.ask(&Method::POST, EVENTS).by(CHIYODA).json(body).send();
    for bad in ["", "{", "[{]", "{\"name\": \"山田\"", "nul", "[]"] {
        let answer = post(bad).await;
        assert_eq!(
            (answer.status.as_u16(), answer.label().as_str()),
            (400, "request_malformed"),
            "{bad}"
        );
        assert!(!String::from_utf8_lossy(&answer.body).contains("山田\"}"));
    }
    for not_a_message in ["1", "\"x\"", "null"] {
        assert_eq!(post(not_a_message).await.label(), "feed_json", "{not_a_message}");
    }
    let twice = r#"{"sequence": 1, "sequence": 2}"#;
    assert_eq!(post(twice).await.label(), "feed_json");
    let count = house.ask(&Method::POST, "/v1/stocks/131016").by(CHIYODA).once("k");
    let twice = count.json(r#"{"count": 1, "count": 2}"#).send().await;
    assert_eq!(twice.label(), "request_malformed");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_types_are_looked_at() {
    let house = House::open().await;
    let status = async |kind: &str, encoding: Option<&str>| {
        let asked =
            house.ask(&Method::POST, EVENTS).by(CHIYODA).header("content-type", kind).raw("{}");
        let asked = match encoding {
            Some(encoding) => asked.header("content-encoding", encoding),
            None => asked,
        };
        asked.send().await.label()
    };
    for kind in ["text/plain", "application/xml", "application/json; charset=shift_jis", ""] {
        assert_eq!(status(kind, None).await, "request_media_type", "{kind}");
    }
    assert_eq!(status("application/json", Some("gzip")).await, "request_media_type");
    for kind in ["application/json; charset=\"UTF-8\"", "Application/JSON"] {
        assert_eq!(status(kind, None).await, "feed_field_missing", "{kind}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_and_parameters_have_their_own_labels() {
    let house = House::open().await;
    for (path, label) in [
        ("/v1/feed/131017", "local_government_code_check_digit"),
        ("/v1/feed/1310", "local_government_code_length"),
        ("/v1/feed/131016?limit=0", "page_range"),
        ("/v1/feed/131016?limit=1001", "page_range"),
        ("/v1/feed/131016?page=2", "request_malformed"),
        ("/v1/feed/131016?after=x", "request_malformed"),
        ("/v1/acts/x", "act_absent"),
        ("/v1/acts/99", "act_absent"),
        ("/v1/ledger/proof/inclusion?index=0", "checkpoint_absent"),
        ("/checkpoint", "checkpoint_absent"),
        ("/tile/0/000", "tile_absent"),
    ] {
        assert_eq!(house.get(path).by(CHIYODA).send().await.label(), label, "{path}");
    }
    // A code that is well formed and nobody's.
    let nobody = house.get("/v1/feed/139998").by("operator:o").send().await;
    assert_eq!(nobody.label(), "municipality_unknown");
    let body = json!({ "count": 10_001 });
    let many = house.post("/v1/stocks/131016", &body).by(CHIYODA).once("k").send().await;
    assert_eq!(
        (many.label().as_str(), &many.json()["field"]),
        ("request_malformed", &json!("count"))
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_number_must_be_clear() {
    let house = House::open().await;
    let label = async |body: serde_json::Value| {
        house.post("/v1/numbers/ask", &body).by("agency:nta").purpose("tax").send().await.label()
    };
    assert_eq!(label(json!({})).await, "request_malformed");
    assert_eq!(label(json!({ "name": "山田" })).await, "request_malformed");
    assert_eq!(label(json!({ "name": "山田", "birth_date": "1990-4-1" })).await, "feed_date");
    let code = "24727059608";
    let both = json!({ "resident_record_code": code, "name": "山田", "birth_date": "1990-04-01" });
    assert_eq!(label(both).await, "request_malformed");
    assert_eq!(label(json!({ "resident_record_code": code })).await, "resident_absent");
    assert_eq!(
        label(json!({ "resident_record_code": 24_727_059_608_u64 })).await,
        "request_malformed"
    );
    assert_eq!(label(json!({ "individual_number": "123456789018" })).await, "request_malformed");
    house.close().await;
}
