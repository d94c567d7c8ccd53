//! The textual form of DER (RFC 7468), and files that hold it or DER itself.

use crate::encode::tag;
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

/// What a file holds: the DER of each document under this label, several in a row, or the file
/// itself when it is DER. Other PEM documents and text between them are left out. `None` when a
/// document does not decode or none is there.
pub fn documents(file: &[u8], label: &str) -> Option<Vec<Vec<u8>>> {
    // No certificate is so short that its length fits into one octet.
    if matches!(file, [tag::SEQUENCE, 0x81..=0x84, ..]) {
        return Some(vec![file.to_vec()]);
    }
    let mut out = Vec::new();
    let mut rest = std::str::from_utf8(file).ok()?;
    while let Some(start) = rest.find(BEGIN) {
        let here = &rest[start..];
        let end = here.find(END)?;
        let line = here[end..].find('\n').map_or(here.len(), |line| end + line);
        let (found, der) = decode(here[..line].trim_end())?;
        if found == label {
            out.push(der);
        }
        rest = &here[line..];
    }
    (!out.is_empty()).then_some(out)
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

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

    #[test]
    fn files_hold_one_or_several_documents() {
        let one = [&[0x30, 0x81, 0x80][..], &[5; 0x80]].concat();
        let other = [7; 200];
        let [first, list, second] =
            [(CERTIFICATE, &one[..]), (X509_CRL, &[1]), (CERTIFICATE, &other)]
                .map(|(label, der)| encode(label, der));
        let text = format!("subject=…\n{first}{list}\n{second}");
        let both = vec![one.clone(), other.to_vec()];
        assert_eq!(documents(text.as_bytes(), CERTIFICATE), Some(both));
        assert_eq!(documents(text.as_bytes(), X509_CRL), Some(vec![vec![1]]));
        assert_eq!(documents(text.as_bytes(), CERTIFICATE_REQUEST), None);
        assert_eq!(documents(&one, CERTIFICATE), Some(vec![one.clone()]));
        for wrong in ["", "-----BEGIN CERTIFICATE-----\n", "no PEM", &text[..100]] {
            assert_eq!(documents(wrong.as_bytes(), CERTIFICATE), None, "{wrong}");
        }
        assert_eq!(documents(&[0xff, 0xfe], CERTIFICATE), None);
    }
}
