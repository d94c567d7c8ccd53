//! Bodies: JSON in, with every fault named by place and never by value.
//!
//! Messages of a JSON parser quote what they read, so none of them leaves this file. A member that
//! stands twice is refused: two readers could each believe another one.

use base::{Date, Problem, labels};
use numbers::NumberRefusal;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, value::RawValue};
use std::{fmt, str::FromStr};

/// Reads a body.
pub(crate) fn json(body: &[u8]) -> Result<Value, Problem> {
    let strict: Strict = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
    Ok(strict.0)
}

/// The texts of the elements of an array, or the one text that is no array. Says no more about the
/// elements than that they are JSON.
pub(crate) fn elements(body: &[u8]) -> Result<Elements<'_>, Problem> {
    let whole: &RawValue = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
    if !whole.get().trim_start().starts_with('[') {
        return Ok(Elements::One(whole.get().as_bytes()));
    }
    let raw: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
    Ok(Elements::Many(raw.into_iter().map(|element| element.get().as_bytes()).collect()))
}

/// One message, or a list.
pub(crate) enum Elements<'a> {
    /// The body is no array.
    One(&'a [u8]),
    /// The elements of an array.
    Many(Vec<&'a [u8]>),
}

/// An object whose members are all known.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// The object, if it has no member but these.
    pub(crate) fn of(value: Value, known: &[&str]) -> Result<Self, Problem> {
        let Value::Object(map) = value else { return Err(refused("not an object")) };
        if map.keys().any(|name| !known.contains(&name.as_str())) {
            return Err(refused("the object has a member that this address does not know"));
        }
        Ok(Self(map))
    }

    /// The members left.
    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// A text, if it is there. `null` is as good as nothing.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(refused("not a text").in_field(name)),
        }
    }

    /// A text that must be there.
    pub(crate) fn needed(&self, name: &'static str) -> Result<&str, Problem> {
        self.text(name)?.ok_or_else(|| refused("missing").in_field(name))
    }

    /// A check-digit number, if it is there.
    pub(crate) fn number<T>(&self, name: &'static str) -> Result<Option<T>, Problem>
    where
        T: FromStr<Err = NumberRefusal>,
    {
        self.text(name)?.map(|text| check_digit_number(text, name)).transpose()
    }

    /// A whole number, if it is there.
    pub(crate) fn whole(&self, name: &'static str) -> Result<Option<u64>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let whole = value.as_u64().filter(|n| *n <= i64::MAX.cast_unsigned());
                whole.map(Some).ok_or_else(|| refused("not a whole number").in_field(name))
            }
        }
    }

    /// True or false, if it is there.
    pub(crate) fn flag(&self, name: &'static str) -> Result<Option<bool>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(refused("neither true nor false").in_field(name)),
        }
    }

    /// A calendar date, if it is there.
    pub(crate) fn date(&self, name: &'static str) -> Result<Option<Date>, Problem> {
        let read = |text: &str| {
            let date = if text.len() == DATE_LENGTH { text.parse().ok() } else { None };
            date.ok_or_else(|| Problem::new(&labels::FEED_DATE, "").in_field(name))
        };
        self.text(name)?.map(read).transpose()
    }

    /// A list of texts, if it is there.
    pub(crate) fn texts(&self, name: &'static str) -> Result<Vec<&str>, Problem> {
        let list = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(list)) => list,
            Some(_) => return Err(refused("not a list").in_field(name)),
        };
        let text = |value: &'_ Value| value.as_str().map(str::len).is_some();
        match list.iter().position(|value| !text(value)) {
            None => Ok(list.iter().filter_map(Value::as_str).collect()),
            Some(at) => Err(refused("not a text").in_field(name).at_line(at as u64 + 1)),
        }
    }
}

/// Reads a check-digit number of a field.
pub(crate) fn check_digit_number<T>(text: &str, name: &'static str) -> Result<T, Problem>
where
    T: FromStr<Err = NumberRefusal>,
{
    let refuse = |refusal: NumberRefusal| Problem::from_refusal(refusal.label()).in_field(name);
    text.parse().map_err(refuse)
}

/// A refusal of a body's form.
pub(crate) fn refused(detail: impl Into<String>) -> Problem {
    Problem::new(&labels::REQUEST_MALFORMED, detail)
}

fn malformed(error: &serde_json::Error) -> Problem {
    refused(format!("not JSON, or a member twice, at character {}", error.column()))
        .at_line(error.line() as u64)
}

/// A JSON value with no member twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(value)) = seq.next_element()? {
            list.push(value);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Strict(value))) = map.next_entry::<String, Strict>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("twice"));
            }
        }
        Ok(object.into())
    }
}

const DATE_LENGTH: usize = "2026-04-01".len();

#[cfg(test)]
mod tests {
    use super::*;
    use numbers::ResidentRecordCode;
    use proptest::prelude::*;

    #[test]
    fn faults_are_named_by_place_and_not_by_value() {
        for bad in
            [r#"{"name": "山田"#, r#"{"name": 山田}"#, r#"{"山田": 1, "山田": 2}"#, "", "山田"]
        {
            let problem = json(bad.as_bytes()).unwrap_err();
            assert_eq!(
                (problem.label(), problem.place().line.is_some()),
                ("request_malformed", true)
            );
            assert!(!problem.to_string().contains("山田"), "{problem}");
        }
        assert_eq!(json(b"\xff\"").unwrap_err().label(), "request_malformed");
    }

    #[test]
    fn every_kind_of_json_is_read() {
        let text = r#"{"a":[null,true,1,-1,1.5,"x"],"b":{}}"#;
        assert_eq!(json(text.as_bytes()).unwrap().to_string(), text);
    }

    #[test]
    fn members_are_known_and_of_their_kind() {
        let fields = |text: &str| Fields::of(json(text.as_bytes()).unwrap(), &["a", "b"]);
        assert!(fields("[]").is_err());
        let unknown = fields(r#"{"123456789018": ""}"#).err().unwrap();
        assert!(!unknown.to_string().contains("123456789018"));
        let read = fields(r#"{"a": "24727059608", "b": null}"#).unwrap();
        assert!(read.number::<ResidentRecordCode>("a").unwrap().is_some());
        assert_eq!(read.text("b"), Ok(None));
        assert_eq!(read.needed("b").unwrap_err().place().field, Some("b"));
        assert_eq!(read.whole("a").unwrap_err().place().field, Some("a"));
        assert_eq!(read.date("a").unwrap_err().label(), "feed_date");
        assert!(read.texts("a").is_err());
        let lists = fields(r#"{"a": ["x", "y"], "b": ["x", 1]}"#).unwrap();
        assert_eq!(lists.texts("a"), Ok(vec!["x", "y"]));
        assert_eq!(lists.texts("b").unwrap_err().place().line, Some(2));
        let wrong = fields(r#"{"a": "24727059607"}"#).unwrap();
        let problem = wrong.number::<ResidentRecordCode>("a").unwrap_err();
        assert_eq!(problem.label(), "resident_record_code_check_digit");
    }

    #[test]
    fn a_list_is_told_from_one_thing() {
        let Elements::Many(many) = elements(b" [{\"a\":1}, 2]").unwrap() else { panic!() };
        assert_eq!(many, [&b"{\"a\":1}"[..], b"2"]);
        let Elements::One(one) = elements(b"\n{} ").unwrap() else { panic!() };
        assert_eq!(one, b"{}");
        assert!(elements(b"[{}").is_err());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let member = (".{0,4}", inner.clone());
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                prop::collection::vec(member, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_has_no_member_twice_is_read_as_it_stands(value in any_json()) {
            prop_assert_eq!(json(value.to_string().as_bytes()), Ok(value));
        }

        #[test]
        fn no_text_makes_a_problem_that_repeats_it(text in "[^0-9 ]{3,40}") {
            if let Err(problem) = json(text.as_bytes()) {
                prop_assert!(!problem.to_string().contains(&text));
            }
            drop(elements(text.as_bytes()));
        }
    }
}
