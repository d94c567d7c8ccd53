//! Holds every answer of every test against the OpenAPI document.
//!
//! Knows the words of JSON Schema that the document uses, and fails on one it does not know.

use crate::house::Answer;
use hyper::{Method, StatusCode};
use serde_json::Value;
use std::sync::OnceLock;

pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(sekisho_http::openapi_document)
}

/// Checks the answer to a request, if the document knows its address.
#[track_caller]
pub(crate) fn check(method: &Method, path: &str, answer: &Answer) {
    let Some(operation) = operation(method, path) else { return };
    let status = answer.status.as_u16().to_string();
    let responses = &operation["responses"];
    if answer.status == StatusCode::NOT_MODIFIED {
        assert!(responses[&status].is_object() && answer.body.is_empty(), "{path} {status}");
        return;
    }
    let response = responses.get(&status).unwrap_or(&responses["default"]);
    let response = resolve(response);
    let kind = answer.header("content-type");
    let content = response["content"].get(kind).unwrap_or_else(|| panic!("{path} {status} {kind}"));
    if answer.status != StatusCode::OK || kind == "application/json" {
        let fault = fault(&content["schema"], &answer.json());
        assert_eq!(fault, None, "{method} {path} {status}");
    }
}

fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let paths = document()["paths"].as_object().unwrap();
    let fits = |shape: &str| {
        let (shape, path): (Vec<_>, Vec<_>) =
            (shape.split('/').collect(), path.split('/').collect());
        let same = |(shape, part): (&&str, &&str)| shape == part || shape.starts_with('{');
        shape.len() == path.len() && shape.iter().zip(&path).all(same)
    };
    let exact = paths.get(path);
    let item = exact.or_else(|| paths.iter().find(|(shape, _)| fits(shape)).map(|(_, item)| item));
    item?.get(method.as_str().to_ascii_lowercase())
}

fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(place) => document().pointer(place.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

/// What is wrong with a value, by a schema.
pub(crate) fn fault(schema: &'static Value, value: &Value) -> Option<String> {
    let schema = resolve(schema);
    let object = schema.as_object().unwrap();
    object.iter().find_map(|(word, rule)| match word.as_str() {
        "type" => (!is_a(rule.as_str().unwrap(), value)).then(|| format!("not {rule}: {value}")),
        "enum" => {
            (!rule.as_array().unwrap().contains(value)).then(|| format!("not one of: {value}"))
        }
        "items" => value.as_array()?.iter().find_map(|item| fault(rule, item)),
        "properties" => {
            let members = value.as_object()?;
            members.iter().find_map(|(name, value)| match rule.get(name) {
                Some(schema) => fault(schema, value).map(|fault| format!("{name}: {fault}")),
                None => Some(format!("{name} is not known")),
            })
        }
        "required" => {
            let needed = rule.as_array().unwrap().iter();
            let mut missing = needed.filter(|name| value.get(name.as_str().unwrap()).is_none());
            missing.next().map(|name| format!("{name} is missing"))
        }
        "oneOf" => {
            let fits =
                rule.as_array().unwrap().iter().filter(|schema| fault(schema, value).is_none());
            let fits = fits.count();
            (fits != 1).then(|| format!("fits {fits} of the shapes: {value}"))
        }
        "pattern" => {
            let pattern = rule.as_str().unwrap();
            (!matches(pattern, value.as_str()?)).then(|| format!("not {pattern}: {value}"))
        }
        "minimum" => (value.as_i64()? < rule.as_i64().unwrap()).then(|| "too small".into()),
        "maximum" => (value.as_i64()? > rule.as_i64().unwrap()).then(|| "too large".into()),
        "minItems" => (value.as_array()?.len() < usize_of(rule)).then(|| "too few".into()),
        "maxItems" => (value.as_array()?.len() > usize_of(rule)).then(|| "too many".into()),
        "minLength" => {
            (value.as_str()?.chars().count() < usize_of(rule)).then(|| "too short".into())
        }
        "maxLength" => {
            (value.as_str()?.chars().count() > usize_of(rule)).then(|| "too long".into())
        }
        "additionalProperties" | "contentEncoding" | "description" | "format" => None,
        other => panic!("the word {other} is not known here"),
    })
}

fn usize_of(rule: &Value) -> usize {
    usize::try_from(rule.as_u64().unwrap()).unwrap()
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not known here"),
    }
}

/// Whether a text is what a pattern says: literals, classes, choices and counts, from end to end.
fn matches(pattern: &str, text: &str) -> bool {
    let whole = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$'));
    rests(whole.unwrap_or_else(|| unknown(pattern)), text).contains(&"")
}

/// What may be left of a text after a beginning that fits.
fn rests<'t>(pattern: &str, text: &'t str) -> Vec<&'t str> {
    let Some(first) = pattern.chars().next() else { return vec![text] };
    let end = match first {
        '(' => pattern.find(')'),
        '[' => pattern.find(']'),
        plain if plain.is_ascii_alphanumeric() || ":/-".contains(plain) => Some(0),
        _ => None,
    };
    let (piece, after) = pattern.split_at(end.unwrap_or_else(|| unknown(pattern)) + 1);
    let (least, most, after) = count(after);
    let (mut now, mut found) = (vec![text], Vec::new());
    for round in 0..=most {
        if round >= least {
            found.extend(now.iter().flat_map(|rest| rests(after, rest)));
        }
        now = now.into_iter().flat_map(|rest| once(piece, rest)).collect();
        if now.is_empty() {
            break;
        }
    }
    found
}

fn once<'t>(piece: &str, text: &'t str) -> Vec<&'t str> {
    if let Some(choice) = piece.strip_prefix('(') {
        let choices = choice.strip_suffix(')').unwrap().split('|');
        return choices.flat_map(|choice| rests(choice, text)).collect();
    }
    let Some(first) = text.chars().next() else { return Vec::new() };
    let class: Vec<char> = piece.trim_matches(['[', ']']).chars().collect();
    let in_range = |three: &[char]| three[1] == '-' && (three[0]..=three[2]).contains(&first);
    let fits = class.contains(&first) && first != '-' || class.windows(3).any(in_range);
    if fits { vec![&text[first.len_utf8()..]] } else { Vec::new() }
}

/// How often a piece may stand, and what follows.
fn count(after: &str) -> (usize, usize, &str) {
    if let Some(after) = after.strip_prefix('+') {
        return (1, usize::MAX, after);
    }
    let Some(counts) = after.strip_prefix('{') else { return (1, 1, after) };
    let (counts, after) = counts.split_once('}').unwrap_or_else(|| unknown(after));
    let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
    (least.parse().unwrap(), most.parse().unwrap(), after)
}

fn unknown<T>(pattern: &str) -> T {
    panic!("the pattern {pattern} is not known here")
}

#[test]
fn the_ruler_measures() {
    for (pattern, good, bad) in [
        ("^[0-9]{3}$", &["012"][..], &["", "01", "0123", "01a", " 012"][..]),
        ("^[0-9a-f]{0,2}$", &["", "a", "f0"], &["g", "abc", "-"]),
        ("^(done|refused:[a-z_]+)$", &["done", "refused:a_b"], &["", "refused:", "done "]),
        ("^([0-9]|6[0-3])$", &["6", "63"], &["64", "06"]),
    ] {
        good.iter().for_each(|text| assert!(matches(pattern, text), "{pattern} {text:?}"));
        bad.iter().for_each(|text| assert!(!matches(pattern, text), "{pattern} {text:?}"));
    }
    for unknown in ["[0-9]", "^.*$", "^a?$", "^\\d$"] {
        assert!(std::panic::catch_unwind(|| matches(unknown, "a")).is_err(), "{unknown}");
    }
}
