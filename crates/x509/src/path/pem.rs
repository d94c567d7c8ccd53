//! Certificates and lists out of a file: PEM (RFC 7468), several in a row, or one in DER.

use super::refusal::{Reason, Refusal};

/// What a file holds: the DER of each document under this label, or the file itself when it is not
/// PEM. Other PEM documents and text between them are left out. Refused with `path_malformed`
/// when a document does not decode or none is there.
pub fn documents(file: &[u8], label: &str) -> Result<Vec<Vec<u8>>, Refusal> {
    // No certificate is so short that its length fits into one octet.
    if matches!(file, [super::der::SEQUENCE, 0x81..=0x84, ..]) {
        return Ok(vec![file.to_vec()]);
    }
    let malformed = || Refusal::unread(Reason::Malformed);
    let text = std::str::from_utf8(file).map_err(|_| malformed())?;
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(BEGIN) {
        let here = &rest[start..];
        let end = here.find(END).ok_or_else(malformed)?;
        let line = here[end..].find('\n').map_or(here.len(), |line| end + line);
        let (found, der) =
            der::pem::decode_vec(here[..line].trim_end().as_bytes()).map_err(|_| malformed())?;
        if found == label {
            out.push(der);
        }
        rest = &here[line..];
    }
    if out.is_empty() { Err(malformed()) } else { Ok(out) }
}

/// The label of certificates.
pub const PEM_CERTIFICATE: &str = "CERTIFICATE";
/// The label of revocation lists.
pub const PEM_CRL: &str = "X509 CRL";

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
