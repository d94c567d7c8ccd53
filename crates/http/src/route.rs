//! The table of routes: what is found where, who may call it, and what it does.
//!
//! Everything about a route stands in one [`Route`]; the door walks by it and the OpenAPI document
//! is written from it, so no route can be without its caller's check or its description.

use crate::openapi::Doc;
use crate::reply::Reply;
use crate::request::Ask;
use crate::{
    acts, authorities, certificate_verify, certificates, door::Inside, explain, feed, ledger_proof,
    log, numbers, ocsp, operation, revocation_list, set_difference, stock, time_stamp, verifiers,
};
use app::Work;
use app::once::{Answered, Before};
use base::Problem;
use hyper::Method;
use policy::Action;
use serde_json::Value;

/// One operation of the API.
pub(crate) struct Route {
    /// Its name: that of the use case.
    pub(crate) operation: &'static str,
    /// `GET` (and then `HEAD` too) or `POST`.
    pub(crate) method: Method,
    /// The path; `{name}` stands for one segment, `{+name}` for all that follow.
    pub(crate) path: &'static str,
    /// Who may call it.
    pub(crate) access: Access,
    /// The parameters that its query may have.
    pub(crate) query: &'static [&'static str],
    /// What it does.
    pub(crate) handle: Handle,
    /// What is written of it in the OpenAPI document.
    pub(crate) doc: fn() -> Doc,
}

/// Who may call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    /// Anybody, and even when the door is full: what operators and probes look at.
    Probe,
    /// Anybody.
    Public,
    /// Whoever has a token.
    Caller,
    /// Whoever has a permit for this action.
    Permit(Action),
}

/// A look at what is so, on a thread of its own.
pub(crate) type Look = fn(&Inside, &Ask) -> Result<Reply, Problem>;

/// Something to commit. May be called again when a transaction is repeated.
pub(crate) type Deed = Box<dyn FnMut(&mut Work<'_>) -> Result<Reply, Problem> + Send>;

/// Something to commit once, or to tell again when it was done before under the caller's key.
pub(crate) type Act =
    Box<dyn FnMut(&mut Work<'_>, Option<&Before>) -> Result<Answered<Value>, Problem> + Send>;

/// What a route does.
#[derive(Clone, Copy)]
pub(crate) enum Handle {
    /// Looks.
    Look(Look),
    /// Reads the request and hands a deed to the committer.
    Deed(fn(&Inside, &Ask) -> Result<Deed, Problem>),
    /// Reads the request and hands the committer something to do once per `Idempotency-Key`.
    Once(fn(&Ask) -> Result<Act, Problem>),
    /// Intends a certificate once per `Idempotency-Key`, has it signed, and puts it in force.
    Issue,
    /// Answers OCSP, from memory where it can.
    Ocsp,
    /// Looks, at a body of this kind.
    Octets(Media, Look),
    /// Enters a look at the acts about a person and then looks.
    About,
    /// Tells what needs no looking up, at once.
    Tell(Look),
    /// Asks whether the door works as a whole.
    Ready,
}

/// A kind of body that is no JSON.
#[derive(Clone, Copy)]
pub(crate) struct Media {
    /// Its media type, without parameters.
    pub(crate) kind: &'static str,
    /// Its longest, in bytes.
    pub(crate) bytes_max: usize,
}

impl Handle {
    /// The kind of body that it takes; `None` for JSON.
    pub(crate) const fn media(&self) -> Option<Media> {
        match self {
            Self::Ocsp => Some(ocsp::MEDIA),
            Self::Octets(media, _) => Some(*media),
            _ => None,
        }
    }

    /// Whether it does a thing once per `Idempotency-Key`.
    pub(crate) const fn is_once(&self) -> bool {
        matches!(self, Self::Once(_) | Self::Issue)
    }
}

/// What a path and a method lead to.
pub(crate) enum Found<'a> {
    /// A route, with what stands in the variable places.
    Route(&'a Route, Vec<String>),
    /// An address that takes other methods: these.
    OtherMethods(Vec<&'a Method>),
    /// Nothing.
    Nothing,
}

/// All routes, in the order of the documentation.
pub(crate) fn table() -> Vec<Route> {
    let mut routes = feed::routes();
    routes.extend(set_difference::routes());
    routes.extend(stock::routes());
    routes.extend(numbers::routes());
    routes.extend(certificates::routes());
    routes.extend(ocsp::routes());
    routes.extend(revocation_list::routes());
    routes.extend(authorities::routes());
    routes.extend(time_stamp::routes());
    routes.extend(verifiers::routes());
    routes.extend(explain::routes());
    routes.extend(certificate_verify::routes());
    routes.extend(acts::routes());
    routes.extend(ledger_proof::routes());
    routes.extend(log::routes());
    routes.extend(operation::routes());
    routes
}

/// Finds a route.
pub(crate) fn find<'a>(routes: &'a [Route], method: &Method, path: &str) -> Found<'a> {
    let asked = if method == Method::HEAD { &Method::GET } else { method };
    let mut others = Vec::new();
    for route in routes {
        let Some(places) = places(route.path, path) else { continue };
        if route.method == *asked {
            return Found::Route(route, places);
        }
        others.push(&route.method);
    }
    if others.is_empty() { Found::Nothing } else { Found::OtherMethods(others) }
}

/// What stands in the variable places, if the path is of this shape.
fn places(shape: &str, path: &str) -> Option<Vec<String>> {
    let mut places = Vec::new();
    let mut rest = path.strip_prefix('/')?;
    let mut parts = shape.strip_prefix('/')?.split('/').peekable();
    while let Some(part) = parts.next() {
        if part.starts_with("{+") {
            places.push(rest.to_owned());
            return (!rest.is_empty()).then_some(places);
        }
        let (segment, after) = match rest.split_once('/') {
            Some((segment, after)) => (segment, Some(after)),
            None => (rest, None),
        };
        if part.starts_with('{') && !segment.is_empty() {
            places.push(segment.to_owned());
        } else if part != segment {
            return None;
        }
        match (after, parts.peek()) {
            (Some(after), Some(_)) => rest = after,
            (None, None) => return Some(places),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn shapes_match_whole_paths() {
        let found = |shape, path| places(shape, path).map(|places| places.join(","));
        let feed = "/v1/feed/{municipality}/events";
        assert_eq!(found(feed, "/v1/feed/131016/events").as_deref(), Some("131016"));
        for other in [
            "/v1/feed//events",
            "/v1/feed/131016",
            "/v1/feed/131016/events/",
            "v1/feed/131016/events",
            "/v1/feed/131016/x/events",
        ] {
            assert_eq!(found(feed, other), None, "{other}");
        }
        assert_eq!(found("/tile/{+path}", "/tile/0/000.p/5").as_deref(), Some("0/000.p/5"));
        assert_eq!(found("/tile/{+path}", "/tile/"), None);
        assert_eq!(found("/health", "/health").as_deref(), Some(""));
    }

    #[test]
    fn no_two_routes_compete_and_no_name_stands_twice() {
        let routes = table();
        let names: BTreeSet<_> = routes.iter().map(|route| route.operation).collect();
        assert_eq!(names.len(), routes.len());
        for (at, route) in routes.iter().enumerate() {
            let path = route.path.replace("{municipality}", "131016").replace("{id}", "0");
            let path = path.replace("{+path}", "0/000");
            let Found::Route(found, _) = find(&routes, &route.method, &path) else { panic!() };
            assert_eq!(found.operation, routes[at].operation);
        }
    }

    #[test]
    fn head_is_get_and_other_methods_are_named() {
        let routes = table();
        assert!(matches!(find(&routes, &Method::HEAD, "/health"), Found::Route(..)));
        let Found::OtherMethods(methods) = find(&routes, &Method::DELETE, "/health") else {
            panic!()
        };
        assert_eq!(methods, [&Method::GET]);
        assert!(matches!(find(&routes, &Method::GET, "/healthy"), Found::Nothing));
    }

    proptest! {
        #[test]
        fn any_path_leads_to_one_route_or_nowhere(path in "(/[a-z0-9{}+./%]{0,12}){0,6}") {
            for route in table() {
                if let Some(places) = places(route.path, &path) {
                    // What was taken out of the path goes back into its place.
                    let shape = route.path.split('/');
                    let mut places = places.into_iter();
                    let filled: Vec<_> = shape
                        .map(|part| match part.starts_with('{') {
                            true => places.next().unwrap(),
                            false => part.to_owned(),
                        })
                        .collect();
                    prop_assert_eq!(filled.join("/"), path.clone());
                }
            }
        }
    }
}
