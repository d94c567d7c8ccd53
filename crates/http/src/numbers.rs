//! Individual Numbers: asked for, reserved ahead, changed after a leak.
//!
//! Whose number it is stands in the body, never in an address.

use crate::body::{Fields, check_digit_number, refused};
use crate::door::Inside;
use crate::openapi::schema::{
    CODE, MUNICIPALITY, NUMBER, act, individual_number, list, list_to, municipality, object,
    object_with, one_of, record_code, whose,
};
use crate::openapi::{Content, Doc, Link, act_and};
use crate::reply::{Reply, problem_body};
use crate::request::{self, Ask};
use crate::route::{Access, Act, Deed, Handle, Route};
use app::number_ask::{Whose, number_ask};
use app::number_change::{ChangeAsked, number_change, number_change_again};
use app::number_provisional::{Reserved, note_of, provisional_list, provisional_list_again};
use app::once::{Answered, Before};
use base::{Personal, Problem, labels, limits};
use hyper::Method;
use numbers::ResidentRecordCode;
use policy::Action;
use registry::resident::{ChangeGround, LeakReason};
use serde_json::{Value, json};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route {
            operation: "number_ask",
            method: Method::POST,
            path: "/v1/numbers/ask",
            access: Access::Permit(Action::NumberAsk),
            query: &[],
            handle: Handle::Deed(ask_number),
            doc: ask_doc,
        },
        Route {
            operation: "number_provisional",
            method: Method::POST,
            path: "/v1/numbers/provisional/{municipality}",
            access: Access::Permit(Action::NumberProvisional),
            query: &[],
            handle: Handle::Once(provisional),
            doc: provisional_doc,
        },
        Route {
            operation: "number_change",
            method: Method::POST,
            path: "/v1/numbers/change",
            access: Access::Permit(Action::NumberChange),
            query: &[],
            handle: Handle::Once(change),
            doc: change_doc,
        },
    ]
}

/// Who is meant: `resident_record_code`, or `name` and `birth_date`.
pub(crate) fn whose_of(fields: &Fields) -> Result<Whose, Problem> {
    let code: Option<ResidentRecordCode> = fields.number("resident_record_code")?;
    match (code, fields.text("name")?, fields.date("birth_date")?) {
        (Some(code), None, None) => Ok(Whose::Code(code)),
        (None, Some(name), Some(birth)) if !name.is_empty() => {
            if name.len() > limits::NAME_BYTES_MAX {
                return Err(Problem::new(&labels::FEED_FIELD_TOO_LONG, "").in_field("name"));
            }
            Ok(Whose::NameAndBirth(Personal::new(name), birth))
        }
        _ => Err(refused("name a resident_record_code, or name and birth_date")),
    }
}

/// The members that [`whose_of`] reads.
pub(crate) const WHOSE: [&str; 3] = ["resident_record_code", "name", "birth_date"];

fn ask_number(_: &Inside, ask: &Ask) -> Result<Deed, Problem> {
    let whose = whose_of(&Fields::of(ask.json()?, &WHOSE)?)?;
    let granted = ask.granted()?;
    Ok(Box::new(move |work| {
        let told = number_ask(work, &granted.actor, granted.purpose, &whose)?;
        let number = told.number.reveal();
        let body = json!({ "act": told.act.0, "individual_number": number.as_str() });
        Ok(Reply::json(&body).of_act(told.act))
    }))
}

fn provisional(ask: &Ask) -> Result<Act, Problem> {
    let fields = Fields::of(ask.json()?, &[CODES])?;
    let texts = fields.texts(CODES)?;
    if texts.is_empty() || texts.len() > limits::PAGE_ENTRIES_MAX {
        let range = format!("1 to {} codes", limits::PAGE_ENTRIES_MAX);
        return Err(refused(range).in_field(CODES));
    }
    let read = |(at, text): (u64, &str)| {
        check_digit_number(text, CODES).map_err(|problem| problem.at_line(at))
    };
    let codes: Vec<ResidentRecordCode> = (1..).zip(texts).map(read).collect::<Result<_, _>>()?;
    let (permit, municipality) = (ask.permit()?, ask.municipality()?);
    Ok(Box::new(move |work, before| {
        let (act, list) = match before {
            None => provisional_list(work, &permit, municipality, &codes)?,
            Some(Before { act, note }) => {
                (*act, provisional_list_again(work, &permit, &codes, note)?)
            }
        };
        let note = note_of(&list);
        let list: Vec<_> = list.iter().map(reserved).collect();
        Ok(Answered { act, note, answer: json!({ "act": act.0, "list": list }) })
    }))
}

fn reserved(reserved: &Reserved) -> Value {
    let code = reserved.code.reveal();
    match &reserved.result {
        Ok((act, number)) => json!({
            "resident_record_code": code.as_str(),
            "act": act.0,
            "individual_number": number.reveal().as_str(),
        }),
        Err(problem) => json!({
            "resident_record_code": code.as_str(),
            "problem": problem_body(problem),
        }),
    }
}

fn change(ask: &Ask) -> Result<Act, Problem> {
    let asked = change_of(&Fields::of(ask.json()?, &CHANGE)?)?;
    let granted = ask.granted()?;
    Ok(Box::new(move |work, before| {
        let (actor, purpose) = (&granted.actor, granted.purpose);
        let changed = match before {
            None => number_change(work, actor, purpose, &asked)?,
            Some(before) => number_change_again(work, actor, purpose, &asked, before.act)?,
        };
        let (act, number) = (changed.act, changed.number.reveal());
        let answer = json!({ "act": act.0, "individual_number": number.as_str() });
        Ok(Answered { act, note: String::new(), answer })
    }))
}

fn change_of(fields: &Fields) -> Result<ChangeAsked, Problem> {
    let ground = ChangeGround::from_word(fields.needed("ground")?)
        .ok_or_else(|| refused("on whose initiative?").in_field("ground"))?;
    let reason = fields.text("reason")?.map(|word| {
        word.parse::<LeakReason>()
            .map_err(|refusal| Problem::from_refusal(refusal.label()).in_field("reason"))
    });
    let code = fields.needed("resident_record_code")?;
    Ok(ChangeAsked {
        municipality: request::municipality(fields.needed("municipality")?)?,
        code: check_digit_number(code, "resident_record_code")?,
        ground,
        reason: reason.transpose()?,
        current: fields.number("current")?,
    })
}

const CODES: &str = "resident_record_codes";
const CHANGE: [&str; 5] = ["municipality", "resident_record_code", "ground", "reason", "current"];

fn to_act() -> Vec<Link> {
    vec![Link::to("act_show", "id", "$response.body#/act")]
}

fn number_told(example_act: u64) -> Content {
    Content::json(
        act_and(&[("individual_number", individual_number())]),
        json!({ "act": example_act, "individual_number": NUMBER }),
    )
}

fn ask_doc() -> Doc {
    Doc {
        tag: "numbers",
        summary: "Ask a resident's Individual Number. The person can see that it was asked.",
        body: Some(Content::json(whose(&[]), json!({ "resident_record_code": CODE }))),
        answer: number_told(10),
        links: to_act(),
    }
}

fn provisional_doc() -> Doc {
    let entry = object_with(
        &[("resident_record_code", record_code())],
        &[
            ("act", act()),
            ("individual_number", individual_number()),
            ("problem", json!({ "$ref": "#/components/schemas/Problem" })),
        ],
    );
    let codes = list_to(&record_code(), limits::PAGE_ENTRIES_MAX);
    Doc {
        tag: "numbers",
        summary: "Reserve numbers for resident record codes ahead of their first entry.",
        body: Some(Content::json(object(&[(CODES, codes)]), json!({ CODES: [CODE] }))),
        answer: Content::json(
            act_and(&[("list", list(&entry))]),
            json!({
                "act": 3,
                "list": [{ "resident_record_code": CODE, "act": 2, "individual_number": NUMBER }],
            }),
        ),
        links: to_act(),
    }
}

fn change_doc() -> Doc {
    let reasons: Vec<_> = LeakReason::ALL.iter().map(|reason| reason.word()).collect();
    let grounds = [ChangeGround::ByRequest, ChangeGround::ExOfficio].map(ChangeGround::word);
    let shape = object_with(
        &[
            ("municipality", municipality()),
            ("resident_record_code", record_code()),
            ("ground", one_of(&grounds)),
        ],
        &[("reason", one_of(&reasons)), ("current", individual_number())],
    );
    let example = json!({
        "municipality": MUNICIPALITY,
        "resident_record_code": CODE,
        "ground": ChangeGround::ByRequest.word(),
        "reason": "theft",
        "current": NUMBER,
    });
    Doc {
        tag: "numbers",
        summary: "Change a number after a leak. The former number is never given again.",
        body: Some(Content::json(shape, example)),
        answer: number_told(11),
        links: to_act(),
    }
}
