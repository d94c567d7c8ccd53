//! Persons' certificates: issued, ended, released from a hold, listed.
//!
//! Issuing takes three steps, of which the first alone decides: the request is judged aside, the
//! intention is committed under the caller's key, the authority's key signs aside, and what came of
//! it is committed. What breaks off after the first is finished under the same key.

use crate::authorities::{AUTHORITY, authority_word};
use crate::body::{Fields, refused};
use crate::door::{Committed, Door, Inside};
use crate::numbers::{WHOSE, whose_of};
use crate::openapi::schema::{
    CODE, act, date, integer, list, object, object_with, one_of, or_null, whose, whose_and,
};
use crate::openapi::{Content, Doc, Link, act_and};
use crate::reply::Reply;
use crate::request::Ask;
use crate::route::{Access, Act, Deed, Handle, Route};
use app::Work;
use app::certificate_end::{Ended, certificate_end, certificate_release};
use app::certificate_finish::{certificate_again, signed};
use app::certificate_issue::{CertificateAsked, Intended, conclude, intend, sign};
use app::certificate_list::{Listed, certificate_list};
use app::number_ask::Whose;
use app::once::{Answered, Before, once};
use authority::CertificateKind;
use authority::certificate::{Card, State};
use authority::trigger::{Origin, RevocationReason, Trigger};
use base::{ActId, Problem, labels};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use policy::Action;
use ports::rows::CertificateId;
use serde_json::{Value, json};
use x509::{Certificate, CertificationRequest, KeyAlgorithm, PossessedKey, RequestRefusal, pem};

pub(crate) fn routes() -> Vec<Route> {
    let route = |operation, path, action, handle, doc| Route {
        operation,
        method: Method::POST,
        path,
        access: Access::Permit(action),
        query: &[],
        handle,
        doc,
    };
    let (issue, revoke) = (Action::CertificateIssue, Action::CertificateRevoke);
    let (release_, explain) = (Action::CertificateRelease, Action::CertificateExplain);
    vec![
        route("certificate_issue", "/v1/certificates", issue, Handle::Issue, issue_doc),
        // What only holds a certificate needs another permit, which the use case asks for.
        route("certificate_end", "/v1/certificates/end", revoke, Handle::Once(end), end_doc),
        route(
            "certificate_release",
            "/v1/certificates/release",
            release_,
            Handle::Once(release),
            release_doc,
        ),
        route(
            "certificate_list",
            "/v1/certificates/list",
            explain,
            Handle::Deed(listing),
            list_doc,
        ),
    ]
}

/// How far an application has come that is found under the caller's key.
enum Stage {
    New(Intended),
    Begun(CertificateId),
}

impl Door {
    /// Issues a certificate, or goes on with an application that was begun under the same key.
    pub(crate) async fn certificate_issue(&self, ask: Ask) -> Result<Reply, Problem> {
        let (asked, ask) = self.aside(move |_| Ok((asked_of(&ask)?, ask))).await?;
        let (stage, repeated) = self.commit(intention(&ask, asked)?).await?;
        let sign_or_find = move |inside: &Inside| {
            let platform = &inside.state.platform;
            match stage {
                Stage::New(intended) => sign(platform, &intended),
                Stage::Begun(id) => signed(platform, id),
            }
        };
        let signed = self.aside(sign_or_find).await?;
        let outcome = move |work: &mut Work<'_>| {
            let issued = conclude(work, &signed)?;
            let unreadable = |_| Problem::new(&labels::INTERNAL, "a certificate does not parse");
            let read = Certificate::parse(&issued.certificate).map_err(unreadable)?;
            let body = json!({
                "act": issued.act.0,
                "authority": signed.intended().authority().word(),
                "serial": issued.id.serial,
                "not_after": read.not_after().to_string(),
                "certificate": pem::encode(pem::CERTIFICATE, &issued.certificate),
            });
            Ok(Reply::json(&body).of_act(issued.act).once(repeated))
        };
        self.commit(Box::new(outcome)).await
    }
}

/// The first step: the intention is stored, or found.
fn intention(ask: &Ask, asked: CertificateAsked) -> Result<Committed<(Stage, bool)>, Problem> {
    let (granted, key, request) = (ask.granted()?, ask.idempotency_key()?, ask.fingerprint());
    Ok(Box::new(move |work| {
        let (actor, purpose) = (&granted.actor, granted.purpose);
        let step = |work: &mut Work<'_>, before: Option<&Before>| {
            let (act, id, answer) = match before {
                None => {
                    let intended = intend(work, actor, purpose, &asked)?;
                    (intended.act, intended.id, Stage::New(intended))
                }
                Some(Before { act, note }) => {
                    let id = id_of(note)?;
                    certificate_again(work, actor, purpose, (&asked, id))?;
                    (*act, id, Stage::Begun(id))
                }
            };
            Ok(Answered { act, note: format!("{} {}", id.authority, id.serial), answer })
        };
        let (done, repeated) = once(work, actor, &key, &request, step)?;
        Ok((done.answer, repeated))
    }))
}

fn id_of(note: &str) -> Result<CertificateId, Problem> {
    let read = |note: &str| {
        let (authority, serial) = note.split_once(' ')?;
        Some(CertificateId { authority: authority.parse().ok()?, serial: serial.parse().ok()? })
    };
    read(note).ok_or_else(unread)
}

fn unread() -> Problem {
    Problem::new(&labels::STORE_BROKEN, "a note that names no certificate")
}

fn asked_of(ask: &Ask) -> Result<CertificateAsked, Problem> {
    let fields = Fields::of(ask.json()?, &[&WHOSE[..], &ASKED[..]].concat())?;
    // Without the key nothing may begin, so that is said before anything is worked out.
    ask.idempotency_key()?;
    let has_pins = fields.flag(ASKED[3])?;
    let end = fields.date(ASKED[2])?;
    let missing = |name| move || refused("missing").in_field(name);
    Ok(CertificateAsked {
        kind: kind_of(&fields)?,
        whose: whose_of(&fields)?,
        card: Card {
            end: end.ok_or_else(missing(ASKED[2]))?,
            has_pins: has_pins.ok_or_else(missing(ASKED[3]))?,
        },
        is_ward: fields.flag(ASKED[4])?.unwrap_or(false),
        algorithm: algorithm_of(&fields)?,
        key: key_of(fields.needed(ASKED[1])?)?,
    })
}

fn kind_of(fields: &Fields) -> Result<CertificateKind, Problem> {
    let kind = CertificateKind::from_word(fields.needed(KIND)?);
    kind.ok_or_else(|| refused("no kind of certificate").in_field(KIND))
}

fn algorithm_of(fields: &Fields) -> Result<Option<KeyAlgorithm>, Problem> {
    let Some(word) = fields.text(ASKED[5])? else { return Ok(None) };
    let known = KeyAlgorithm::from_word(word).filter(|known| ALGORITHMS.contains(known));
    known.map(Some).ok_or_else(|| refused("no algorithm of authorities").in_field(ASKED[5]))
}

/// The key of a request in PEM or in base64, whose holder signed it.
fn key_of(text: &str) -> Result<PossessedKey, Problem> {
    let refuse =
        |refusal: RequestRefusal| Problem::from_refusal(refusal.label()).in_field(ASKED[1]);
    if text.contains("-----BEGIN") {
        return CertificationRequest::from_pem(text)
            .map(CertificationRequest::into_key)
            .map_err(refuse);
    }
    let der = STANDARD.decode(text.trim()).map_err(|_| refuse(RequestRefusal::Pem))?;
    CertificationRequest::parse(&der).map(CertificationRequest::into_key).map_err(refuse)
}

fn end(ask: &Ask) -> Result<Act, Problem> {
    let fields = Fields::of(ask.json()?, &[&WHOSE[..], &[TRIGGER]].concat())?;
    let whose = whose_of(&fields)?;
    let trigger = Trigger::from_word(fields.needed(TRIGGER)?);
    let trigger = trigger.ok_or_else(|| refused("no trigger").in_field(TRIGGER))?;
    let granted = ask.granted()?;
    Ok(Box::new(move |work, before| {
        let (actor, purpose) = (&granted.actor, granted.purpose);
        ended(work, before, |work| certificate_end(work, actor, purpose, (&whose, trigger)))
    }))
}

fn release(ask: &Ask) -> Result<Act, Problem> {
    let fields = Fields::of(ask.json()?, &[&WHOSE[..], &[KIND]].concat())?;
    let (whose, kind) = (whose_of(&fields)?, kind_of(&fields)?);
    let granted = ask.granted()?;
    Ok(Box::new(move |work, before| {
        let (actor, purpose) = (&granted.actor, granted.purpose);
        let one = |work: &mut Work<'_>| certificate_release(work, actor, purpose, (&whose, kind));
        ended(work, before, |work| one(work).map(|one| vec![one]))
    }))
}

/// Does something to certificates, or tells again what was done. Which and by which acts says
/// nothing about a person, and is kept as the note.
fn ended(
    work: &mut Work<'_>,
    before: Option<&Before>,
    act: impl FnOnce(&mut Work<'_>) -> Result<Vec<Ended>, Problem>,
) -> Result<Answered<Value>, Problem> {
    let done = before.map_or_else(|| act(work), |before| ended_of(&before.note))?;
    let authorities = work.authorities()?;
    let mut told = Vec::with_capacity(done.len());
    for (id, act) in &done {
        let authority = authorities.by_id(id.authority)?.word();
        told.push(json!({ "authority": authority, "serial": id.serial, "act": act.0 }));
    }
    let (_, act) = *done.last().ok_or_else(unread)?;
    let words = done.iter().map(|(id, act)| format!("{} {} {act}", id.authority, id.serial));
    let note = words.collect::<Vec<_>>().join(",");
    Ok(Answered { act, note, answer: json!({ "act": act.0, "certificates": told }) })
}

fn ended_of(note: &str) -> Result<Vec<Ended>, Problem> {
    let one = |word: &str| {
        let (id, act) = word.rsplit_once(' ').ok_or_else(unread)?;
        Ok((id_of(id)?, ActId(act.parse().map_err(|_| unread())?)))
    };
    note.split(',').map(one).collect()
}

fn listing(_: &Inside, ask: &Ask) -> Result<Deed, Problem> {
    let whose: Whose = whose_of(&Fields::of(ask.json()?, &WHOSE)?)?;
    let granted = ask.granted()?;
    Ok(Box::new(move |work| {
        let told = certificate_list(work, &granted.actor, granted.purpose, &whose)?;
        let list: Vec<_> = told.certificates.iter().map(listed).collect();
        let body = json!({ "act": told.act.0, "certificates": list });
        Ok(Reply::json(&body).of_act(told.act))
    }))
}

fn listed(listed: &Listed) -> Value {
    let reason = match listed.state {
        State::Revoked(reason) => Some(reason.word()),
        _ => None,
    };
    json!({
        "kind": listed.kind.word(),
        "authority": listed.authority,
        "serial": listed.id.serial,
        "not_before": listed.not_before.to_string(),
        "not_after": listed.not_after.to_string(),
        "state": listed.state.word(),
        "reason": reason,
        "since": listed.since.to_string(),
        "act": listed.act.0,
    })
}

const KIND: &str = "kind";
const TRIGGER: &str = "trigger";
const ASKED: [&str; 6] = [KIND, "request", "card_end", "card_has_pins", "is_ward", "algorithm"];
/// A request of a key that nobody has any more.
const EXAMPLE_REQUEST: &str = "\
    MIHLMHMCAQAwETEPMA0GA1UEAwwGaG9sZGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+xTMLO+n\
    S4FbgSiM12q4WIeTXs4O+xu+xOG9ROFqaaGvAL/xqLLb91YHTOIcNLepZ44EX+GwEfiPE7NLnejIjaAA\
    MAoGCCqGSM49BAMCA0gAMEUCIGxoIVsCrm7ouY+LIPag3HJYe81T1zoLM7+ytajp/XbSAiEAn1j6mOdN\
    yrTbfsKVA0gNFoTQ5VlSoZ7dANrxaNhyrAs=";
const ALGORITHMS: [KeyAlgorithm; 3] =
    [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::P384];

fn kinds() -> Value {
    one_of(&CertificateKind::ALL.map(CertificateKind::word))
}

fn moment() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn to_act() -> Vec<Link> {
    vec![Link::to("act_show", "id", "$response.body#/act")]
}

fn issue_doc() -> Doc {
    let needed = [
        (KIND, kinds()),
        (ASKED[1], json!({ "type": "string", "minLength": 1 })),
        (ASKED[2], date()),
        (ASKED[3], json!({ "type": "boolean" })),
    ];
    let algorithms = one_of(&ALGORITHMS.map(KeyAlgorithm::word));
    let possible = [(ASKED[4], json!({ "type": "boolean" })), (ASKED[5], algorithms)];
    let example = json!({
        "resident_record_code": CODE,
        KIND: CertificateKind::Signature.word(),
        ASKED[1]: EXAMPLE_REQUEST,
        ASKED[2]: "2035-04-01",
        ASKED[3]: true,
    });
    let told = [
        ("authority", authority_word()),
        ("serial", integer(1)),
        ("not_after", moment()),
        ("certificate", json!({ "type": "string" })),
    ];
    Doc {
        tag: "certificates",
        summary: "Issue a certificate for the key of a PKCS#10 request, in PEM or base64.",
        body: Some(Content::json(whose_and(&needed, &possible), example)),
        answer: Content::json(
            act_and(&told),
            json!({
                "act": 12,
                "authority": AUTHORITY,
                "serial": 2,
                "not_after": "2031-04-01T14:59:59Z",
                "certificate": "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n",
            }),
        ),
        links: to_act(),
    }
}

fn ended_told() -> Content {
    let one = [("authority", authority_word()), ("serial", integer(1)), ("act", act())];
    let example = json!({ "authority": AUTHORITY, "serial": 2, "act": 14 });
    Content::json(
        act_and(&[("certificates", list(&object(&one)))]),
        json!({ "act": 14, "certificates": [example] }),
    )
}

fn end_doc() -> Doc {
    let told = |trigger: &&Trigger| trigger.origin() != Origin::Registry;
    let words: Vec<_> = Trigger::ALL.iter().filter(told).map(|trigger| trigger.word()).collect();
    Doc {
        tag: "certificates",
        summary: "End or hold the certificates that something touches. What the resident register \
                  tells ends them by itself.",
        body: Some(Content::json(
            whose_and(&[(TRIGGER, one_of(&words))], &[]),
            json!({ "resident_record_code": CODE, TRIGGER: Trigger::CardLost.word() }),
        )),
        answer: ended_told(),
        links: to_act(),
    }
}

fn release_doc() -> Doc {
    Doc {
        tag: "certificates",
        summary: "End the hold of a certificate.",
        body: Some(Content::json(
            whose_and(&[(KIND, kinds())], &[]),
            json!({
                "resident_record_code": CODE,
                KIND: CertificateKind::Authentication.word(),
            }),
        )),
        answer: ended_told(),
        links: to_act(),
    }
}

fn list_doc() -> Doc {
    let states = ["intended", "abandoned", "in_force", "held", "released", "revoked"];
    let reasons = RevocationReason::ALL.map(RevocationReason::word);
    let one = object_with(
        &[
            (KIND, kinds()),
            ("authority", authority_word()),
            ("serial", integer(1)),
            ("not_before", moment()),
            ("not_after", moment()),
            ("state", one_of(&states)),
            ("reason", or_null(&one_of(&reasons))),
            ("since", moment()),
            ("act", act()),
        ],
        &[],
    );
    Doc {
        tag: "certificates",
        summary: "The certificates of a person. The person can see that they were looked at.",
        body: Some(Content::json(whose(&[]), json!({ "resident_record_code": CODE }))),
        answer: Content::json(
            act_and(&[("certificates", list(&one))]),
            json!({ "act": 15, "certificates": [] }),
        ),
        links: to_act(),
    }
}
