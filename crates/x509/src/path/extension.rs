//! The extensions of certificates (RFC 5280 §4.2), as far as they decide whether a path is valid.

use super::der::{self, BIT_STRING, Malformed, OCTET_STRING, Oid, Reader, SEQUENCE};
use super::name::{GeneralName, Name};
use std::collections::BTreeSet;

/// What a certificate's extensions say.
#[derive(Clone, Default, Debug)]
pub(super) struct Extensions {
    pub(super) key_usage: Option<u16>,
    pub(super) basic: Option<BasicConstraints>,
    pub(super) alternative_names: Vec<GeneralName>,
    pub(super) name_constraints: Option<NameConstraints>,
    pub(super) policies: Option<BTreeSet<Oid>>,
    pub(super) mappings: Vec<(Oid, Oid)>,
    pub(super) policy_constraints: PolicyConstraints,
    pub(super) inhibit_any_policy: Option<u32>,
    pub(super) purposes: Option<Purposes>,
    pub(super) distribution_points: Vec<DistributionPoint>,
    pub(super) authority_key: Option<Vec<u8>>,
    pub(super) subject_key: Option<Vec<u8>>,
    pub(super) no_check: bool,
    /// The first critical extension that is none of these.
    pub(super) unknown_critical: Option<Oid>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct BasicConstraints {
    pub(super) ca: bool,
    pub(super) path_length: Option<u32>,
}

/// Subtrees of names (RFC 5280 §4.2.1.10).
#[derive(Clone, Default, Debug)]
pub(super) struct NameConstraints {
    pub(super) permitted: Vec<GeneralName>,
    pub(super) excluded: Vec<GeneralName>,
    /// A subtree with a minimum or maximum, which RFC 5280 does not use.
    pub(super) bounded: bool,
}

#[derive(Clone, Copy, Default, Debug)]
pub(super) struct PolicyConstraints {
    pub(super) require_explicit: Option<u32>,
    pub(super) inhibit_mapping: Option<u32>,
}

/// extendedKeyUsage.
#[derive(Clone, Debug)]
pub(super) struct Purposes {
    pub(super) critical: bool,
    pub(super) list: Vec<Oid>,
}

/// One distribution point of a certificate, or that of a list.
#[derive(Clone, Default, Debug)]
pub(super) struct DistributionPoint {
    pub(super) name: Option<PointName>,
    /// Bit 0 is `unused`; absent means all.
    pub(super) reasons: Option<u16>,
    pub(super) crl_issuer: Option<Vec<GeneralName>>,
}

/// DistributionPointName.
#[derive(Clone, Debug)]
pub(super) enum PointName {
    Full(Vec<GeneralName>),
    /// The contents of the SET that goes below the issuer's name.
    Relative(Vec<u8>),
}

/// Bits of keyUsage.
pub(super) const DIGITAL_SIGNATURE: u16 = 1;
pub(super) const NON_REPUDIATION: u16 = 1 << 1;
pub(super) const KEY_ENCIPHERMENT: u16 = 1 << 2;
pub(super) const KEY_AGREEMENT: u16 = 1 << 4;
pub(super) const KEY_CERT_SIGN: u16 = 1 << 5;
pub(super) const CRL_SIGN: u16 = 1 << 6;

impl Extensions {
    /// Reads the contents of Extensions.
    pub(super) fn read(contents: &[u8]) -> Result<Self, Malformed> {
        let mut out = Self::default();
        for extension in list(contents)? {
            if !out.take(&extension)? && extension.critical {
                out.unknown_critical.get_or_insert(extension.oid);
            }
        }
        Ok(out)
    }

    /// Takes one in; says whether it is known.
    fn take(&mut self, extension: &Extension<'_>) -> Result<bool, Malformed> {
        let value = extension.value;
        let [0x55, 0x1d, arc] = *extension.oid.contents() else {
            let no_check = extension.oid.is(OCSP_NO_CHECK);
            self.no_check |= no_check;
            // Where to find things (RFC 5280 §4.2.2); changes nothing about the path.
            return Ok(no_check || extension.oid.is(AUTHORITY_INFORMATION_ACCESS));
        };
        match arc {
            14 => self.subject_key = Some(der::only(value, OCTET_STRING)?.value.to_vec()),
            15 => self.key_usage = Some(key_usage(value)?),
            17 => self.alternative_names = GeneralName::list(der::only(value, SEQUENCE)?.value)?,
            18 => drop(GeneralName::list(der::only(value, SEQUENCE)?.value)?),
            19 => self.basic = Some(basic_constraints(value)?),
            30 => self.name_constraints = Some(name_constraints(value)?),
            31 => self.distribution_points = distribution_points(value)?,
            32 => self.policies = Some(policies(value)?),
            33 => self.mappings = mappings(value)?,
            35 => self.authority_key = authority_key(value)?,
            36 => self.policy_constraints = policy_constraints(value)?,
            37 => self.purposes = Some(purposes(extension)?),
            46 => drop(distribution_points(value)?),
            54 => self.inhibit_any_policy = Some(count(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// One extension as it stands in its list.
pub(super) struct Extension<'a> {
    pub(super) oid: Oid,
    pub(super) critical: bool,
    pub(super) value: &'a [u8],
}

/// The contents of Extensions, no kind twice.
pub(super) fn list(contents: &[u8]) -> Result<Vec<Extension<'_>>, Malformed> {
    let mut seen = BTreeSet::new();
    der::each(Reader::new(contents), |list| {
        let mut fields = list.sequence()?;
        let oid = fields.oid()?;
        let critical = fields.flag(der::BOOLEAN)?;
        let value = fields.expect(OCTET_STRING)?.value;
        fields.end()?;
        if seen.insert(oid.clone()) {
            Ok(Extension { oid, critical, value })
        } else {
            Err(Malformed)
        }
    })
}

fn key_usage(value: &[u8]) -> Result<u16, Malformed> {
    match der::named_bits(der::only(value, BIT_STRING)?.value)? {
        // RFC 5280 §4.2.1.3: at least one bit is set.
        0 => Err(Malformed),
        bits => Ok(bits),
    }
}

fn basic_constraints(value: &[u8]) -> Result<BasicConstraints, Malformed> {
    let mut fields = Reader::new(der::only(value, SEQUENCE)?.value);
    let ca = fields.flag(der::BOOLEAN)?;
    let length = fields.optional(der::INTEGER)?;
    fields.end()?;
    let path_length = length.map(|length| der::count(length.value)).transpose()?;
    Ok(BasicConstraints { ca, path_length })
}

fn name_constraints(value: &[u8]) -> Result<NameConstraints, Malformed> {
    let mut fields = Reader::new(der::only(value, SEQUENCE)?.value);
    let mut bounded = false;
    let mut subtrees = |list: Option<der::Element<'_>>| match list {
        None => Ok(Vec::new()),
        Some(list) => der::each(Reader::new(list.value), |list| {
            let mut subtree = list.sequence()?;
            let base = GeneralName::next(&mut subtree)?;
            bounded |= !subtree.is_empty();
            Ok(base)
        }),
    };
    let permitted = subtrees(fields.optional(der::constructed(0))?)?;
    let excluded = subtrees(fields.optional(der::constructed(1))?)?;
    fields.end()?;
    if permitted.is_empty() && excluded.is_empty() {
        return Err(Malformed);
    }
    Ok(NameConstraints { permitted, excluded, bounded })
}

fn policies(value: &[u8]) -> Result<BTreeSet<Oid>, Malformed> {
    let mut out = BTreeSet::new();
    der::each(Reader::new(der::only(value, SEQUENCE)?.value), |list| {
        let mut fields = list.sequence()?;
        let policy = fields.oid()?;
        if let Some(qualifiers) = fields.optional(SEQUENCE)? {
            der::each(Reader::new(qualifiers.value), |list| {
                let mut qualifier = list.sequence()?;
                qualifier.oid()?;
                qualifier.any()?;
                qualifier.end()
            })?;
        }
        fields.end()?;
        if out.insert(policy) { Ok(()) } else { Err(Malformed) }
    })?;
    Ok(out)
}

fn mappings(value: &[u8]) -> Result<Vec<(Oid, Oid)>, Malformed> {
    der::each(Reader::new(der::only(value, SEQUENCE)?.value), |list| {
        let mut pair = list.sequence()?;
        let mapping = (pair.oid()?, pair.oid()?);
        pair.end()?;
        Ok(mapping)
    })
}

fn policy_constraints(value: &[u8]) -> Result<PolicyConstraints, Malformed> {
    let mut fields = Reader::new(der::only(value, SEQUENCE)?.value);
    let mut number = |tag| {
        let field = fields.optional(der::tagged(tag))?;
        field.map(|field| der::count(field.value)).transpose()
    };
    let (require_explicit, inhibit_mapping) = (number(0)?, number(1)?);
    fields.end()?;
    if require_explicit.is_none() && inhibit_mapping.is_none() {
        return Err(Malformed);
    }
    Ok(PolicyConstraints { require_explicit, inhibit_mapping })
}

fn purposes(extension: &Extension<'_>) -> Result<Purposes, Malformed> {
    let list = Reader::new(der::only(extension.value, SEQUENCE)?.value);
    Ok(Purposes { critical: extension.critical, list: der::each(list, Reader::oid)? })
}

/// The keyIdentifier of an AuthorityKeyIdentifier.
pub(super) fn authority_key(value: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
    let mut fields = Reader::new(der::only(value, SEQUENCE)?.value);
    let key = fields.optional(der::tagged(0))?;
    if let Some(names) = fields.optional(der::constructed(1))? {
        GeneralName::list(names.value)?;
    }
    if let Some(serial) = fields.optional(der::tagged(2))? {
        der::integer(serial.value)?;
    }
    fields.end()?;
    Ok(key.map(|key| key.value.to_vec()))
}

pub(super) fn count(value: &[u8]) -> Result<u32, Malformed> {
    der::count(der::only(value, der::INTEGER)?.value)
}

/// CRLDistributionPoints, and freshestCRL, which has the same form.
pub(super) fn distribution_points(value: &[u8]) -> Result<Vec<DistributionPoint>, Malformed> {
    der::each(Reader::new(der::only(value, SEQUENCE)?.value), |list| {
        let mut fields = list.sequence()?;
        let name = fields.optional(der::constructed(0))?;
        let name = name.map(|name| point_name(name.value)).transpose()?;
        let reasons = fields.optional(der::tagged(1))?;
        let reasons = reasons.map(|reasons| der::named_bits(reasons.value)).transpose()?;
        let issuer = fields.optional(der::constructed(2))?;
        let crl_issuer = issuer.map(|issuer| GeneralName::list(issuer.value)).transpose()?;
        fields.end()?;
        if name.is_none() && crl_issuer.is_none() {
            return Err(Malformed);
        }
        Ok(DistributionPoint { name, reasons, crl_issuer })
    })
}

/// The contents of the explicit tag around a DistributionPointName.
pub(super) fn point_name(contents: &[u8]) -> Result<PointName, Malformed> {
    let mut choice = Reader::new(contents);
    let element = choice.any()?;
    choice.end()?;
    match element.tag {
        FULL_NAME => Ok(PointName::Full(GeneralName::list(element.value)?)),
        RELATIVE_NAME => Ok(PointName::Relative(element.value.to_vec())),
        _ => Err(Malformed),
    }
}

impl PointName {
    /// How many names it has.
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Full(names) => names.len(),
            Self::Relative(_) => 1,
        }
    }

    /// Its names; one relative to the list's issuer goes below `issuer`.
    pub(super) fn under(&self, issuer: &Name) -> Vec<GeneralName> {
        match self {
            Self::Full(names) => names.clone(),
            Self::Relative(set) => {
                issuer.below(set).map(GeneralName::Directory).into_iter().collect()
            }
        }
    }
}

const FULL_NAME: u8 = der::constructed(0);
const RELATIVE_NAME: u8 = der::constructed(1);
/// 1.3.6.1.5.5.7.1.1 (RFC 5280 §4.2.2.1).
const AUTHORITY_INFORMATION_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
/// 1.3.6.1.5.5.7.48.1.5 (RFC 6960 §4.2.2.2.1).
const OCSP_NO_CHECK: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 5];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_say_nothing_are_refused() {
        assert!(key_usage(&[3, 1, 0]).is_err());
        assert!(key_usage(&[3, 2, 5, 0xa0]).is_ok());
        assert!(basic_constraints(&[0x30, 0]).is_ok_and(|basic| !basic.ca));
        assert!(basic_constraints(&[0x30, 3, 1, 1, 0]).is_err(), "FALSE is left out");
        assert!(basic_constraints(&[0x30, 6, 1, 1, 0xff, 2, 1, 0x80]).is_err());
        assert!(name_constraints(&[0x30, 0]).is_err());
        assert!(name_constraints(&[0x30, 2, 0xa0, 0]).is_err());
        assert!(policy_constraints(&[0x30, 0]).is_err());
        assert!(policies(&[0x30, 0]).is_err());
        let twice = [0x30, 10, 0x30, 3, 6, 1, 0x29, 0x30, 3, 6, 1, 0x29];
        assert!(policies(&twice).is_err());
        assert!(distribution_points(&[0x30, 6, 0x30, 4, 0x81, 2, 1, 6]).is_err());
    }

    #[test]
    fn a_kind_stands_once_and_the_unknown_are_noted() {
        let one = |critical: bool| {
            let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
            let body = [&[6, 2, 0x2a, 3][..], flag, &[4, 1, 0]].concat();
            [&[0x30, body.len() as u8][..], &body].concat()
        };
        let read = |contents: &[u8]| Extensions::read(contents);
        assert!(read(&one(false)).is_ok_and(|all| all.unknown_critical.is_none()));
        let critical = read(&one(true)).unwrap();
        assert_eq!(critical.unknown_critical.map(|oid| oid.to_string()).as_deref(), Some("1.2.3"));
        assert!(read(&[one(true), one(false)].concat()).is_err());
        assert!(read(&[]).is_err());
    }
}
