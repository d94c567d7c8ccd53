//! Proofs out of the published ledger, and the key that its checkpoints are signed with.

use crate::door::Inside;
use crate::log::published_head;
use crate::openapi::schema::{hash, integer, list, object};
use crate::openapi::{Content, Doc, Link};
use crate::reply::Reply;
use crate::request::Ask;
use crate::route::{Access, Handle, Route};
use app::publish::{PublishedTiles, identity, unproven};
use base::{Problem, labels};
use hyper::Method;
use ledger::grow::ReadError;
use ledger::prove::Prover;
use ledger::{Hash, TreeHead};
use serde_json::{Value, json};

pub(crate) fn routes() -> Vec<Route> {
    let route = |operation, path, query, handle, doc| Route {
        operation,
        method: Method::GET,
        path,
        access: Access::Public,
        query,
        handle: Handle::Look(handle),
        doc,
    };
    vec![
        route(
            "proof_inclusion",
            "/v1/ledger/proof/inclusion",
            &["index", "size"],
            inclusion,
            inclusion_doc,
        ),
        route(
            "proof_consistency",
            "/v1/ledger/proof/consistency",
            &["from", "to"],
            consistency,
            consistency_doc,
        ),
        route("ledger_key", "/v1/ledger/key", &[], key, key_doc),
    ]
}

fn inclusion(inside: &Inside, ask: &Ask) -> Result<Reply, Problem> {
    let published = published(inside)?;
    let index = needed(ask, "index")?;
    let size = size_within(ask, "size", &published)?;
    let tiles = PublishedTiles(&*inside.state.publication);
    let prover = Prover::new(&tiles, &inside.nodes).within(published.size);
    let proof = prover.inclusion(index, size).map_err(|error| in_field(error, "index"))?;
    let leaf = prover.leaf(index, size).map_err(|error| in_field(error, "index"))?;
    let head = prover.attested_head(size, &published).map_err(unproven)?;
    proof.verify(&leaf, &head).map_err(|_| unproven(ReadError::Root))?;
    Ok(Reply::json(&json!({
        "index": index,
        "size": size,
        "leaf_hash": leaf.to_string(),
        "root": head.root.to_string(),
        "path": hashes(&proof.path),
    })))
}

fn consistency(inside: &Inside, ask: &Ask) -> Result<Reply, Problem> {
    let published = published(inside)?;
    let from = needed(ask, "from")?;
    let to = size_within(ask, "to", &published)?;
    let tiles = PublishedTiles(&*inside.state.publication);
    let prover = Prover::new(&tiles, &inside.nodes).within(published.size);
    let proof = prover.consistency(from, to).map_err(|error| in_field(error, "from"))?;
    let later = prover.attested_head(to, &published).map_err(unproven)?;
    let earlier = prover.head(from).map_err(unproven)?;
    proof.verify(&earlier, &later).map_err(|_| unproven(ReadError::Root))?;
    Ok(Reply::json(&json!({ "from": from, "to": to, "path": hashes(&proof.path) })))
}

fn key(inside: &Inside, _: &Ask) -> Result<Reply, Problem> {
    let identity = identity(&inside.state.platform)?;
    let keys: Vec<_> = identity.keys.iter().map(ToString::to_string).collect();
    Ok(Reply::json(&json!({ "origin": identity.origin.as_str(), "verifier_keys": keys })))
}

fn published(inside: &Inside) -> Result<TreeHead, Problem> {
    published_head(inside)?.ok_or_else(|| Problem::new(&labels::CHECKPOINT_ABSENT, ""))
}

fn needed(ask: &Ask, name: &'static str) -> Result<u64, Problem> {
    let missing = || Problem::new(&labels::REQUEST_MALFORMED, "missing").in_field(name);
    ask.query.number(name)?.ok_or_else(missing)
}

/// A size of the tree that was published: nothing is proved about what may yet change.
fn size_within(ask: &Ask, name: &'static str, published: &TreeHead) -> Result<u64, Problem> {
    let size = ask.query.number(name)?.unwrap_or(published.size);
    if size > published.size {
        return Err(Problem::new(&labels::PROOF_RANGE, "not published yet").in_field(name));
    }
    Ok(size)
}

fn in_field(error: ReadError<Problem>, field: &'static str) -> Problem {
    let outside = error == ReadError::Range;
    let problem = unproven(error);
    if outside { problem.in_field(field) } else { problem }
}

fn hashes(path: &[Hash]) -> Vec<String> {
    path.iter().map(ToString::to_string).collect()
}

fn example_hash() -> Value {
    "00".repeat(32).into()
}

fn inclusion_doc() -> Doc {
    Doc {
        tag: "ledger",
        summary: "That a leaf is in the tree of a size (RFC 6962 §2.1.1); hashes in hexadecimal.",
        body: None,
        answer: Content::json(
            object(&[
                ("index", integer(0)),
                ("size", integer(1)),
                ("leaf_hash", hash()),
                ("root", hash()),
                ("path", list(&hash())),
            ]),
            json!({
                "index": 0,
                "size": 1,
                "leaf_hash": example_hash(),
                "root": example_hash(),
                "path": [],
            }),
        ),
        links: vec![
            Link::to("act_show", "id", "$response.body#/index"),
            Link::to("proof_consistency", "from", "$response.body#/size"),
        ],
    }
}

fn consistency_doc() -> Doc {
    Doc {
        tag: "ledger",
        summary: "That a tree begins with an earlier one (RFC 6962 §2.1.2); hashes in hexadecimal.",
        body: None,
        answer: Content::json(
            object(&[("from", integer(0)), ("to", integer(0)), ("path", list(&hash()))]),
            json!({ "from": 1, "to": 1, "path": [] }),
        ),
        links: Vec::new(),
    }
}

fn key_doc() -> Doc {
    let word = json!({ "type": "string" });
    let key = "sekisho.example/ledger+ea8aacc7+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    Doc {
        tag: "ledger",
        summary: "The ledger's name and its verifier keys in the form of C2SP signed-note.",
        body: None,
        answer: Content::json(
            object(&[("origin", word.clone()), ("verifier_keys", list(&word))]),
            json!({ "origin": "sekisho.example/ledger", "verifier_keys": [key] }),
        ),
        links: Vec::new(),
    }
}
