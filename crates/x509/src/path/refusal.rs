//! Why no path was accepted, and where in the chain.
//!
//! Nothing here holds a name or another value of a certificate beyond object identifiers: refusals
//! are logged, certificates hold personal data.

use std::fmt;

/// The answer to a certificate that is not accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What does not hold.
    pub reason: Reason,
    /// Which certificate of the chain it is about: 0 is the leaf, the trust anchor comes last.
    /// Without one, no certificate was read as such.
    pub depth: Option<usize>,
    /// The object identifier, code or label that it is about, where there is one.
    pub about: Option<String>,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $label:literal $text:literal;)*) => {
        /// Everything that can keep a certificate from being accepted.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable label.
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$name => $label,)*
                }
            }
        }

        impl fmt::Display for Reason {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

reasons! {
    /// A certificate that is not RFC 5280 in DER.
    Malformed "path_malformed" "the certificate is not one of RFC 5280 in DER";
    /// No certificate at hand with the issuer's name and key identifier leads to a trust anchor.
    IssuerUnknown "path_issuer_unknown" "no chain of issuers leads to a trust anchor";
    /// The search gave up within its bounds (`Limits`).
    Limit "path_limit" "the search for a path was given up at its limits";
    /// The issuer's key did not make the signature.
    Signature "path_signature" "the signature is not the issuer's";
    /// The two AlgorithmIdentifiers differ, or one is not among those accepted.
    Algorithm "path_signature_algorithm" "the signature algorithm is not accepted";
    /// Signed over SHA-1 or MD5.
    WeakHash "path_signature_weak" "the signature is over SHA-1 or MD5";
    /// RSA below 2,048 bits.
    WeakKey "path_key_weak" "the key is an RSA key of fewer than 2,048 bits";
    /// A key of another kind than RSA, P-256, P-384, P-521, Ed25519.
    Key "path_key" "the key is of a kind that is not accepted";
    /// Before notBefore.
    NotYetValid "path_not_yet_valid" "the certificate is not valid yet";
    /// After notAfter.
    Expired "path_expired" "the certificate has expired";
    /// A critical extension that is not processed (RFC 5280 §4.2).
    CriticalExtension "path_critical_extension" "a critical extension is unknown";
    /// An issuer without basicConstraints that say so, or not of version 3.
    NotACa "path_not_a_ca" "the issuer is not a certificate authority";
    /// An issuer whose keyUsage lacks keyCertSign.
    KeyUsage "path_key_usage" "the issuer's key may not sign certificates";
    /// More issuers than pathLenConstraint admits.
    PathLength "path_length" "the path is longer than an issuer admits";
    /// A name outside the permitted subtrees, or inside an excluded one.
    NameConstraint "path_name_constraint" "a name is outside an issuer's name constraints";
    /// A constraint on a form of names that is not processed.
    NameForm "path_name_form" "a name constraint is of a form that is not processed";
    /// No valid policy, and one is asked for.
    Policy "path_policy" "no certificate policy holds along the path";
    /// A mapping from or to anyPolicy.
    PolicyMapping "path_policy_mapping" "a policy mapping names anyPolicy";
    /// extendedKeyUsage or keyUsage does not admit the purpose.
    Purpose "path_purpose" "the certificate is not for this purpose";
    /// Revoked.
    Revoked "path_revoked" "the certificate is revoked";
    /// Revoked with the reason certificateHold.
    OnHold "path_on_hold" "the certificate is suspended";
    /// No revocation list at hand is of its issuer.
    RevocationUnknown "path_revocation_unknown" "no revocation list tells its state";
    /// A revocation list that is not RFC 5280 in DER.
    CrlMalformed "path_crl_malformed" "the revocation list is not one of RFC 5280 in DER";
    /// Lists of its issuer, none of which covers this certificate.
    CrlScope "path_crl_scope" "no revocation list of the issuer covers the certificate";
    /// Only part of the reasons is covered.
    CrlReasons "path_crl_reasons" "the revocation lists do not cover all reasons";
    /// An indirect list: one that covers certificates of other issuers.
    CrlIndirect "path_crl_indirect" "the revocation list is indirect";
    /// A delta list without the complete list that it goes with.
    CrlDelta "path_crl_delta" "a delta list is there without its complete list";
    /// A critical extension of a list or an entry that is not processed.
    CrlExtension "path_crl_critical_extension"
        "a critical extension of the revocation list is unknown";
    /// thisUpdate is in the future.
    CrlNotYetValid "path_crl_not_yet_valid" "the revocation list is not valid yet";
    /// nextUpdate is in the past, or missing.
    CrlExpired "path_crl_expired" "the revocation list has expired";
    /// No certificate at hand is of the list's issuer and may sign lists (cRLSign).
    CrlIssuer "path_crl_issuer" "the revocation list's issuer may not sign it";
    /// The signature of the list is not its issuer's.
    CrlSignature "path_crl_signature" "the revocation list's signature is not its issuer's";
}

impl Refusal {
    pub(super) const fn new(reason: Reason, depth: usize) -> Self {
        Self { reason, depth: Some(depth), about: None }
    }

    pub(super) const fn unread(reason: Reason) -> Self {
        Self { reason, depth: None, about: None }
    }

    pub(super) fn about(mut self, about: impl fmt::Display) -> Self {
        self.about = Some(about.to_string());
        self
    }

    /// The stable label.
    pub const fn label(&self) -> &'static str {
        self.reason.label()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.depth {
            None => {}
            Some(0) => f.write_str("leaf: ")?,
            Some(depth) => write!(f, "issuer {depth}: ")?,
        }
        write!(f, "{}", self.reason)?;
        self.about.iter().try_for_each(|about| write!(f, " ({about})"))
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_in_the_table_of_labels() {
        for reason in Reason::ALL {
            let label = base::labels::find(reason.label()).unwrap_or_else(|| panic!("{reason:?}"));
            assert!(reason.to_string().is_ascii() && label.status == 422, "{reason}");
        }
    }

    #[test]
    fn a_refusal_names_the_place() {
        let refusal = Refusal::new(Reason::CriticalExtension, 0).about("1.2.3");
        assert_eq!(refusal.to_string(), "leaf: a critical extension is unknown (1.2.3)");
        let refusal = Refusal::new(Reason::Expired, 2);
        assert_eq!(refusal.to_string(), "issuer 2: the certificate has expired");
        assert_eq!(refusal.label(), "path_expired");
    }
}
