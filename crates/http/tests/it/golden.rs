//! What others read: the OpenAPI document and the body of every problem. `SEKISHO_GOLDEN=write`
//! writes them anew; review the difference.

use crate::shape::{document, fault};
use base::{Problem, labels};
use numbers::{IndividualNumber, LocalGovernmentCode, ResidentRecordCode};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::Path;

fn compare(name: &str, made: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if std::env::var_os("SEKISHO_GOLDEN").is_some_and(|word| word == "write") {
        std::fs::write(&path, format!("{made:#}\n")).unwrap();
    }
    let kept = std::fs::read(&path).unwrap_or_default();
    let kept: Value = serde_json::from_slice(&kept).unwrap_or_default();
    assert!(kept == *made, "{name} differs: run `make golden` and review the difference");
}

#[test]
fn golden_openapi() {
    compare("openapi.json", document());
}

#[test]
fn golden_problems() {
    let bodies = labels::ALL
        .iter()
        .map(|label| (label.text.to_owned(), sekisho_http::problem_body(&Problem::new(label, ""))));
    compare("problems.json", &bodies.collect::<Map<_, _>>().into());
}

/// Calls `look` with every object of the document.
fn walk(value: &'static Value, look: &mut dyn FnMut(&'static Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            look(object);
            object.values().for_each(|value| walk(value, look));
        }
        Value::Array(list) => list.iter().for_each(|value| walk(value, look)),
        _ => {}
    }
}

#[test]
fn every_example_has_its_shape() {
    let mut examples = 0;
    walk(document(), &mut |object| {
        if let (Some(schema), Some(example)) = (object.get("schema"), object.get("example")) {
            assert_eq!(fault(schema, example), None, "{example}");
            examples += 1;
        }
    });
    assert!(examples > 40, "{examples}");
}

#[test]
fn every_number_of_the_examples_has_its_check_digit() {
    let mut numbers = 0;
    walk(document(), &mut |object| {
        for (name, value) in object {
            let Some(text) = value.as_str().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
            else {
                continue;
            };
            let good = match name.as_str() {
                "resident_record_code" => text.parse::<ResidentRecordCode>().is_ok(),
                "individual_number" | "current" => text.parse::<IndividualNumber>().is_ok(),
                "municipality" => text.parse::<LocalGovernmentCode>().is_ok(),
                _ => continue,
            };
            assert!(good, "{name}");
            numbers += 1;
        }
    });
    assert!(numbers >= 10, "{numbers}");
}

#[test]
fn every_link_and_reference_leads_somewhere() {
    let mut operations = BTreeSet::new();
    let mut links = Vec::new();
    walk(document(), &mut |object| {
        if let Some(place) = object.get("$ref").and_then(Value::as_str) {
            assert!(document().pointer(&place[1..]).is_some(), "{place}");
        }
        if let Some(id) = object.get("operationId").and_then(Value::as_str) {
            if object.contains_key("responses") {
                assert!(operations.insert(id), "{id} stands twice");
            } else {
                links.push(id);
            }
        }
    });
    assert!(links.len() >= 10 && links.iter().all(|id| operations.contains(id)), "{links:?}");
}

#[test]
fn no_address_names_a_person() {
    for path in document()["paths"].as_object().unwrap().keys() {
        for word in ["number}", "code}", "name}", "person}", "resident}"] {
            assert!(!path.contains(word), "{path}");
        }
    }
}
