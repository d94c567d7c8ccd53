//! The identifiers of extensions and of key purposes by the names they have here.

/// Extensions (RFC 5280 §4.2, RFC 6960 §4.2.2.2.1).
pub mod extension_id {
    use const_oid::ObjectIdentifier;
    use const_oid::db::{rfc5280, rfc6960};

    /// authorityKeyIdentifier.
    pub const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER;
    /// subjectKeyIdentifier.
    pub const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER;
    /// keyUsage.
    pub const KEY_USAGE: ObjectIdentifier = rfc5280::ID_CE_KEY_USAGE;
    /// extKeyUsage.
    pub const EXTENDED_KEY_USAGE: ObjectIdentifier = rfc5280::ID_CE_EXT_KEY_USAGE;
    /// subjectAltName.
    pub const SUBJECT_ALT_NAME: ObjectIdentifier = rfc5280::ID_CE_SUBJECT_ALT_NAME;
    /// issuerAltName.
    pub const ISSUER_ALT_NAME: ObjectIdentifier = rfc5280::ID_CE_ISSUER_ALT_NAME;
    /// certificatePolicies.
    pub const CERTIFICATE_POLICIES: ObjectIdentifier = rfc5280::ID_CE_CERTIFICATE_POLICIES;
    /// basicConstraints.
    pub const BASIC_CONSTRAINTS: ObjectIdentifier = rfc5280::ID_CE_BASIC_CONSTRAINTS;
    /// cRLDistributionPoints.
    pub const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS;
    /// freshestCRL.
    pub const FRESHEST_CRL: ObjectIdentifier = rfc5280::ID_CE_FRESHEST_CRL;
    /// authorityInfoAccess.
    pub const AUTHORITY_INFO_ACCESS: ObjectIdentifier = rfc5280::ID_PE_AUTHORITY_INFO_ACCESS;
    /// id-pkix-ocsp-nocheck.
    pub const OCSP_NO_CHECK: ObjectIdentifier = rfc6960::ID_PKIX_OCSP_NOCHECK;
}

/// Purposes of keys (RFC 5280 §4.2.1.12).
pub mod purpose {
    use const_oid::ObjectIdentifier;
    use const_oid::db::rfc5280;

    /// A client shows who it is.
    pub const CLIENT_AUTH: ObjectIdentifier = rfc5280::ID_KP_CLIENT_AUTH;
    /// A server shows who it is.
    pub const SERVER_AUTH: ObjectIdentifier = rfc5280::ID_KP_SERVER_AUTH;
    /// OCSP answers for an authority.
    pub const OCSP_SIGNING: ObjectIdentifier = rfc5280::ID_KP_OCSP_SIGNING;
    /// Time stamps.
    pub const TIME_STAMPING: ObjectIdentifier = rfc5280::ID_KP_TIME_STAMPING;
}
