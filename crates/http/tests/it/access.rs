//! Every address as nobody and as the wrong body: walked through the OpenAPI document, so that no
//! new address can be forgotten.

use crate::house::{AGENCY, AUDITOR, Asking, CHIYODA, House, OPERATOR};
use hyper::{Method, StatusCode};
use serde_json::Value;

/// Addresses that anybody may read. A new one is a decision.
const PUBLIC: [&str; 19] = [
    "/v1/ledger/proof/inclusion",
    "/v1/ledger/proof/consistency",
    "/v1/ledger/key",
    "/checkpoint",
    "/tile/{level}/{position}",
    "/ocsp",
    "/ocsp/{request}",
    "/crl/{kind}/{generation}/{list}",
    "/ca",
    "/ca/{kind}/{certificate}",
    "/time-stamp",
    "/checkpoint.tsr",
    "/checkpoint.txt",
    "/timestamps/{checkpoint}",
    "/timestamps/{checkpoint}/text",
    "/health",
    "/ready",
    "/metrics",
    "/openapi.json",
];

struct Operation {
    path: String,
    method: Method,
    what: Value,
}

fn operations() -> Vec<Operation> {
    let document = sekisho_http::openapi_document();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, what) in item.as_object().unwrap() {
            let method = method.to_ascii_uppercase().parse().unwrap();
            all.push(Operation { path: path.clone(), method, what: what.clone() });
        }
    }
    all
}

impl Operation {
    fn is_public(&self) -> bool {
        PUBLIC.contains(&self.path.as_str())
    }

    /// A well-formed request, with the example as its body.
    fn ask<'a>(&self, house: &'a House) -> Asking<'a> {
        let mut path = self.path.clone();
        for parameter in self.what["parameters"].as_array().unwrap() {
            let example = parameter["example"].to_string();
            let name = format!("{{{}}}", parameter["name"].as_str().unwrap());
            path = path.replace(&name, example.trim_matches('"'));
        }
        let asked = house.ask(&self.method, &path);
        match &self.what["requestBody"]["content"]["application/json"]["example"] {
            Value::Null => asked,
            body => asked.json(body.to_string()).once("key"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_nothing_but_what_is_public() {
    let house = House::open().await;
    for operation in operations() {
        let answer = operation.ask(&house).send().await;
        let path = &operation.path;
        assert_eq!(
            operation.what["security"] == serde_json::json!([]),
            operation.is_public(),
            "{path}"
        );
        if operation.is_public() {
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        } else {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(answer.label(), "caller_unknown");
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{path}");
        }
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_no_row_in_the_table_is_refused() {
    let house = House::open().await;
    let mut refused = 0;
    for operation in operations() {
        let Some(action) = operation.what["x-sekisho-action"].as_str() else { continue };
        let row = |actor: &str| {
            let kind = actor.split(':').next().unwrap();
            policy::TABLE.iter().any(|row| row.actor == kind && row.action.word() == action)
        };
        for actor in [CHIYODA, AGENCY, OPERATOR, AUDITOR].into_iter().filter(|actor| !row(actor)) {
            let answer = operation.ask(&house).by(actor).send().await;
            assert_eq!(answer.label(), "permit_refused", "{} {actor}", operation.path);
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            refused += 1;
        }
    }
    assert!(refused >= 15, "{refused}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wrong_purpose_is_refused_and_an_unclear_one_asked_for() {
    let house = House::open().await;
    for operation in operations() {
        if operation.what["x-sekisho-action"].is_null() {
            continue;
        }
        let path = &operation.path;
        let answer = operation.ask(&house).by(CHIYODA).purpose("operation").send().await;
        assert_eq!(answer.label(), "permit_refused", "{path}");
        let answer = operation.ask(&house).by(CHIYODA).purpose("curiosity").send().await;
        assert_eq!(answer.label(), "purpose_unknown", "{path}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_municipality_is_refused_whatever_it_names() {
    let house = House::open().await;
    let code = house.stock(1).await.remove(0);
    house.enter(1, &code).await;
    let mut refused = 0;
    for operation in operations() {
        let Some(action) = operation.what["x-sekisho-action"].as_str() else { continue };
        // What no municipality may do at all is refused to every one alike.
        let own = |row: &policy::Basis| row.actor == "municipality" && row.action.word() == action;
        // A file that is no certificate of the platform's is nobody's.
        let of_nobody = operation.path == "/v1/certificates/explain";
        if of_nobody || !policy::TABLE.iter().any(own) {
            continue;
        }
        let mut body =
            operation.what["requestBody"]["content"]["application/json"]["example"].clone();
        if body.get("resident_record_code").is_some() {
            body["resident_record_code"] = code.clone().into();
        }
        let action = operation.what["x-sekisho-action"].as_str().unwrap();
        let may = |row: &policy::Basis| row.actor == "municipality" && row.action.word() == action;
        // What no municipality may do is refused to all alike; and what is no certificate is
        // nobody's: why it is none is told to whoever asks.
        if !policy::TABLE.iter().any(may) || operation.path == "/v1/certificates/explain" {
            continue;
        }
        let path = operation.path.replace("{municipality}", "131016");
        let asked = house.ask(&operation.method, &path).json(body.to_string()).once("key");
        let asked = match path.as_str() {
            "/v1/numbers/ask" => asked.purpose("tax"),
            _ => asked,
        };
        let answer = asked.by("municipality:131121").send().await;
        // Where the request names the person alone, it is not told that there is such a person.
        let by_person = ["/v1/numbers/ask", "/v1/acts/about"].contains(&path.as_str());
        let absent = by_person || path.starts_with("/v1/certificates");
        let label = if absent { "resident_absent" } else { "permit_foreign_municipality" };
        assert_eq!(answer.label(), label, "{path}");
        refused += 1;
    }
    assert!(refused >= 10, "{refused}");
    house.close().await;
}
