//! Answers: what a route gives back, and problems as RFC 9457 has them.
//!
//! A problem of the platform's own making (5xx) shows its label and nothing of the inside; the
//! detail goes to the log.

use base::{ActId, Problem, Remedy, labels};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

/// What a route answers.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: StatusCode,
    media_type: &'static str,
    cache: &'static str,
    act: Option<ActId>,
    repeated: Option<bool>,
    body: Bytes,
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
        let (status, cache) = (StatusCode::OK, "no-store");
        Self { status, media_type, cache, act: None, repeated: None, body: body.into() }
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
        Self { cache, ..self }
    }

    /// The same with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.cache));
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
