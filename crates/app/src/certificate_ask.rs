//! A certificate is asked for, or which ones a person has. Reads certificates; writes the access
//! entry. Invariants touched: A1, P1.
//!
//! A signature certificate names its holder and where they live, so reading one is an act about
//! them. A municipality sees those of its own residents only: another's are as absent as none.

use crate::certificate_finish::open_in;
use crate::certificates::Certificates;
use crate::number_ask::{Whose, ask_about, content, permit_about};
use crate::permits::permit;
use crate::work::{Outcome, PLATFORM_PERSON, Work};
use authority::CertificateKind;
use authority::certificate::State;
use base::{ActId, Actor, Moment, PersonId, Problem, Purpose, Remedy, labels};
use numbers::LocalGovernmentCode;
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

/// The certificates of a person, as they were told.
#[derive(Debug)]
pub struct CertificatesTold {
    /// The act of reading.
    pub act: ActId,
    /// In the order of authority and serial number.
    pub certificates: Vec<CertificateFacts>,
}

/// What is told of a certificate beside its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Which one.
    pub id: CertificateId,
    /// Signature or authentication.
    pub kind: CertificateKind,
    /// The municipality of its list.
    pub municipality: LocalGovernmentCode,
    /// Begin of validity.
    pub not_before: Moment,
    /// End of validity.
    pub not_after: Moment,
    /// How it stands.
    pub state: State,
    /// Since when.
    pub since: Moment,
}

/// Shows no end of validity: it tells a birthday.
impl fmt::Debug for CertificateFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateFacts({:?}, {:?}, ..)", self.id, self.state)
    }
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

/// Tells which certificates a person has and had.
pub fn certificates_ask(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    whose: &Whose,
) -> Result<CertificatesTold, Problem> {
    let asking = permit(actor, Action::CertificateAsk, purpose, actor.municipality())?;
    let asked = content(whose);
    ask_about(work, &asking, whose, &asked, |work, person| {
        let permit = permit_about(work, actor, Action::CertificateAsk, purpose, person)?;
        let Certificates { held, known } = Certificates::of(work, person)?;
        let act = work.record(&permit, Outcome::Read, Some(person), &asked)?;
        let facts = held.iter().zip(known).map(|(held, known)| CertificateFacts {
            id: held.intention.id,
            kind: known.kind,
            municipality: held.intention.municipality,
            not_before: known.not_before,
            not_after: known.not_after,
            state: known.state,
            since: known.since,
        });
        Ok(CertificatesTold { act, certificates: facts.collect() })
    })
}
