//! The extensions of certificates (RFC 5280 §4.2), as far as they decide whether a path is valid.

use super::name::{GeneralName, Name};
use super::oid::Oid;
use crate::decode::{DerFault, Reader, named_bits, shortest_integer};
use crate::encode::tag;
use crate::fields;
use crate::{KeyUsage, RawExtension};
use std::collections::BTreeSet;

/// What a certificate's extensions say.
#[derive(Clone, Default, Debug)]
pub(super) struct Extensions {
    pub(super) key_usage: Option<KeyUsage>,
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
    /// ReasonFlags; absent means all.
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

impl Extensions {
    /// Takes in what stands in a certificate.
    pub(super) fn read(list: &[RawExtension<'_>]) -> Result<Self, DerFault> {
        let mut out = Self::default();
        for extension in list {
            if !out.take(extension)? && extension.critical {
                out.unknown_critical.get_or_insert_with(|| Oid::of(extension.oid));
            }
        }
        Ok(out)
    }

    /// Takes one in; says whether it is known.
    fn take(&mut self, extension: &RawExtension<'_>) -> Result<bool, DerFault> {
        let value = extension.value;
        let [0x55, 0x1d, arc] = *extension.oid else {
            let no_check = extension.oid == OCSP_NO_CHECK;
            self.no_check |= no_check;
            // Where to find things (RFC 5280 §4.2.2); changes nothing about the path.
            return Ok(no_check || extension.oid == AUTHORITY_INFORMATION_ACCESS);
        };
        match arc {
            14 => self.subject_key = Some(Reader::only(value, tag::OCTET_STRING)?.to_vec()),
            15 => self.key_usage = Some(KeyUsage::parse(value).ok_or(DerFault::Value)?),
            17 => self.alternative_names = general_names(value)?,
            18 => drop(general_names(value)?),
            19 => self.basic = Some(basic_constraints(value)?),
            30 => self.name_constraints = Some(name_constraints(value)?),
            31 => self.distribution_points = distribution_points(value)?,
            32 => self.policies = Some(policies(value)?),
            33 => self.mappings = mappings(value)?,
            35 => self.authority_key = fields::authority_key(value)?.map(<[u8]>::to_vec),
            36 => self.policy_constraints = policy_constraints(value)?,
            37 => self.purposes = Some(purposes(extension)?),
            46 => drop(distribution_points(value)?),
            54 => self.inhibit_any_policy = Some(count(Reader::only(value, tag::INTEGER)?)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The fields of the SEQUENCE that a value is.
fn sequence(value: &[u8]) -> Result<Reader<'_>, DerFault> {
    Reader::only(value, tag::SEQUENCE).map(Reader::new)
}

fn general_names(value: &[u8]) -> Result<Vec<GeneralName>, DerFault> {
    GeneralName::list(Reader::only(value, tag::SEQUENCE)?)
}

fn basic_constraints(value: &[u8]) -> Result<BasicConstraints, DerFault> {
    let mut fields = sequence(value)?;
    let ca = fields.flag()?;
    let path_length = fields.optional(tag::INTEGER)?.map(count).transpose()?;
    fields.end()?;
    Ok(BasicConstraints { ca, path_length })
}

fn name_constraints(value: &[u8]) -> Result<NameConstraints, DerFault> {
    let mut fields = sequence(value)?;
    let mut bounded = false;
    let mut subtrees = |list: Option<&[u8]>| match list {
        None => Ok(Vec::new()),
        Some(list) => Reader::new(list).each(|list| {
            let mut subtree = list.sequence()?;
            let base = GeneralName::next(&mut subtree)?;
            bounded |= !subtree.is_empty();
            Ok(base)
        }),
    };
    let permitted = subtrees(fields.optional(tag::constructed(0))?)?;
    let excluded = subtrees(fields.optional(tag::constructed(1))?)?;
    fields.end()?;
    if permitted.is_empty() && excluded.is_empty() {
        return Err(DerFault::Value);
    }
    Ok(NameConstraints { permitted, excluded, bounded })
}

fn policies(value: &[u8]) -> Result<BTreeSet<Oid>, DerFault> {
    let mut out = BTreeSet::new();
    sequence(value)?.each(|list| {
        let mut fields = list.sequence()?;
        let policy = Oid::of(fields.oid()?);
        if let Some(qualifiers) = fields.optional(tag::SEQUENCE)? {
            Reader::new(qualifiers).each(|list| {
                let mut qualifier = list.sequence()?;
                qualifier.oid()?;
                qualifier.any()?;
                qualifier.end()
            })?;
        }
        fields.end()?;
        if out.insert(policy) { Ok(()) } else { Err(DerFault::Value) }
    })?;
    Ok(out)
}

fn mappings(value: &[u8]) -> Result<Vec<(Oid, Oid)>, DerFault> {
    sequence(value)?.each(|list| {
        let mut pair = list.sequence()?;
        let mapping = (Oid::of(pair.oid()?), Oid::of(pair.oid()?));
        pair.end()?;
        Ok(mapping)
    })
}

fn policy_constraints(value: &[u8]) -> Result<PolicyConstraints, DerFault> {
    let mut fields = sequence(value)?;
    let mut number = |number| fields.optional(tag::context(number))?.map(count).transpose();
    let (require_explicit, inhibit_mapping) = (number(0)?, number(1)?);
    fields.end()?;
    if require_explicit.is_none() && inhibit_mapping.is_none() {
        return Err(DerFault::Value);
    }
    Ok(PolicyConstraints { require_explicit, inhibit_mapping })
}

fn purposes(extension: &RawExtension<'_>) -> Result<Purposes, DerFault> {
    let list = sequence(extension.value)?.each(|list| list.oid().map(Oid::of))?;
    Ok(Purposes { critical: extension.critical, list })
}

/// The contents of an INTEGER that is not negative and not large: counts of certificates.
fn count(contents: &[u8]) -> Result<u32, DerFault> {
    shortest_integer(contents, contents.len())?;
    match contents {
        [0x80..=0xff, ..] => Err(DerFault::Integer),
        // As many certificates as this are in no path.
        digits if digits.len() > 4 => Ok(u32::MAX),
        digits => Ok(digits.iter().fold(0, |sum, digit| sum << 8 | u32::from(*digit))),
    }
}

/// CRLDistributionPoints, and freshestCRL, which has the same form.
pub(super) fn distribution_points(value: &[u8]) -> Result<Vec<DistributionPoint>, DerFault> {
    sequence(value)?.each(|list| {
        let mut fields = list.sequence()?;
        let name = fields.optional(tag::constructed(0))?.map(point_name).transpose()?;
        let reasons = fields.optional(tag::context(1))?.map(named_bits).transpose()?;
        let issuer = fields.optional(tag::constructed(2))?;
        let crl_issuer = issuer.map(GeneralName::list).transpose()?;
        fields.end()?;
        if name.is_none() && crl_issuer.is_none() {
            return Err(DerFault::Value);
        }
        Ok(DistributionPoint { name, reasons, crl_issuer })
    })
}

/// The contents of the explicit tag around a DistributionPointName.
fn point_name(contents: &[u8]) -> Result<PointName, DerFault> {
    let mut choice = Reader::new(contents);
    let name = choice.any()?;
    choice.end()?;
    match name.tag {
        FULL_NAME => Ok(PointName::Full(GeneralName::list(name.contents)?)),
        RELATIVE_NAME => Ok(PointName::Relative(name.contents.to_vec())),
        _ => Err(DerFault::Tag),
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

const FULL_NAME: u8 = tag::constructed(0);
const RELATIVE_NAME: u8 = tag::constructed(1);
/// 1.3.6.1.5.5.7.1.1 (RFC 5280 §4.2.2.1).
const AUTHORITY_INFORMATION_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
/// 1.3.6.1.5.5.7.48.1.5 (RFC 6960 §4.2.2.2.1).
const OCSP_NO_CHECK: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 5];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_say_nothing_are_refused() {
        let key_usage = |value: &[u8]| {
            Extensions::read(&[RawExtension { oid: &[0x55, 0x1d, 15], critical: true, value }])
        };
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
    fn counts_have_one_form_and_an_end() {
        assert_eq!((count(&[0]), count(&[1, 0])), (Ok(0), Ok(256)));
        assert_eq!(count(&[1, 0, 0, 0, 0]), Ok(u32::MAX));
        for wrong in [&[][..], &[0xff], &[0, 1]] {
            assert_eq!(count(wrong), Err(DerFault::Integer), "{wrong:x?}");
        }
    }

    #[test]
    fn a_kind_stands_once_and_the_unknown_are_noted() {
        let one = |critical: bool| {
            let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
            let body = [&[6, 2, 0x2a, 3][..], flag, &[4, 1, 0]].concat();
            [&[0x30, body.len() as u8][..], &body].concat()
        };
        let read = |contents: &[u8]| Extensions::read(&fields::read_extensions(contents)?);
        assert!(read(&one(false)).is_ok_and(|all| all.unknown_critical.is_none()));
        let critical = read(&one(true)).unwrap();
        assert_eq!(critical.unknown_critical.map(|oid| oid.to_string()).as_deref(), Some("1.2.3"));
        assert!(read(&[one(true), one(false)].concat()).is_err());
        assert!(read(&[]).is_err());
    }
}
