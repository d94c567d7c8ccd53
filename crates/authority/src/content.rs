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

#[cfg(test)]
mod tests {
    use super::*;
    use x509::KeyAlgorithm;

    /// The first public key of RFC 8032 §7.1.
    const KEY: [u8; 32] = [
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07,
        0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07,
        0x51, 0x1a,
    ];

    fn text(text: &str) -> EncodedText {
        let substitutes = Personal::new("0".repeat(text.chars().count()));
        EncodedText { text: Personal::new(text), substitutes }
    }

    fn signature() -> CertificateContent {
        let (prefecture, municipality) = ("Tokyo-to".to_owned(), "Kiyose-shi".to_owned());
        CertificateContent {
            kind: CertificateKind::Signature,
            serial: 1,
            not_before: Moment::from_us(0),
            not_after: Moment::from_us(1_897_570_799_000_000),
            subject: SubjectName {
                locality: Some(Locality { prefecture, municipality }),
                common_name: "202510270805090004213221003A".into(),
            },
            personal: Some(PersonalAttributes {
                name: text("関所　一郎"),
                birth_date: Personal::new("319800217"),
                sex: Personal::new("1"),
                address: text("東京都清瀬市中里５－８４２"),
            }),
            municipality: "132217".parse().unwrap(),
            public_key: PublicKey::new(KeyAlgorithm::Ed25519, KEY.to_vec()).unwrap(),
        }
    }

    #[test]
    fn a_sound_content_has_no_fault() {
        let signature = signature();
        assert_eq!(signature.fault(), None);
        let subject = SubjectName { locality: None, common_name: "0123456789ABCD13221003A".into() };
        let kind = CertificateKind::Authentication;
        let content = CertificateContent { kind, subject, personal: None, ..signature };
        assert_eq!(content.fault(), None);
    }

    #[test]
    fn every_fault_is_found() {
        let faults: [fn(&mut CertificateContent); 7] = [
            |content| content.serial = 0,
            |content| content.not_after = Moment::from_us(-1_000_000),
            |content| content.not_before = Moment::from_us(1),
            |content| content.personal = None,
            |content| content.subject.locality = None,
            |content| content.subject.common_name.truncate(27),
            |content| content.kind = CertificateKind::Authentication,
        ];
        for (at, spoil) in faults.iter().enumerate() {
            let mut content = signature();
            spoil(&mut content);
            assert!(content.fault().is_some(), "{at}");
        }
    }

    #[test]
    fn debug_shows_neither_holder_nor_birthday() {
        let content = signature();
        assert_eq!(format!("{content:?}"), "CertificateContent(signature 1, ..)");
        let shown = format!("{:?} {:?}", content.personal, text("関所"));
        assert_eq!(shown, "Some(PersonalAttributes(..)) EncodedText(..)");
    }

    #[test]
    fn every_word_reads_back() {
        for kind in CertificateKind::ALL {
            assert_eq!(CertificateKind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(CertificateKind::from_word("encryption"), None);
    }
}
