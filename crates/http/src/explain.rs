//! Why is this certificate not valid? A plain answer in English and Japanese.

use crate::body::{Fields, refused};
use crate::door::Inside;
use crate::named::{base64_of, base64_shape, kind_shape};
use crate::openapi::schema::{label, list, object, object_with};
use crate::openapi::{Content, Doc, Link, act_and};
use crate::reply::Reply;
use crate::request::Ask;
use crate::route::{Access, Deed, Handle, Route};
use app::certificate_explain::{ExplainAsked, certificate_explain};
use authority::CertificateKind;
use authority::explain::Reason;
use base::Problem;
use hyper::Method;
use policy::Action;
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub(crate) fn routes() -> Vec<Route> {
    vec![Route {
        operation: "certificate_explain",
        method: Method::POST,
        path: "/v1/certificates/explain",
        access: Access::Permit(Action::CertificateExplain),
        query: &[],
        handle: Handle::Deed(explain),
        doc,
    }]
}

fn explain(_: &Inside, ask: &Ask) -> Result<Deed, Problem> {
    let fields = Fields::of(ask.json()?, &["certificate", "wanted"])?;
    let wanted = fields.text("wanted")?.map(|word| {
        let kind = CertificateKind::from_word(word);
        kind.ok_or_else(|| refused("signature or authentication").in_field("wanted"))
    });
    let file = Zeroizing::new(base64_of(&fields, "certificate")?);
    let (asked, granted) = (ExplainAsked { file, wanted: wanted.transpose()? }, ask.granted()?);
    Ok(Box::new(move |work| {
        let told = certificate_explain(work, &granted.actor, granted.purpose, &asked)?;
        let reasons: Vec<_> = told.reasons.iter().copied().map(reason_json).collect();
        let body = json!({
            "act": told.act.0,
            "valid": told.reasons.is_empty(),
            "reasons": reasons,
        });
        Ok(Reply::json(&body).of_act(told.act))
    }))
}

fn reason_json(reason: Reason) -> Value {
    json!({
        "label": reason.label(),
        "text": reason.english(),
        "text_ja": reason.japanese(),
    })
}

fn doc() -> Doc {
    let sentence = || json!({ "type": "string" });
    let reason = object(&[("label", label()), ("text", sentence()), ("text_ja", sentence())]);
    Doc {
        tag: "certificates",
        summary: "Everything that stands against a certificate, the gravest first; nothing means \
                  that it is valid. To a municipality the certificates of other towns' residents \
                  are as absent as any.",
        body: Some(Content::json(
            object_with(&[("certificate", base64_shape())], &[("wanted", kind_shape())]),
            json!({ "certificate": "MIIC", "wanted": "signature" }),
        )),
        answer: Content::json(
            act_and(&[("valid", json!({ "type": "boolean" })), ("reasons", list(&reason))]),
            json!({
                "act": 34,
                "valid": false,
                "reasons": [reason_json(Reason::IssuerUnknown)],
            }),
        ),
        links: vec![Link::to("act_show", "id", "$response.body#/act")],
    }
}
