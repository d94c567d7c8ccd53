//! The last look at a certificate before it is signed, and the first after.
//!
//! The lint reads the bytes, not the values they were written from, and holds them against what a
//! certificate of its kind must say. Its rules stand apart from the code that composes
//! certificates, so that a defect there does not hide itself here. After the signature,
//! `same_tbs` makes sure that what was signed is what was intended and that the key signed it.

mod extensions;

use crate::certificate::{Body, Certificate};
use crate::decode::Reader;
use crate::encode::{self, tag};
use crate::{COUNTRY, GeneralName, KeyAlgorithm, KeyUsage, Name, PublicKey, Serial, Weakness};
use aws_lc_rs::signature::Ed25519KeyPair;
use base::Moment;
use const_oid::ObjectIdentifier;
use std::fmt;
use std::sync::OnceLock;

/// What a certificate of one kind of one issuer must say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// What the issuer signs with.
    pub algorithm: KeyAlgorithm,
    /// The issuer's name; the bytes must be the same.
    pub issuer: Name,
    /// The issuer's key; only an authority's own certificate may be about it.
    pub issuer_key: PublicKey,
    /// Whether it is the issuer's own certificate.
    pub self_issued: bool,
    /// Validity may begin at this moment or later.
    pub not_before_earliest: Moment,
    /// Validity may last until this moment, such as the end of the issuer's own certificate.
    pub not_after_latest: Moment,
    /// The attributes of the subject, in order.
    pub subject: Vec<ObjectIdentifier>,
    /// The algorithms that the subject's key may have.
    pub key_algorithms: Vec<KeyAlgorithm>,
    /// The extensions in order, and which of them are critical.
    pub extensions: Vec<(ObjectIdentifier, bool)>,
    /// Exactly these uses of the key.
    pub key_usage: KeyUsage,
    /// Exactly these further purposes; none means that the extension is not there.
    pub extended_key_usage: Vec<ObjectIdentifier>,
    /// The one policy; `None` means that the extension is not there.
    pub policy: Option<ObjectIdentifier>,
    /// The address of the policy's practice statement.
    pub statement: Option<String>,
    /// The one name of the subject's alternative name, in place of texts.
    pub subject_alternative: Option<Name>,
    /// The texts of the subject's alternative name, in order.
    pub texts: Vec<ObjectIdentifier>,
    /// Pairs of texts of which the second has one digit, 0 or 1, for each character of the first.
    pub flags: Vec<(ObjectIdentifier, ObjectIdentifier)>,
    /// The one name of the issuer's alternative name; `None` means that the extension is not there.
    pub issuer_alternative: Option<Name>,
    /// The number of the issuer's certificate, by which its key is named besides the identifier.
    pub issuer_serial: Option<Serial>,
    /// The names of the one distribution point, in order; none means that the extension is not
    /// there.
    pub points: Vec<GeneralName>,
    /// The address of the OCSP responder; `None` means that the extension is not there.
    pub responder: Option<String>,
}

/// Something that a certificate must not have, or must.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Finding {
    /// Not a TBSCertificate, or not a certificate, in DER.
    Malformed,
    /// Another version than 3.
    Version,
    /// The serial number is not positive, or has more than 20 octets.
    Serial,
    /// Another signature algorithm than the issuer's.
    Algorithm,
    /// Another issuer, byte for byte, or another alternative name of it.
    Issuer,
    /// Begins too early, ends too late or before it begins.
    Validity,
    /// A time in another form than RFC 5280 §4.1.2.5 asks for.
    TimeForm,
    /// Other attributes of the subject, or in another order.
    Subject,
    /// An attribute of the subject in another string type, too long or with control characters.
    SubjectText,
    /// The subject's key is of an algorithm that is not certified, or no key.
    Key,
    /// The subject's key can be broken by anybody.
    KeyWeak,
    /// The subject's key is the issuer's, or its own certificate has another.
    KeyOfIssuer,
    /// Other extensions, in another order, or of other criticality.
    ExtensionOrder,
    /// Other uses of the key.
    KeyUsage,
    /// Other further purposes.
    ExtendedKeyUsage,
    /// Says that the subject is an authority where it is none, or the other way round.
    Authority,
    /// Another policy.
    Policy,
    /// Another key of the issuer, or another certificate of it.
    AuthorityKey,
    /// The key identifier is not the subject's.
    SubjectKey,
    /// Other texts or names in the alternative name, empty ones or ones with control characters.
    Texts,
    /// The flags do not go with their text.
    Flags,
    /// Another distribution point, responder or practice statement.
    Address,
    /// The signature is not the issuer's.
    Signature,
}

/// Why what came back from the signer is not issued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SigningFault {
    /// Not a certificate in DER.
    Malformed,
    /// Other bytes were signed than those intended.
    OtherBytes,
    /// The signature is not the issuer's.
    Signature,
}

/// Everything wrong with bytes that are about to be signed; in the order of the fields.
pub fn lint(tbs: &[u8], expected: &Expected) -> Vec<Finding> {
    let body = Reader::only(tbs, tag::SEQUENCE).map_err(Into::into).and_then(Body::parse);
    match body {
        Ok(body) => lint_body(&body, expected),
        Err(_) => vec![Finding::Malformed],
    }
}

/// Everything wrong with a whole certificate, such as one signed with a throwaway key: the rules of
/// `lint`, and that this key signed it.
pub fn lint_signed(der: &[u8], expected: &Expected, signer: &PublicKey) -> Vec<Finding> {
    let Ok(certificate) = Certificate::parse(der) else {
        return vec![Finding::Malformed];
    };
    let mut findings = lint(certificate.tbs(), expected);
    if !certificate.is_signed_by(signer) {
        findings.push(Finding::Signature);
    }
    findings
}

/// Everything wrong with a certificate that was built as it will be, but signed with a throwaway
/// key: the rules of `lint`, read from the whole. The throwaway key is no secret and nobody trusts
/// it; it is of one kind for all issuers, so its signature is never checked as theirs.
pub fn lint_trial(tbs: &[u8], expected: &Expected) -> Vec<Finding> {
    static THROWAWAY: OnceLock<Option<Ed25519KeyPair>> = OnceLock::new();
    let key = THROWAWAY.get_or_init(|| Ed25519KeyPair::from_seed_unchecked(&[0x5e; 32]).ok());
    let signature = key.as_ref().map(|key| key.sign(tbs));
    let signature = signature.as_ref().map_or(&[][..], AsRef::as_ref);
    let whole = encode::signed(tbs, expected.algorithm, signature);
    match Certificate::parse(&whole) {
        Ok(trial) if trial.tbs() == tbs => lint_body(&trial.body, expected),
        _ => vec![Finding::Malformed],
    }
}

/// The certificate if it is the intention, byte for byte, under the issuer's signature.
pub fn same_tbs<'a>(
    signed: &'a [u8],
    intention: &[u8],
    issuer: &PublicKey,
) -> Result<Certificate<'a>, SigningFault> {
    let certificate = Certificate::parse(signed).map_err(|_| SigningFault::Malformed)?;
    if certificate.tbs() != intention {
        return Err(SigningFault::OtherBytes);
    }
    if !certificate.is_signed_by(issuer) {
        return Err(SigningFault::Signature);
    }
    Ok(certificate)
}

impl Finding {
    /// All of them, in the order of the fields.
    pub const ALL: [Self; 23] = [
        Self::Malformed,
        Self::Version,
        Self::Serial,
        Self::Algorithm,
        Self::Issuer,
        Self::Validity,
        Self::TimeForm,
        Self::Subject,
        Self::SubjectText,
        Self::Key,
        Self::KeyWeak,
        Self::KeyOfIssuer,
        Self::ExtensionOrder,
        Self::KeyUsage,
        Self::ExtendedKeyUsage,
        Self::Authority,
        Self::Policy,
        Self::AuthorityKey,
        Self::SubjectKey,
        Self::Texts,
        Self::Flags,
        Self::Address,
        Self::Signature,
    ];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Malformed => "lint_malformed",
            Self::Version => "lint_version",
            Self::Serial => "lint_serial",
            Self::Algorithm => "lint_algorithm",
            Self::Issuer => "lint_issuer",
            Self::Validity => "lint_validity",
            Self::TimeForm => "lint_time_form",
            Self::Subject => "lint_subject",
            Self::SubjectText => "lint_subject_text",
            Self::Key => "lint_key",
            Self::KeyWeak => "lint_key_weak",
            Self::KeyOfIssuer => "lint_key_of_issuer",
            Self::ExtensionOrder => "lint_extension_order",
            Self::KeyUsage => "lint_key_usage",
            Self::ExtendedKeyUsage => "lint_extended_key_usage",
            Self::Authority => "lint_authority",
            Self::Policy => "lint_policy",
            Self::AuthorityKey => "lint_authority_key",
            Self::SubjectKey => "lint_subject_key",
            Self::Texts => "lint_texts",
            Self::Flags => "lint_flags",
            Self::Address => "lint_address",
            Self::Signature => "lint_signature",
        }
    }
}

impl SigningFault {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Malformed => "signing_malformed",
            Self::OtherBytes => "signing_other_bytes",
            Self::Signature => "signing_signature",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl fmt::Display for SigningFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "what was signed is not a certificate in DER",
            Self::OtherBytes => "other bytes were signed than those intended",
            Self::Signature => "the signature is not that of the issuer's key",
        })
    }
}

impl std::error::Error for SigningFault {}

fn lint_body(body: &Body<'_>, expected: &Expected) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut must = |holds: bool, finding| {
        if !holds {
            findings.push(finding);
        }
    };
    must(body.version == 3, Finding::Version);
    must(Serial::from_integer(body.serial).is_ok(), Finding::Serial);
    let algorithm = encode::signature_identifier(expected.algorithm);
    must(body.algorithm == algorithm, Finding::Algorithm);
    must(body.issuer == expected.issuer.der(), Finding::Issuer);
    let within = expected.not_before_earliest <= body.not_before
        && body.not_before <= body.not_after
        && body.not_after <= expected.not_after_latest;
    must(within, Finding::Validity);
    must(times_have_their_form(body), Finding::TimeForm);
    let subject = Name::parse(body.subject);
    let subject = subject
        .as_ref()
        .map(|subject| (attributes_are(subject, &expected.subject), sound(subject)));
    must(matches!(subject, Ok((true, _))), Finding::Subject);
    must(matches!(subject, Ok((_, true))), Finding::SubjectText);
    let key = PublicKey::from_spki(body.public_key).ok();
    let key = key.filter(|key| expected.key_algorithms.contains(&key.algorithm()));
    match &key {
        None => must(false, Finding::Key),
        Some(key) => {
            must(Weakness::of(key).is_none(), Finding::KeyWeak);
            let same = *key == expected.issuer_key;
            must(same == expected.self_issued, Finding::KeyOfIssuer);
        }
    }
    extensions::lint(body, key.as_ref(), expected, &mut must);
    findings
}

/// Whether both times are written as we write them.
fn times_have_their_form(body: &Body<'_>) -> bool {
    let mut again = Vec::with_capacity(40);
    encode::time(&mut again, body.not_before);
    encode::time(&mut again, body.not_after);
    again == body.validity
}

/// Whether the name has these attributes, one to each step.
fn attributes_are(name: &Name, kinds: &[ObjectIdentifier]) -> bool {
    let one_each = name.steps().all(|step| step.len() == 1);
    one_each && name.attributes().map(|attribute| attribute.oid).eq(kinds.iter().copied())
}

/// Whether all texts are of the string types of the profile and within RFC 5280's bounds, of which
/// the narrowest (64 characters) is taken for all.
fn sound(name: &Name) -> bool {
    name.attributes().all(|attribute| {
        let form = if attribute.oid == COUNTRY { tag::PRINTABLE_STRING } else { tag::UTF8_STRING };
        let text = attribute.text().filter(|_| attribute.string_type() == form);
        text.is_some_and(|text| !text.is_empty() && printable(&text) && text.chars().count() <= 64)
    })
}

fn printable(text: &str) -> bool {
    !text.contains(char::is_control)
}

#[cfg(test)]
mod tests;
