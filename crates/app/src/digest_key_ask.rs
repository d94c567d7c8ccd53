//! A municipality fetches the digest key that it shares with the platform, to compute the same set
//! digests over its own register. Shows no person; to hand the key out is an act.

use crate::stock;
use crate::work::{Outcome, Work};
use base::{ActId, Problem};
use numbers::LocalGovernmentCode;
use policy::Permit;
use zeroize::Zeroizing;

/// A digest key that was handed out.
pub struct DigestKeyTold {
    /// The act of handing it out.
    pub act: ActId,
    /// The key.
    pub key: Zeroizing<[u8; 32]>,
    /// Its epoch, from 1.
    pub epoch: u32,
}

/// The key under which the municipality's records are now, or are about to be.
pub fn digest_key_ask(
    work: &mut Work<'_>,
    permit: &Permit,
    municipality: LocalGovernmentCode,
) -> Result<DigestKeyTold, Problem> {
    stock::registrar(municipality)?;
    let epoch = work.epochs().digest_epoch(municipality);
    let key = work.platform().digest_key_bytes(epoch, municipality)?;
    let content = format!("digest key {municipality} {epoch}");
    let act = work.record(permit, Outcome::Read, None, content.as_bytes())?;
    Ok(DigestKeyTold { act, key, epoch })
}
