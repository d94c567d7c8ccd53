//! Who calls, and by what right: the token, the purpose, the permit.
//!
//! The right is asked for before a body is read, so that nobody learns from a refusal more than
//! that there is no right. Use cases that find out later whom an act concerns ask again.

use crate::token;
use app::Platform;
use base::{Actor, Problem, Purpose, labels};
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderName};
use numbers::LocalGovernmentCode;
use policy::{Action, Permit, TABLE};

/// A caller with the right to do what a route does.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    /// Who calls.
    pub(crate) actor: Actor,
    /// What for.
    pub(crate) purpose: Purpose,
    /// The right, if the address says whose things are concerned; otherwise the use case asks for
    /// it.
    pub(crate) permit: Option<Permit>,
}

/// The caller of a request, by its one `Authorization: Bearer` header.
pub(crate) fn caller(platform: &Platform, headers: &HeaderMap) -> Result<Actor, Problem> {
    let unknown = |detail| Problem::new(&labels::CALLER_UNKNOWN, detail);
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or_else(|| unknown("no Authorization header"))?;
    if values.next().is_some() {
        return Err(unknown("more than one Authorization header"));
    }
    let value =
        value.to_str().map_err(|_| unknown("the Authorization header is not plain text"))?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unknown("the scheme is not Bearer"));
    }
    token::verify(platform, token.trim_matches(' '), platform.clock.now())
}

/// The right of a caller to an action, for the purpose named or the only one there is.
pub(crate) fn grant(
    actor: Actor,
    action: Action,
    headers: &HeaderMap,
    concerned: Option<LocalGovernmentCode>,
) -> Result<Granted, Problem> {
    let purpose = purpose(&actor, action, headers)?;
    app::may_ask(&actor, action, purpose)?;
    let permit =
        concerned.map(|own| app::permit(&actor, action, purpose, Some(own))).transpose()?;
    Ok(Granted { actor, purpose, permit })
}

fn purpose(actor: &Actor, action: Action, headers: &HeaderMap) -> Result<Purpose, Problem> {
    let mut named = headers.get_all(PURPOSE).iter();
    if let Some(word) = named.next() {
        let purpose = word.to_str().ok().and_then(|word| word.parse().ok());
        let purpose = purpose.filter(|_| named.next().is_none());
        return purpose.ok_or_else(|| unclear("one word of the list of purposes"));
    }
    let possible = purposes(actor, action);
    match possible[..] {
        [only] => Ok(only),
        [] => {
            let asked = format!("{} by {}", action.word(), actor.kind());
            Err(Problem::new(&labels::PERMIT_REFUSED, asked))
        }
        _ => {
            let words: Vec<_> = possible.iter().map(|purpose| purpose.word()).collect();
            Err(unclear(&format!("name one: {}", words.join(", "))))
        }
    }
}

fn purposes(actor: &Actor, action: Action) -> Vec<Purpose> {
    let rows = TABLE.iter().filter(|row| row.actor == actor.kind() && row.action == action);
    rows.map(|row| row.purpose).collect()
}

fn unclear(detail: &str) -> Problem {
    Problem::new(&labels::PURPOSE_UNKNOWN, detail).in_field("Sekisho-Purpose")
}

const PURPOSE: HeaderName = HeaderName::from_static("sekisho-purpose");

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn asked(who: &str, action: Action, purpose: Option<&'static str>) -> Result<Granted, Problem> {
        let mut headers = HeaderMap::new();
        if let Some(word) = purpose {
            headers.insert(PURPOSE, HeaderValue::from_static(word));
        }
        grant(who.parse().unwrap(), action, &headers, "131016".parse().ok())
    }

    #[test]
    fn the_only_purpose_need_not_be_named() {
        let granted = asked("municipality:131016", Action::ResidentEvent, None).unwrap();
        assert_eq!(granted.purpose, Purpose::ResidentRegister);
        let granted = asked("agency:nta", Action::NumberAsk, Some("tax")).unwrap();
        assert_eq!(granted.permit.unwrap().purpose(), Purpose::Tax);
    }

    #[test]
    fn what_is_unclear_or_not_permitted_is_refused() {
        let label = |who, action, purpose| asked(who, action, purpose).unwrap_err().label();
        let ask = Action::NumberAsk;
        assert_eq!(label("agency:nta", ask, None), "purpose_unknown");
        assert_eq!(label("agency:nta", ask, Some("curiosity")), "purpose_unknown");
        assert_eq!(label("agency:nta", ask, Some("numbering")), "permit_refused");
        assert_eq!(label("auditor:a", ask, None), "permit_refused");
        let foreign = label("municipality:131130", Action::ResidentEvent, None);
        assert_eq!(foreign, "permit_foreign_municipality");
    }
}
