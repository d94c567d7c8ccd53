//! The municipal feed: messages in, and how far it has come.

use crate::body::{Elements, elements, refused};
use crate::door::Inside;
use crate::openapi::schema::{
    MUNICIPALITY, act, example_message, feed_message, integer, label, list, list_to, object,
    object_with, one_of, or_null,
};
use crate::openapi::{Content, Doc, Link};
use crate::reply::{Reply, problem_body};
use crate::request::{Ask, page_limit};
use crate::route::{Access, Deed, Handle, Route};
use app::feed_status::feed_status;
use app::keyed::keyed;
use app::resident_event::{End, Taken, resident_events};
use base::{ActId, Problem, labels, limits};
use hyper::Method;
use policy::Action;
use registry::FeedMessage;
use serde_json::{Value, json};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route {
            operation: "resident_event",
            method: Method::POST,
            path: "/v1/feed/{municipality}/events",
            access: Access::Permit(Action::ResidentEvent),
            query: &[],
            handle: Handle::Deed(events),
            doc: events_doc,
        },
        Route {
            operation: "feed_status",
            method: Method::GET,
            path: "/v1/feed/{municipality}",
            access: Access::Permit(Action::FeedStatus),
            query: &["after", "limit"],
            handle: Handle::Look(status),
            doc: status_doc,
        },
    ]
}

/// Messages as they came, each read or not.
type Read = Vec<Result<FeedMessage, Problem>>;

fn events(inside: &Inside, ask: &Ask) -> Result<Deed, Problem> {
    ask.municipality()?;
    let (read, many) = match elements(&ask.body)? {
        Elements::One(text) => (vec![Ok(FeedMessage::from_json(text)?)], false),
        Elements::Many(texts) => (read_all(&texts)?, true),
    };
    let granted = ask.granted()?;
    let good: Vec<FeedMessage> = read.iter().flatten().cloned().collect();
    let ready = keyed(&inside.state.platform, good)?;
    Ok(Box::new(move |work| {
        let action = Action::ResidentEvent;
        let permit = |sender| app::permit(&granted.actor, action, granted.purpose, Some(sender));
        let taken = resident_events(work, &ready, &permit)?;
        answer(&read, taken, many)
    }))
}

fn read_all(texts: &[&[u8]]) -> Result<Read, Problem> {
    if texts.is_empty() || texts.len() > limits::PAGE_ENTRIES_MAX {
        return Err(refused(format!("a list has 1 to {} messages", limits::PAGE_ENTRIES_MAX)));
    }
    Ok(texts.iter().map(|text| FeedMessage::from_json(text)).collect())
}

/// One message that was not taken in is a problem; in a list it is one result among others.
fn answer(
    read: &[Result<FeedMessage, Problem>],
    taken: Vec<Result<Taken, Problem>>,
    many: bool,
) -> Result<Reply, Problem> {
    let mut taken = taken.into_iter();
    let mut results = Vec::with_capacity(read.len());
    let mut last = None;
    for (line, message) in (1..).zip(read) {
        let outcome = match message {
            Ok(_) => taken.next().unwrap_or_else(|| Err(lost())),
            Err(problem) => Err(problem.clone()),
        };
        match outcome {
            Err(problem) if !many => return Err(problem),
            Err(problem) => {
                let problem = problem.at_line(line);
                results.push(json!({ "end": "rejected", "problem": problem_body(&problem) }));
            }
            Ok(taken) => {
                last = act_of(&taken.end).or(last);
                results.push(result(&taken));
            }
        }
    }
    let act = last.map(|act: ActId| act.0);
    let reply = Reply::json(&json!({ "results": results, "act": act }));
    Ok(match last {
        Some(act) => reply.of_act(act),
        None => reply,
    })
}

fn status(inside: &Inside, ask: &Ask) -> Result<Reply, Problem> {
    let after = ask.query.number("after")?.unwrap_or(0);
    let limit = page_limit(ask.query.number("limit")?)?;
    let permit = ask.permit()?;
    let platform = &inside.state.platform;
    let status = feed_status(platform, &permit, ask.municipality()?, after, limit)?;
    let missing = status.missing.iter().take(limits::PAGE_ENTRIES_MAX);
    let missing: Vec<_> =
        missing.map(|range| json!({ "from": range.start(), "to": range.end() })).collect();
    let refused = status.refused.iter().map(
        |(sequence, label, act)| json!({ "sequence": sequence, "label": label, "act": act.0 }),
    );
    let full = status.refused.len() == limit;
    let last = status.refused.last().map(|(sequence, ..)| *sequence);
    Ok(Reply::json(&json!({
        "municipality": status.municipality.to_string(),
        "next": status.next,
        "waiting": status.waiting,
        "missing": missing,
        "refused": refused.collect::<Vec<_>>(),
        "after": last.filter(|_| full),
    })))
}

fn lost() -> Problem {
    Problem::new(&labels::INTERNAL, "a message without a result")
}

const fn act_of(end: &End) -> Option<ActId> {
    match end {
        End::Applied(act) | End::Refused(act, _) => Some(*act),
        End::Waiting(_) => None,
    }
}

fn result(taken: &Taken) -> Value {
    let mut result = match &taken.end {
        End::Applied(act) => json!({ "end": "applied", "act": act.0 }),
        End::Refused(act, label) => json!({ "end": "refused", "act": act.0, "label": label }),
        End::Waiting(next) => json!({ "end": "waiting", "next": next }),
    };
    result["sequence"] = taken.sequence.into();
    result["repeated"] = taken.repeated.into();
    result
}

fn events_doc() -> Doc {
    let ends = one_of(&["applied", "refused", "waiting", "rejected"]);
    let result = object_with(
        &[("end", ends)],
        &[
            ("sequence", integer(1)),
            ("repeated", json!({ "type": "boolean" })),
            ("act", act()),
            ("label", label()),
            ("next", integer(1)),
            ("problem", json!({ "$ref": "#/components/schemas/Problem" })),
        ],
    );
    let whose = json!({ "resident_record_code": "$request.body#/resident_record_code" });
    let message = feed_message();
    let many = list_to(&message, limits::PAGE_ENTRIES_MAX);
    Doc {
        tag: "feed",
        summary: "Report resident events, one or many, in the order of their sequence numbers. A \
                  message that comes again is answered from the record. What was refused is final \
                  for its number: who moves in before the former municipality has told of it \
                  (resident_not_moved_out) is sent again under the next.",
        body: Some(Content::json(json!({ "oneOf": [message, many] }), example_message())),
        answer: Content::json(
            object(&[("results", list(&result)), ("act", or_null(&act()))]),
            json!({
                "results": [{ "end": "applied", "act": 7, "sequence": 1, "repeated": false }],
                "act": 7,
            }),
        ),
        links: vec![
            Link::to("act_show", "id", "$response.body#/act"),
            Link::to("feed_status", "municipality", "$request.path.municipality"),
            Link::to("subject_acts", "Sekisho-Purpose", "disclosure").with_body(whose.clone()),
            Link::to("number_ask", "Sekisho-Purpose", "resident_register").with_body(whose),
        ],
    }
}

fn status_doc() -> Doc {
    let range = object(&[("from", integer(1)), ("to", integer(1))]);
    let refused = object(&[("sequence", integer(1)), ("label", label()), ("act", act())]);
    Doc {
        tag: "feed",
        summary: "How far a feed has come: what is applied next, what is missing by name, what \
                  waits, and a page of what was refused. While what waited behind a closed gap is \
                  being worked off, nothing is missing and the next waits too.",
        body: None,
        answer: Content::json(
            object(&[
                ("municipality", crate::openapi::schema::municipality()),
                ("next", integer(1)),
                ("waiting", integer(0)),
                ("missing", list(&range)),
                ("refused", list(&refused)),
                ("after", or_null(&integer(1))),
            ]),
            json!({
                "municipality": MUNICIPALITY,
                "next": 5,
                "waiting": 1,
                "missing": [{ "from": 5, "to": 6 }],
                "refused": [{ "sequence": 3, "label": "resident_dead", "act": 12 }],
                "after": null,
            }),
        ),
        links: vec![Link::to("act_show", "id", "$response.body#/refused/0/act")],
    }
}
