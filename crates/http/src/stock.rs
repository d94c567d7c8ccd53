//! Stocks of resident record codes for municipalities.

use crate::body::Fields;
use crate::openapi::schema::{CODE, example_message, list, object, record_code};
use crate::openapi::{Content, Doc, Link, act_and};
use crate::request::Ask;
use crate::route::{Access, Act, Handle, Route};
use app::once::{Answered, Before};
use app::stock::{stock_issue, stock_issue_again};
use base::{ActId, Problem, labels};
use hyper::Method;
use policy::Action;
use serde_json::json;

pub(crate) fn routes() -> Vec<Route> {
    vec![Route {
        operation: "stock_issue",
        method: Method::POST,
        path: "/v1/stocks/{municipality}",
        access: Access::Permit(Action::StockIssue),
        query: &[],
        handle: Handle::Once(issue),
        doc,
    }]
}

fn issue(ask: &Ask) -> Result<Act, Problem> {
    let fields = Fields::of(ask.json()?, &["count"])?;
    let count = fields.whole("count")?.filter(|count| (1..=CODES_MAX).contains(count));
    let count = count.ok_or_else(|| {
        let range = format!("1 to {CODES_MAX}");
        Problem::new(&labels::REQUEST_MALFORMED, range).in_field("count")
    })?;
    let (permit, municipality) = (ask.permit()?, ask.municipality()?);
    Ok(Box::new(move |work, before| {
        let issued = match before.map(stock_before).transpose()? {
            None => stock_issue(work, &permit, municipality, count)?,
            Some(before) => stock_issue_again(work, &permit, municipality, before)?,
        };
        let codes = issued.codes.iter().map(|code| code.reveal().as_str().to_owned());
        let codes: Vec<_> = codes.collect();
        let answer = json!({ "act": issued.act.0, "resident_record_codes": codes });
        Ok(Answered { act: issued.act, note: issued.id.to_string(), answer })
    }))
}

fn stock_before(before: &Before) -> Result<(ActId, i64), Problem> {
    let unread = |_| Problem::new(&labels::STORE_BROKEN, "a note that names no stock");
    Ok((before.act, before.note.parse().map_err(unread)?))
}

fn doc() -> Doc {
    let count = json!({ "type": "integer", "minimum": 1, "maximum": CODES_MAX });
    let codes = "$response.body#/resident_record_codes";
    let mut message = example_message();
    message["resident_record_code"] = format!("{codes}/0").into();
    Doc {
        tag: "numbers",
        summary: "Give a municipality resident record codes that nobody else will ever get.",
        body: Some(Content::json(object(&[("count", count)]), json!({ "count": 100 }))),
        answer: Content::json(
            act_and(&[("resident_record_codes", list(&record_code()))]),
            json!({ "act": 1, "resident_record_codes": [CODE] }),
        ),
        links: vec![
            Link::to("act_show", "id", "$response.body#/act"),
            Link::to("number_provisional", "municipality", SAME_MUNICIPALITY)
                .and("Idempotency-Key", SAME_KEY)
                .with_body(json!({ "resident_record_codes": codes })),
            Link::to("resident_event", "municipality", SAME_MUNICIPALITY).with_body(message),
        ],
    }
}

const SAME_MUNICIPALITY: &str = "$request.path.municipality";
const SAME_KEY: &str = "$request.header.Idempotency-Key";

/// Codes in one answer.
const CODES_MAX: u64 = 10_000;
