//! The holder's consent to have the present attributes told (公的個人認証法 art. 18(3)): a text of
//! one form, signed with the key of a certificate in force.
//!
//! The text says to whom, for what, under which certificate, when, and a nonce. It is fresh for ten
//! minutes, bound to one verifier and used once. Who signs reads the same lines that are checked.

use super::{Filing, PlainText};
use crate::certificate::{Certificate, Standing};
use base::Moment;
use jiff::Timestamp;
use std::{fmt, str::FromStr};
use x509::PublicKey;

/// What the holder signs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// The verifier's name.
    pub verifier: String,
    /// For whom it verifies, if for another.
    pub provider: Option<String>,
    /// What for.
    pub purpose: PlainText,
    /// Key identifier of the authority that issued the certificate.
    pub issuer: [u8; 20],
    /// Serial number of the certificate.
    pub serial: u64,
    /// When it was made: whole seconds.
    pub at: Moment,
    /// What makes it the only one: chosen by the verifier.
    pub nonce: Nonce,
}

/// 16 to 32 bytes that nobody can guess, as lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nonce(String);

/// A consent as it was given: the text and the signature over it.
#[derive(Clone, Copy)]
pub struct Consent<'a> {
    /// What was signed.
    pub statement: &'a Statement,
    /// The signature: SHA-256 with PKCS #1 v1.5 (RSA), or as the key's algorithm has it.
    pub signature: &'a [u8],
    /// The key of the certificate that the statement names.
    pub key: &'a PublicKey,
    /// That certificate.
    pub certificate: &'a Certificate,
    /// Whether the statement served before.
    pub used: bool,
}

/// Why a consent opens nothing; each has its entry in the table of labels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ConsentRefusal {
    /// The text is not a statement in its one form.
    Malformed,
    /// Given to another verifier, or for another service provider.
    OtherVerifier,
    /// Given for another purpose than the one filed.
    OtherPurpose,
    /// Made in the future.
    Early,
    /// Made more than ten minutes ago.
    Stale,
    /// Used before.
    Used,
    /// The certificate is revoked.
    CertificateRevoked,
    /// The certificate is held.
    CertificateHeld,
    /// The certificate has expired, or is not valid yet.
    CertificateExpired,
    /// The certificate never came into force.
    CertificateAbsent,
    /// The signature is not by the certificate's key over this text.
    Signature,
}

/// Decides whether a statement is meant for this verifier, this purpose and this time.
pub fn check_statement(
    statement: &Statement,
    (verifier, filing): (&str, &Filing),
    now: Moment,
) -> Result<(), ConsentRefusal> {
    if statement.verifier != verifier {
        return Err(ConsentRefusal::OtherVerifier);
    }
    let purpose = filing.purpose_of(statement.provider.as_deref());
    let purpose = purpose.map_err(|_| ConsentRefusal::OtherVerifier)?;
    if *purpose != statement.purpose {
        return Err(ConsentRefusal::OtherPurpose);
    }
    let age_s = now.seconds().saturating_sub(statement.at.seconds());
    match age_s {
        ..0 => Err(ConsentRefusal::Early),
        0..=FRESH_S => Ok(()),
        _ => Err(ConsentRefusal::Stale),
    }
}

/// Decides whether a consent that is meant so was given by the certificate's holder, once.
pub fn check_consent(consent: &Consent<'_>, now: Moment) -> Result<(), ConsentRefusal> {
    match consent.certificate.standing(now) {
        Standing::Good => {}
        Standing::Revoked(..) => return Err(ConsentRefusal::CertificateRevoked),
        Standing::Held(_) => return Err(ConsentRefusal::CertificateHeld),
        Standing::Expired | Standing::NotYetValid => {
            return Err(ConsentRefusal::CertificateExpired);
        }
        Standing::NotIssued => return Err(ConsentRefusal::CertificateAbsent),
    }
    let text = consent.statement.to_string();
    if !consent.key.has_signed(text.as_bytes(), consent.signature) {
        return Err(ConsentRefusal::Signature);
    }
    if consent.used { Err(ConsentRefusal::Used) } else { Ok(()) }
}

impl FromStr for Statement {
    type Err = ConsentRefusal;

    /// Reads what `Display` writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, ConsentRefusal> {
        let statement = read(text).ok_or(ConsentRefusal::Malformed)?;
        let same = statement.to_string() == text;
        if same { Ok(statement) } else { Err(ConsentRefusal::Malformed) }
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Timestamp::from_second(self.at.seconds()).unwrap_or_default();
        writeln!(f, "{HEAD}\nverifier: {}", self.verifier)?;
        if let Some(provider) = &self.provider {
            writeln!(f, "provider: {provider}")?;
        }
        write!(f, "purpose: {}\nissuer: ", self.purpose)?;
        self.issuer.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        writeln!(f, "\nserial: {}\ntime: {at}\nnonce: {}", self.serial, self.nonce.0)
    }
}

impl Nonce {
    /// A nonce of these bytes.
    pub fn new(bytes: &[u8; 16]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl FromStr for Nonce {
    type Err = ConsentRefusal;

    fn from_str(text: &str) -> Result<Self, ConsentRefusal> {
        let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let fits = NONCE_DIGITS.contains(&text.len()) && text.len().is_multiple_of(2);
        if digits && fits { Ok(Self(text.to_owned())) } else { Err(ConsentRefusal::Malformed) }
    }
}

impl ConsentRefusal {
    /// All refusals.
    pub const ALL: [Self; 11] = [
        Self::Malformed,
        Self::OtherVerifier,
        Self::OtherPurpose,
        Self::Early,
        Self::Stale,
        Self::Used,
        Self::CertificateRevoked,
        Self::CertificateHeld,
        Self::CertificateExpired,
        Self::CertificateAbsent,
        Self::Signature,
    ];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Malformed => "consent_malformed",
            Self::OtherVerifier => "consent_other_verifier",
            Self::OtherPurpose => "consent_other_purpose",
            Self::Early => "consent_early",
            Self::Stale => "consent_stale",
            Self::Used => "consent_used",
            Self::CertificateRevoked => "consent_certificate_revoked",
            Self::CertificateHeld => "consent_certificate_held",
            Self::CertificateExpired => "consent_certificate_expired",
            Self::CertificateAbsent => "certificate_absent",
            Self::Signature => "consent_signature",
        }
    }
}

impl fmt::Display for ConsentRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for ConsentRefusal {}

fn read(text: &str) -> Option<Statement> {
    if text.len() > STATEMENT_BYTES_MAX {
        return None;
    }
    let mut rest = text.strip_prefix(HEAD)?.strip_prefix('\n')?;
    let verifier = line(&mut rest, "verifier: ")?.to_owned();
    let provider = line(&mut rest, "provider: ").map(str::to_owned);
    let purpose = line(&mut rest, "purpose: ")?.parse().ok()?;
    let issuer = key_identifier(line(&mut rest, "issuer: ")?)?;
    let serial = line(&mut rest, "serial: ")?.parse().ok()?;
    let at: Timestamp = line(&mut rest, "time: ")?.parse().ok()?;
    let nonce = line(&mut rest, "nonce: ")?.parse().ok()?;
    let at = Moment::from_us(at.as_second().checked_mul(SECOND_US)?);
    rest.is_empty().then_some(Statement { verifier, provider, purpose, issuer, serial, at, nonce })
}

/// Takes the next line, if it begins so.
fn line<'a>(rest: &mut &'a str, name: &str) -> Option<&'a str> {
    let (value, after) = rest.strip_prefix(name)?.split_once('\n')?;
    *rest = after;
    Some(value)
}

/// Reads a key identifier: 40 hexadecimal digits.
pub fn key_identifier(text: &str) -> Option<[u8; 20]> {
    let mut out = [0; 20];
    if text.len() != 2 * out.len() || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}

/// What the text begins with: its form, and what is told.
const HEAD: &str = "sekisho.consent.v1\ntell: name address birth_date sex";
/// How long a consent is fresh, in seconds.
pub const FRESH_S: i64 = 600;
/// Characters of a nonce.
const NONCE_DIGITS: std::ops::RangeInclusive<usize> = 32..=64;
/// Longest statement: the longest purpose with four bytes a character fits.
const STATEMENT_BYTES_MAX: usize = 2_048;
const SECOND_US: i64 = 1_000_000;

#[cfg(test)]
mod tests;
