//! OCSP over HTTP (RFC 6960 appendix A, RFC 5019 §5 and §6): `POST /ocsp`, and `GET /ocsp/…` with
//! the request in base64, for caches.
//!
//! What was asked before is answered from memory, before anything else is looked at. What the
//! responder refuses it says in OCSP's own words, with status 200.

use crate::door::{Door, Inside};
use crate::inlet::{self, Incoming};
use crate::openapi::{Content, Doc};
use crate::reply::Reply;
use crate::request::Ask;
use crate::route::{Access, Handle, Route};
use app::ocsp::Told;
use base::{Moment, Problem, labels};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response};
use serde_json::json;
use x509::OCSP_REQUEST_BYTES_MAX;

pub(crate) fn routes() -> Vec<Route> {
    let route = |operation, method, path, doc| Route {
        operation,
        method,
        path,
        access: Access::Public,
        query: &[],
        handle: Handle::Ocsp,
        doc,
    };
    vec![
        route("ocsp_post", Method::POST, "/ocsp", post_doc),
        route("ocsp_get", Method::GET, "/ocsp/{+request}", get_doc),
    ]
}

impl Door {
    /// The answer that was prepared for a request in the address, if it may be told now.
    pub(crate) fn prepared_ocsp(&self, head: &Parts) -> Option<Response<Full<Bytes>>> {
        let text = head.uri.path().strip_prefix(IN_ADDRESS)?;
        if head.method != Method::GET || head.uri.query().is_some() {
            return None;
        }
        let request = in_address(text)?;
        let inside = self.inside();
        let told = inside.responder.prepared(&request)?;
        Some(response(told, inside.state.platform.clock.now()))
    }

    /// Answers a request that is to be looked at.
    pub(crate) async fn ocsp<B: Incoming>(
        &self,
        ask: Ask,
        head: &Parts,
        body: &mut B,
    ) -> Result<Reply, Problem> {
        let request = if head.method == Method::POST {
            check_media_type(head)?;
            let within = self.inside().state.limits.body_timeout;
            inlet::whole(head, body, OCSP_REQUEST_BYTES_MAX, within).await?
        } else {
            let malformed = || Problem::new(&labels::REQUEST_MALFORMED, "the address is no request");
            in_address(ask.place()).map(Bytes::from).ok_or_else(malformed)?
        };
        if let Some(told) = self.inside().responder.prepared(&request) {
            return Ok(reply(told, self.inside().state.platform.clock.now()));
        }
        let look = move |inside: &Inside, _: &Ask| {
            let told = inside.responder.answer(&request);
            Ok(reply(told, inside.state.platform.clock.now()))
        };
        self.look(look, ask).await
    }
}

/// The request in an address: base64, of which `/`, `+` and `=` may be escaped.
fn in_address(text: &str) -> Option<Vec<u8>> {
    if text.len() > ADDRESS_BYTES_MAX {
        return None;
    }
    if !text.contains('%') {
        return BASE64.decode(text).ok();
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let mut byte = *first;
        if byte == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            byte = u8::from_str_radix(digits, 16).ok()?;
            rest = rest.get(2..)?;
        }
        plain.push(byte);
    }
    BASE64.decode(plain).ok()
}

fn check_media_type(head: &Parts) -> Result<(), Problem> {
    let value = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if value.is_some_and(|kind| kind.eq_ignore_ascii_case(REQUEST)) {
        return Ok(());
    }
    Err(Problem::new(&labels::REQUEST_MEDIA_TYPE, format!("the body must be {REQUEST}")))
}

fn reply(told: Told, now: Moment) -> Reply {
    let kept = kept_s(&told, now);
    let reply = Reply::of(RESPONSE, Bytes::from_owner(told.response));
    match kept {
        Some(seconds) => reply.cached_for(seconds),
        None => reply,
    }
}

fn response(told: Told, now: Moment) -> Response<Full<Bytes>> {
    let kept = kept_s(&told, now).unwrap_or(0);
    let mut response = Response::new(Full::new(Bytes::from_owner(told.response)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(RESPONSE));
    headers.insert(header::CACHE_CONTROL, crate::reply::max_age(kept));
    response
}

/// For how many seconds others may keep the answer.
fn kept_s(told: &Told, now: Moment) -> Option<u32> {
    let left = told.keep_until?.us().saturating_sub(now.us()) / 1_000_000;
    u32::try_from(left).ok().filter(|left| *left > 0)
}

const IN_ADDRESS: &str = "/ocsp/";
const REQUEST: &str = "application/ocsp-request";
const RESPONSE: &str = "application/ocsp-response";
/// RFC 5019 §5: requests in addresses are of at most 255 bytes; a nonce and escapes need more.
const ADDRESS_BYTES_MAX: usize = 2_048;
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn post_doc() -> Doc {
    Doc {
        tag: "certificates",
        summary: "Whether certificates hold (RFC 6960), by a request in the body.",
        body: Some(Content { media_type: REQUEST, schema: json!({}), example: "".into() }),
        answer: Content { media_type: RESPONSE, schema: json!({}), example: "".into() },
        links: Vec::new(),
    }
}

fn get_doc() -> Doc {
    Doc {
        tag: "certificates",
        summary: "Whether certificates hold (RFC 6960), by a request in base64 in the address.",
        body: None,
        answer: Content { media_type: RESPONSE, schema: json!({}), example: "".into() },
        links: Vec::new(),
    }
}
