//! What a certificate says: plain data from which the profile composes the bytes to be signed.
//!
//! Everything here is decided already: names are romanised, characters substituted, days counted.
//! What all certificates of an authority share (its name, policies, addresses) is the profile's.

use base::{Moment, Personal};
use numbers::LocalGovernmentCode;
use std::fmt;
use x509::PublicKey;

/// The two certificates of a person (Public Personal Authentication Act arts. 3 and 22).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CertificateKind {
    /// 署名用電子証明書: signs documents and names its holder.
    Signature,
    /// 利用者証明用電子証明書: shows that the holder of the card is there, and names nobody.
    Authentication,
}

/// What one certificate says.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateContent {
    /// Which of the two it is.
    pub kind: CertificateKind,
    /// The serial number (発行の番号): from 1, used once per authority.
    pub serial: u64,
    /// From when on it is valid: whole seconds.
    pub not_before: Moment,
    /// Up to when it is valid, this second included: whole seconds.
    pub not_after: Moment,
    /// The subject.
    pub subject: SubjectName,
    /// The four attributes of a signature certificate; `None` in an authentication certificate.
    pub personal: Option<PersonalAttributes>,
    /// The registrar whose distribution point lists the certificate once it is revoked.
    pub municipality: LocalGovernmentCode,
    /// The holder's key.
    pub public_key: PublicKey,
}

/// The subject but for C=JP, in the order of the distinguished name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubjectName {
    /// Two L= of a signature certificate; `None` in an authentication certificate.
    pub locality: Option<Locality>,
    /// CN=: 28 digits and letters in a signature certificate, 23 in an authentication certificate.
    pub common_name: String,
}

/// A municipality as it is written in Latin letters, such as `Tokyo-to` and `Kiyose-shi`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Locality {
    /// The prefecture.
    pub prefecture: String,
    /// The municipality; for a ward of a designated city with the city before it, as in
    /// `Sapporo-shi-Chuo-ku`.
    pub municipality: String,
}

/// What a signature certificate says of its holder, in six otherName values.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonalAttributes {
    /// The name, and with it the positions of its substitutes.
    pub name: EncodedText,
    /// Nine digits: the era (1 明治 to 5 令和) and the Gregorian date `YYYYMMDD`.
    pub birth_date: Personal,
    /// One digit.
    pub sex: Personal,
    /// The address, and with it the positions of its substitutes.
    pub address: EncodedText,
}

/// Text in the permitted characters.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedText {
    /// The text.
    pub text: Personal,
    /// One digit for each character of the text: 0 as registered, 1 a substitute.
    pub substitutes: Personal,
}

impl CertificateKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Signature, Self::Authentication];

    /// The word of the API, the store and the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Authentication => "authentication",
        }
    }

    /// The name for people in Japan.
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Signature => "署名用電子証明書",
            Self::Authentication => "利用者証明用電子証明書",
        }
    }

    /// The kind of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl CertificateContent {
    /// What is wrong with a content that no decision leads to; `None` if it is sound.
    pub fn fault(&self) -> Option<&'static str> {
        let signature = self.kind == CertificateKind::Signature;
        let length = if signature { SIGNATURE_NAME_LENGTH } else { AUTHENTICATION_NAME_LENGTH };
        if self.serial == 0 {
            Some("a serial number of zero")
        } else if self.not_after < self.not_before {
            Some("ends before it begins")
        } else if [self.not_before, self.not_after].iter().any(|at| at.us() % SECOND_US != 0) {
            Some("a validity with parts of a second")
        } else if self.personal.is_some() != signature {
            Some("attributes of a person where none belong, or none where they do")
        } else if self.subject.locality.is_some() != signature {
            Some("a locality where none belongs, or none where one does")
        } else if self.subject.common_name.len() != length {
            Some("a common name of another length")
        } else {
            None
        }
    }
}

impl fmt::Display for CertificateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Shows kind and serial number alone: the end of the validity tells a birthday.
impl fmt::Debug for CertificateContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateContent({} {}, ..)", self.kind, self.serial)
    }
}

impl fmt::Debug for PersonalAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalAttributes(..)")
    }
}

impl fmt::Debug for EncodedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncodedText(..)")
    }
}

/// Characters of the CN= of a signature certificate.
pub(crate) const SIGNATURE_NAME_LENGTH: usize = 28;
/// Characters of the CN= of an authentication certificate.
pub(crate) const AUTHENTICATION_NAME_LENGTH: usize = 23;
const SECOND_US: i64 = 1_000_000;
