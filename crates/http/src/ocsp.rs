//! OCSP over HTTP (RFC 6960 appendix A, RFC 5019 §5 and §6): `POST /ocsp`, and `GET /ocsp/…` with
//! the request in base64, for caches.
//!
//! What was asked before is answered from memory, before anything else is looked at. What the
//! responder refuses it says in OCSP's own words, with status 200.

use crate::door::{Door, Inside};
use crate::inlet::Incoming;
use crate::openapi::{Content, Doc};
use crate::reply::{Reply, Validators};
use crate::request::Ask;
use crate::route::{Access, Handle, Media, Route};
use app::ocsp::Told;
use base::{Moment, Problem, labels};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http_body_util::Full;
use hyper::body::Bytes;
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
        route("ocsp_get", Method::GET, IN_ADDRESS, get_doc),
    ]
}

/// The body of a request.
pub(crate) const MEDIA: Media =
    Media { kind: "application/ocsp-request", bytes_max: OCSP_REQUEST_BYTES_MAX };

impl Door {
    /// The answer that was prepared for a request in the address, if it may be told now, and the
    /// route that it is counted under.
    pub(crate) fn prepared_ocsp<B: Incoming>(
        &self,
        head: &Parts,
        body: &B,
    ) -> Option<(&'static str, Response<Full<Bytes>>)> {
        let text = head.uri.path().strip_prefix(BEFORE_REQUEST)?;
        if head.method != Method::GET || head.uri.query().is_some() || !body.is_end_stream() {
            return None;
        }
        let mut room = [0; REQUEST_BYTES_MAX];
        let request = in_address(text, &mut room)?;
        let inside = self.inside();
        let told = inside.responder.prepared(request)?;
        let reply = in_cache(told, inside.state.platform.clock.now());
        Some((IN_ADDRESS, reply.unless_known(&head.headers).into_response()))
    }

    /// Answers a request.
    pub(crate) async fn ocsp(&self, mut ask: Ask) -> Result<Reply, Problem> {
        let mut make: fn(Told, Moment) -> Reply = reply;
        if let Some(text) = ask.path.first() {
            make = in_cache;
            let malformed =
                || Problem::new(&labels::REQUEST_MALFORMED, "the address is no request");
            let mut room = [0; REQUEST_BYTES_MAX];
            let request = in_address(text, &mut room).ok_or_else(malformed)?;
            ask.body = Bytes::copy_from_slice(request);
        }
        let inside = self.inside();
        if let Some(told) = inside.responder.prepared(&ask.body) {
            return Ok(make(told, inside.state.platform.clock.now()));
        }
        let look = move |inside: &Inside, ask: &Ask| {
            let told = inside.responder.answer(&ask.body);
            Ok(make(told, inside.state.platform.clock.now()))
        };
        self.look(look, ask).await
    }
}

/// The request in an address: base64, of which `/`, `+` and `=` may be escaped.
fn in_address<'a>(text: &str, room: &'a mut [u8; REQUEST_BYTES_MAX]) -> Option<&'a [u8]> {
    if text.len() > ADDRESS_BYTES_MAX {
        return None;
    }
    let mut plain = [0; ADDRESS_BYTES_MAX];
    let mut length = 0;
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let mut byte = *first;
        if byte == b'%' {
            let [high, low, after @ ..] = tail else { return None };
            byte = digit(*high)? << 4 | digit(*low)?;
            rest = after;
        }
        plain[length] = byte;
        length += 1;
    }
    let length = BASE64.decode_slice(&plain[..length], room).ok()?;
    Some(&room[..length])
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

fn reply(told: Told, now: Moment) -> Reply {
    let kept = kept_s(&told, now);
    Reply::of(RESPONSE, Bytes::from_owner(told.response)).cached_for(kept)
}

/// The same with what caches tell answers to one address apart by (RFC 5019 §6.2).
fn in_cache(told: Told, now: Moment) -> Reply {
    let (since, until) = (told.this_update, told.keep_until);
    let reply = reply(told, now);
    let (Some(modified), Some(expires)) = (since, until) else { return reply };
    // Of one address there are no two answers since the same microsecond.
    let tag = format!("\"{:x}\"", modified.us());
    reply.validated(Validators { tag, modified, expires, by_date: false })
}

/// For how many seconds others may keep the answer.
fn kept_s(told: &Told, now: Moment) -> u32 {
    let until = told.keep_until.unwrap_or(now);
    u32::try_from(until.us().saturating_sub(now.us()) / 1_000_000).unwrap_or(0)
}

const IN_ADDRESS: &str = "/ocsp/{+request}";
const BEFORE_REQUEST: &str = "/ocsp/";
const RESPONSE: &str = "application/ocsp-response";
/// RFC 5019 §5: requests in addresses are of at most 255 bytes; a nonce and escapes need more.
const ADDRESS_BYTES_MAX: usize = 2_048;
const REQUEST_BYTES_MAX: usize = ADDRESS_BYTES_MAX / 4 * 3 + 3;
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn post_doc() -> Doc {
    Doc {
        tag: "certificates",
        summary: "Whether certificates hold (RFC 6960), by a request in the body.",
        body: Some(Content { media_type: MEDIA.kind, schema: json!({}), example: "".into() }),
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

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD as STANDARD_BASE64;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<Vec<u8>> {
        in_address(text, &mut [0; REQUEST_BYTES_MAX]).map(<[u8]>::to_vec)
    }

    #[test]
    fn an_address_may_be_escaped_and_unpadded() {
        let bytes = [0xfb, 0xef, 0xff, 0xfe];
        for text in ["++///g==", "%2B%2b%2F//g%3D%3d", "++///g"] {
            assert_eq!(read(text).as_deref(), Some(&bytes[..]), "{text}");
        }
        for text in ["%", "%2", "%2g", "%+2", "a", "--__", "é", "AA=A"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(&"A".repeat(ADDRESS_BYTES_MAX)).map(|bytes| bytes.len()), Some(1_536));
        assert_eq!(read(&"A".repeat(ADDRESS_BYTES_MAX + 1)), None);
    }

    proptest! {
        #[test]
        fn what_is_put_into_an_address_reads_back(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            escaped in any::<[bool; 3]>(),
        ) {
            let mut text = STANDARD_BASE64.encode(&bytes);
            let escapes = [("/", "%2F"), ("+", "%2b"), ("=", "%3D")];
            for ((plain, escape), _) in escapes.iter().zip(escaped).filter(|(_, escape)| *escape) {
                text = text.replace(plain, escape);
            }
            prop_assert_eq!(read(&text), Some(bytes));
        }

        #[test]
        fn any_address_is_read_or_not(text in "[%A-Za-z0-9+/=é]{0,64}") {
            drop(read(&text));
        }
    }
}
