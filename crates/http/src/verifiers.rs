//! What verifiers ask (公的個人認証法 art. 18): how certificates stand, the number of the other
//! certificate, and with the holder's consent the present attributes.

use crate::body::{Fields, refused};
use crate::door::Inside;
use crate::named::{
    ISSUER, NAMED, base64_of, base64_shape, hex, issuer_shape, kind_shape, named, named_shapes,
    owed, owed_shape, provider_shape,
};
use crate::openapi::schema::{
    act, date, integer, list, list_to, object, object_with, one_of, or_null,
};
use crate::openapi::{Content, Doc, Link, act_and};
use crate::reply::Reply;
use crate::request::Ask;
use crate::route::{Access, Deed, Handle, Route};
use app::attributes_ask::{AttributesAsked, attributes_ask};
use app::certificate_link_ask::{LinkAsked, certificate_link_ask};
use app::certificate_status_ask::{
    STATUS_CERTIFICATES_MAX, StatusAsked, StatusTold, certificate_status_ask,
};
use authority::certificate::Standing;
use authority::verifier::consent::{ConsentRefusal, Statement};
use authority::verifier::{Right, VerifierKind};
use base::{Moment, Problem};
use hyper::Method;
use policy::Action;
use registry::Sex;
use serde_json::{Value, json};

pub(crate) fn routes() -> Vec<Route> {
    let route = |operation, path, action, deed, doc| Route {
        operation,
        method: Method::POST,
        path,
        access: Access::Permit(action),
        query: &[],
        handle: Handle::Deed(deed),
        doc,
    };
    vec![
        route(
            "certificate_status_ask",
            "/v1/certificates/status",
            Action::CertificateStatusAsk,
            status,
            status_doc,
        ),
        route(
            "certificate_link_ask",
            "/v1/certificates/link",
            Action::CertificateLinkAsk,
            link,
            link_doc,
        ),
        route(
            "attributes_ask",
            "/v1/certificates/attributes",
            Action::AttributesAsk,
            attributes,
            attributes_doc,
        ),
    ]
}

fn status(_: &Inside, ask: &Ask) -> Result<Deed, Problem> {
    let fields = Fields::of(ask.json()?, &["provider", CERTIFICATES])?;
    let provider = fields.text("provider")?.map(str::to_owned);
    let Some(Value::Array(all)) = fields.into_map().remove(CERTIFICATES) else {
        return Err(refused("not a list").in_field(CERTIFICATES));
    };
    if !(1..=STATUS_CERTIFICATES_MAX).contains(&all.len()) {
        let range = format!("1 to {STATUS_CERTIFICATES_MAX} certificates");
        return Err(refused(range).in_field(CERTIFICATES));
    }
    let read = |(at, one): (u64, Value)| {
        Fields::of(one, &NAMED).and_then(|one| named(&one)).map_err(|problem| problem.at_line(at))
    };
    let certificates = (1..).zip(all).map(read).collect::<Result<_, _>>()?;
    let (asked, granted) = (StatusAsked { provider, certificates }, ask.granted()?);
    Ok(Box::new(move |work| {
        let answer = certificate_status_ask(work, &granted.actor, granted.purpose, &asked)?;
        let told: Vec<_> = answer.told.iter().map(told_json).collect();
        let last = answer.told.last().map(|told| told.act);
        let reply = Reply::json(&json!({
            "at": answer.at.to_string(),
            CERTIFICATES: told,
            "owed": owed(answer.kind, Right::Status),
        }));
        Ok(last.map_or_else(|| reply.clone(), |act| reply.clone().of_act(act)))
    }))
}

fn told_json(told: &StatusTold) -> Value {
    let (word, since, reason) = match told.standing {
        Standing::NotIssued => ("unknown", None, None),
        Standing::NotYetValid => ("not_yet_valid", None, None),
        Standing::Good => ("good", None, None),
        Standing::Held(since) => ("held", Some(since), None),
        Standing::Revoked(since, reason) => ("revoked", Some(since), Some(reason)),
        Standing::Expired => ("expired", None, None),
    };
    json!({
        "act": told.act.0,
        "status": word,
        "since": since.map(|since| since.to_string()),
        "reason": reason.map(|reason| reason.code()),
        "not_after": told.not_after.map(|end: Moment| end.to_string()),
    })
}

fn link(_: &Inside, ask: &Ask) -> Result<Deed, Problem> {
    let mut known = NAMED.to_vec();
    known.push("provider");
    let fields = Fields::of(ask.json()?, &known)?;
    let provider = fields.text("provider")?.map(str::to_owned);
    let asked = LinkAsked { provider, certificate: named(&fields)? };
    let granted = ask.granted()?;
    Ok(Box::new(move |work| {
        let told = certificate_link_ask(work, &granted.actor, granted.purpose, &asked)?;
        let body = json!({
            "act": told.act.0,
            "kind": told.kind.word(),
            "issuer": hex(&told.issuer),
            "serial": told.serial,
            "owed": owed(told.verifier, Right::Link),
        });
        Ok(Reply::json(&body).of_act(told.act))
    }))
}

fn attributes(_: &Inside, ask: &Ask) -> Result<Deed, Problem> {
    let fields = Fields::of(ask.json()?, &["statement", "signature"])?;
    let statement: Statement =
        fields.needed("statement")?.parse().map_err(|refusal: ConsentRefusal| {
            Problem::from_refusal(refusal.label()).in_field("statement")
        })?;
    let asked = AttributesAsked { statement, signature: base64_of(&fields, "signature")? };
    let granted = ask.granted()?;
    Ok(Box::new(move |work| {
        let told = attributes_ask(work, &granted.actor, granted.purpose, &asked)?;
        let body = json!({
            "act": told.act.0,
            "name": told.name.reveal(),
            "address": told.address.reveal(),
            "birth_date": told.birth_date.to_string(),
            "sex": told.sex.word(),
            "owed": owed(told.verifier, Right::Attributes),
        });
        Ok(Reply::json(&body).of_act(told.act))
    }))
}

const CERTIFICATES: &str = "certificates";

fn to_act(at: &str) -> Vec<Link> {
    vec![Link::to("act_show", "id", at)]
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn status_doc() -> Doc {
    let words = ["good", "held", "revoked", "expired", "not_yet_valid", "unknown"];
    let told = object(&[
        ("act", act()),
        ("status", one_of(&words)),
        ("since", or_null(&time())),
        ("reason", or_null(&integer(0))),
        ("not_after", or_null(&time())),
    ]);
    let asked = object_with(
        &[(CERTIFICATES, list_to(&named_shapes(&[]), STATUS_CERTIFICATES_MAX))],
        &[("provider", provider_shape())],
    );
    let answer = object(&[("at", time()), (CERTIFICATES, list(&told)), ("owed", owed_shape())]);
    Doc {
        tag: "certificates",
        summary: "How certificates stand now, each shown or named by its issuer's key identifier \
                  and serial number. Each is an act that its holder sees. The reason is a \
                  CRLReason (RFC 5280 §5.3.1); the end of validity is told to who shows the \
                  certificate.",
        body: Some(Content::json(
            asked,
            json!({ CERTIFICATES: [{ "issuer": ISSUER, "serial": 12 }] }),
        )),
        answer: Content::json(
            answer,
            json!({
                "at": "2026-04-01T03:00:00Z",
                CERTIFICATES: [{
                    "act": 31,
                    "status": "revoked",
                    "since": "2026-03-31T01:00:00Z",
                    "reason": 3,
                    "not_after": null,
                }],
                "owed": owed(VerifierKind::ApprovedFirm, Right::Status),
            }),
        ),
        links: to_act("$response.body#/certificates/0/act"),
    }
}

fn link_doc() -> Doc {
    Doc {
        tag: "certificates",
        summary: "The number of the same holder's other certificate in force: signature and \
                  authentication certificate of one person.",
        body: Some(Content::json(
            named_shapes(&[("provider", provider_shape())]),
            json!({ "issuer": ISSUER, "serial": 12 }),
        )),
        answer: Content::json(
            act_and(&[
                ("kind", kind_shape()),
                ("issuer", issuer_shape()),
                ("serial", integer(1)),
                ("owed", owed_shape()),
            ]),
            json!({
                "act": 32,
                "kind": "authentication",
                "issuer": ISSUER,
                "serial": 13,
                "owed": owed(VerifierKind::ApprovedFirm, Right::Link),
            }),
        ),
        links: to_act("$response.body#/act"),
    }
}

fn attributes_doc() -> Doc {
    let statement = format!(
        "sekisho.consent.v1\ntell: name address birth_date sex\nverifier: bank-1\npurpose: \
         口座開設時の本人確認\nissuer: {ISSUER}\nserial: 13\ntime: 2026-04-01T03:00:00Z\nnonce: \
         00112233445566778899aabbccddeeff\n"
    );
    let words: Vec<_> = Sex::ALL.iter().map(|sex| sex.word()).collect();
    let line = || json!({ "type": "string" });
    Doc {
        tag: "certificates",
        summary: "A holder's present name, address, birth date and sex. The holder consents by \
                  signing the statement, in this very form with a line feed after each line, with \
                  the key of the signature or authentication certificate that it names (SHA-256; \
                  RSA: PKCS #1 v1.5). A consent is for one verifier and its filed purpose, fresh \
                  for ten minutes, and serves once. A platform operator names its service provider \
                  in a line `provider:` after `verifier:`. The nonce is the verifier's: 16 to 32 \
                  bytes in lower-case hexadecimal digits.",
        body: Some(Content::json(
            object(&[
                ("statement", json!({ "type": "string", "maxLength": 2_048 })),
                ("signature", base64_shape()),
            ]),
            json!({ "statement": statement, "signature": "MEUCIQ==" }),
        )),
        answer: Content::json(
            act_and(&[
                ("name", line()),
                ("address", line()),
                ("birth_date", date()),
                ("sex", one_of(&words)),
                ("owed", owed_shape()),
            ]),
            json!({
                "act": 33,
                "name": "山田　太郎",
                "address": "東京都千代田区霞が関一丁目２番３号",
                "birth_date": "1990-04-01",
                "sex": "male",
                "owed": owed(VerifierKind::ApprovedFirm, Right::Attributes),
            }),
        ),
        links: to_act("$response.body#/act"),
    }
}
