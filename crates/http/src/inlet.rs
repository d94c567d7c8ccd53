//! What comes in before a route sees it: headers within their bounds, and a body read whole, in
//! time and within its size, or not at all.

use crate::route::Media;
use base::{Problem, labels, limits};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{self, HeaderName};
use hyper::http::request::Parts;
use std::time::Duration;
use tokio::time::timeout;

/// A body that comes in.
pub trait Incoming: Body<Data = Bytes, Error = Self::Fault> + Send + Unpin {
    /// What can go wrong with it.
    type Fault: Into<Box<dyn std::error::Error + Send + Sync>> + Send;
}

impl<B> Incoming for B
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    type Fault = B::Error;
}

/// Reads a body of the kind that is taken; of JSON unless said.
pub(crate) async fn read<B: Incoming>(
    head: &Parts,
    body: &mut B,
    media: Option<Media>,
    within: Duration,
) -> Result<Bytes, Problem> {
    if head.headers.contains_key(header::CONTENT_ENCODING) {
        let detail = "compressed bodies are not taken";
        return Err(Problem::new(&labels::REQUEST_MEDIA_TYPE, detail));
    }
    let Some(Media { kind, bytes_max }) = media else {
        check_json(head)?;
        return whole(head, body, limits::REQUEST_BODY_BYTES_MAX, within).await;
    };
    if !media_type(head).eq_ignore_ascii_case(kind) {
        let detail = format!("the body must be {kind}");
        return Err(Problem::new(&labels::REQUEST_MEDIA_TYPE, detail));
    }
    whole(head, body, bytes_max, within).await
}

/// Reads a body of any kind.
pub(crate) async fn whole<B: Incoming>(
    head: &Parts,
    body: &mut B,
    bytes_max: usize,
    within: Duration,
) -> Result<Bytes, Problem> {
    let announced = head.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    let announced = announced.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    if announced > bytes_max as u64 {
        return Err(too_large(bytes_max));
    }
    let body = Limited::new(body, bytes_max);
    let late = |_| Problem::new(&labels::REQUEST_TIMEOUT, "");
    match timeout(within, body.collect()).await.map_err(late)? {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
        Err(_) => Err(Problem::new(&labels::REQUEST_MALFORMED, "the body broke off")),
    }
}

/// Lets the rest of a body come in and drops it: a connection that is closed with something unread
/// takes the answer away from the caller. False if there is too much of it.
pub(crate) async fn drain<B: Incoming>(body: &mut B) -> bool {
    let whole = async {
        let mut left = DRAINED_BYTES_MAX;
        while !body.is_end_stream() && left > 0 {
            match body.frame().await {
                Some(Ok(frame)) => {
                    left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
                }
                Some(Err(_)) => return false,
                None => return true,
            }
        }
        body.is_end_stream()
    };
    timeout(DRAIN_TIMEOUT, whole).await.unwrap_or(false)
}

pub(crate) fn check_head(head: &Parts, bytes_max: usize) -> Result<(), Problem> {
    let line = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let headers = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    if line + headers.sum::<usize>() > bytes_max {
        return Err(Problem::new(&labels::REQUEST_TOO_LARGE, "the headers are too large"));
    }
    Ok(())
}

fn media_type(head: &Parts) -> &str {
    let value = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

fn check_json(head: &Parts) -> Result<(), Problem> {
    let refused = |detail| Err(Problem::new(&labels::REQUEST_MEDIA_TYPE, detail));
    let mut parts = media_type(head).split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    // RFC 8259 §8.1: JSON is UTF-8; who says otherwise means something else.
    let utf8 =
        parts.all(|parameter| parameter.to_ascii_lowercase().replace('"', "") == "charset=utf-8");
    if json && utf8 { Ok(()) } else { refused("the body must be application/json in UTF-8") }
}

pub(crate) fn idempotency_key(head: &Parts) -> Result<Option<String>, Problem> {
    let mut values = head.headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match value.to_str() {
        Ok(text) if values.next().is_none() => Ok(Some(text.to_owned())),
        _ => Err(Problem::new(&labels::REQUEST_MALFORMED, "one Idempotency-Key in ASCII")),
    }
}

fn too_large(bytes_max: usize) -> Problem {
    let detail = format!("at most {bytes_max} bytes");
    Problem::new(&labels::REQUEST_TOO_LARGE, detail)
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const DRAINED_BYTES_MAX: usize = 4 * limits::REQUEST_BODY_BYTES_MAX;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);
