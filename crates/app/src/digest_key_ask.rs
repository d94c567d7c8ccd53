//! A municipality fetches the digest key that it shares with the platform, to compute the same set
//! digests over its own register. Shows no person; to hand the key out is an act.

use crate::stock;
use crate::work::{Outcome, Work};
use base::{ActId, Problem};
use numbers::LocalGovernmentCode;
use policy::Permit;
use zeroize::Zeroizing;

/// The key of the municipality, and the act of handing it out.
pub fn digest_key_ask(
    work: &mut Work<'_>,
    permit: &Permit,
    municipality: LocalGovernmentCode,
) -> Result<(ActId, Zeroizing<[u8; 32]>), Problem> {
    stock::registrar(municipality)?;
    let key = work.platform().digest_key_bytes(municipality)?;
    let content = format!("digest key {municipality}");
    Ok((work.record(permit, Outcome::Read, None, content.as_bytes())?, key))
}
