//! X.509 as the platform speaks it: keys and algorithms, certificates, requests, revocation lists,
//! OCSP and time stamps, built and read byte for byte.
//!
//! Everything here is a pure function of bytes: who signs hands in a signature, who asks for the
//! time is handed a moment. What is read is DER and nothing else (ITU-T X.690 chapter 10): trailing
//! bytes, indefinite lengths and values in other than their shortest form are refused.

mod certificate;
mod crl;
mod crl_read;
mod crl_scope;
mod decode;
mod digest;
mod encode;
mod extension;
mod fields;
mod key;
pub mod lint;
mod name;
mod ocsp;
mod ocsp_id;
mod ocsp_read;
mod ocsp_request;
mod oid;
pub mod path;
pub mod pem;
mod request;
mod serial;
mod signature;
#[cfg(test)]
mod testing;
mod time_stamp;
mod time_stamp_read;
mod time_stamp_request;
mod weakness;

pub use certificate::{Certificate, CertificateRefusal, RawExtension, TbsCertificate, assemble};
pub use const_oid::ObjectIdentifier;
pub use crl::{
    Covers, CrlBuilder, CrlEntry, CrlNumber, CrlProfile, CrlRefusal, CrlScope, CrlToBeSigned,
    RevocationReason,
};
pub use crl_read::{Crl, CrlEntryView, CrlReadRefusal, Entries};
pub use crl_scope::{CrlScopeView, PointName};
pub use decode::DerFault;
pub use digest::sha256;
pub use extension::{Extension, GeneralName, KeyUsage};
pub use key::{KeyAlgorithm, PublicKey, PublicKeyRefusal};
pub use name::{
    Attribute, COMMON_NAME, COUNTRY, LOCALITY, Name, NameRefusal, ORGANIZATION, ORGANIZATIONAL_UNIT,
};
pub use ocsp::{CertStatus, OcspAnswer, OcspResponseData, OcspStatus};
pub use ocsp_id::{CertId, IdHash, IssuerId};
pub use ocsp_read::{OcspChecked, OcspQuestion, OcspReadRefusal, OcspResponse};
pub use ocsp_request::{
    OCSP_CERTIFICATES_MAX, OCSP_NONCE_BYTES_MAX, OCSP_REQUEST_BYTES_MAX, OcspRequest,
    OcspRequestRefusal,
};
pub use oid::{extension_id, purpose};
pub use request::{
    CertificationRequest, PossessedKey, REQUEST_BYTES_MAX, RequestRefusal, encode_request_info,
};
pub use serial::{SERIAL_BYTES_MAX, Serial, SerialRefusal};
pub use time_stamp::{TimeStampInfo, TimeStampRefusal, TimeStampToBeSigned};
pub use time_stamp_read::{TimeStamp, TimeStampReadRefusal};
pub use time_stamp_request::{
    Imprint, ImprintHash, TIME_STAMP_REQUEST_BYTES_MAX, TimeStampFailure, TimeStampRequest,
    TimeStampRequestRefusal,
};
pub use weakness::Weakness;
