//! What a certificate is wanted for, against extendedKeyUsage and keyUsage (RFC 5280 §4.2.1.3 and
//! §4.2.1.12).

use super::certificate::Certificate;
use super::extension::Purposes;
use super::oid::Oid;
use super::refusal::Reason;
use crate::KeyUsage;

/// What the certificate is wanted for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Purpose {
    /// Anything: usages are not looked at.
    #[default]
    Any,
    /// TLS client (id-kp-clientAuth).
    Client,
    /// TLS server (id-kp-serverAuth).
    Server,
    /// Signed mail (id-kp-emailProtection).
    Email,
    /// Signed code (id-kp-codeSigning).
    Code,
    /// Signed documents (id-kp-documentSigning, RFC 9336).
    Document,
    /// OCSP answers (id-kp-OCSPSigning, RFC 6960 §4.2.2.2).
    Ocsp,
    /// Time stamps (id-kp-timeStamping, RFC 3161 §2.3).
    TimeStamp,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Any,
        Self::Client,
        Self::Server,
        Self::Email,
        Self::Code,
        Self::Document,
        Self::Ocsp,
        Self::TimeStamp,
    ];

    /// The word for people and files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Client => "client",
            Self::Server => "server",
            Self::Email => "email",
            Self::Code => "code",
            Self::Document => "document",
            Self::Ocsp => "ocsp",
            Self::TimeStamp => "timestamp",
        }
    }

    /// The purpose of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }

    /// The last arc below id-kp; documentSigning has two octets of its own there.
    const fn arc(self) -> Option<u8> {
        Some(match self {
            Self::Any => return None,
            Self::Server => 1,
            Self::Client => 2,
            Self::Code => 3,
            Self::Email => 4,
            Self::TimeStamp => 8,
            Self::Ocsp => 9,
            Self::Document => 36,
        })
    }

    /// Whether the certificate admits it. An issuer with the extension confines what is below it.
    pub(super) fn check(self, certificate: &Certificate, leaf: bool) -> Result<(), Reason> {
        let Some(arc) = self.arc() else { return Ok(()) };
        let listed = certificate.extensions.purposes.as_ref();
        let holds = match self {
            _ if !leaf => listed.is_none_or(|listed| names(listed, arc) || names_any(listed)),
            // A responder is named as such, by nothing less.
            Self::Ocsp => listed.is_some_and(|listed| names(listed, arc)),
            Self::TimeStamp => listed.is_some_and(|listed| {
                names(listed, arc) && listed.critical && listed.list.len() == 1
            }),
            _ => listed.is_none_or(|listed| names(listed, arc) || names_any(listed)),
        };
        let signs = KeyUsage::DIGITAL_SIGNATURE;
        let usage = match self {
            Self::Server => signs.and(KeyUsage::KEY_ENCIPHERMENT).and(KeyUsage::KEY_AGREEMENT),
            Self::Client => signs.and(KeyUsage::KEY_AGREEMENT),
            _ => signs.and(KeyUsage::NON_REPUDIATION),
        };
        if holds && (!leaf || certificate.may(usage)) { Ok(()) } else { Err(Reason::Purpose) }
    }
}

fn names(listed: &Purposes, arc: u8) -> bool {
    let wanted = [PURPOSES, &[arc]].concat();
    listed.list.iter().any(|oid: &Oid| oid.is(&wanted))
}

fn names_any(listed: &Purposes) -> bool {
    listed.list.iter().any(|oid| oid.is(ANY_PURPOSE))
}

/// id-kp, 1.3.6.1.5.5.7.3.
const PURPOSES: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3];
/// anyExtendedKeyUsage, 2.5.29.37.0.
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 37, 0];
