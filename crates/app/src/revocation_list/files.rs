//! The files of a list: the complete one and its delta, for each of the points that certificates of
//! the partition name.

use super::Known;
use crate::authorities::Authority;
use crate::certificate_profile::CertificateProfile;
use crate::platform::Platform;
use crate::work::broken;
use authority::profile::{Issuer, Partition as Point, ProfileRefusal};
use authority::revocation_list::{Entry, Plan};
use base::Problem;
use ports::rows::Partition;
use x509::{
    Covers, CrlBuilder, CrlEntry, CrlNumber, CrlProfile, CrlScope, CrlToBeSigned, GeneralName,
    RevocationReason, Serial,
};

/// A list that is to be signed, and where it goes.
pub(super) struct Draft {
    path: String,
    list: CrlToBeSigned,
}

impl Draft {
    /// SHA-256 of the bytes to be signed.
    pub(super) fn digest(&self) -> [u8; 32] {
        x509::sha256(self.list.as_bytes())
    }
}

/// All files of a plan.
pub(super) fn drafts(
    profile: &CertificateProfile,
    known: &Known,
    plan: &Plan,
) -> Result<Vec<Draft>, Problem> {
    let mut drafts = Vec::new();
    for point in points_of(known.row.partition) {
        let theirs = |entry: &&Entry| match point {
            Point::Authorities => !known.delegates.contains(&entry.serial),
            Point::Platform => known.delegates.contains(&entry.serial),
            Point::Municipality(_) => true,
        };
        let issuer = &known.authority.issuer;
        let entries: Vec<_> = plan.entries.iter().filter(theirs).collect();
        drafts.push(draft(profile, (issuer, point), plan, (None, &entries))?);
        if let Some(delta) = &plan.delta {
            let entries: Vec<_> = delta.entries.iter().filter(theirs).collect();
            let delta = (Some(delta.base), &entries[..]);
            drafts.push(draft(profile, (issuer, point), plan, delta)?);
        }
    }
    Ok(drafts)
}

/// Signs the drafts: each path with its bytes.
pub(super) fn signed(
    platform: &Platform,
    authority: &Authority,
    drafts: Vec<Draft>,
) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let mut files = Vec::with_capacity(drafts.len());
    for Draft { path, list } in drafts {
        let good = |signature: &[u8]| authority.public().has_signed(list.as_bytes(), signature);
        let signature = platform.keys.sign_accepted(&authority.key, list.as_bytes(), &good)?;
        files.push((path, list.assemble(&signature)));
    }
    Ok(files)
}

fn draft(
    profile: &CertificateProfile,
    (issuer, point): (&Issuer, Point),
    plan: &Plan,
    (base, entries): (Option<u64>, &[&Entry]),
) -> Result<Draft, Problem> {
    let refused = |refusal: ProfileRefusal| Problem::from_refusal(refusal.label());
    let names = profile.profile.points(issuer, point).map_err(refused)?;
    let covers = match point {
        Point::Authorities => Covers::Authorities,
        Point::Platform | Point::Municipality(_) => Covers::EndEntities,
    };
    let freshest: Vec<_> = match base {
        None => profile.profile.list_address(issuer, point).map(|uri| delta_of(&uri)),
        Some(_) => None,
    }
    .map(GeneralName::Uri)
    .into_iter()
    .collect();
    let header = CrlProfile {
        algorithm: issuer.public_key.algorithm(),
        issuer: &issuer.name,
        authority_key: &issuer.public_key.key_identifier(),
        this_update: plan.at,
        next_update: plan.next_update,
        number: plan.number.into(),
        delta_of: base.map(CrlNumber::from),
        scope: Some(&CrlScope { names, covers }),
        freshest: &freshest,
        expired_since: None,
    };
    let refused = |refusal: x509::CrlRefusal| Problem::from_refusal(refusal.label());
    let mut list = CrlBuilder::new(&header, entries.len()).map_err(refused)?;
    for entry in entries {
        list.push(&entry_of(entry)?).map_err(refused)?;
    }
    let path = issuer.list_path(point);
    let path = if base.is_some() { delta_of(&path) } else { path };
    Ok(Draft { path, list: list.finish() })
}

fn entry_of(entry: &Entry) -> Result<CrlEntry, Problem> {
    let serial = Serial::try_from(entry.serial).map_err(|_| broken("a serial number of zero"))?;
    let reason = RevocationReason::from_code(entry.reason.code().into());
    Ok(CrlEntry { serial, revoked_at: entry.since, reason, invalid_since: None })
}

/// Where the delta of a complete list is.
pub(super) fn delta_of(path: &str) -> String {
    path.strip_suffix(".crl").map_or_else(|| path.to_owned(), |stem| format!("{stem}-delta.crl"))
}

/// The points that one row of the store stands for.
pub(super) fn points_of(partition: Partition) -> Vec<Point> {
    match partition.municipality {
        Some(code) => vec![Point::Municipality(code)],
        None => vec![Point::Authorities, Point::Platform],
    }
}
