//! A person's certificates are looked at. Reads person and certificates; writes the access entry.
//! Invariants touched: A1, P1.

use crate::certificates::Certificates;
use crate::number_ask::{Whose, ask_about, content, permit_about};
use crate::permits::permit;
use crate::work::{Held, Outcome, Work};
use authority::CertificateKind;
use authority::certificate::State;
use base::{ActId, Actor, Moment, Problem, Purpose};
use policy::Action;
use ports::rows::CertificateId;
use std::fmt;

/// A certificate as it is listed.
#[derive(Clone, PartialEq, Eq)]
pub struct Listed {
    /// Which.
    pub id: CertificateId,
    /// What it certifies.
    pub kind: CertificateKind,
    /// The word of the authority.
    pub authority: String,
    /// From when on it is valid.
    pub not_before: Moment,
    /// Until when.
    pub not_after: Moment,
    /// How it stands.
    pub state: State,
    /// Since when.
    pub since: Moment,
    /// The act that made it stand so.
    pub act: ActId,
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CertificatesTold {
    /// The act of reading.
    pub act: ActId,
    /// All certificates, in the order in which they were intended.
    pub certificates: Vec<Listed>,
}

/// Shows no end of validity: it tells a birthday.
impl fmt::Debug for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listed({:?}, {:?}, act {})", self.id, self.state, self.act)
    }
}

/// Tells the certificates of a person.
pub fn certificate_list(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    whose: &Whose,
) -> Result<CertificatesTold, Problem> {
    let action = Action::CertificateExplain;
    let asking = permit(actor, action, purpose, actor.municipality())?;
    let content = content(whose);
    ask_about(work, &asking, whose, &content, |work, person| {
        let permit = permit_about(work, actor, action, purpose, person)?;
        let certificates = Certificates::of(work, person)?;
        let certificates = listed(work, &certificates)?;
        let act = work.record(&permit, Outcome::Read, Some(person), &content)?;
        Ok(CertificatesTold { act, certificates })
    })
}

fn listed(work: &mut Work<'_>, certificates: &Certificates) -> Result<Vec<Listed>, Problem> {
    let authorities = work.authorities()?;
    let mut list = Vec::with_capacity(certificates.held.len());
    for (held, known) in certificates.held.iter().zip(&certificates.known) {
        let id = held.intention.id;
        list.push(Listed {
            id,
            kind: known.kind,
            authority: authorities.by_id(id.authority)?.word(),
            not_before: known.not_before,
            not_after: known.not_after,
            state: known.state,
            since: known.since,
            act: last_act(held),
        });
    }
    Ok(list)
}

fn last_act(held: &Held) -> ActId {
    let of_status = held.status.as_ref().map(|row| row.act);
    let of_outcome = held.outcome.as_ref().map(|row| row.act);
    of_status.or(of_outcome).unwrap_or(held.intention.act)
}
