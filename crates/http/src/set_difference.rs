//! Do both sides hold the same? Set digests, the key they are made with, and the comparison of one
//! record field by field.

use crate::body::{Fields, check_digit_number, refused};
use crate::door::Inside;
use crate::openapi::schema::{
    CODE, date, example_record, hash, integer, list, object, object_with, one_of, record,
    record_code, text,
};
use crate::openapi::{Content, Doc, Link, act_and};
use crate::reply::Reply;
use crate::request::Ask;
use crate::route::{Access, Deed, Handle, Route};
use app::digest_key_ask::{DigestKeyTold, digest_key_ask};
use app::set_difference::{record_difference, set_question};
use base::{Problem, labels};
use hyper::Method;
use policy::Action;
use registry::difference::{DifferenceKind, FieldDifference};
use registry::set_digest::{Answer, Entry, NodeDigest, Prefix, Question};
use registry::{EventKind, FeedMessage, ResidentRecord};
use serde_json::{Map, Value, json};

pub(crate) fn routes() -> Vec<Route> {
    let access = Access::Permit(Action::SetDifference);
    vec![
        Route {
            operation: "set_question",
            method: Method::POST,
            path: "/v1/feed/{municipality}/set-digest",
            access,
            query: &[],
            handle: Handle::Look(question),
            doc: question_doc,
        },
        Route {
            operation: "digest_key_ask",
            method: Method::POST,
            path: "/v1/feed/{municipality}/digest-key",
            access,
            query: &[],
            handle: Handle::Deed(digest_key),
            doc: digest_key_doc,
        },
        Route {
            operation: "record_difference",
            method: Method::POST,
            path: "/v1/feed/{municipality}/record-difference",
            access,
            query: &[],
            handle: Handle::Deed(difference),
            doc: difference_doc,
        },
    ]
}

fn question(inside: &Inside, ask: &Ask) -> Result<Reply, Problem> {
    let fields = Fields::of(ask.json()?, &["children", "entries", EPOCH])?;
    let question = Question {
        children: prefixes(&fields, "children")?,
        entries: prefixes(&fields, "entries")?,
    };
    if question.children.is_empty() && question.entries.is_empty() {
        return Err(refused("the question asks for nothing"));
    }
    let permit = ask.permit()?;
    let platform = &inside.state.platform;
    let asked = (&question, epoch(&fields)?);
    let told = set_question(platform, &inside.sets, &permit, ask.municipality()?, asked)?;
    Ok(Reply::json(&answer_json(&told.0, told.1)))
}

fn prefixes(fields: &Fields, name: &'static str) -> Result<Vec<Prefix>, Problem> {
    let read = |(at, text): (u64, &str)| {
        text.parse()
            .map_err(|_| Problem::new(&labels::SET_DIGEST_PREFIX, "").in_field(name).at_line(at))
    };
    (1..).zip(fields.texts(name)?).map(read).collect()
}

/// The epoch of the digest key that the municipality holds, if it says so.
fn epoch(fields: &Fields) -> Result<Option<u32>, Problem> {
    let wrong = |_| refused("not an epoch").in_field(EPOCH);
    fields.whole(EPOCH)?.map(|epoch| u32::try_from(epoch).map_err(wrong)).transpose()
}

fn answer_json(answer: &Answer, epoch: u32) -> Value {
    let node =
        |node: &NodeDigest| json!({ "count": node.count, "sum": format!("{:032x}", node.sum) });
    let entry = |entry: &Entry| {
        let digest = u128::from_be_bytes(entry.digest);
        json!({ "position": format!("{:016x}", entry.position), "digest": format!("{digest:032x}") })
    };
    let children = answer.children.iter().map(|nodes| nodes.iter().map(node).collect::<Vec<_>>());
    let entries = answer.entries.iter().map(|list| list.iter().map(entry).collect::<Vec<_>>());
    json!({
        "children": children.collect::<Vec<_>>(),
        "entries": entries.collect::<Vec<_>>(),
        (EPOCH): epoch,
    })
}

fn digest_key(_: &Inside, ask: &Ask) -> Result<Deed, Problem> {
    Fields::of(ask.json()?, &[])?;
    let (permit, municipality) = (ask.permit()?, ask.municipality()?);
    Ok(Box::new(move |work| {
        let DigestKeyTold { act, key, epoch } = digest_key_ask(work, &permit, municipality)?;
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let told = json!({ "act": act.0, "digest_key": hex, (EPOCH): epoch });
        Ok(Reply::json(&told).of_act(act))
    }))
}

fn difference(_: &Inside, ask: &Ask) -> Result<Deed, Problem> {
    ask.municipality()?;
    let mut known = vec!["resident_record_code"];
    known.extend(RECORD);
    let fields = Fields::of(ask.json()?, &known)?;
    let code = check_digit_number(fields.needed("resident_record_code")?, "resident_record_code")?;
    let theirs = record_of(fields.into_map(), ask.place())?;
    let granted = ask.granted()?;
    Ok(Box::new(move |work| {
        let (actor, purpose) = (&granted.actor, granted.purpose);
        let (act, found) = record_difference(work, actor, purpose, &code, &theirs)?;
        let found: Vec<_> = found.iter().map(difference_json).collect();
        Ok(Reply::json(&json!({ "act": act.0, "differences": found })).of_act(act))
    }))
}

/// Reads a record through the feed's own gate, as the record of a correction.
fn record_of(
    mut fields: Map<String, Value>,
    municipality: &str,
) -> Result<ResidentRecord, Problem> {
    fields.remove("resident_record_code");
    fields.insert("municipality".to_owned(), municipality.into());
    fields.insert("sequence".to_owned(), 1.into());
    fields.insert("event".to_owned(), EventKind::ExOfficioCorrection.word().into());
    fields.insert("event_date".to_owned(), "2000-01-01".into());
    let message = FeedMessage::from_json_value(&Value::Object(fields))?;
    let missing = || Problem::new(&labels::FEED_FIELD_MISSING, "").in_field("name");
    message.event.record.ok_or_else(missing)
}

fn difference_json(difference: &FieldDifference) -> Value {
    let FieldDifference { field, kind } = difference;
    json!({ "field": field, "kind": kind.word(), "kind_ja": kind.japanese() })
}

/// Epoch of a digest key, counted from 1.
const EPOCH: &str = "digest_key_epoch";
const RECORD: [&str; 6] = ["name", "name_kana", "birth_date", "sex", "postal_code", "address"];

fn question_doc() -> Doc {
    let prefixes = list(&text("^[0-9a-f]{0,16}$"));
    let node = object(&[("count", integer(0)), ("sum", text("^[0-9a-f]{32}$"))]);
    let entry = object(&[("position", text("^[0-9a-f]{16}$")), ("digest", text("^[0-9a-f]{32}$"))]);
    Doc {
        tag: "differences",
        summary: "Digests of the records whose positions begin with a prefix: of its sixteen \
                  children, or the records themselves, at most sixteen under each. Halve until what \
                  differs is found. Prefixes lie apart, at most 4096 in one question. Whoever names \
                  the epoch of its digest key is refused (`set_digest_epoch`) when that is not the \
                  one the records are digested under: a new key is asked for then.",
        body: Some(Content::json(
            object_with(
                &[],
                &[("children", prefixes.clone()), ("entries", prefixes), (EPOCH, integer(1))],
            ),
            json!({ "children": [""] }),
        )),
        answer: Content::json(
            object(&[
                ("children", list(&list(&node))),
                ("entries", list(&list(&entry))),
                (EPOCH, integer(1)),
            ]),
            json!({
                "children": [],
                "entries": [[{
                    "position": "7893592599c3c0af",
                    "digest": "4bf04bf1878485a9d41083a5d8a49a28",
                }]],
                (EPOCH): 1,
            }),
        ),
        links: Vec::new(),
    }
}

fn digest_key_doc() -> Doc {
    let zeros = "00".repeat(32);
    Doc {
        tag: "differences",
        summary: "The key under which the municipality computes the digests of its own records: a \
                  position is the first 8 bytes of HMAC-SHA-256 over `sekisho/position/1`, a zero \
                  byte and the code; a digest the first 16 over `sekisho/digest/1`, a zero byte, \
                  the code and the record's canonical bytes. To hand it out is an act.",
        body: Some(Content::json(object(&[]), json!({}))),
        answer: Content::json(
            act_and(&[("digest_key", hash()), (EPOCH, integer(1))]),
            json!({ "act": 8, "digest_key": zeros, (EPOCH): 1 }),
        ),
        links: vec![Link::to("act_show", "id", "$response.body#/act")],
    }
}

fn difference_doc() -> Doc {
    let kinds: Vec<_> = DifferenceKind::ALL.iter().map(|kind| kind.word()).collect();
    let found = object(&[
        ("field", one_of(&RECORD)),
        ("kind", one_of(&kinds)),
        ("kind_ja", json!({ "type": "string" })),
    ]);
    let mut needed = vec![("resident_record_code", record_code()), ("birth_date", date())];
    let (possible, others): (Vec<_>, Vec<_>) =
        record().into_iter().partition(|(name, _)| ["name_kana", "postal_code"].contains(name));
    needed.extend(others.into_iter().filter(|(name, _)| *name != "birth_date"));
    let mut example = example_record();
    example["resident_record_code"] = CODE.into();
    Doc {
        tag: "differences",
        summary: "How the municipality's record of a person differs from the platform's, field by \
                  field, without showing either.",
        body: Some(Content::json(object_with(&needed, &possible), example)),
        answer: Content::json(
            act_and(&[("differences", list(&found))]),
            json!({
                "act": 9,
                "differences": [
                    { "field": "name", "kind": "trailing_space", "kind_ja": "末尾の空白" },
                ],
            }),
        ),
        links: vec![Link::to("act_show", "id", "$response.body#/act")],
    }
}
