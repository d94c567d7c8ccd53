//! Certificate extensions (RFC 5280 §4.2) and their exact encodings.
//!
//! An extension is its identifier, whether a reader that does not know it must refuse, and the DER
//! of its value. Each constructor says what the profile fixes and asks for the rest.

use crate::decode::{self, Reader};
use crate::encode::{self, tag};
use crate::fields::write_extension;
use crate::{Name, Serial};
use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5280, rfc6960};
use std::fmt;

/// One extension of a certificate or list.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Extension {
    /// Which one it is.
    pub oid: ObjectIdentifier,
    /// Whether a reader that does not know it must refuse the whole.
    pub critical: bool,
    /// The DER that stands in its OCTET STRING.
    pub value: Vec<u8>,
}

/// One way to name somebody or some place (RFC 5280 §4.2.1.6).
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum GeneralName {
    /// A distinguished name.
    Directory(Name),
    /// An address, in ASCII.
    Uri(String),
    /// A text of a kind that its identifier says: `[0] EXPLICIT UTF8String`.
    Text(ObjectIdentifier, String),
}

/// What a key may be used for (RFC 5280 §4.2.1.3), as named bits from the top.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// Signatures other than those on certificates and lists.
    pub const DIGITAL_SIGNATURE: Self = Self(0x8000);
    /// Signatures that bind who made them (contentCommitment).
    pub const NON_REPUDIATION: Self = Self(0x4000);
    /// Enciphering keys.
    pub const KEY_ENCIPHERMENT: Self = Self(0x2000);
    /// Enciphering data.
    pub const DATA_ENCIPHERMENT: Self = Self(0x1000);
    /// Agreeing on keys.
    pub const KEY_AGREEMENT: Self = Self(0x0800);
    /// Signing certificates.
    pub const KEY_CERT_SIGN: Self = Self(0x0400);
    /// Signing revocation lists.
    pub const CRL_SIGN: Self = Self(0x0200);
    /// Agreeing on keys to encipher only.
    pub const ENCIPHER_ONLY: Self = Self(0x0100);
    /// Agreeing on keys to decipher only.
    pub const DECIPHER_ONLY: Self = Self(0x0080);

    /// These uses and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of those uses are among these.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of those uses is among these.
    pub(crate) const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Reads the value of the extension; it names one use at least.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let bits = decode::named_bits(Reader::only(value, tag::BIT_STRING).ok()?).ok()?;
        (bits != 0 && bits & 0x007f == 0).then_some(Self(bits))
    }
}

impl Extension {
    /// keyUsage (§4.2.1.3), critical.
    pub fn key_usage(usage: KeyUsage) -> Self {
        let write = |out: &mut Vec<u8>| encode::named_bits(out, tag::BIT_STRING, usage.0);
        Self::of(rfc5280::ID_CE_KEY_USAGE, true, write)
    }

    /// extKeyUsage (§4.2.1.12). Time stamping has it critical (RFC 3161 §2.3).
    pub fn extended_key_usage(critical: bool, purposes: &[ObjectIdentifier]) -> Self {
        Self::of(rfc5280::ID_CE_EXT_KEY_USAGE, critical, |out| {
            encode::nested(out, tag::SEQUENCE, |out| {
                purposes.iter().for_each(|purpose| encode::oid(out, purpose));
            });
        })
    }

    /// subjectAltName (§4.2.1.6), not critical: the subject has a distinguished name too.
    pub fn subject_alt_name(names: &[GeneralName]) -> Self {
        Self::of(rfc5280::ID_CE_SUBJECT_ALT_NAME, false, |out| {
            general_names(out, tag::SEQUENCE, names);
        })
    }

    /// issuerAltName (§4.2.1.7), not critical.
    pub fn issuer_alt_name(names: &[GeneralName]) -> Self {
        Self::of(rfc5280::ID_CE_ISSUER_ALT_NAME, false, |out| {
            general_names(out, tag::SEQUENCE, names);
        })
    }

    /// certificatePolicies (§4.2.1.4) of one policy, with the address of the practice statement.
    pub fn certificate_policies(
        critical: bool,
        policy: ObjectIdentifier,
        statement: Option<&str>,
    ) -> Self {
        Self::of(rfc5280::ID_CE_CERTIFICATE_POLICIES, critical, |out| {
            encode::nested(out, tag::SEQUENCE, |out| {
                encode::nested(out, tag::SEQUENCE, |out| {
                    encode::oid(out, &policy);
                    if let Some(statement) = statement {
                        encode::nested(out, tag::SEQUENCE, |out| {
                            practice_statement(out, statement);
                        });
                    }
                });
            });
        })
    }

    /// basicConstraints of an authority (§4.2.1.9), critical; `path_length` is the number of
    /// authorities that may stand between it and a subject.
    pub fn authority(path_length: Option<u8>) -> Self {
        Self::of(rfc5280::ID_CE_BASIC_CONSTRAINTS, true, |out| {
            encode::nested(out, tag::SEQUENCE, |out| {
                encode::boolean_true(out, tag::BOOLEAN);
                if let Some(length) = path_length {
                    encode::unsigned(out, tag::INTEGER, &[length]);
                }
            });
        })
    }

    /// basicConstraints of somebody who is no authority (§4.2.1.9), critical.
    pub fn no_authority() -> Self {
        let write = |out: &mut Vec<u8>| encode::value(out, tag::SEQUENCE, &[]);
        Self::of(rfc5280::ID_CE_BASIC_CONSTRAINTS, true, write)
    }

    /// cRLDistributionPoints (§4.2.1.13) of one point, which may have several names.
    pub fn crl_distribution_points(names: &[GeneralName]) -> Self {
        let write = |out: &mut Vec<u8>| distribution_points(out, names);
        Self::of(rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS, false, write)
    }

    /// freshestCRL (§4.2.1.15) of one point: where the delta lists are.
    pub fn freshest_crl(names: &[GeneralName]) -> Self {
        Self::of(rfc5280::ID_CE_FRESHEST_CRL, false, |out| distribution_points(out, names))
    }

    /// authorityInfoAccess (§4.2.2.1) with the address of the OCSP responder.
    pub fn ocsp_responder(uri: &str) -> Self {
        Self::of(rfc5280::ID_PE_AUTHORITY_INFO_ACCESS, false, |out| {
            encode::nested(out, tag::SEQUENCE, |out| {
                encode::nested(out, tag::SEQUENCE, |out| {
                    encode::oid(out, &rfc5280::ID_AD_OCSP);
                    encode::value(out, tag::context(URI), uri.as_bytes());
                });
            });
        })
    }

    /// authorityKeyIdentifier (§4.2.1.1) by the issuer's key alone.
    pub fn authority_key(key: &[u8]) -> Self {
        Self::authority_key_of(key, None)
    }

    /// authorityKeyIdentifier (§4.2.1.1) by the issuer's key, and by the name and number of the
    /// issuer's own certificate.
    pub fn authority_key_and_certificate(key: &[u8], issuer: &Name, serial: Serial) -> Self {
        Self::authority_key_of(key, Some((issuer, serial)))
    }

    fn authority_key_of(key: &[u8], certificate: Option<(&Name, Serial)>) -> Self {
        Self::of(rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER, false, |out| {
            encode::nested(out, tag::SEQUENCE, |out| {
                encode::value(out, tag::context(0), key);
                if let Some((issuer, serial)) = certificate {
                    encode::nested(out, tag::constructed(1), |out| directory_name(out, issuer));
                    encode::unsigned(out, tag::context(2), serial.as_bytes());
                }
            });
        })
    }

    /// subjectKeyIdentifier (§4.2.1.2).
    pub fn subject_key(key: &[u8]) -> Self {
        let write = |out: &mut Vec<u8>| encode::value(out, tag::OCTET_STRING, key);
        Self::of(rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER, false, write)
    }

    /// id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1): the responder is trusted until it expires.
    pub fn ocsp_no_check() -> Self {
        Self::of(rfc6960::ID_PKIX_OCSP_NOCHECK, false, |out| encode::value(out, tag::NULL, &[]))
    }

    /// An extension whose value `write` appends.
    pub(crate) fn of(
        oid: ObjectIdentifier,
        critical: bool,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Self {
        let mut value = Vec::with_capacity(64);
        write(&mut value);
        Self { oid, critical, value }
    }

    /// Writes it as it stands in a certificate or list.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        write_extension(out, &self.oid, self.critical, |out| out.extend_from_slice(&self.value));
    }
}

impl GeneralName {
    /// Writes it.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Directory(name) => directory_name(out, name),
            Self::Uri(uri) => encode::value(out, tag::context(URI), uri.as_bytes()),
            Self::Text(kind, text) => encode::nested(out, tag::constructed(0), |out| {
                encode::oid(out, kind);
                encode::nested(out, tag::constructed(0), |out| {
                    encode::value(out, tag::UTF8_STRING, text.as_bytes());
                });
            }),
        }
    }
}

/// The value may hold a person's attributes, so its length alone is shown.
impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let critical = if self.critical { " critical" } else { "" };
        write!(f, "Extension({}{critical}, {} bytes)", self.oid, self.value.len())
    }
}

/// A text may be a person's.
impl fmt::Debug for GeneralName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(name) => write!(f, "Directory({name:?})"),
            Self::Uri(uri) => write!(f, "Uri({uri})"),
            Self::Text(kind, _) => write!(f, "Text({kind}, ..)"),
        }
    }
}

/// Writes GeneralNames under this tag.
pub(crate) fn general_names(out: &mut Vec<u8>, tag: u8, names: &[GeneralName]) {
    encode::nested(out, tag, |out| names.iter().for_each(|name| name.encode(out)));
}

/// Writes a DistributionPointName by full names, in its `[0]` (§4.2.1.13).
pub(crate) fn distribution_point_name(out: &mut Vec<u8>, names: &[GeneralName]) {
    encode::nested(out, tag::constructed(0), |out| {
        general_names(out, tag::constructed(0), names);
    });
}

fn distribution_points(out: &mut Vec<u8>, names: &[GeneralName]) {
    encode::nested(out, tag::SEQUENCE, |out| {
        encode::nested(out, tag::SEQUENCE, |out| distribution_point_name(out, names));
    });
}

/// A Name is a CHOICE, so its tag in a GeneralName is EXPLICIT.
fn directory_name(out: &mut Vec<u8>, name: &Name) {
    encode::value(out, tag::constructed(DIRECTORY), name.der());
}

fn practice_statement(out: &mut Vec<u8>, uri: &str) {
    encode::nested(out, tag::SEQUENCE, |out| {
        encode::oid(out, &rfc5280::ID_QT_CPS);
        encode::value(out, tag::IA5_STRING, uri.as_bytes());
    });
}

/// The number of directoryName in GeneralName.
const DIRECTORY: u8 = 4;
/// The number of uniformResourceIdentifier in GeneralName.
const URI: u8 = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{COUNTRY, ORGANIZATION};
    use der::Decode;
    use x509_cert::ext::pkix::{
        AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies,
        CrlDistributionPoints, ExtendedKeyUsage, SubjectAltName, SubjectKeyIdentifier,
    };

    #[test]
    fn values_have_the_bytes_of_the_standard() {
        let signature = KeyUsage::DIGITAL_SIGNATURE.and(KeyUsage::NON_REPUDIATION);
        let authority = KeyUsage::KEY_CERT_SIGN.and(KeyUsage::CRL_SIGN);
        for (extension, critical, value) in [
            (Extension::key_usage(signature), true, &[3, 2, 6, 0xc0][..]),
            (Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE), true, &[3, 2, 7, 0x80]),
            (Extension::key_usage(authority), true, &[3, 2, 1, 6]),
            (Extension::key_usage(KeyUsage::DECIPHER_ONLY), true, &[3, 3, 7, 0, 0x80]),
            (Extension::authority(None), true, &[0x30, 3, 1, 1, 0xff]),
            (Extension::authority(Some(0)), true, &[0x30, 6, 1, 1, 0xff, 2, 1, 0]),
            (Extension::no_authority(), true, &[0x30, 0]),
            (Extension::ocsp_no_check(), false, &[5, 0]),
            (Extension::subject_key(&[7; 3]), false, &[4, 3, 7, 7, 7]),
            (Extension::authority_key(&[7; 3]), false, &[0x30, 5, 0x80, 3, 7, 7, 7]),
        ] {
            assert_eq!((extension.critical, &extension.value[..]), (critical, value));
        }
    }

    #[test]
    fn a_text_is_an_explicit_utf8_string() {
        let kind = ObjectIdentifier::new_unwrap("1.2.3");
        let names = [GeneralName::Text(kind, "氏".to_owned())];
        let value = Extension::subject_alt_name(&names).value;
        let written = b"\x30\x0d\xa0\x0b\x06\x02\x2a\x03\xa0\x05\x0c\x03\xe6\xb0\x8f";
        assert_eq!(value, written);
        assert!(!format!("{:?} {names:?}", Extension::subject_alt_name(&names)).contains('氏'));
    }

    #[test]
    fn another_reader_finds_what_was_written() {
        let name = Name::new([(COUNTRY, "JP"), (ORGANIZATION, "Test")]).unwrap();
        let uri = "http://crl.example/1.crl";
        let places = [GeneralName::Directory(name.clone()), GeneralName::Uri(uri.to_owned())];
        let read =
            CrlDistributionPoints::from_der(&Extension::crl_distribution_points(&places).value);
        assert!(format!("{:?}", read.unwrap()).contains(uri));
        assert_eq!(
            Extension::freshest_crl(&places).value,
            Extension::crl_distribution_points(&places).value
        );
        let serial = Serial::try_from(0x80).unwrap();
        let key = Extension::authority_key_and_certificate(&[7; 20], &name, serial);
        let read = AuthorityKeyIdentifier::from_der(&key.value).unwrap();
        assert_eq!(read.key_identifier.unwrap().as_bytes(), [7; 20]);
        assert_eq!(read.authority_cert_issuer.unwrap().len(), 1);
        assert_eq!(read.authority_cert_serial_number.unwrap().as_bytes(), [0x00, 0x80]);
        let policy = ObjectIdentifier::new_unwrap("1.2.3.4");
        let policies = Extension::certificate_policies(true, policy, Some("http://cps.example/"));
        let read = CertificatePolicies::from_der(&policies.value).unwrap();
        assert_eq!(read.0[0].policy_identifier, policy);
        assert_eq!(read.0[0].policy_qualifiers.as_ref().unwrap().len(), 1);
        let bare = Extension::certificate_policies(false, policy, None);
        assert!(
            CertificatePolicies::from_der(&bare.value).unwrap().0[0].policy_qualifiers.is_none()
        );
        let alternative = Extension::issuer_alt_name(&places).value;
        assert_eq!(SubjectAltName::from_der(&alternative).unwrap().0.len(), 2);
        let responder = Extension::ocsp_responder("http://ocsp.example").value;
        assert_eq!(AuthorityInfoAccessSyntax::from_der(&responder).unwrap().0.len(), 1);
        let purposes = [rfc5280::ID_KP_CLIENT_AUTH, rfc5280::ID_KP_TIME_STAMPING];
        let extension = Extension::extended_key_usage(true, &purposes);
        assert_eq!(ExtendedKeyUsage::from_der(&extension.value).unwrap().0, purposes);
        assert!(BasicConstraints::from_der(&Extension::authority(Some(3)).value).unwrap().ca);
        assert!(SubjectKeyIdentifier::from_der(&Extension::subject_key(&[1]).value).is_ok());
    }

    #[test]
    fn key_usages_read_back_in_one_form_alone() {
        for bits in 0..512 {
            let usage = KeyUsage(bits << 7);
            assert_eq!(
                KeyUsage::parse(&Extension::key_usage(usage).value),
                Some(usage).filter(|_| bits > 0)
            );
        }
        for bad in
            [&[3, 2, 7, 0xc0][..], &[3, 3, 7, 0x80, 0], &[3, 2, 5, 0xc0], &[4, 2, 6, 0xc0], &[]]
        {
            assert_eq!(KeyUsage::parse(bad), None, "{bad:?}");
        }
        let both = KeyUsage::KEY_CERT_SIGN.and(KeyUsage::CRL_SIGN);
        assert!(both.has(KeyUsage::CRL_SIGN) && !KeyUsage::CRL_SIGN.has(both));
    }
}
