//! A verifier asks whether certificates hold (公的個人認証法 art. 18(1)). Reads what was issued and
//! revoked; writes an act for each certificate. Invariants touched: A1, P1.
//!
//! Its holder sees who asked about a certificate. One that nobody holds is asked about on the
//! platform's own record, so that the public ledger does not show which numbers there are. The end
//! of validity tells a birthday, and is told only to who shows the certificate.

use crate::certificate_named::{CertificateNamed, Found, find_all, known, standing};
use crate::verifiers::{AskedRight, asking};
use crate::work::{Outcome, PLATFORM_PERSON, Work};
use authority::certificate::Standing;
use authority::verifier::{Right, VerifierKind};
use base::{ActId, Actor, Moment, Problem, Purpose, labels};
use policy::Action;
use zeroize::Zeroizing;

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusAsked {
    /// For whom, if the verifier asks for another.
    pub provider: Option<String>,
    /// Which certificates: 1 to [`STATUS_CERTIFICATES_MAX`].
    pub certificates: Vec<CertificateNamed>,
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusAnswer {
    /// The moment for which it holds.
    pub at: Moment,
    /// What is told of each certificate, in the order of the question.
    pub told: Vec<StatusTold>,
    /// What the verifier is registered as: its duties follow from that.
    pub kind: VerifierKind,
}

/// What is told of one certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StatusTold {
    /// The act of asking.
    pub act: ActId,
    /// How it stands.
    pub standing: Standing,
    /// The end of its validity, to who shows the certificate.
    pub not_after: Option<Moment>,
}

/// Shows no end of validity: it tells a birthday.
impl std::fmt::Debug for StatusTold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StatusTold(act {}, {:?}, ..)", self.act, self.standing)
    }
}

/// Tells how certificates stand now.
pub fn certificate_status_ask(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    asked: &StatusAsked,
) -> Result<StatusAnswer, Problem> {
    if !(1..=STATUS_CERTIFICATES_MAX).contains(&asked.certificates.len()) {
        let range = format!("1 to {STATUS_CERTIFICATES_MAX} certificates");
        return Err(Problem::new(&labels::REQUEST_MALFORMED, range).in_field("certificates"));
    }
    let right = AskedRight {
        action: Action::CertificateStatusAsk,
        right: Right::Status,
        provider: asked.provider.as_deref(),
    };
    let by = asking(work, (actor, purpose), right, &all_content(asked))?;
    let found = find_all(work, &asked.certificates)?;
    let mut judged = Vec::with_capacity(found.len());
    // Everything is looked up before the first act is entered: a batch is answered or it is not.
    for (named, found) in asked.certificates.iter().zip(&found) {
        judged.push(judge(work, named, found)?);
    }
    let mut told = Vec::with_capacity(found.len());
    for ((named, found), (standing, not_after)) in asked.certificates.iter().zip(&found).zip(judged)
    {
        let subject = match found {
            Found::Known(held) => held.intention.person,
            _ => PLATFORM_PERSON,
        };
        let act = work.record(&by.permit, Outcome::Read, Some(subject), &named.content())?;
        told.push(StatusTold { act, standing, not_after });
    }
    Ok(StatusAnswer { at: work.now(), told, kind: by.filing.kind() })
}

fn judge(
    work: &mut Work<'_>,
    named: &CertificateNamed,
    found: &Found,
) -> Result<(Standing, Option<Moment>), Problem> {
    let Found::Known(held) = found else { return Ok((Standing::NotIssued, None)) };
    let standing = standing(work, held)?;
    let shown = matches!(named, CertificateNamed::Shown(_));
    let not_after = if shown { Some(known(work, held)?.not_after) } else { None };
    Ok((standing, not_after))
}

/// The whole question, for the record of its refusal.
fn all_content(asked: &StatusAsked) -> Zeroizing<Vec<u8>> {
    let mut content = Zeroizing::new(Vec::new());
    asked.certificates.iter().for_each(|named| content.extend_from_slice(&named.content()));
    content
}

/// Certificates of one question.
pub const STATUS_CERTIFICATES_MAX: usize = 1_000;
