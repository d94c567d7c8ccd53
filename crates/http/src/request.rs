//! A request after the door has looked at it: caller known, permit given, body read.

use crate::body;
use crate::caller::Granted;
use base::{ActId, Problem, labels, limits};
use hyper::body::Bytes;
use numbers::LocalGovernmentCode;
use policy::Permit;
use serde_json::Value;
use std::str::FromStr;

/// What a route is asked.
pub(crate) struct Ask {
    /// `POST /v1/...`: the method and the path as they came.
    pub(crate) line: String,
    /// What stands in the path's variable places, in order.
    pub(crate) path: Vec<String>,
    /// What stands behind the question mark.
    pub(crate) query: Query,
    /// The body; JSON, where the route takes one.
    pub(crate) body: Bytes,
    /// The `Idempotency-Key`.
    pub(crate) idempotency_key: Option<String>,
    /// The right to do what the route does, where that needs one.
    pub(crate) granted: Option<Granted>,
}

/// The parameters of a query, each at most once.
#[derive(Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Ask {
    /// The caller's right. Routes that need none have none.
    pub(crate) fn granted(&self) -> Result<Granted, Problem> {
        let none = || Problem::new(&labels::INTERNAL, "a route that needs no permit asks for one");
        self.granted.clone().ok_or_else(none)
    }

    /// The caller's right to things of the municipality in the path.
    pub(crate) fn permit(&self) -> Result<Permit, Problem> {
        let none = || Problem::new(&labels::INTERNAL, "no municipality in the path");
        self.granted()?.permit.ok_or_else(none)
    }

    /// What stands in the path's variable place.
    pub(crate) fn place(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }

    /// The municipality in the path.
    pub(crate) fn municipality(&self) -> Result<LocalGovernmentCode, Problem> {
        municipality(self.place())
    }

    /// The body as JSON with no member twice.
    pub(crate) fn json(&self) -> Result<Value, Problem> {
        body::json(&self.body)
    }

    /// The key under which the answer is kept.
    pub(crate) fn idempotency_key(&self) -> Result<String, Problem> {
        let missing = || Problem::new(&labels::IDEMPOTENCY_KEY_MISSING, "");
        self.idempotency_key.clone().ok_or_else(missing)
    }

    /// What was asked, to tell a repeat from a mistake.
    pub(crate) fn fingerprint(&self) -> Vec<u8> {
        let purpose = self.granted.as_ref().map_or("", |granted| granted.purpose.word());
        let mut bytes = format!("{}\n{purpose}\n", self.line).into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Reads the code of a municipality.
pub(crate) fn municipality(text: &str) -> Result<LocalGovernmentCode, Problem> {
    text.parse().map_err(|refusal: numbers::NumberRefusal| {
        Problem::from_refusal(refusal.label()).in_field("municipality")
    })
}

impl Query {
    /// Reads a query. No parameter of this API needs percent-encoding.
    pub(crate) fn read(text: Option<&str>, known: &[&'static str]) -> Result<Self, Problem> {
        let refuse = |detail| Err(Problem::new(&labels::REQUEST_MALFORMED, detail));
        let mut read: Vec<(String, String)> = Vec::new();
        for part in text.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            if !known.contains(&name) {
                return refuse("the query has a parameter that this address does not know");
            }
            if read.iter().any(|(before, _)| before == name) {
                return refuse("the query has a parameter twice");
            }
            read.push((name.to_owned(), value.to_owned()));
        }
        Ok(Self(read))
    }

    /// A whole number, if it is there.
    pub(crate) fn number(&self, name: &'static str) -> Result<Option<u64>, Problem> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| whole_number(value, name)).transpose()
    }
}

/// How many entries a page is to have.
pub(crate) fn page_limit(asked: Option<u64>) -> Result<usize, Problem> {
    let Some(asked) = asked else { return Ok(PAGE_ENTRIES) };
    let limit = usize::try_from(asked).ok();
    limit.filter(|limit| (1..=limits::PAGE_ENTRIES_MAX).contains(limit)).ok_or_else(|| {
        let detail = format!("1 to {}", limits::PAGE_ENTRIES_MAX);
        Problem::new(&labels::PAGE_RANGE, detail).in_field("limit")
    })
}

/// The id of an act.
pub(crate) fn act_id(text: &str) -> Result<ActId, Problem> {
    let id = plain_decimal(text);
    id.map(ActId).ok_or_else(|| Problem::new(&labels::ACT_ABSENT, "an id is a whole number"))
}

fn whole_number(text: &str, name: &'static str) -> Result<u64, Problem> {
    plain_decimal(text).ok_or_else(|| {
        Problem::new(&labels::REQUEST_MALFORMED, "not a whole number").in_field(name)
    })
}

/// A number below 2⁶³ in its one spelling.
fn plain_decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit())
        && !text.is_empty()
        && (text == "0" || !text.starts_with('0'));
    let number = if plain { u64::from_str(text).ok() } else { None };
    number.filter(|number| *number <= i64::MAX.cast_unsigned())
}

/// Entries on a page, unless the caller says otherwise.
pub(crate) const PAGE_ENTRIES: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_has_each_known_parameter_once() {
        let known = &["after", "limit"];
        let query = Query::read(Some("after=7&limit=0"), known).unwrap();
        assert_eq!(query.number("after"), Ok(Some(7)));
        assert_eq!(query.number("limit"), Ok(Some(0)));
        assert_eq!(Query::read(None, known).unwrap().number("after"), Ok(None));
        for bad in ["before=1", "after=1&after=1", "After=1"] {
            let problem = Query::read(Some(bad), known).err().unwrap();
            assert_eq!(problem.label(), "request_malformed");
            assert!(!problem.to_string().contains("before"));
        }
    }

    #[test]
    fn numbers_have_one_spelling() {
        for bad in ["", "-1", "+1", "01", "1.0", "%31", "9223372036854775808", "１"] {
            let query = Query::read(Some(&format!("after={bad}")), &["after"]).unwrap();
            let problem = query.number("after").unwrap_err();
            assert_eq!(problem.place().field, Some("after"), "{bad}");
            assert_eq!(act_id(bad).unwrap_err().label(), "act_absent");
        }
        assert_eq!(act_id("9223372036854775807"), Ok(ActId(i64::MAX.cast_unsigned())));
    }

    #[test]
    fn a_page_has_bounds() {
        assert_eq!(page_limit(None), Ok(PAGE_ENTRIES));
        assert_eq!(page_limit(Some(1)), Ok(1));
        for bad in [0, 1_001, u64::MAX] {
            assert_eq!(page_limit(Some(bad)).unwrap_err().label(), "page_range");
        }
    }
}
