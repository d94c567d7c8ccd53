//! Answers: what a route gives back, and problems as RFC 9457 has them.
//!
//! A problem of the platform's own making (5xx) shows its label and nothing of the inside; the
//! detail goes to the log.

use crate::http_date;
use base::{ActId, Moment, Problem, Remedy, labels};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// What a route answers.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: StatusCode,
    media_type: &'static str,
    cache: Cache,
    validators: Option<Validators>,
    act: Option<ActId>,
    repeated: Option<bool>,
    body: Bytes,
}

/// What caches may do with an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cache {
    Rule(&'static str),
    /// Keep it for so many seconds.
    For(u32),
}

/// What tells a caller's copy from a newer one (RFC 9110 §8.8).
#[derive(Clone, Debug)]
pub(crate) struct Validators {
    /// The entity tag, in its quotes.
    pub(crate) tag: String,
    /// Since when it is so.
    pub(crate) modified: Moment,
    /// Until when a copy is fresh.
    pub(crate) expires: Moment,
    /// Whether the second in which it became so tells it from all others.
    pub(crate) by_date: bool,
}

/// The media type of problems (RFC 9457).
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

pub(crate) const JSON: &str = "application/json";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const BYTES: &str = "application/octet-stream";

impl Reply {
    /// JSON that nobody may keep.
    pub(crate) fn json(body: &Value) -> Self {
        Self::of(JSON, body.to_string().into_bytes())
    }

    /// Bytes of a media type, that nobody may keep.
    pub(crate) fn of(media_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            media_type,
            cache: Cache::Rule("no-store"),
            validators: None,
            act: None,
            repeated: None,
            body: body.into(),
        }
    }

    /// The same, as the answer to an act.
    pub(crate) fn of_act(self, act: ActId) -> Self {
        Self { act: Some(act), ..self }
    }

    /// The same, as the answer to what is done once: now, or before as it is told again.
    pub(crate) fn once(self, repeated: bool) -> Self {
        Self { repeated: Some(repeated), ..self }
    }

    /// The same with another rule for caches.
    pub(crate) fn cached(self, cache: &'static str) -> Self {
        Self { cache: Cache::Rule(cache), ..self }
    }

    /// The same, to be kept by anybody for so many seconds.
    pub(crate) fn cached_for(self, seconds: u32) -> Self {
        Self { cache: Cache::For(seconds), ..self }
    }

    /// The same, of which callers may have a copy.
    pub(crate) fn validated(self, validators: Validators) -> Self {
        Self { validators: Some(validators), ..self }
    }

    /// The same, or that the caller has it already (RFC 9110 §13.2.2).
    pub(crate) fn unless_known(self, headers: &HeaderMap) -> Self {
        let known = self.validators.as_ref().is_some_and(|own| own.are_known(headers));
        if !known {
            return self;
        }
        Self { status: StatusCode::NOT_MODIFIED, body: Bytes::new(), ..self }
    }

    /// The same with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if self.status != StatusCode::NOT_MODIFIED {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        }
        let rule = match self.cache {
            Cache::Rule(rule) => HeaderValue::from_static(rule),
            Cache::For(seconds) => max_age(seconds),
        };
        headers.insert(header::CACHE_CONTROL, rule);
        if let Some(validators) = self.validators {
            validators.write(headers);
        }
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(act) = self.act {
            headers.insert(ACT, HeaderValue::from(act.0));
        }
        if let Some(repeated) = self.repeated {
            let word = if repeated { "true" } else { "false" };
            headers.insert(REPEATED, HeaderValue::from_static(word));
        }
        response
    }
}

impl Validators {
    fn are_known(&self, headers: &HeaderMap) -> bool {
        if headers.contains_key(header::IF_NONE_MATCH) {
            let values = headers.get_all(header::IF_NONE_MATCH).iter();
            let mut tags =
                values.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
            return tags.any(|tag| {
                let tag = tag.trim();
                tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.tag
            });
        }
        let since = headers.get(header::IF_MODIFIED_SINCE).and_then(http_date::read);
        self.by_date && since.is_some_and(|since| self.modified.seconds() <= since.seconds())
    }

    fn write(&self, headers: &mut HeaderMap) {
        headers.extend(HeaderValue::from_str(&self.tag).ok().map(|tag| (header::ETAG, tag)));
        let modified = http_date::write(self.modified);
        headers.extend(modified.map(|date| (header::LAST_MODIFIED, date)));
        let expires = http_date::write(self.expires);
        headers.extend(expires.map(|date| (header::EXPIRES, date)));
    }
}

/// The rule for an answer that anybody may keep for so many seconds; RFC 5019 §6.2 has these words
/// for OCSP. Nobody may keep an answer for no time.
fn max_age(seconds: u32) -> HeaderValue {
    static RULES: LazyLock<[HeaderValue; RULES_KEPT]> = LazyLock::new(|| {
        std::array::from_fn(|seconds| {
            let rule = format!("max-age={seconds}, public, no-transform, must-revalidate");
            HeaderValue::from_str(&rule).unwrap_or(NO_STORE)
        })
    });
    match usize::try_from(seconds) {
        Ok(1..) => RULES[(seconds as usize).min(RULES_KEPT - 1)].clone(),
        _ => NO_STORE,
    }
}

/// A problem as an answer, with the headers that tell what to do about it.
pub(crate) fn problem_response(problem: &Problem) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(problem.entry().status);
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reply = Reply::of(PROBLEM_MEDIA_TYPE, problem_body(problem).to_string().into_bytes());
    let mut response = reply.with_status(status).into_response();
    let headers = response.headers_mut();
    if let Some(seconds) = retry_after_s(problem) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge(problem)));
    }
    response
}

/// The body of a problem (RFC 9457 with the members `title_ja`, `label`, `remedy`, `line`,
/// `field`).
pub fn problem_body(problem: &Problem) -> Value {
    let entry = problem.entry();
    let mut body = json!({
        "type": format!("urn:sekisho:problem:{}", entry.text),
        "title": entry.english,
        "title_ja": entry.japanese,
        "status": entry.status,
        "label": entry.text,
        "remedy": remedy_word(entry.remedy),
    });
    // What is wrong here is the operator's affair: callers are told no more than that.
    if entry.status < 500 && !problem.detail_text().is_empty() {
        body["detail"] = problem.detail_text().into();
    }
    if let Some(line) = problem.place().line {
        body["line"] = line.into();
    }
    if let Some(field) = problem.place().field {
        body["field"] = field.into();
    }
    body
}

/// What the caller should do, as a word of the API.
pub(crate) const fn remedy_word(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Refused => "refused",
        Remedy::Absent => "absent",
        Remedy::Again => "again",
        Remedy::Broken => "broken",
    }
}

/// How long to wait before trying again, where waiting alone may help.
fn retry_after_s(problem: &Problem) -> Option<u32> {
    match (problem.remedy(), problem.entry().status) {
        (Remedy::Again, 503) => Some(1),
        (Remedy::Again, 429) => Some(10),
        (Remedy::Again, 507) => Some(60),
        _ => None,
    }
}

/// The challenge of RFC 6750 §3: without a token none of its errors is named.
fn challenge(problem: &Problem) -> &'static str {
    if problem.label() == labels::CALLER_UNKNOWN.text {
        r#"Bearer realm="sekisho""#
    } else {
        r#"Bearer realm="sekisho", error="invalid_token""#
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// One more than the longest time, in seconds, that anything changing is kept by others.
const RULES_KEPT: usize = 31;
const ACT: HeaderName = HeaderName::from_static("sekisho-act");
const REPEATED: HeaderName = HeaderName::from_static("sekisho-repeated");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_to_do_and_where() {
        let problem = Problem::new(&labels::FEED_DATE, "").at_line(3).in_field("event_date");
        let body = problem_body(&problem);
        assert_eq!(body["type"], "urn:sekisho:problem:feed_date");
        assert_eq!((&body["line"], &body["field"]), (&json!(3), &json!("event_date")));
        assert_eq!((&body["status"], &body["remedy"]), (&json!(422), &json!("refused")));
        assert!(body.get("detail").is_none());
    }

    #[test]
    fn the_inside_is_not_shown() {
        for label in labels::ALL {
            let body = problem_body(&Problem::new(label, "SELECT went wrong")).to_string();
            assert_eq!(body.contains("SELECT"), label.status < 500, "{}", label.text);
        }
        let told = Problem::new(&labels::PAGE_RANGE, "at most 1000");
        assert_eq!(problem_body(&told)["detail"], "at most 1000");
    }

    #[test]
    fn headers_tell_when_to_come_again_and_how_to_be_known() {
        let header = |problem: &Problem, name: HeaderName| {
            let response = problem_response(problem);
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        let busy = Problem::new(&labels::OVERLOADED, "");
        assert_eq!(header(&busy, header::RETRY_AFTER).as_deref(), Some("1"));
        let gone = Problem::new(&labels::ACT_ABSENT, "");
        assert_eq!(header(&gone, header::RETRY_AFTER), None);
        let nobody = Problem::new(&labels::CALLER_UNKNOWN, "");
        assert!(!header(&nobody, header::WWW_AUTHENTICATE).unwrap().contains("error"));
        let late = Problem::new(&labels::TOKEN_EXPIRED, "");
        assert!(header(&late, header::WWW_AUTHENTICATE).unwrap().contains("invalid_token"));
    }
}
