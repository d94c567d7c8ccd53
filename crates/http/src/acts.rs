//! Acts: those about one person, and any one by its id.

use crate::body::Fields;
use crate::door::{Door, Inside};
use crate::log::published_head;
use crate::numbers::{WHOSE, whose_of};
use crate::openapi::schema::{CODE, act, hash, integer, list, object, or_null, text, whose};
use crate::openapi::{Content, Doc, Link, act_and};
use crate::reply::Reply;
use crate::request::{Ask, act_id, page_limit};
use crate::route::{Access, Handle, Route};
use app::Work;
use app::subject_acts::{act_show, subject_acts};
use base::{ActId, Moment, Problem};
use hyper::Method;
use ledger::leaf::LeafEntry;
use policy::Action;
use serde_json::{Value, json};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route {
            operation: "subject_acts",
            method: Method::POST,
            path: "/v1/acts/about",
            access: Access::Permit(Action::SubjectActs),
            query: &[],
            handle: Handle::About,
            doc: about_doc,
        },
        Route {
            operation: "act_show",
            method: Method::GET,
            path: "/v1/acts/{id}",
            access: Access::Caller,
            query: &[],
            handle: Handle::Look(show),
            doc: show_doc,
        },
    ]
}

impl Door {
    /// Enters the look into the ledger; when that is committed, looks.
    pub(crate) async fn acts_about(&self, ask: Ask) -> Result<Reply, Problem> {
        let mut known = WHOSE.to_vec();
        known.extend(["after", "limit"]);
        let fields = Fields::of(ask.json()?, &known)?;
        let whose = whose_of(&fields)?;
        let after = fields.whole("after")?.map(ActId);
        let limit = page_limit(fields.whole("limit")?)?;
        let granted = ask.granted()?;
        let deed =
            move |work: &mut Work<'_>| subject_acts(work, &granted.actor, granted.purpose, &whose);
        let looking = self.commit(Box::new(deed)).await?;
        let look = move |inside: &Inside, _: &Ask| {
            let acts = looking.page(&inside.state.platform, after, limit)?;
            let next = acts.last().filter(|_| acts.len() == limit).map(|last| last.act.0);
            let acts: Vec<_> = acts.iter().map(|found| leaf_json(found.act, &found.leaf)).collect();
            let act = looking.act();
            let body = json!({ "act": act.0, "acts": acts, "after": next });
            Ok(Reply::json(&body).of_act(act))
        };
        self.look(look, ask).await
    }
}

fn show(inside: &Inside, ask: &Ask) -> Result<Reply, Problem> {
    let id = act_id(ask.place())?;
    let leaf = act_show(&inside.state.platform, id)?;
    let mut body = leaf_json(id, &leaf);
    let published = published_head(inside)?.map_or(0, |head| head.size);
    body["entry"] = String::from_utf8_lossy(&leaf.to_bytes()).into();
    body["leaf_hash"] = leaf.leaf_hash().to_string().into();
    body["proof"] = if id.0 < published {
        format!("/v1/ledger/proof/inclusion?index={id}&size={published}").into()
    } else {
        Value::Null
    };
    Ok(Reply::json(&body))
}

/// What a leaf says.
fn leaf_json(act: ActId, leaf: &LeafEntry) -> Value {
    let fields = leaf.fields();
    json!({
        "act": act.0,
        "at": Moment::from_us(fields.at_us).to_string(),
        "action": fields.act,
        "actor": fields.actor,
        "purpose": fields.purpose,
        "basis": fields.basis,
        "outcome": fields.outcome,
    })
}

fn leaf_members() -> Vec<(&'static str, Value)> {
    let word = || json!({ "type": "string" });
    vec![
        ("act", act()),
        ("at", json!({ "type": "string", "format": "date-time" })),
        ("action", word()),
        ("actor", word()),
        ("purpose", word()),
        ("basis", word()),
        ("outcome", text("^(done|read|intended|refused:[a-z_]+)$")),
    ]
}

fn example_leaf() -> Value {
    json!({
        "act": 10,
        "at": "2026-04-01T00:00:00Z",
        "action": "number_ask",
        "actor": "agency:nta",
        "purpose": "tax",
        "basis": "jukihou-30-9@1",
        "outcome": "read",
    })
}

fn about_doc() -> Doc {
    let page = json!({ "type": "integer", "minimum": 1, "maximum": 1000 });
    let shape = whose(&[("after", integer(0)), ("limit", page)]);
    let leaf = object(&leaf_members());
    Doc {
        tag: "acts",
        summary: "Who looked, when, for what: a page of the acts about one person, oldest first. \
                  To look is itself an act.",
        body: Some(Content::json(shape, json!({ "resident_record_code": CODE }))),
        answer: Content::json(
            act_and(&[("acts", list(&leaf)), ("after", or_null(&integer(0)))]),
            json!({ "act": 12, "acts": [example_leaf()], "after": null }),
        ),
        links: vec![Link::to("act_show", "id", "$response.body#/acts/0/act")],
    }
}

fn show_doc() -> Doc {
    let mut members = leaf_members();
    members.extend([
        ("entry", json!({ "type": "string" })),
        ("leaf_hash", hash()),
        ("proof", or_null(&json!({ "type": "string" }))),
    ]);
    let mut example = example_leaf();
    example["entry"] = "{\"v\":1}".into();
    example["leaf_hash"] = "00".repeat(32).into();
    example["proof"] = "/v1/ledger/proof/inclusion?index=10&size=11".into();
    Doc {
        tag: "acts",
        summary: "An act by its id: the leaf of the ledger, byte for byte, and where its proof is \
                  as soon as it is published.",
        body: None,
        answer: Content::json(object(&members), example),
        links: vec![Link::to("proof_inclusion", "index", "$response.body#/act")],
    }
}
