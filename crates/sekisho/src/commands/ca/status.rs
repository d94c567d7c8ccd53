//! `sekisho ca status`: whether an operator can sleep. What strangers rely on is looked at: lists
//! that have not ended, responders that are good.

use super::super::Context;
use super::{list_path, state};
use crate::output::{Answer, grouped, table};
use app::authority_status::{AuthorityStatus, authority_status};
use app::revocation_list::list_paths;
use base::{Moment, Problem};
use ports::rows::RevocationListRow;
use serde_json::{Value, json};

/// Tells how every authority fares.
pub(super) fn status(context: &Context) -> Result<Answer, Problem> {
    let platform = context.open()?.platform;
    let found = authority_status(&platform)?;
    let now = platform.clock.now();
    let missing: usize = found.iter().map(|one| files_missing(context, one)).sum();
    let rows: Vec<_> = found.iter().map(|one| row(one, now)).collect();
    let mut text = table(&HEADER, &rows);
    for one in &found {
        let (id, ended) = (one.authority.id(), one.lists_ended(now));
        if ended > 0 {
            text.push_str(&format!(
                "\nAuthority {id}: {ended} revocation lists have ended. Is `serve` running? \
                 `certs lists` makes them."
            ));
        }
        if !one.holds(now) && ended == 0 {
            text.push_str(&format!(
                "\nAuthority {id}: no OCSP responder is good. `serve` makes one as it starts."
            ));
        }
    }
    if missing > 0 {
        text.push_str(&format!(
            "\n{missing} files of revocation lists are missing. `certs lists` makes them again."
        ));
    }
    let holds = missing == 0 && found.iter().all(|one| one.holds(now));
    let facts = found.iter().map(|one| facts(context, one, now)).collect();
    Ok(Answer::good(text, facts).holds_if(holds))
}

fn row(one: &AuthorityStatus, now: Moment) -> Vec<String> {
    let AuthorityStatus { authority, unrevoked, counts, lists, .. } = one;
    let moment = |at: Option<Moment>| at.map_or_else(String::new, whole_seconds);
    vec![
        authority.id().to_string(),
        format!("{} {}", authority.kind().word(), authority.row.generation),
        state(authority.row.state).to_owned(),
        grouped(*unrevoked),
        grouped(counts.held),
        grouped(counts.revoked),
        grouped(lists.len() as u64),
        grouped(one.lists_due(now) as u64),
        moment(one.first_list_ends()),
        moment(one.responder_until),
        moment(one.stamper_until),
    ]
}

/// Files of lists on record that are not where `serve` gives them out.
fn files_missing(context: &Context, one: &AuthorityStatus) -> usize {
    let folder = context.config.data().join("crl");
    let paths = one.lists.iter().flat_map(|list| list_paths(&one.authority, list));
    paths.filter(|path| !folder.join(path).is_file()).count()
}

fn facts(context: &Context, one: &AuthorityStatus, now: Moment) -> Value {
    let AuthorityStatus { authority, unrevoked, counts, lists, .. } = one;
    let moment = |at: Option<Moment>| at.map(|at| at.to_string());
    let list = |list: &RevocationListRow| {
        json!({
            "path": list_path(authority, list.partition),
            "number": list.number,
            "this_update": list.this_update.to_string(),
            "next_update": list.next_update.to_string(),
            "due": list.due.is_some_and(|due| due <= now),
        })
    };
    json!({
        "id": authority.id(),
        "kind": authority.kind().word(),
        "generation": authority.row.generation,
        "state": state(authority.row.state),
        "unrevoked": unrevoked,
        "held": counts.held,
        "revoked": counts.revoked,
        "lists_ended": one.lists_ended(now),
        "files_missing": files_missing(context, one),
        "responder_until": moment(one.responder_until),
        "stamper_until": moment(one.stamper_until),
        "holds": one.holds(now),
        "lists": lists.iter().map(list).collect::<Vec<_>>(),
    })
}

fn whole_seconds(at: Moment) -> String {
    Moment::from_us(at.seconds() * 1_000_000).to_string()
}

const HEADER: [&str; 11] = [
    "id",
    "authority",
    "state",
    "not revoked",
    "held",
    "revoked",
    "lists",
    "due",
    "first list ends",
    "responder until",
    "stamps until",
];
