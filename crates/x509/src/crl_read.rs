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
use crate::fields::{self, ENUMERATED, all_whole, read_extensions};
use crate::{PublicKey, RawExtension, Serial};
use base::Moment;
use const_oid::db::rfc5280;
use std::fmt;

/// A list as it stands.
#[derive(Clone, Copy)]
pub struct Crl<'a> {
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
        let signature = whole.whole_bits()?;
        whole.end()?;
        let mut out = Self::parse_tbs(tbs.contents)?;
        if out.algorithm != algorithm {
            return Err(CrlReadRefusal::Algorithms);
        }
        (out.tbs, out.signature) = (tbs.whole, signature);
        out.look_at_entries()?;
        Ok(out)
    }

    fn parse_tbs(contents: &'a [u8]) -> Result<Self, CrlReadRefusal> {
        let mut tbs = Reader::new(contents);
        let version = tbs.optional(tag::INTEGER)?;
        let algorithm = tbs.whole(tag::SEQUENCE)?.whole;
        fields::algorithm(&mut Reader::new(algorithm))?;
        let issuer = tbs.whole(tag::SEQUENCE)?.whole;
        let this_update = tbs.time()?;
        let mut ahead = tbs;
        let next_update = ahead.time().ok();
        if next_update.is_some() {
            tbs = ahead;
        }
        let entries = tbs.optional(tag::SEQUENCE)?;
        let extensions = tbs.optional(tag::constructed(0))?;
        tbs.end()?;
        match version {
            Some([1]) => {}
            None if extensions.is_none() => {}
            _ => return Err(CrlReadRefusal::Version),
        }
        // Entries that are none are left out.
        if entries.is_some_and(<[u8]>::is_empty) {
            return Err(CrlReadRefusal::Malformed(DerFault::Value));
        }
        let extensions = extensions.map(Extensions::parse).transpose()?.unwrap_or_default();
        Ok(Self {
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

    fn look_at_entries(&mut self) -> Result<(), DerFault> {
        let mut rest = self.entries.0;
        while !rest.is_empty() {
            let entry = CrlEntryView::read(&mut rest)?;
            self.count += 1;
            self.unknown_critical = self.unknown_critical.or(entry.unknown_critical);
            self.names_other_issuers |= entry.issuer.is_some();
        }
        Ok(())
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
            unknown_critical: None,
        };
        if inner.is_empty() {
            return Ok(out);
        }
        let mut extensions = inner.sequence()?;
        inner.end()?;
        if extensions.is_empty() {
            return Err(DerFault::Value);
        }
        while !extensions.is_empty() {
            out.take_in(&fields::read_extension(&mut extensions)?)?;
        }
        Ok(out)
    }

    fn take_in(&mut self, extension: &RawExtension<'a>) -> Result<(), DerFault> {
        if extension.is(&rfc5280::ID_CE_CRL_REASONS) {
            let code = fields::small(Reader::only(extension.value, ENUMERATED)?)?;
            once(&mut self.reason, RevocationReason::from_code(code).ok_or(DerFault::Value)?)
        } else if extension.is(&rfc5280::ID_CE_INVALIDITY_DATE) {
            once(&mut self.invalid_since, only_generalized_time(extension.value)?)
        } else if extension.is(&rfc5280::ID_CE_CERTIFICATE_ISSUER) {
            all_whole(Reader::only(extension.value, tag::SEQUENCE)?)?;
            once(&mut self.issuer, extension.value)
        } else {
            if extension.critical {
                self.unknown_critical = self.unknown_critical.or(Some(extension.oid));
            }
            Ok(())
        }
    }
}

impl<'a> Extensions<'a> {
    /// Reads the contents of crlExtensions.
    fn parse(contents: &'a [u8]) -> Result<Self, DerFault> {
        let mut out = Self::default();
        for extension in read_extensions(Reader::only(contents, tag::SEQUENCE)?)? {
            out.take_in(&extension)?;
        }
        Ok(out)
    }

    fn take_in(&mut self, extension: &RawExtension<'a>) -> Result<(), DerFault> {
        let value = extension.value;
        if extension.is(&rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER) {
            let mut inner = Reader::new(Reader::only(value, tag::SEQUENCE)?);
            self.authority_key = inner.optional(tag::context(0))?;
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

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), DerFault> {
    if place.replace(value).is_some() { Err(DerFault::Value) } else { Ok(()) }
}

fn number(value: &[u8]) -> Result<CrlNumber, DerFault> {
    let mut reader = Reader::new(value);
    let bytes = fields::unsigned(&mut reader, 20)?;
    reader.end()?;
    CrlNumber::from_bytes(bytes).ok_or(DerFault::Integer)
}

fn only_generalized_time(value: &[u8]) -> Result<Moment, DerFault> {
    crate::decode::generalized_time(Reader::only(value, tag::GENERALIZED_TIME)?)
}

/// 20 bytes and one for the sign; what strangers made longer is refused.
const SERIAL_BYTES_MAX: usize = 21;
