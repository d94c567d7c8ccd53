//! The names, policies and addresses of an authority: whatever is not the same for everyone.
//!
//! The defaults are obviously not official. Their identifiers lie below the enterprise number that
//! is set aside for examples (RFC 5612), in the places where the official ones lie below theirs. An
//! arc made of a UUID (2.25) would be nobody else's, but GnuTLS cannot read such numbers.

use crate::CertificateKind;
use std::fmt;
use x509::{KeyAlgorithm, NameRefusal, ObjectIdentifier};

/// Names, policies and addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProfileSettings {
    /// O= of all names of the authority.
    pub organization: String,
    /// O= of its alternative names.
    pub organization_japanese: String,
    /// The last OU= of a root: the body that runs it.
    pub operator: String,
    /// The same in the alternative names.
    pub operator_japanese: String,
    /// What is the hierarchy's for signatures.
    pub signature: HierarchySettings,
    /// What is the hierarchy's for authentication.
    pub authentication: HierarchySettings,
    /// The policy of the time stamps of the platform.
    pub time_stamp_policy: ObjectIdentifier,
    /// The arc of the six attributes of a person; they are its numbers 1 to 6.
    pub attributes: ObjectIdentifier,
    /// The address of the certification practice statement.
    pub statement: String,
    /// Whether readers that do not know the policies must refuse. The official certificates ask
    /// for it; some stock verifiers (rustls-webpki) know no policies and refuse every such one.
    pub policies_critical: bool,
    /// The address below which all lists are, without a slash at its end; `None` writes
    /// distribution points by directory name alone, as the official certificates have them.
    pub lists: Option<String>,
    /// The algorithms that a holder's key may have.
    pub holder_algorithms: Vec<KeyAlgorithm>,
}

/// What differs between the hierarchies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HierarchySettings {
    /// The first OU= of its names.
    pub unit: String,
    /// The same in the alternative names.
    pub unit_japanese: String,
    /// The policy of the holders' certificates.
    pub policy: ObjectIdentifier,
    /// The address of the OCSP responder; `None` leaves it out of the holders' certificates.
    pub responder: Option<String>,
}

/// A setting that cannot stand in a certificate; says which.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SettingsRefusal(pub &'static str);

impl ProfileSettings {
    /// The settings of a hierarchy.
    pub const fn hierarchy(&self, kind: CertificateKind) -> &HierarchySettings {
        match kind {
            CertificateKind::Signature => &self.signature,
            CertificateKind::Authentication => &self.authentication,
        }
    }

    /// Whether all of them can stand in certificates.
    pub(super) fn check(&self) -> Result<(), SettingsRefusal> {
        for (setting, text) in [
            ("organization", &self.organization),
            ("organization_japanese", &self.organization_japanese),
            ("operator", &self.operator),
            ("operator_japanese", &self.operator_japanese),
            ("signature.unit", &self.signature.unit),
            ("signature.unit_japanese", &self.signature.unit_japanese),
            ("authentication.unit", &self.authentication.unit),
            ("authentication.unit_japanese", &self.authentication.unit_japanese),
        ] {
            let length = text.chars().count();
            if !(1..=TEXT_CHARACTERS_MAX).contains(&length) || text.contains(char::is_control) {
                return Err(SettingsRefusal(setting));
            }
        }
        for (setting, address) in [
            ("statement", Some(&self.statement)),
            ("lists", self.lists.as_ref()),
            ("signature.responder", self.signature.responder.as_ref()),
            ("authentication.responder", self.authentication.responder.as_ref()),
        ] {
            if address.is_some_and(|address| !is_address(address)) {
                return Err(SettingsRefusal(setting));
            }
        }
        if self.lists.as_ref().is_some_and(|lists| lists.ends_with('/')) {
            return Err(SettingsRefusal("lists"));
        }
        if self.attributes.push_arc(1).is_err() {
            return Err(SettingsRefusal("attributes"));
        }
        if self.holder_algorithms.is_empty() {
            return Err(SettingsRefusal("holder_algorithms"));
        }
        Ok(())
    }
}

impl Default for ProfileSettings {
    fn default() -> Self {
        Self {
            organization: "Sekisho Test PKI".to_owned(),
            organization_japanese: "関所試験認証基盤".to_owned(),
            operator: "Sekisho Test Certification Body".to_owned(),
            operator_japanese: "関所試験認証機構".to_owned(),
            signature: HierarchySettings {
                unit: "Sekisho Test PKI for digital signature".to_owned(),
                unit_japanese: "関所試験認証基盤署名用".to_owned(),
                policy: ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.8.5.1.1.20"),
                // Whoever relies on a signature is registered, and told where to ask.
                responder: None,
            },
            authentication: HierarchySettings {
                unit: "Sekisho Test PKI for user authentication".to_owned(),
                unit_japanese: "関所試験認証基盤利用者証明用".to_owned(),
                policy: ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.8.5.1.3.30"),
                responder: Some("http://ocsp.sekisho.example".to_owned()),
            },
            time_stamp_policy: ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.8.5.1.9.10"),
            attributes: ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.8.5.5"),
            statement: "http://www.sekisho.example/cps.html".to_owned(),
            policies_critical: true,
            lists: Some("http://crl.sekisho.example".to_owned()),
            holder_algorithms: vec![KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::P384],
        }
    }
}

impl SettingsRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        "profile_settings"
    }
}

impl From<NameRefusal> for SettingsRefusal {
    fn from(_: NameRefusal) -> Self {
        Self("organization")
    }
}

impl fmt::Display for SettingsRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the setting {} cannot stand in a certificate", self.0)
    }
}

impl std::error::Error for SettingsRefusal {}

/// An absolute address in the characters of an IA5String.
fn is_address(text: &str) -> bool {
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    ["http", "https", "ldap"].contains(&scheme)
        && !rest.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// RFC 5280's bound of O=, OU= and CN= (Appendix A.1).
const TEXT_CHARACTERS_MAX: usize = 64;
