//! A verifier asks for a holder's present name, address, birth date and sex, with the holder's
//! consent signed by the card's key (公的個人認証法 art. 18(3)). Reads person and certificate;
//! writes the act, and that the consent was used. Invariants touched: A1, P1.
//!
//! A consent that was used is remembered among the answers to repeats, which stay for a day; it is
//! stale long before it is forgotten.

use crate::certificate_issue::{check_clock, registered};
use crate::certificate_named::{CertificateNamed, Found, find, known, standing};
use crate::once::{use_up, was_used};
use crate::verifiers::{AskedRight, Asking, asking, refuse};
use crate::work::{Held, Outcome, PLATFORM_PERSON, Work, broken};
use authority::certificate::{Certificate, Standing, State};
use authority::verifier::consent::{
    Consent, ConsentRefusal, Statement, check_consent, check_statement,
};
use authority::verifier::{Right, VerifierKind};
use base::{ActId, Actor, Date, Personal, Problem, Purpose, labels};
use policy::Action;
use registry::Sex;
use seal::fields;
use x509::PublicKey;

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttributesAsked {
    /// What the holder signed: it names verifier, provider, purpose and certificate.
    pub statement: Statement,
    /// The signature over its text.
    pub signature: Vec<u8>,
}

/// The answer.
#[derive(Clone, PartialEq, Eq)]
pub struct AttributesTold {
    /// The act of reading.
    pub act: ActId,
    /// The name, as it is registered.
    pub name: Personal,
    /// The address, as it is registered.
    pub address: Personal,
    /// The birth date.
    pub birth_date: Date,
    /// The sex.
    pub sex: Sex,
    /// What the verifier is registered as: its duties follow from that.
    pub verifier: VerifierKind,
}

impl std::fmt::Debug for AttributesTold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AttributesTold(act {}, ..)", self.act)
    }
}

/// Tells the present attributes of the holder who consents.
pub fn attributes_ask(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    asked: &AttributesAsked,
) -> Result<AttributesTold, Problem> {
    // By a clock that was set back an old consent would be fresh.
    check_clock(work)?;
    let right = AskedRight {
        action: Action::AttributesAsk,
        right: Right::Attributes,
        provider: asked.statement.provider.as_deref(),
    };
    let text = asked.statement.to_string();
    let content = fields::pack(&["consent", &text]);
    let by = asking(work, (actor, purpose), right, &content)?;
    let meant = check_statement(&asked.statement, (&by.name, &by.filing), work.now());
    let nobody = (PLATFORM_PERSON, &content[..]);
    if let Err(refusal) = meant {
        return Err(refuse(work, &by.permit, refused(refusal), nobody));
    }
    let Statement { issuer, serial, .. } = asked.statement;
    let Found::Known(held) = find(work, &CertificateNamed::Number { issuer, serial })? else {
        let absent = Problem::new(&labels::CERTIFICATE_ABSENT, "");
        return Err(refuse(work, &by.permit, absent, nobody));
    };
    let subject = (held.intention.person, &content[..]);
    match consented(work, &held, asked, &text) {
        Ok(()) => tell(work, &by, (&held, &text), &content),
        Err(problem) => Err(refuse(work, &by.permit, problem, subject)),
    }
}

/// Whether the holder consented, and is somebody of whom there is something to tell.
fn consented(
    work: &mut Work<'_>,
    held: &Held,
    asked: &AttributesAsked,
    text: &str,
) -> Result<(), Problem> {
    let (certificate, used) = (in_hand(work, held)?, was_used(work, CONSENTS, text)?);
    let key = subject_key(work, held)?;
    let consent = Consent {
        statement: &asked.statement,
        signature: &asked.signature,
        key: &key,
        certificate: &certificate,
        used,
    };
    check_consent(&consent, work.now()).map_err(refused)?;
    registered(work, held.intention.person).map(drop)
}

/// The certificate as it stands, with its authority.
fn in_hand(work: &mut Work<'_>, held: &Held) -> Result<Certificate, Problem> {
    let known = known(work, held)?;
    Ok(match standing(work, held)? {
        Standing::Revoked(since, reason) => {
            Certificate { state: State::Revoked(reason), since, ..known }
        }
        _ => known,
    })
}

fn subject_key(work: &mut Work<'_>, held: &Held) -> Result<PublicKey, Problem> {
    let absent = || Problem::new(&labels::CERTIFICATE_ABSENT, "");
    let bytes = work.certificate_bytes(held)?.ok_or_else(absent)?;
    let read = x509::Certificate::parse(&bytes);
    let key = read.ok().and_then(|read| read.public_key().ok());
    key.ok_or_else(|| broken("an issued certificate does not parse"))
}

fn tell(
    work: &mut Work<'_>,
    by: &Asking,
    (held, text): (&Held, &str),
    content: &[u8],
) -> Result<AttributesTold, Problem> {
    let person = held.intention.person;
    let record = registered(work, person)?;
    let (name, address) = (record.name.clone(), record.address.clone());
    let (birth_date, sex) = (record.birth_date, record.sex);
    let act = work.record(&by.permit, Outcome::Read, Some(person), content)?;
    use_up(work, CONSENTS, text, act)?;
    Ok(AttributesTold { act, name, address, birth_date, sex, verifier: by.filing.kind() })
}

fn refused(refusal: ConsentRefusal) -> Problem {
    Problem::from_refusal(refusal.label())
}

/// Under whose name consents are remembered: no caller has it.
const CONSENTS: &str = "consent";
