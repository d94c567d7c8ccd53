//! Revocation lists of anybody, read without copying (RFC 5280 §5).
//!
//! Owns what a list must look like; everything in it is looked at once, so that going through the
//! entries cannot fail later. Whether it is signed, fresh and of the right scope is the question of
//! whoever validates a path; what such a reader must refuse is told: unknown critical extensions,
//! indirect lists.

use crate::crl::{CrlNumber, EXPIRED_CERTS_ON_CRL, RevocationReason};
use crate::crl_scope::CrlScopeView;
use crate::decode::{DerFault, Reader};
use crate::encode::tag;
use crate::fields::{self, ENUMERATED, all_whole, each_extension};
use crate::{PublicKey, RawExtension, SERIAL_BYTES_MAX, Serial};
use base::Moment;
use const_oid::db::rfc5280;
use std::fmt;

/// A list as it stands.
#[derive(Clone, Copy)]
pub struct Crl<'a> {
    is_version_2: bool,
    tbs: &'a [u8],
    issuer: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    this_update: Moment,
    next_update: Option<Moment>,
    entries: Entries<'a>,
    count: usize,
    extensions: Extensions<'a>,
    unknown_critical: Option<&'a [u8]>,
    names_other_issuers: bool,
}

/// One entry as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CrlEntryView<'a> {
    /// The contents of the INTEGER: big-endian, two's complement.
    pub serial: &'a [u8],
    /// When it was revoked.
    pub revoked_at: Moment,
    /// Why, if a reason is told.
    pub reason: Option<RevocationReason>,
    /// Since when the key is doubted, where that is told.
    pub invalid_since: Option<Moment>,
    /// The GeneralNames of another issuer, in an indirect list.
    pub issuer: Option<&'a [u8]>,
    has_extensions: bool,
    unknown_critical: Option<&'a [u8]>,
}

/// The entries of a list.
#[derive(Clone, Copy)]
pub struct Entries<'a>(Reader<'a>);

/// Why bytes are not a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CrlReadRefusal {
    /// Not a CertificateList in DER, or an extension that is not what its name says.
    Malformed(DerFault),
    /// Neither version 1 without extensions nor version 2.
    Version,
    /// The algorithm that is signed is not the one that stands outside.
    Algorithms,
}

#[derive(Clone, Copy, Debug, Default)]
struct Extensions<'a> {
    authority_key: Option<&'a [u8]>,
    number: Option<CrlNumber>,
    delta_of: Option<CrlNumber>,
    scope: Option<CrlScopeView<'a>>,
    freshest: Option<&'a [u8]>,
    expired_since: Option<Moment>,
    unknown_critical: Option<&'a [u8]>,
}

impl<'a> Crl<'a> {
    /// Reads a CertificateList in DER and looks at every entry once.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CrlReadRefusal> {
        let mut whole = Reader::new(Reader::only(bytes, tag::SEQUENCE)?);
        let tbs = whole.whole(tag::SEQUENCE)?;
        let algorithm = whole.whole(tag::SEQUENCE)?.whole;
        let signature = whole.signature()?;
        whole.end()?;
        let mut out = Self::parse_tbs(tbs.contents)?;
        if out.algorithm != algorithm {
            return Err(CrlReadRefusal::Algorithms);
        }
        (out.tbs, out.signature) = (tbs.whole, signature);
        let extended = out.look_at_entries()?;
        if extended && !out.is_version_2 {
            return Err(CrlReadRefusal::Version);
        }
        Ok(out)
    }

    fn parse_tbs(contents: &'a [u8]) -> Result<Self, CrlReadRefusal> {
        let mut tbs = Reader::new(contents);
        let version = tbs.optional(tag::INTEGER)?;
        let algorithm = tbs.whole(tag::SEQUENCE)?.whole;
        fields::algorithm(&mut Reader::new(algorithm))?;
        let issuer = tbs.whole(tag::SEQUENCE)?.whole;
        let this_update = tbs.time()?;
        let next_update = tbs.optional_time()?;
        let entries = tbs.optional(tag::SEQUENCE)?;
        let extensions = tbs.optional(tag::constructed(0))?;
        tbs.end()?;
        match version {
            Some([1]) => {}
            None if extensions.is_none() => {}
            _ => return Err(CrlReadRefusal::Version),
        }
        // Entries that are none are left out, and somebody issues (RFC 5280 §5.1.2.3, §5.1.2.6).
        if entries.is_some_and(<[u8]>::is_empty) || issuer == EMPTY_NAME {
            return Err(CrlReadRefusal::Malformed(DerFault::Value));
        }
        let extensions = extensions.map(Extensions::parse).transpose()?.unwrap_or_default();
        Ok(Self {
            is_version_2: version.is_some(),
            tbs: &[],
            issuer,
            algorithm,
            signature: &[],
            this_update,
            next_update,
            entries: Entries(Reader::new(entries.unwrap_or_default())),
            count: 0,
            unknown_critical: extensions.unknown_critical,
            extensions,
            names_other_issuers: false,
        })
    }

    /// Whether any of them has extensions.
    fn look_at_entries(&mut self) -> Result<bool, DerFault> {
        let (mut rest, mut extended) = (self.entries.0, false);
        while !rest.is_empty() {
            let entry = CrlEntryView::read(&mut rest)?;
            self.count += 1;
            extended |= entry.has_extensions;
            self.unknown_critical = self.unknown_critical.or(entry.unknown_critical);
            self.names_other_issuers |= entry.issuer.is_some();
        }
        Ok(extended)
    }

    /// The bytes that the signature is over: TBSCertList.
    pub const fn tbs(&self) -> &'a [u8] {
        self.tbs
    }

    /// The issuer's Name in DER.
    pub const fn issuer(&self) -> &'a [u8] {
        self.issuer
    }

    /// The AlgorithmIdentifier of the signature in DER.
    pub const fn algorithm(&self) -> &'a [u8] {
        self.algorithm
    }

    /// The bytes of the signature.
    pub const fn signature(&self) -> &'a [u8] {
        self.signature
    }

    /// Whether this key of the platform's algorithms has signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.algorithm == crate::encode::signature_identifier(key.algorithm())
            && key.has_signed(self.tbs, self.signature)
    }

    /// When it was made.
    pub const fn this_update(&self) -> Moment {
        self.this_update
    }

    /// When the next one will be there at the latest.
    pub const fn next_update(&self) -> Option<Moment> {
        self.next_update
    }

    /// How many entries it has.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether nothing is revoked.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Its entries in the order of the bytes.
    pub const fn entries(&self) -> Entries<'a> {
        self.entries
    }

    /// The first entry of this certificate of the list's own issuer.
    pub fn find(&self, serial: Serial) -> Option<CrlEntryView<'a>> {
        let bytes = serial.as_bytes();
        if bytes.first().is_some_and(|first| first & 0x80 != 0) {
            self.find_integer(&[&[0], bytes].concat())
        } else {
            self.find_integer(bytes)
        }
    }

    /// The same by the contents of the certificate's INTEGER.
    pub fn find_integer(&self, contents: &[u8]) -> Option<CrlEntryView<'a>> {
        let mut rest = self.entries.0;
        while let Ok(entry) = rest.any() {
            // The serial comes first; all else is read once it is the right one.
            let found = Reader::new(entry.contents).take(tag::INTEGER);
            if found == Ok(contents) {
                return CrlEntryView::read(&mut Reader::new(entry.whole)).ok();
            }
        }
        None
    }

    /// The keyIdentifier of authorityKeyIdentifier.
    pub const fn authority_key(&self) -> Option<&'a [u8]> {
        self.extensions.authority_key
    }

    /// cRLNumber.
    pub const fn number(&self) -> Option<CrlNumber> {
        self.extensions.number
    }

    /// deltaCRLIndicator: the number of the complete list that this delta list goes on from.
    pub const fn delta_of(&self) -> Option<CrlNumber> {
        self.extensions.delta_of
    }

    /// issuingDistributionPoint.
    pub const fn scope(&self) -> Option<CrlScopeView<'a>> {
        self.extensions.scope
    }

    /// The value of freshestCRL: CRLDistributionPoints in DER.
    pub const fn freshest(&self) -> Option<&'a [u8]> {
        self.extensions.freshest
    }

    /// expiredCertsOnCRL.
    pub const fn expired_since(&self) -> Option<Moment> {
        self.extensions.expired_since
    }

    /// Whether certificates of other issuers may stand on it.
    pub fn is_indirect(&self) -> bool {
        self.names_other_issuers || self.scope().is_some_and(|scope| scope.indirect)
    }

    /// The OID (its contents) of a critical extension, of the list or of an entry, that is not
    /// known here. Such a list says nothing about any certificate (RFC 5280 §5.2, §5.3).
    pub const fn unknown_critical(&self) -> Option<&'a [u8]> {
        self.unknown_critical
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = CrlEntryView<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        CrlEntryView::read(&mut self.0).ok()
    }
}

impl<'a> CrlEntryView<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DerFault> {
        let mut inner = reader.sequence()?;
        let mut out = Self {
            serial: inner.integer(SERIAL_BYTES_MAX)?,
            revoked_at: inner.time()?,
            reason: None,
            invalid_since: None,
            issuer: None,
            has_extensions: !inner.is_empty(),
            unknown_critical: None,
        };
        if out.has_extensions {
            let extensions = inner.sequence()?;
            inner.end()?;
            each_extension(extensions, |extension| out.take_in(&extension))?;
        }
        Ok(out)
    }

    fn take_in(&mut self, extension: &RawExtension<'a>) -> Result<(), DerFault> {
        if extension.is(&rfc5280::ID_CE_CRL_REASONS) {
            let code = fields::small(Reader::only(extension.value, ENUMERATED)?)?;
            self.reason = Some(RevocationReason::from_code(code).ok_or(DerFault::Value)?);
        } else if extension.is(&rfc5280::ID_CE_INVALIDITY_DATE) {
            self.invalid_since = Some(only_generalized_time(extension.value)?);
        } else if extension.is(&rfc5280::ID_CE_CERTIFICATE_ISSUER) {
            all_whole(Reader::only(extension.value, tag::SEQUENCE)?)?;
            self.issuer = Some(extension.value);
        } else if extension.critical {
            self.unknown_critical = self.unknown_critical.or(Some(extension.oid));
        }
        Ok(())
    }
}

impl<'a> Extensions<'a> {
    /// Reads the contents of crlExtensions.
    fn parse(contents: &'a [u8]) -> Result<Self, DerFault> {
        let mut out = Self::default();
        let list = Reader::new(Reader::only(contents, tag::SEQUENCE)?);
        each_extension(list, |extension| out.take_in(&extension))?;
        Ok(out)
    }

    fn take_in(&mut self, extension: &RawExtension<'a>) -> Result<(), DerFault> {
        let value = extension.value;
        if extension.is(&rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER) {
            self.authority_key = fields::authority_key(value)?;
        } else if extension.is(&rfc5280::ID_CE_CRL_NUMBER) {
            self.number = Some(number(value)?);
        } else if extension.is(&rfc5280::ID_CE_DELTA_CRL_INDICATOR) {
            self.delta_of = Some(number(value)?);
        } else if extension.is(&rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT) {
            self.scope = Some(CrlScopeView::parse(value)?);
        } else if extension.is(&rfc5280::ID_CE_FRESHEST_CRL) {
            all_whole(Reader::only(value, tag::SEQUENCE)?)?;
            self.freshest = Some(value);
        } else if extension.is(&EXPIRED_CERTS_ON_CRL) {
            self.expired_since = Some(only_generalized_time(value)?);
        } else if extension.is(&rfc5280::ID_CE_ISSUER_ALT_NAME) {
            // Nothing depends on other names of the issuer.
            all_whole(Reader::only(value, tag::SEQUENCE)?)?;
        } else if extension.critical {
            self.unknown_critical = self.unknown_critical.or(Some(extension.oid));
        }
        Ok(())
    }
}

impl CrlReadRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Malformed(_) => "crl_malformed",
            Self::Version => "crl_version",
            Self::Algorithms => "crl_algorithms",
        }
    }
}

impl From<DerFault> for CrlReadRefusal {
    fn from(fault: DerFault) -> Self {
        Self::Malformed(fault)
    }
}

impl fmt::Debug for Crl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number();
        write!(f, "Crl({number:?}, {} entries, {} bytes)", self.count, self.tbs.len())
    }
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entries({} left)", self.count())
    }
}

impl fmt::Display for CrlReadRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(fault) => write!(f, "not a revocation list: {fault}"),
            Self::Version => f.write_str("a revocation list of another version"),
            Self::Algorithms => f.write_str("the algorithms inside and outside differ"),
        }
    }
}

impl std::error::Error for CrlReadRefusal {}

fn number(value: &[u8]) -> Result<CrlNumber, DerFault> {
    let mut reader = Reader::new(value);
    let bytes = fields::unsigned(&mut reader, 20)?;
    reader.end()?;
    CrlNumber::from_bytes(bytes).ok_or(DerFault::Integer)
}

fn only_generalized_time(value: &[u8]) -> Result<Moment, DerFault> {
    crate::decode::generalized_time(Reader::only(value, tag::GENERALIZED_TIME)?)
}

/// A Name without any step.
const EMPTY_NAME: &[u8] = &[tag::SEQUENCE, 0];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode;
    use crate::{COMMON_NAME, KeyAlgorithm, Name};

    /// A list of one entry with this serial number and these extensions of its own.
    fn list(version: &[u8], issuer: &[u8], serial: &[u8], own: &[u8], all: &[u8]) -> Vec<u8> {
        let algorithm = encode::signature_identifier(KeyAlgorithm::P256);
        let mut tbs = Vec::new();
        encode::nested(&mut tbs, tag::SEQUENCE, |out| {
            out.extend_from_slice(version);
            out.extend_from_slice(algorithm);
            out.extend_from_slice(issuer);
            encode::time(out, Moment::from_us(0));
            encode::nested(out, tag::SEQUENCE, |out| {
                encode::nested(out, tag::SEQUENCE, |out| {
                    encode::value(out, tag::INTEGER, serial);
                    encode::time(out, Moment::from_us(0));
                    out.extend_from_slice(own);
                });
            });
            out.extend_from_slice(all);
        });
        encode::signed(&tbs, KeyAlgorithm::P256, &[1])
    }

    fn read(version: &[u8], own: &[u8], all: &[u8]) -> Result<bool, CrlReadRefusal> {
        let issuer = Name::new([(COMMON_NAME, "a")]).unwrap();
        let bytes = list(version, issuer.der(), &[7], own, all);
        Crl::parse(&bytes).map(|list| list.unknown_critical().is_some())
    }

    #[test]
    fn versions_and_their_extensions_go_together() {
        // An extension of this arc below id-ce whose value is NULL.
        let one = |arc: u8, flag: &[u8]| {
            let body = [&[6, 3, 0x55, 0x1d, arc][..], flag, &[4, 2, 5, 0]].concat();
            [&[0x30, body.len() as u8][..], &body].concat()
        };
        let listed = |list: &[u8]| [&[0x30, list.len() as u8][..], list].concat();
        let own = listed(&one(99, &[]));
        let all = [&[0xa0, own.len() as u8][..], &own].concat();
        assert_eq!(read(&[], &[], &[]), Ok(false));
        assert_eq!(read(VERSION_2, &own, &all), Ok(false));
        assert_eq!(read(&[], &own, &[]), Err(CrlReadRefusal::Version));
        assert_eq!(read(&[], &[], &all), Err(CrlReadRefusal::Version));
        assert_eq!(read(&[2, 1, 0], &[], &[]), Err(CrlReadRefusal::Version));
        let critical = one(99, &[1, 1, 0xff]);
        assert_eq!(read(VERSION_2, &listed(&critical), &[]), Ok(true));
        let twice = listed(&[critical, one(99, &[])].concat());
        let malformed = Err(CrlReadRefusal::Malformed(DerFault::Value));
        assert_eq!(read(VERSION_2, &twice, &[]), malformed);
        assert_eq!(read(VERSION_2, &[0x30, 0], &[]), malformed);
        // As many as nobody has, each another: they are not compared with each other for ever.
        let crowd: Vec<u8> = (0..65).flat_map(|arc| one(arc, &[])).collect();
        let crowd = [&[0x30, 0x82, (crowd.len() >> 8) as u8, crowd.len() as u8], &crowd[..]];
        assert!(read(VERSION_2, &crowd.concat(), &[]).is_err());
    }

    #[test]
    fn somebody_issues_and_serial_numbers_end() {
        let refused = |issuer: &[u8], serial: &[u8]| {
            Crl::parse(&list(VERSION_2, issuer, serial, &[], &[])).map(|list| list.len())
        };
        let issuer = Name::new([(COMMON_NAME, "a")]).unwrap();
        assert_eq!(refused(issuer.der(), &[0x7f; 20]), Ok(1));
        let fault = |fault| Err(CrlReadRefusal::Malformed(fault));
        assert_eq!(refused(issuer.der(), &[0x7f; 21]), fault(DerFault::Integer));
        assert_eq!(refused(EMPTY_NAME, &[7]), fault(DerFault::Value));
    }

    const VERSION_2: &[u8] = &[2, 1, 1];
}
