//! Words for shapes: JSON Schema of what the API takes and gives.

use base::limits::{ADDRESS_BYTES_MAX, NAME_BYTES_MAX};
use registry::{EventKind, Sex};
use serde_json::{Value, json};

/// An object that has all of these members and no other.
pub(crate) fn object(members: &[(&str, Value)]) -> Value {
    object_with(members, &[])
}

/// An object that has these members, may have those, and no other.
pub(crate) fn object_with(needed: &[(&str, Value)], possible: &[(&str, Value)]) -> Value {
    let names: Vec<_> = needed.iter().map(|(name, _)| *name).collect();
    let all = needed.iter().chain(possible);
    let properties: serde_json::Map<_, _> =
        all.map(|(name, shape)| ((*name).to_owned(), shape.clone())).collect();
    json!({
        "type": "object",
        "required": names,
        "properties": properties,
        "additionalProperties": false,
    })
}

/// A list.
pub(crate) fn list(of: &Value) -> Value {
    json!({ "type": "array", "items": of })
}

/// A list of one to so many.
pub(crate) fn list_to(of: &Value, most: usize) -> Value {
    json!({ "type": "array", "items": of, "minItems": 1, "maxItems": most })
}

/// A text of a form.
pub(crate) fn text(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// One of these words.
pub(crate) fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// A whole number from `least` on.
pub(crate) fn integer(least: u64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": i64::MAX })
}

/// The same, or nothing.
pub(crate) fn or_null(shape: &Value) -> Value {
    json!({ "oneOf": [shape, { "type": "null" }] })
}

pub(crate) fn act() -> Value {
    let mut shape = integer(0);
    shape["description"] = "The id of the act: its place in the ledger.".into();
    shape
}

pub(crate) fn municipality() -> Value {
    text("^[0-9]{6}$")
}

pub(crate) fn record_code() -> Value {
    text("^[0-9]{11}$")
}

pub(crate) fn individual_number() -> Value {
    text("^[0-9]{12}$")
}

pub(crate) fn hash() -> Value {
    text("^[0-9a-f]{64}$")
}

pub(crate) fn date() -> Value {
    json!({ "type": "string", "format": "date" })
}

/// The label of a problem; which there are stands with the problem.
pub(crate) fn label() -> Value {
    text("^[a-z_]+$")
}

/// The six items of a record, as members.
pub(crate) fn record() -> Vec<(&'static str, Value)> {
    let words: Vec<_> = Sex::ALL.iter().map(|sex| sex.word()).collect();
    let short = |most: usize| json!({ "type": "string", "maxLength": most });
    vec![
        ("name", short(NAME_BYTES_MAX)),
        ("name_kana", short(NAME_BYTES_MAX)),
        ("birth_date", date()),
        ("sex", one_of(&words)),
        ("postal_code", text("^[0-9]{7}$")),
        ("address", short(ADDRESS_BYTES_MAX)),
    ]
}

/// A message of the feed.
pub(crate) fn feed_message() -> Value {
    let words: Vec<_> = EventKind::ALL.iter().map(|kind| kind.word()).collect();
    let mut possible = record();
    possible.push(("resident_record_code", record_code()));
    object_with(
        &[
            ("municipality", municipality()),
            ("sequence", integer(1)),
            ("event", one_of(&words)),
            ("event_date", date()),
        ],
        &possible,
    )
}

/// Who is meant: a code, or name and birth date; and what may stand besides.
pub(crate) fn whose(besides: &[(&str, Value)]) -> Value {
    whose_and(&[], besides)
}

/// Who is meant, with what must and what may stand besides.
pub(crate) fn whose_and(needed: &[(&str, Value)], possible: &[(&str, Value)]) -> Value {
    let name = json!({ "type": "string", "minLength": 1, "maxLength": NAME_BYTES_MAX });
    let by_code = [&[("resident_record_code", record_code())], needed].concat();
    let by_name = [&[("name", name), ("birth_date", date())], needed].concat();
    json!({ "oneOf": [object_with(&by_code, possible), object_with(&by_name, possible)] })
}

/// An invented person's code, with its check digit.
pub(crate) const CODE: &str = "24727059608";
/// An invented number, with its check digit.
pub(crate) const NUMBER: &str = "123456789018";
/// The municipality of the examples: Chiyoda.
pub(crate) const MUNICIPALITY: &str = "131016";

/// The record of an invented person.
pub(crate) fn example_record() -> Value {
    json!({
        "name": "山田　太郎",
        "name_kana": "ヤマダ　タロウ",
        "birth_date": "1990-04-01",
        "sex": "male",
        "postal_code": "1000013",
        "address": "東京都千代田区霞が関一丁目２番３号",
    })
}

/// A message about an invented person.
pub(crate) fn example_message() -> Value {
    let mut message = example_record();
    message["municipality"] = MUNICIPALITY.into();
    message["sequence"] = 1.into();
    message["event"] = "ex_officio_entry".into();
    message["event_date"] = "2026-04-01".into();
    message
}
