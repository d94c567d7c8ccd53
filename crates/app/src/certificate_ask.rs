//! A certificate itself is asked for. Reads certificate and holder; writes the access entry.
//! Invariants touched: A1, P1.
//!
//! A signature certificate names its holder and where they live, so reading one is an act about
//! them. A municipality sees those of its own residents only: another's are as absent as none.

use crate::certificate_finish::open_in;
use crate::certificates::known_as;
use crate::number_ask::{Whose, ask_about, content, permit_about};
use crate::permits::permit;
use crate::work::{Outcome, PLATFORM_PERSON, Work};
use authority::CertificateKind;
use authority::certificate::State;
use base::{ActId, Actor, PersonId, Problem, Purpose, Remedy, labels};
use policy::{Action, Permit};
use ports::rows::{CertificateId, CertificateRow};
use seal::fields;
use std::fmt;
use x509::assemble;
use zeroize::Zeroizing;

/// A certificate, as it was told.
pub struct CertificateTold {
    /// The act of reading.
    pub act: ActId,
    /// All of it, in DER.
    pub certificate: Zeroizing<Vec<u8>>,
}

/// Shows no certificate: it says who its holder is.
impl fmt::Debug for CertificateTold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateTold(act {}, ..)", self.act)
    }
}

/// Tells a certificate.
pub fn certificate_ask(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    id: CertificateId,
) -> Result<CertificateTold, Problem> {
    let asking = permit(actor, Action::CertificateAsk, purpose, actor.municipality())?;
    let asked = fields::pack(&[&id.authority.to_string(), &id.serial.to_string()]);
    let held = work.certificate(id)?;
    let subject = held.map_or(PLATFORM_PERSON, |held| held.intention.person);
    let told = read(work, &asking, (id, subject), &asked);
    if let Err(refusal) = &told
        && !matches!(refusal.remedy(), Remedy::Broken | Remedy::Again)
    {
        work.record_refusal(&asking, refusal, subject, &asked)?;
    }
    told
}

fn read(
    work: &mut Work<'_>,
    asking: &Permit,
    (id, person): (CertificateId, PersonId),
    asked: &[u8],
) -> Result<CertificateTold, Problem> {
    let absent = || Problem::new(&labels::CERTIFICATE_ABSENT, "");
    if person == PLATFORM_PERSON {
        return Err(absent());
    }
    work.load(&[person])?;
    let keeper = work.person(person)?.resident().municipality;
    if asking.actor().municipality().is_some_and(|own| own != keeper) {
        return Err(absent());
    }
    let held = work.certificate(id)?.ok_or_else(absent)?;
    let signature = match held.outcome {
        Some(CertificateRow { signature: Some(signature), .. }) => signature,
        Some(_) => return Err(Problem::new(&labels::CERTIFICATE_CLOSED, "")),
        None => return Err(Problem::new(&labels::CERTIFICATE_UNREADY, "")),
    };
    let intended = open_in(work.platform(), work.tx, id)?;
    let intended = intended.ok_or_else(|| Problem::new(&labels::CONTENT_ERASED, ""))?;
    let purpose = asking.purpose();
    let permit = permit_about(work, asking.actor(), Action::CertificateAsk, purpose, person)?;
    let act = work.record(&permit, Outcome::Read, Some(person), asked)?;
    let whole = assemble(&intended.tbs, intended.issuer.algorithm(), &signature);
    Ok(CertificateTold { act, certificate: Zeroizing::new(whole) })
}

/// Tells the certificate of a kind that a person was issued for this key (SHA-256 of its
/// SubjectPublicKeyInfo): to whoever asks for it again. One that is held or has ended is as any
/// other key in use.
pub fn certificate_of_key(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    (whose, kind, key): (&Whose, CertificateKind, &[u8; 32]),
) -> Result<(CertificateId, CertificateTold), Problem> {
    let asking = permit(actor, Action::CertificateAsk, purpose, actor.municipality())?;
    let asked = content(whose);
    ask_about(work, &asking, whose, &asked, |work, person| {
        let used = || Problem::new(&labels::CERTIFICATE_KEY_USED, "");
        let id = work.key_holder(key)?.ok_or_else(used)?;
        let held = work.certificate(id)?.ok_or_else(used)?;
        let of = work.authorities()?.by_id(id.authority)?.kind();
        // What is still to be signed goes on, to be refused as such.
        let may_be_told = matches!(
            known_as(kind, 1, &held)?.state,
            State::Intended | State::InForce | State::Released
        );
        if held.intention.person != person || of != kind || !may_be_told {
            return Err(used());
        }
        let asked = fields::pack(&[&id.authority.to_string(), &id.serial.to_string()]);
        Ok((id, read(work, &asking, (id, person), &asked)?))
    })
}
