//! The revocation lists as anybody fetches them: `GET /crl/…`, by the addresses that certificates
//! name, with what caches need. A list is told to be kept for half a minute and never beyond the
//! moment at which the next one is due, so that a revocation is seen within a minute.
//!
//! A list may be long, and anybody may ask: it is read and digested once a second at most, whoever
//! asks.

use crate::door::Inside;
use crate::openapi::{Content, Doc};
use crate::reply::{Reply, Validators};
use crate::request::Ask;
use crate::route::{Access, Handle, Route};
use base::{Moment, Problem, labels};
use hyper::Method;
use hyper::body::Bytes;
use ports::Publication;
use serde_json::json;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use x509::Crl;

/// Lists as they were read within the last second, by their paths.
#[derive(Default)]
pub(crate) struct ListsRead(Mutex<HashMap<String, Arc<ListRead>>>);

/// A list with what caches need to know of it.
struct ListRead {
    at: Moment,
    bytes: Bytes,
    tag: String,
    this_update: Moment,
    next_update: Option<Moment>,
}

impl ListsRead {
    /// A list as it is now, or was a moment ago; none if nothing is published there.
    fn read(
        &self,
        place: &dyn Publication,
        path: &str,
        now: Moment,
    ) -> Result<Option<Arc<ListRead>>, Problem> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |list: &&Arc<ListRead>| list.at <= now && now < list.at.plus_us(READ_EVERY_US);
        if let Some(list) = known().get(path).filter(fresh) {
            return Ok(Some(Arc::clone(list)));
        }
        let Some(bytes) = place.read(path)? else { return Ok(None) };
        let broken = |_| Problem::new(&labels::INTERNAL, "a published list does not parse");
        let list = Crl::parse(&bytes).map_err(broken)?;
        let (this_update, next_update) = (list.this_update(), list.next_update());
        let (at, tag, bytes) = (now, tag_of(&bytes), Bytes::from(bytes));
        let list = Arc::new(ListRead { at, bytes, tag, this_update, next_update });
        let mut known = known();
        known.retain(|_, list| fresh(&&*list));
        if known.values().map(|list| list.bytes.len()).sum::<usize>() < BYTES_KEPT_MAX {
            known.insert(path.to_owned(), Arc::clone(&list));
        }
        Ok(Some(list))
    }
}

pub(crate) fn routes() -> Vec<Route> {
    vec![Route {
        operation: "revocation_list",
        method: Method::GET,
        path: "/crl/{kind}/{generation}/{list}",
        access: Access::Public,
        query: &[],
        handle: Handle::Look(list),
        doc,
    }]
}

fn list(inside: &Inside, ask: &Ask) -> Result<Reply, Problem> {
    let absent = || Problem::new(&labels::PATH_ABSENT, "");
    let path = ask.path.join("/");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-.".contains(&byte);
    if !path.ends_with(".crl") || !path.bytes().all(plain) {
        return Err(absent());
    }
    let place = inside.state.lists.as_ref().ok_or_else(absent)?;
    let now = inside.state.platform.clock.now();
    let list = inside.lists_read.read(&**place, &path, now)?.ok_or_else(absent)?;
    let expires = list.next_update.map_or(now, |next| next.min(now.plus_us(KEPT_US)));
    let (tag, modified) = (list.tag.clone(), list.this_update);
    let left_s = u32::try_from((expires.us() - now.us()) / SECOND_US).unwrap_or(0);
    // A list gathers changes for seconds before it follows another.
    let validators = Validators { tag, modified, expires, by_date: true };
    Ok(Reply::of(MEDIA_TYPE, list.bytes.clone()).cached_for(left_s).validated(validators))
}

/// The entity tag of a list: half of its SHA-256.
fn tag_of(bytes: &[u8]) -> String {
    let mut tag = String::from("\"");
    for byte in &x509::sha256(bytes)[..16] {
        // Writing into a String cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

const MEDIA_TYPE: &str = "application/pkix-crl";
const SECOND_US: i64 = 1_000_000;
const READ_EVERY_US: i64 = SECOND_US;
/// A list that comes when so many are kept is not kept.
const BYTES_KEPT_MAX: usize = 64 << 20;
/// How long others may keep a list.
const KEPT_US: i64 = 30 * SECOND_US;

fn doc() -> Doc {
    Doc {
        tag: "certificates",
        summary: "A revocation list, complete or delta (RFC 5280 §5), by the path in certificates.",
        body: None,
        answer: Content { media_type: MEDIA_TYPE, schema: json!({}), example: "".into() },
        links: Vec::new(),
    }
}
