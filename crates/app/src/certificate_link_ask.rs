//! A verifier asks for the number of the same holder's other certificate: signature and
//! authentication certificate of one person (公的個人認証法 art. 18(5)). Reads the holder's
//! certificates; writes the act. Invariants touched: A1, P1.
//!
//! The certificate that is named may have ended, as after a move: what is told is the other one,
//! and only while it is in force.

use crate::certificate_named::{CertificateNamed, Found, find, standing};
use crate::certificates::Certificates;
use crate::verifiers::{AskedRight, Asking, asking, refuse};
use crate::work::{Held, Outcome, PLATFORM_PERSON, Work};
use authority::CertificateKind;
use authority::certificate::Standing;
use authority::verifier::{Right, VerifierKind};
use base::{ActId, Actor, Problem, Purpose, labels};
use policy::Action;

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkAsked {
    /// For whom, if the verifier asks for another.
    pub provider: Option<String>,
    /// The certificate that is known.
    pub certificate: CertificateNamed,
}

/// The other certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkTold {
    /// The act of asking.
    pub act: ActId,
    /// Which of the two it is.
    pub kind: CertificateKind,
    /// Key identifier of its issuer.
    pub issuer: [u8; 20],
    /// Its serial number.
    pub serial: u64,
    /// What the verifier is registered as: its duties follow from that.
    pub verifier: VerifierKind,
}

/// Tells the number of the other certificate.
pub fn certificate_link_ask(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    asked: &LinkAsked,
) -> Result<LinkTold, Problem> {
    let right = AskedRight {
        action: Action::CertificateLinkAsk,
        right: Right::Link,
        provider: asked.provider.as_deref(),
    };
    let content = asked.certificate.content();
    let by = asking(work, (actor, purpose), right, &content)?;
    let held = match find(work, &asked.certificate)? {
        Found::Known(held) if held.is_issued() => held,
        _ => {
            let absent = Problem::new(&labels::CERTIFICATE_ABSENT, "");
            return Err(refuse(work, &by.permit, absent, (PLATFORM_PERSON, &content)));
        }
    };
    let person = held.intention.person;
    let Some(other) = other_in_force(work, &held)? else {
        let absent = Problem::new(&labels::CERTIFICATE_LINK_ABSENT, "");
        return Err(refuse(work, &by.permit, absent, (person, &content)));
    };
    tell(work, &by, &other, &content)
}

fn tell(
    work: &mut Work<'_>,
    by: &Asking,
    other: &Held,
    content: &[u8],
) -> Result<LinkTold, Problem> {
    let id = other.intention.id;
    let authorities = work.authorities()?;
    let issuer = authorities.by_id(id.authority)?;
    let person = Some(other.intention.person);
    let act = work.record(&by.permit, Outcome::Read, person, content)?;
    Ok(LinkTold {
        act,
        kind: issuer.kind(),
        issuer: issuer.public().key_identifier(),
        serial: id.serial,
        verifier: by.filing.kind(),
    })
}

/// The certificate of the other kind that the holder has in force: the newest, where an older one
/// of several algorithms is.
fn other_in_force(work: &mut Work<'_>, held: &Held) -> Result<Option<Held>, Problem> {
    let authorities = work.authorities()?;
    let kind = authorities.by_id(held.intention.id.authority)?.kind();
    let all = Certificates::of(work, held.intention.person)?;
    for (one, known) in all.held.into_iter().zip(&all.known).rev() {
        if known.kind != kind && standing(work, &one)? == Standing::Good {
            return Ok(Some(one));
        }
    }
    Ok(None)
}
