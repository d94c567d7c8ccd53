//! Whether a certificate is to be believed, by what the caller hands in alone: RFC 5280 path
//! validation with the caller's anchors, chain, lists, time, purpose and policies. Nothing of the
//! platform is read or fetched, so that it is no act; a token is asked for because it is work.

use crate::body::{Fields, refused};
use crate::door::Inside;
use crate::named::{base64_shape, hex};
use crate::openapi::schema::{
    hash, label, list, list_to, object, object_with, one_of, or_null, text,
};
use crate::openapi::{Content, Doc};
use crate::reply::Reply;
use crate::request::Ask;
use crate::route::{Access, Handle, Route};
use base::{Moment, Problem, labels};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use x509::path::{
    Accepted, Certificate, Crl, Limits, PolicyQuestion, PolicySet, Purpose, Question, Refusal,
    Revocation, validate,
};

pub(crate) fn routes() -> Vec<Route> {
    vec![Route {
        operation: "certificate_verify",
        method: Method::POST,
        path: "/v1/certificates/verify",
        access: Access::Caller,
        query: &[],
        handle: Handle::Look(verify),
        doc,
    }]
}

fn verify(inside: &Inside, ask: &Ask) -> Result<Reply, Problem> {
    let fields = Fields::of(ask.json()?, &MEMBERS)?;
    let anchors = documents(&fields, "anchors", Certificate::parse)?;
    if anchors.is_empty() {
        return Err(refused("missing").in_field("anchors"));
    }
    let intermediates = documents(&fields, "intermediates", Certificate::parse)?;
    let crls = documents(&fields, "lists", Crl::parse)?;
    let at = time(&fields)?.unwrap_or_else(|| inside.state.platform.clock.now());
    let leaf = base64(fields.needed("certificate")?).map_err(|p| p.in_field("certificate"))?;
    // That it is no certificate is an answer about it.
    let leaf = match Certificate::parse(&leaf) {
        Ok(leaf) => leaf,
        Err(refusal) => return Ok(Reply::json(&not_accepted(&refusal, at))),
    };
    let question = Question {
        leaf: &leaf,
        intermediates: &intermediates,
        anchors: &anchors,
        crls: &crls,
        at,
        purpose: word(&fields, "purpose", Purpose::from_word)?.unwrap_or_default(),
        policies: policies(&fields)?,
        revocation: word(&fields, "revocation", revocation)?.unwrap_or_default(),
        limits: Limits::default(),
    };
    Ok(Reply::json(&match validate(&question) {
        Ok(accepted) => told(&accepted, at),
        Err(refusal) => not_accepted(&refusal, at),
    }))
}

fn documents<T>(
    fields: &Fields,
    name: &'static str,
    parse: fn(&[u8]) -> Result<T, Refusal>,
) -> Result<Vec<T>, Problem> {
    let one = |(at, text): (usize, &str)| {
        let read = base64(text)
            .and_then(|der| parse(&der).map_err(|refusal| Problem::from_refusal(refusal.label())));
        read.map_err(|problem| problem.in_field(name).at_line(at as u64 + 1))
    };
    fields.texts(name)?.into_iter().enumerate().map(one).collect()
}

fn base64(text: &str) -> Result<Vec<u8>, Problem> {
    STANDARD.decode(text).map_err(|_| refused("not base64"))
}

fn time(fields: &Fields) -> Result<Option<Moment>, Problem> {
    let read = |text: &str| {
        let at: Result<Timestamp, _> = text.parse();
        at.map_err(|_| refused("not a time of RFC 3339").in_field("time"))
    };
    let at = fields.text("time")?.map(read).transpose()?;
    Ok(at.map(|at| Moment::from_us(at.as_microsecond())))
}

fn word<T>(
    fields: &Fields,
    name: &'static str,
    known: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let read = |word: &str| known(word).ok_or_else(|| refused("no such word").in_field(name));
    fields.text(name)?.map(read).transpose()
}

fn policies(fields: &Fields) -> Result<PolicyQuestion, Problem> {
    let wanted: Result<Vec<_>, _> =
        fields.texts("policies")?.iter().map(|oid| oid.parse()).collect();
    let wanted = wanted.map_err(|_| {
        Problem::new(&labels::REQUEST_MALFORMED, "not an object identifier").in_field("policies")
    })?;
    let flag = |name| Ok::<_, Problem>(fields.flag(name)?.unwrap_or(false));
    Ok(PolicyQuestion {
        // Whoever names a policy wants it.
        require_explicit: flag("explicit_policy")? || !wanted.is_empty(),
        wanted,
        inhibit_mapping: flag("inhibit_policy_mapping")?,
        inhibit_any: flag("inhibit_any_policy")?,
    })
}

fn revocation(word: &str) -> Option<Revocation> {
    Some(match word {
        "required" => Revocation::Required,
        "if_present" => Revocation::IfPresent,
        "none" => Revocation::None,
        _ => return None,
    })
}

fn told(accepted: &Accepted<'_>, at: Moment) -> Value {
    let path: Vec<_> = accepted
        .path
        .iter()
        .map(|certificate| {
            json!({
                "serial": hex(certificate.serial()),
                "not_after": certificate.not_after().to_string(),
                "sha256": hex(certificate.fingerprint()),
            })
        })
        .collect();
    let policies = match &accepted.policies {
        PolicySet::Any => Value::Null,
        PolicySet::These(these) => json!(these),
    };
    json!({ "accepted": true, "time": at.to_string(), "path": path, "policies": policies })
}

fn not_accepted(refusal: &Refusal, at: Moment) -> Value {
    let entry = labels::find(refusal.label());
    json!({
        "accepted": false,
        "time": at.to_string(),
        "refusal": {
            "label": refusal.label(),
            "depth": refusal.depth,
            "text": refusal.to_string(),
            "text_ja": entry.map_or("", |entry| entry.japanese),
        },
    })
}

const MEMBERS: [&str; 11] = [
    "certificate",
    "intermediates",
    "anchors",
    "lists",
    "time",
    "purpose",
    "policies",
    "explicit_policy",
    "inhibit_policy_mapping",
    "inhibit_any_policy",
    "revocation",
];
const REVOCATION: [&str; 3] = ["required", "if_present", "none"];
/// What the search is given at most of each kind; the whole body has its own limit.
const DOCUMENTS_MAX: usize = 4_096;

fn doc() -> Doc {
    let refusal = json!({
        "label": "path_revoked",
        "depth": 0,
        "text": "leaf: the certificate is revoked (keyCompromise)",
        "text_ja": "証明書は失効しています",
    });
    Doc {
        tag: "certificates",
        summary: "Whether a certificate is to be believed (RFC 5280 path validation), by the \
                  caller's own anchors, intermediates and revocation lists, all in base64 (DER). \
                  Nothing is fetched and nothing of the platform is read, so that this is no act. \
                  Without `time` it is now; without `revocation`, `required`. Accepted with the \
                  path from the certificate to the anchor and the policies that hold (null: any), \
                  or refused with the reason and the place in the path (0: the certificate).",
        body: Some(Content::json(
            question_shape(),
            json!({
                "certificate": "MIIC",
                "anchors": ["MIIC"],
                "lists": ["MIIC"],
                "purpose": "client",
                "revocation": "required",
            }),
        )),
        answer: Content::json(
            json!({ "oneOf": [accepted_shape(), refused_shape()] }),
            json!({ "accepted": false, "time": "2026-04-01T00:00:00Z", "refusal": refusal }),
        ),
        links: Vec::new(),
    }
}

fn question_shape() -> Value {
    let der = json!({ "type": "string", "minLength": 1 });
    let many = || list_to(&der, DOCUMENTS_MAX);
    let policies = list_to(&text("^[0-9]+([.][0-9]+){1,64}$"), DOCUMENTS_MAX);
    object_with(
        &[("certificate", base64_shape()), ("anchors", many())],
        &[
            ("intermediates", many()),
            ("lists", many()),
            ("time", moment_shape()),
            ("purpose", one_of(&Purpose::ALL.map(Purpose::word))),
            ("policies", policies),
            ("explicit_policy", flag_shape()),
            ("inhibit_policy_mapping", flag_shape()),
            ("inhibit_any_policy", flag_shape()),
            ("revocation", one_of(&REVOCATION)),
        ],
    )
}

fn accepted_shape() -> Value {
    let step = object(&[
        ("serial", text("^[0-9a-f]{0,128}$")),
        ("not_after", moment_shape()),
        ("sha256", hash()),
    ]);
    object(&[
        ("accepted", flag_shape()),
        ("time", moment_shape()),
        ("path", list(&step)),
        ("policies", or_null(&list(&json!({ "type": "string" })))),
    ])
}

fn refused_shape() -> Value {
    let depth = json!({ "type": "integer", "minimum": 0, "maximum": DOCUMENTS_MAX });
    let sentence = || json!({ "type": "string" });
    let refusal = object(&[
        ("label", label()),
        ("depth", or_null(&depth)),
        ("text", sentence()),
        ("text_ja", sentence()),
    ]);
    object(&[("accepted", flag_shape()), ("time", moment_shape()), ("refusal", refusal)])
}

fn moment_shape() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn flag_shape() -> Value {
    json!({ "type": "boolean" })
}
