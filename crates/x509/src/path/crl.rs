//! A certificate revocation list of anybody's (RFC 5280 §5), read once and looked up often.
//!
//! The bytes are kept; entries are found by serial number through a sorted index of places in
//! them, some eight bytes per entry.

use super::certificate::{Signed, place_in};
use super::extension::{self, DistributionPoint, PointName};
use super::key::Key;
use super::name::{GeneralName, Name};
use super::refusal::{Reason, Refusal};
use super::search::spend;
use crate::crl_scope::CrlScopeView;
use crate::decode::DerFault;
use crate::{CrlNumber, CrlReadRefusal, RevocationReason};
use base::Moment;
use std::fmt;
use std::ops::Range;

/// A revocation list, complete or delta.
#[derive(Clone)]
pub struct Crl {
    der: Vec<u8>,
    tbs: Range<usize>,
    signed: Signed,
    pub(super) issuer: Name,
    pub(super) this_update: Moment,
    pub(super) next_update: Option<Moment>,
    pub(super) authority_key: Option<Vec<u8>>,
    pub(super) number: Option<CrlNumber>,
    /// For a delta list the number of the list that it begins from.
    pub(super) base: Option<CrlNumber>,
    pub(super) scope: Scope,
    /// Whether certificates of other issuers may stand on it.
    pub(super) indirect: bool,
    /// Whether a critical extension, of the list or an entry, is not processed.
    pub(super) has_unknown: bool,
    entries: Vec<Entry>,
}

/// issuingDistributionPoint (RFC 5280 §5.2.5).
#[derive(Clone, Default, Debug)]
pub(super) struct Scope {
    /// The extension's bytes: a delta list has the same.
    pub(super) bytes: Option<Vec<u8>>,
    name: Option<PointName>,
    pub(super) users_only: bool,
    pub(super) authorities_only: bool,
    pub(super) reasons: Option<u16>,
    pub(super) attributes_only: bool,
}

#[derive(Clone, Copy)]
struct Entry {
    start: u32,
    length: u8,
    reason: RevocationReason,
}

impl Crl {
    /// Reads one list in DER, with nothing behind it. Refused with `path_crl_malformed`, or with
    /// `path_signature_algorithm` when it names two algorithms for its signature.
    pub fn parse(der: &[u8]) -> Result<Self, Refusal> {
        let read = crate::Crl::parse(der).map_err(|refusal| match refusal {
            CrlReadRefusal::Algorithms => Refusal::unread(Reason::Algorithm),
            CrlReadRefusal::Malformed(fault) => malformed(fault),
            CrlReadRefusal::Version => Refusal::unread(Reason::CrlMalformed).about(refusal.label()),
        })?;
        Self::of(der, &read).map_err(malformed)
    }

    fn of(der: &[u8], read: &crate::Crl<'_>) -> Result<Self, DerFault> {
        // Where deltas are: nothing depends on it.
        read.freshest().map(extension::distribution_points).transpose()?;
        let scope = read.scope();
        let mut out = Self {
            tbs: place_in(der, read.tbs()),
            signed: Signed::new(read.algorithm(), read.signature()),
            issuer: Name::read(read.issuer())?,
            this_update: read.this_update(),
            next_update: read.next_update(),
            authority_key: read.authority_key().map(<[u8]>::to_vec),
            number: read.number(),
            base: read.delta_of(),
            scope: scope.as_ref().map(Scope::of).transpose()?.unwrap_or_default(),
            indirect: read.is_indirect(),
            has_unknown: read.unknown_critical().is_some(),
            entries: Vec::with_capacity(read.len()),
            der: der.to_vec(),
        };
        out.take_entries(der, read)?;
        Ok(out)
    }

    fn take_entries(&mut self, der: &[u8], read: &crate::Crl<'_>) -> Result<(), DerFault> {
        for entry in read.entries() {
            let start = place_in(der, entry.serial).start;
            let start = u32::try_from(start).map_err(|_| DerFault::Length)?;
            let reason = entry.reason.unwrap_or(RevocationReason::Unspecified);
            self.entries.push(Entry { start, length: entry.serial.len() as u8, reason });
        }
        let serial = |entry: &Entry| &der[entry.start as usize..][..usize::from(entry.length)];
        self.entries.sort_by(|a, b| serial(a).cmp(serial(b)));
        Ok(())
    }

    /// How many entries it has.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is revoked.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn check(&self, key: &Key) -> Result<(), Reason> {
        self.signed.check(key, &self.der[self.tbs.clone()])
    }

    /// The reason for which this serial number is listed. Where it is listed twice, an entry that
    /// revokes counts before one that releases.
    pub(super) fn find(&self, serial: &[u8]) -> Option<RevocationReason> {
        let start = self.entries.partition_point(|entry| self.serial(entry) < serial);
        let same = self.entries[start..].iter().take_while(|entry| self.serial(entry) == serial);
        same.map(|entry| entry.reason)
            .min_by_key(|reason| *reason == RevocationReason::RemoveFromCrl)
    }

    fn serial(&self, entry: &Entry) -> &[u8] {
        &self.der[entry.start as usize..][..usize::from(entry.length)]
    }
}

impl Scope {
    fn of(read: &CrlScopeView<'_>) -> Result<Self, DerFault> {
        let full = read.full_names.map(GeneralName::list).transpose()?.map(PointName::Full);
        let relative = read.relative_name.map(|set| PointName::Relative(set.to_vec()));
        Ok(Self {
            bytes: Some(read.value.to_vec()),
            name: full.or(relative),
            users_only: read.end_entities_only,
            authorities_only: read.authorities_only,
            reasons: read.some_reasons,
            attributes_only: read.attributes_only,
        })
    }

    /// Whether its distribution point, where it names one, is one of this point's
    /// (RFC 5280 §6.3.3 b 2 i).
    pub(super) fn is_of(
        &self,
        point: &DistributionPoint,
        issuer: &Name,
        left: &mut u32,
    ) -> Result<bool, Reason> {
        let Some(own) = &self.name else { return Ok(true) };
        let Some(names) = &point.name else { return Ok(false) };
        spend(left, own.len().saturating_mul(names.len()))?;
        let (own, names) = (own.under(issuer), names.under(issuer));
        Ok(own.iter().any(|name| names.contains(name)))
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({} entries, {})", self.entries.len(), self.this_update)
    }
}

fn malformed(fault: DerFault) -> Refusal {
    Refusal::unread(Reason::CrlMalformed).about(fault.label())
}
