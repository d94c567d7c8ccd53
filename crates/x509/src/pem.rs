//! The textual form of DER (RFC 7468).

use der::pem::{self, LineEnding};

/// The label of a certificate.
pub const CERTIFICATE: &str = "CERTIFICATE";
/// The label of a certification request.
pub const CERTIFICATE_REQUEST: &str = "CERTIFICATE REQUEST";
/// The label of a revocation list.
pub const X509_CRL: &str = "X509 CRL";

/// The text with this label; empty if the label is not one of RFC 7468.
pub fn encode(label: &'static str, der: &[u8]) -> String {
    pem::encode_string(label, LineEnding::LF, der).unwrap_or_default()
}

/// The first encapsulated DER and its label; `None` if the text is no PEM.
pub fn decode(text: &str) -> Option<(&str, Vec<u8>)> {
    pem::decode_vec(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for length in [1, 47, 48, 49, 1000] {
            let der = vec![7; length];
            let text = encode(X509_CRL, &der);
            assert!(text.starts_with("-----BEGIN X509 CRL-----\n"));
            assert_eq!(decode(&text), Some((X509_CRL, der)));
        }
        assert_eq!(decode(""), None);
        assert_eq!(decode("-----BEGIN A-----\n!\n-----END A-----\n"), None);
    }
}
