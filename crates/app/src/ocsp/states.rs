//! What holds of a certificate, as OCSP tells it: from what an authority meant, signed and ended,
//! its own certificate and those of its delegates among them.

use base::Problem;
use ports::View;
use ports::rows::{
    AuthorityRow, CertificateId, CertificateStatusRow, DelegateKey, certificate_state,
    delegate_purpose,
};
use x509::{CertStatus, RevocationReason};

/// What holds of certificates of an authority by their serial numbers, in the order of the
/// question: unknown is what it never issued.
pub(super) fn read_statuses(
    view: &mut (impl View + ?Sized),
    authority: &AuthorityRow,
    serials: &[u64],
) -> Result<Vec<CertStatus>, Problem> {
    let id = |serial: &u64| CertificateId { authority: authority.id, serial: *serial };
    let ids: Vec<_> = serials.iter().map(id).collect();
    let heads = view.intention_heads(&ids)?;
    let outcomes = view.certificates(&ids)?;
    let places: Vec<_> = heads
        .iter()
        .zip(&ids)
        .map(|(head, id)| (head.map(|head| head.municipality), *id))
        .collect();
    let rows = view.statuses(&places)?;
    let mut statuses = Vec::with_capacity(ids.len());
    for (((id, head), outcome), row) in ids.iter().zip(&heads).zip(&outcomes).zip(&rows) {
        let issued = match head {
            Some(_) => outcome.as_ref().is_some_and(|outcome| outcome.signature.is_some()),
            None => is_own(view, authority, id.serial)?,
        };
        // A case that was closed has a status: it may have been signed all the same.
        let known = issued || row.is_some();
        statuses.push(if known { status_of(row.as_ref()) } else { CertStatus::Unknown });
    }
    Ok(statuses)
}

/// Whether a serial number is that of the authority's own certificate or of a delegate's.
fn is_own(
    view: &mut (impl View + ?Sized),
    authority: &AuthorityRow,
    serial: u64,
) -> Result<bool, Problem> {
    let Some(before) = serial.checked_sub(1) else { return Ok(false) };
    if serial == authority.serial {
        return Ok(true);
    }
    for purpose in [delegate_purpose::OCSP, delegate_purpose::TIME_STAMP] {
        let after = DelegateKey { authority: authority.id, purpose, serial: before };
        let next = view.delegates_page(after, 1)?.pop();
        if next.is_some_and(|next| next.key == DelegateKey { serial, ..after }) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// As OCSP tells it.
fn status_of(row: Option<&CertificateStatusRow>) -> CertStatus {
    match row {
        Some(row) if row.state != certificate_state::RELEASED => {
            let reason = u64::try_from(row.reason).ok().and_then(RevocationReason::from_code);
            let reason = reason.filter(|reason| *reason != RevocationReason::Unspecified);
            CertStatus::Revoked { at: row.changed_at, reason }
        }
        _ => CertStatus::Good,
    }
}
