//! A certificate is issued. Reads person, certificates and keys in use; writes the intention, and
//! when it is signed the outcome, each with an act. Invariants touched: K1, K2, A1, P1.
//!
//! Three steps, each of which a crash may follow: the *intention* is decided, linted and stored;
//! the bytes of the stored intention are *signed* outside any transaction, and what comes back must
//! be these bytes under the authority's key; the *outcome* is stored, and with it the certificate
//! is in force. What a crash left between them is finished from the store (`certificate_finish`).

use crate::authorities::Authority;
use crate::certificates::{self, Certificates, own_permit, refused, tbs_place};
use crate::enact::FIRST_KEY_GENERATION;
use crate::number_ask::{self, Whose, ask_about};
use crate::permits::permit;
use crate::platform::Platform;
use crate::side_by_side::{OF_LARGE, side_by_side};
use crate::work::{Outcome, Work, broken};
use authority::certificate::decide_put_in_force;
use authority::certificate::{Application, Card, Change, Issuance, decide_issue};
use authority::{
    CertificateContent, CertificateKind, Office, PersonalAttributes, Registered, RequestSequence,
    SubjectName,
};
use base::{ActId, Actor, Entropy, PersonId, Problem, Purpose, labels};
use policy::{Action, Permit};
use ports::KeyLabel;
use ports::rows::{CertificateId, CertificateRow, IntentionHead, IntentionRow};
use registry::resident::Status;
use seal::fields;
use std::fmt;
use std::sync::Arc;
use x509::lint::same_tbs;
use x509::{KeyAlgorithm, PossessedKey, PublicKey, RequestRefusal, assemble};
use zeroize::Zeroizing;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct CertificateAsked {
    /// Which certificate.
    pub kind: CertificateKind,
    /// For whom.
    pub whose: Whose,
    /// The holder's key, whose possession was shown.
    pub key: PossessedKey,
    /// The card that the key is on.
    pub card: Card,
    /// Whether the holder is an adult ward (成年被後見人).
    pub is_ward: bool,
    /// What the authority is to sign with, where several sign side by side.
    pub algorithm: Option<KeyAlgorithm>,
}

/// A stored intention, on its way to the key.
#[derive(Clone)]
pub struct Intended {
    /// The certificate.
    pub id: CertificateId,
    /// The act that allowed it.
    pub act: ActId,
    pub(crate) issuer: Arc<Authority>,
    pub(crate) tbs: Zeroizing<Vec<u8>>,
}

impl Intended {
    /// The authority that is to sign.
    pub fn authority(&self) -> &Authority {
        &self.issuer
    }
}

/// A certificate in force.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate.
    pub id: CertificateId,
    /// The act with which it came into force.
    pub act: ActId,
    /// All of it, in DER.
    pub certificate: Zeroizing<Vec<u8>>,
}

/// Shows no certificate: it says who its holder is.
impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issued({:?}, act {})", self.id, self.act)
    }
}

/// An application with what depends on it alone, made ahead of the transaction.
pub(crate) struct Keyed {
    pub(crate) asked: CertificateAsked,
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub(crate) digest: [u8; 32],
    /// What was asked, as the ledger commits to it.
    pub(crate) content: Zeroizing<Vec<u8>>,
}

/// An application that is granted: its serial number is taken, its act recorded, and its bytes are
/// still to be composed.
pub(crate) struct Decided {
    head: IntentionHead,
    issuer: Arc<Authority>,
    contents: CertificateContent,
}

impl Keyed {
    pub(crate) fn new(asked: CertificateAsked) -> Self {
        let digest = key_digest(&asked);
        let content = asked_content(&asked, &digest);
        Self { asked, digest, content }
    }
}

/// Decides about an application and stores what is to be signed.
pub fn intend(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    asked: &CertificateAsked,
) -> Result<Intended, Problem> {
    let decided = decide(work, actor, purpose, &Keyed::new(asked.clone()))?;
    let intended = compose(work, &[decided])?.pop();
    intended.unwrap_or_else(|| Err(broken("nothing was composed")))
}

/// Decides about an application; [`compose`] is to follow in the same unit of work.
pub(crate) fn decide(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    keyed: &Keyed,
) -> Result<Decided, Problem> {
    let asking = permit(actor, Action::CertificateIssue, purpose, actor.municipality())?;
    ask_about(work, &asking, &keyed.asked.whose, &keyed.content, |work, person| {
        let action = Action::CertificateIssue;
        let permit = number_ask::permit_about(work, actor, action, purpose, person)?;
        check_clock(work)?;
        decide_for(work, &permit, person, keyed)
    })
}

fn decide_for(
    work: &mut Work<'_>,
    permit: &Permit,
    person: PersonId,
    keyed: &Keyed,
) -> Result<Decided, Problem> {
    let Keyed { asked, digest, content } = keyed;
    let issuer = work.authorities()?;
    let issuer = Arc::clone(issuer.issuing(asked.kind, asked.algorithm)?);
    check_key(work.platform(), &issuer, asked)?;
    let known = Certificates::of(work, person)?.known;
    if work.key_holder(digest)?.is_some() {
        return Err(Problem::new(&labels::CERTIFICATE_KEY_USED, ""));
    }
    let birth_date = registered(work, person)?.birth_date;
    let CertificateAsked { kind, card, is_ward, .. } = *asked;
    let application = Application { kind, birth_date, is_ward, card };
    let issuance = decide_issue(&known, &application, work.now()).map_err(refused)?;
    // What may still be refused is looked at before anything is taken in.
    let draft = draft(work, person, &issuance, asked)?;
    let serial = work.take_serial(issuer.id())?;
    let contents = CertificateContent { serial, ..draft };
    let act = work.record(permit, Outcome::Intended, Some(person), content)?;
    let head = IntentionHead {
        id: CertificateId { authority: issuer.id(), serial },
        person,
        municipality: contents.municipality,
        not_before: contents.not_before,
        not_after: contents.not_after,
        key_digest: *digest,
        key_generation: i64::from(FIRST_KEY_GENERATION),
        act,
    };
    work.keep_intention(head)?;
    Ok(Decided { head, issuer, contents })
}

/// Composes, lints and seals what is to be signed, many of them on all processors. What the lint
/// finds here is a defect, not the asker's fault: the unit of work is not to be committed with it.
pub(crate) fn compose(
    work: &mut Work<'_>,
    decided: &[Decided],
) -> Result<Vec<Result<Intended, Problem>>, Problem> {
    let platform = work.platform();
    let of_persons = decided.iter().map(|one| Ok((one, work.loaded(one.head.person)?)));
    let of_persons = of_persons.collect::<Result<Vec<_>, Problem>>()?;
    let composed = side_by_side(
        &of_persons,
        OF_LARGE,
        || (platform.entropy)(),
        |entropy, (Decided { head, issuer, contents }, person)| {
            let composed = platform.profile.holder(&issuer.issuer, contents).map(|tbs| {
                let tbs = Zeroizing::new(tbs);
                let place = tbs_place(head.id, FIRST_KEY_GENERATION);
                let sealed = person.key.seal(&place, &tbs, &mut **entropy);
                (tbs, sealed)
            });
            Ok(composed)
        },
    )?;
    let mut intended = Vec::with_capacity(decided.len());
    for (Decided { head, issuer, .. }, composed) in decided.iter().zip(composed) {
        intended.push(composed.map(|(tbs, sealed)| {
            work.keep_sealed(IntentionRow { head: *head, tbs: sealed });
            Intended { id: head.id, act: head.act, issuer: Arc::clone(issuer), tbs }
        }));
    }
    Ok(intended)
}

/// Signs a stored intention. What comes back is held against it byte for byte and checked under the
/// authority's key.
pub fn sign(platform: &Platform, intended: &Intended) -> Result<Vec<u8>, Problem> {
    let Intended { issuer, tbs, .. } = intended;
    sign_as(platform, (&issuer.key, issuer.public()), tbs)
}

/// Signs bytes that were stored and linted, with the key of an authority.
pub(crate) fn sign_as(
    platform: &Platform,
    (key, public): (&KeyLabel, &PublicKey),
    tbs: &[u8],
) -> Result<Vec<u8>, Problem> {
    let signature = platform.keys.sign(key, tbs)?;
    let whole = assemble(tbs, public.algorithm(), &signature);
    same_tbs(&whole, tbs, public).map_err(|fault| Problem::from_refusal(fault.label()))?;
    Ok(signature)
}

/// Stores what came of an intention: from here on the certificate is in force, and the one that it
/// renews is revoked. Who comes second finds the first one's certificate.
pub fn conclude(
    work: &mut Work<'_>,
    intended: &Intended,
    signature: &[u8],
) -> Result<Issued, Problem> {
    let Intended { id, tbs, .. } = intended;
    let held = work.certificate(*id)?.ok_or_else(|| broken("an intention that is not there"))?;
    if let Some(outcome) = held.outcome {
        return intended.issued(outcome);
    }
    check_clock(work)?;
    let person = held.intention.person;
    work.load(&[person])?;
    let certificates = Certificates::of(work, person)?;
    let place = certificates.place_of(*id)?;
    let changes = decide_put_in_force(&certificates.known, place, work.now()).map_err(refused)?;
    let content = outcome_content(*id, tbs);
    let permit = own_permit(Action::CertificateIssue)?;
    for (at, change) in changes {
        let held = certificates.at(at)?;
        if !matches!(change, Change::PutInForce) {
            let permit = own_permit(Action::CertificateRevoke)?;
            certificates::change(work, &permit, held, change, &content)?;
        }
    }
    let act = work.record(&permit, Outcome::Done, Some(person), &content)?;
    let outcome = CertificateRow { id: *id, signature: Some(signature.to_vec()), act };
    work.keep_outcome(outcome.clone());
    intended.issued(outcome)
}

impl Intended {
    /// What came of it: the certificate, unless the case was closed without one.
    pub(crate) fn issued(&self, outcome: CertificateRow) -> Result<Issued, Problem> {
        let closed = || Problem::new(&labels::CERTIFICATE_CLOSED, "");
        let signature = outcome.signature.ok_or_else(closed)?;
        let whole = assemble(&self.tbs, self.issuer.algorithm(), &signature);
        Ok(Issued { id: self.id, act: outcome.act, certificate: Zeroizing::new(whole) })
    }
}

/// A clock that is behind the last act issues nothing.
pub(crate) fn check_clock(work: &mut Work<'_>) -> Result<(), Problem> {
    match work.last_act_at()? {
        Some(last) if work.now() < last => Err(Problem::new(&labels::CLOCK_BEHIND, "")),
        _ => Ok(()),
    }
}

/// The record of a person who is registered now.
pub(crate) fn registered<'w>(
    work: &'w mut Work<'_>,
    person: PersonId,
) -> Result<&'w registry::ResidentRecord, Problem> {
    let resident = work.person(person)?.resident();
    let record = resident.record.as_ref().filter(|_| resident.status == Status::Registered);
    record.ok_or_else(|| Problem::new(&labels::HOLDER_NOT_REGISTERED, ""))
}

/// What the certificate will say, but for its serial number.
fn draft(
    work: &mut Work<'_>,
    person: PersonId,
    issuance: &Issuance,
    asked: &CertificateAsked,
) -> Result<CertificateContent, Problem> {
    let municipality = work.person(person)?.resident().municipality;
    let personal = match issuance.kind {
        CertificateKind::Signature => Some(attributes(registered(work, person)?)?),
        CertificateKind::Authentication => None,
    };
    let office = Office::new(municipality, work.platform().profile.office);
    let subject = match issuance.kind {
        CertificateKind::Signature => {
            let sequence = sequence(work)?;
            SubjectName::of_signature(issuance.not_before, sequence, office)
        }
        CertificateKind::Authentication => {
            Some(SubjectName::of_authentication(&mut Chance(work.entropy), office))
        }
    };
    let nameless = || Problem::new(&labels::PROFILE_MUNICIPALITY, "");
    Ok(CertificateContent {
        kind: issuance.kind,
        serial: 0,
        not_before: issuance.not_before,
        not_after: issuance.not_after,
        subject: subject.ok_or_else(nameless)?,
        personal,
        municipality,
        public_key: asked.key.public_key().clone(),
    })
}

/// The place of a request among those of its second: that of its act, in a ring of 100,000.
fn sequence(work: &Work<'_>) -> Result<RequestSequence, Problem> {
    let place = work.next_act().0 % SEQUENCES;
    let sequence = u32::try_from(place).ok().and_then(RequestSequence::new);
    sequence.ok_or_else(|| broken("a sequence out of range"))
}

fn attributes(record: &registry::ResidentRecord) -> Result<PersonalAttributes, Problem> {
    let sex = match record.sex {
        registry::Sex::Male => authority::Sex::Male,
        registry::Sex::Female => authority::Sex::Female,
        registry::Sex::Unknown => authority::Sex::Unknown,
    };
    let holder = Registered {
        name: &record.name,
        birth_date: record.birth_date,
        sex,
        address: &record.address,
    };
    PersonalAttributes::of(&holder).map_err(|refusal| Problem::from_refusal(refusal.label()))
}

/// Only such keys are certified as the profile names, and never the issuer's own.
fn check_key(
    platform: &Platform,
    issuer: &Authority,
    asked: &CertificateAsked,
) -> Result<(), Problem> {
    let key = asked.key.public_key();
    if !platform.profile.profile.settings().holder_algorithms.contains(&key.algorithm()) {
        return Err(Problem::from_refusal(RequestRefusal::KeyAlgorithm.label()));
    }
    if key == issuer.public() {
        return Err(Problem::new(&labels::CERTIFICATE_KEY_USED, "by the issuer"));
    }
    Ok(())
}

/// SHA-256 of the SubjectPublicKeyInfo.
pub(crate) fn key_digest(asked: &CertificateAsked) -> [u8; 32] {
    x509::sha256(&asked.key.public_key().to_spki())
}

/// What was asked, as the ledger commits to it.
pub(crate) fn asked_content(asked: &CertificateAsked, digest: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    let whose = number_ask::content(&asked.whose);
    let mut content = fields::pack(&[asked.kind.word()]);
    content.extend_from_slice(digest);
    content.extend_from_slice(&whose);
    content
}

/// What came of it, as the ledger commits to it: whoever holds the certificate can show that it is
/// the one.
pub(crate) fn outcome_content(id: CertificateId, tbs: &[u8]) -> Vec<u8> {
    let named = [id.authority.to_string(), id.serial.to_string()];
    let mut content = fields::pack(&[&named[0], &named[1]]).to_vec();
    content.extend_from_slice(&x509::sha256(tbs));
    content
}

/// Chance that is handed on.
struct Chance<'a>(&'a mut dyn Entropy);

impl Entropy for Chance<'_> {
    fn fill(&mut self, out: &mut [u8]) {
        self.0.fill(out);
    }
}

/// Sequences of one second.
const SEQUENCES: u64 = 100_000;
