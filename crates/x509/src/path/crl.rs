//! A certificate revocation list of anybody's (RFC 5280 §5), read once and looked up often.
//!
//! The bytes are kept; entries are found by serial number through a sorted index of places in
//! them, some sixteen bytes per entry.

use super::certificate::{self, Signed};
use super::der::{self, Malformed, Reader};
use super::extension::{self, DistributionPoint, PointName};
use super::name::Name;
use super::refusal::{Reason, Refusal};
use super::search::spend;
use super::signature::Key;
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
    /// The CRL number, big-endian without leading zeros.
    pub(super) number: Option<Vec<u8>>,
    /// For a delta list the number of the list that it begins from.
    pub(super) base: Option<Vec<u8>>,
    pub(super) scope: Scope,
    /// The first critical extension, of the list or an entry, that is not processed.
    pub(super) unknown_critical: Option<String>,
    entries: Vec<Entry>,
}

/// issuingDistributionPoint (RFC 5280 §5.2.5).
#[derive(Clone, Default, Debug)]
pub(super) struct Scope {
    /// The extension's bytes: a delta list has the same.
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) name: Option<PointName>,
    pub(super) users_only: bool,
    pub(super) authorities_only: bool,
    pub(super) reasons: Option<u16>,
    pub(super) indirect: bool,
    pub(super) attributes_only: bool,
}

#[derive(Clone, Copy)]
struct Entry {
    start: u32,
    length: u8,
    reason: u8,
}

impl Crl {
    /// Reads one list in DER, with nothing behind it. Refused with `path_crl_malformed`.
    pub fn parse(der: &[u8]) -> Result<Self, Refusal> {
        read(der).map_err(|_| Refusal::unread(Reason::CrlMalformed))
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

    /// The reason code under which this serial number is listed. Where it is listed twice, an
    /// entry that revokes counts before one that releases.
    pub(super) fn find(&self, serial: &[u8]) -> Option<u8> {
        let start = self.entries.partition_point(|entry| self.serial(entry) < serial);
        let same = self.entries[start..].iter().take_while(|entry| self.serial(entry) == serial);
        same.map(|entry| entry.reason).min_by_key(|reason| *reason == REMOVE_FROM_CRL)
    }

    fn serial(&self, entry: &Entry) -> &[u8] {
        &self.der[entry.start as usize..][..usize::from(entry.length)]
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({} entries, {})", self.entries.len(), self.this_update)
    }
}

fn read(bytes: &[u8]) -> Result<Crl, Malformed> {
    let parts = certificate::parts(bytes)?;
    let mut fields = Reader::new(parts.tbs.value);
    let version_2 = match fields.optional(der::INTEGER)? {
        None => false,
        Some(version) if version.value == [1] => true,
        Some(_) => return Err(Malformed),
    };
    let inner = fields.expect(der::SEQUENCE)?.value;
    let issuer = Name::next(&mut fields)?;
    let this_update = fields.time()?;
    let next_update = if fields.is_time_next() { Some(fields.time()?) } else { None };
    let revoked = fields.optional(der::SEQUENCE)?;
    let extensions = fields.optional(der::constructed(0))?;
    fields.end()?;
    if issuer.is_empty() || (extensions.is_some() && !version_2) {
        return Err(Malformed);
    }
    let mut crl = Crl {
        tbs: der::place_in(bytes, parts.tbs.whole),
        signed: Signed::new(parts.algorithm, inner, parts.signature),
        issuer,
        this_update,
        next_update,
        authority_key: None,
        number: None,
        base: None,
        scope: Scope::default(),
        unknown_critical: None,
        entries: Vec::new(),
        der: bytes.to_vec(),
    };
    if let Some(extensions) = extensions {
        crl.take_extensions(der::only(extensions.value, der::SEQUENCE)?.value)?;
    }
    if let Some(revoked) = revoked {
        crl.take_entries(bytes, revoked.value, version_2)?;
    }
    Ok(crl)
}

impl Crl {
    fn take_extensions(&mut self, contents: &[u8]) -> Result<(), Malformed> {
        for one in extension::list(contents)? {
            match *one.oid.contents() {
                [0x55, 0x1d, 20] => self.number = Some(number(one.value)?),
                [0x55, 0x1d, 27] => self.base = Some(number(one.value)?),
                [0x55, 0x1d, 28] => self.scope = scope(one.value)?,
                [0x55, 0x1d, 35] => self.authority_key = extension::authority_key(one.value)?,
                // Where deltas are, and other names of the issuer: nothing depends on them.
                [0x55, 0x1d, 46] => drop(extension::distribution_points(one.value)?),
                [0x55, 0x1d, 18] => {}
                _ if one.critical => {
                    self.unknown_critical.get_or_insert(one.oid.to_string());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Indexes the entries: the contents of revokedCertificates, which is not there when empty.
    fn take_entries(
        &mut self,
        bytes: &[u8],
        contents: &[u8],
        version_2: bool,
    ) -> Result<(), Malformed> {
        let mut list = Reader::new(contents);
        if list.is_empty() {
            return Err(Malformed);
        }
        while !list.is_empty() {
            let mut fields = list.sequence()?;
            let serial = certificate::serial(fields.integer()?)?;
            fields.time()?;
            let mut reason = 0;
            if version_2 && !fields.is_empty() {
                reason = self.entry_reason(fields.expect(der::SEQUENCE)?.value)?;
            }
            fields.end()?;
            let start = der::place_in(bytes, serial).start;
            let start = u32::try_from(start).map_err(|_| Malformed)?;
            self.entries.push(Entry { start, length: serial.len() as u8, reason });
        }
        let der = &self.der;
        let serial = |entry: &Entry| &der[entry.start as usize..][..usize::from(entry.length)];
        self.entries.sort_by(|a, b| serial(a).cmp(serial(b)));
        Ok(())
    }

    fn entry_reason(&mut self, contents: &[u8]) -> Result<u8, Malformed> {
        let mut reason = 0;
        for one in extension::list(contents)? {
            match *one.oid.contents() {
                [0x55, 0x1d, 21] => match der::only(one.value, der::ENUMERATED)?.value {
                    [code @ (0..=6 | 8..=10)] => reason = *code,
                    _ => return Err(Malformed),
                },
                [0x55, 0x1d, 24] => drop(Reader::new(one.value).time()?),
                // Entries of another issuer: only an indirect list has them, and it is refused.
                [0x55, 0x1d, 29] => self.scope.indirect = true,
                _ if one.critical => {
                    self.unknown_critical.get_or_insert(one.oid.to_string());
                }
                _ => {}
            }
        }
        Ok(reason)
    }
}

fn number(value: &[u8]) -> Result<Vec<u8>, Malformed> {
    let digits = certificate::serial(der::integer(der::only(value, der::INTEGER)?.value)?)?;
    match digits {
        [0x80..=0xff, ..] => Err(Malformed),
        _ => Ok(digits.strip_prefix(&[0]).unwrap_or(digits).to_vec()),
    }
}

fn scope(value: &[u8]) -> Result<Scope, Malformed> {
    let mut fields = Reader::new(der::only(value, der::SEQUENCE)?.value);
    let name = fields.optional(der::constructed(0))?;
    let name = name.map(|name| extension::point_name(name.value)).transpose()?;
    let users_only = fields.flag(der::tagged(1))?;
    let authorities_only = fields.flag(der::tagged(2))?;
    let reasons = fields.optional(der::tagged(3))?;
    let reasons = reasons.map(|reasons| der::named_bits(reasons.value)).transpose()?;
    let indirect = fields.flag(der::tagged(4))?;
    let attributes_only = fields.flag(der::tagged(5))?;
    fields.end()?;
    Ok(Scope {
        bytes: Some(value.to_vec()),
        name,
        users_only,
        authorities_only,
        reasons,
        indirect,
        attributes_only,
    })
}

impl Scope {
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

/// Reason code of a delta's entry that takes a serial number off the list.
pub(super) const REMOVE_FROM_CRL: u8 = 8;
/// Reason code of a suspension.
pub(super) const CERTIFICATE_HOLD: u8 = 6;
