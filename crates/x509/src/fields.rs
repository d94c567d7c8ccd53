//! Parts that revocation lists, OCSP and time stamps share: small integers, algorithm identifiers,
//! raw extensions, names in general, moments to the microsecond.
//!
//! Owns no structure of its own; each reader tells a fault under its own label.

use crate::RawExtension;
use crate::decode::{self, DerFault, Reader};
use crate::encode::{self, tag};
use const_oid::ObjectIdentifier;

/// The next Extension.
fn read_extension<'a>(reader: &mut Reader<'a>) -> Result<RawExtension<'a>, DerFault> {
    let mut inner = reader.sequence()?;
    let (oid, critical) = (inner.oid()?, inner.flag()?);
    let value = inner.take(tag::OCTET_STRING)?;
    inner.end()?;
    Ok(RawExtension { oid, critical, value })
}

/// Why bytes are no Extensions.
pub(crate) enum ExtensionsFault {
    Der(DerFault),
    /// None, one twice, or more than anything has.
    Count,
}

/// Hands out the extensions within a SEQUENCE: at least one, none twice, none copied. Entries of
/// lists have one or two and are many.
pub(crate) fn each_extension<'a>(
    list: Reader<'a>,
    mut take: impl FnMut(RawExtension<'a>) -> Result<(), DerFault>,
) -> Result<(), ExtensionsFault> {
    let (mut rest, mut count) = (list, 0);
    while !rest.is_empty() {
        let extension = read_extension(&mut rest)?;
        let mut before = list;
        for _ in 0..count {
            if read_extension(&mut before)?.oid == extension.oid {
                return Err(ExtensionsFault::Count);
            }
        }
        count += 1;
        if count > EXTENSIONS_MAX {
            return Err(ExtensionsFault::Count);
        }
        take(extension)?;
    }
    if count > 0 { Ok(()) } else { Err(ExtensionsFault::Count) }
}

/// The extensions within a SEQUENCE: at least one, none twice.
pub(crate) fn read_extensions(contents: &[u8]) -> Result<Vec<RawExtension<'_>>, DerFault> {
    Ok(list_extensions(contents)?)
}

/// The same, with the fault told apart.
pub(crate) fn list_extensions(contents: &[u8]) -> Result<Vec<RawExtension<'_>>, ExtensionsFault> {
    let mut out = Vec::with_capacity(8);
    each_extension(Reader::new(contents), |extension| {
        out.push(extension);
        Ok(())
    })?;
    Ok(out)
}

impl From<DerFault> for ExtensionsFault {
    fn from(fault: DerFault) -> Self {
        Self::Der(fault)
    }
}

impl From<ExtensionsFault> for DerFault {
    fn from(fault: ExtensionsFault) -> Self {
        match fault {
            ExtensionsFault::Der(fault) => fault,
            ExtensionsFault::Count => Self::Value,
        }
    }
}

/// Writes an Extension.
pub(crate) fn write_extension(
    out: &mut Vec<u8>,
    oid: &ObjectIdentifier,
    critical: bool,
    fill: impl FnOnce(&mut Vec<u8>),
) {
    encode::nested(out, tag::SEQUENCE, |out| {
        encode::oid(out, oid);
        if critical {
            encode::boolean_true(out, tag::BOOLEAN);
        }
        encode::nested(out, tag::OCTET_STRING, fill);
    });
}

/// Puts tag and length in front of everything from `start`, which moves up.
pub(crate) fn front(out: &mut Vec<u8>, start: usize, tag: u8) {
    let mut header = vec![tag];
    encode::length(&mut header, out.len() - start);
    out.splice(start..start, header);
}

/// The value of an INTEGER or ENUMERATED that is not negative and below 2⁶³.
pub(crate) fn small(contents: &[u8]) -> Result<u64, DerFault> {
    decode::shortest_integer(contents, 8)?;
    if contents[0] & 0x80 != 0 {
        return Err(DerFault::Integer);
    }
    Ok(contents.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// The big-endian bytes of an INTEGER that is not negative, without a zero in front but for zero
/// itself; at most `bytes_max` of them.
pub(crate) fn unsigned<'a>(
    reader: &mut Reader<'a>,
    bytes_max: usize,
) -> Result<&'a [u8], DerFault> {
    match reader.integer(bytes_max + 1)? {
        [0, bytes @ ..] if !bytes.is_empty() => Ok(bytes),
        [first, ..] if first & 0x80 != 0 => Err(DerFault::Integer),
        bytes if bytes.len() > bytes_max => Err(DerFault::Integer),
        bytes => Ok(bytes),
    }
}

/// An AlgorithmIdentifier: the contents of its OID and its parameters, if there are any.
pub(crate) fn algorithm<'a>(
    reader: &mut Reader<'a>,
) -> Result<(&'a [u8], Option<&'a [u8]>), DerFault> {
    let mut inner = reader.sequence()?;
    let oid = inner.oid()?;
    let parameters = if inner.is_empty() { None } else { Some(inner.any()?.whole) };
    inner.end()?;
    Ok((oid, parameters))
}

/// What stands in a SubjectPublicKeyInfo in DER: the contents of the AlgorithmIdentifier, and the
/// key's bits.
pub(crate) fn subject_public_key(der: &[u8]) -> Result<(&[u8], &[u8]), DerFault> {
    let mut inner = Reader::new(Reader::only(der, tag::SEQUENCE)?);
    let identifier = inner.whole(tag::SEQUENCE)?;
    algorithm(&mut Reader::new(identifier.whole))?;
    let bits = inner.whole_bits()?;
    inner.end()?;
    Ok((identifier.contents, bits))
}

/// The keyIdentifier of an AuthorityKeyIdentifier (RFC 5280 §4.2.1.1), if it has one.
pub(crate) fn authority_key(value: &[u8]) -> Result<Option<&[u8]>, DerFault> {
    let mut inner = Reader::new(Reader::only(value, tag::SEQUENCE)?);
    let key = inner.optional(tag::context(0))?;
    all_whole(inner.optional(tag::constructed(1))?.unwrap_or_default())?;
    if let Some(serial) = inner.optional(tag::context(2))? {
        decode::shortest_integer(serial, serial.len())?;
    }
    inner.end()?;
    Ok(key)
}

/// Every value of a SEQUENCE OF or SET OF is whole.
pub(crate) fn all_whole(contents: &[u8]) -> Result<(), DerFault> {
    let mut reader = Reader::new(contents);
    while !reader.is_empty() {
        reader.any()?;
    }
    Ok(())
}

/// More extensions than anything has; each is compared with those before it.
const EXTENSIONS_MAX: usize = 64;
/// ENUMERATED.
pub(crate) const ENUMERATED: u8 = 0x0a;
/// `[4]` and `[6]` of a GeneralName (RFC 5280 §4.2.1.6): a directory's name, an address.
pub(crate) const DIRECTORY_NAME: u8 = tag::constructed(4);
pub(crate) const URI: u8 = tag::context(6);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_not_negative_and_fit() {
        let read = |bytes: &[u8]| unsigned(&mut Reader::new(bytes), 2).map(<[u8]>::to_vec);
        assert_eq!(read(&[2, 1, 0]), Ok(vec![0]));
        assert_eq!(read(&[2, 3, 0, 0xff, 1]), Ok(vec![0xff, 1]));
        for bytes in [&[2, 1, 0x80][..], &[2, 3, 1, 2, 3], &[2, 4, 0, 0xff, 1, 2], &[2, 2, 0, 1]] {
            assert_eq!(read(bytes), Err(DerFault::Integer), "{bytes:?}");
        }
        assert_eq!(small(&[0x7f; 8]), Ok(0x7f7f_7f7f_7f7f_7f7f));
        assert_eq!(small(&[0x80]), Err(DerFault::Integer));
        assert_eq!(small(&[]), Err(DerFault::Integer));
    }

    #[test]
    fn an_extension_stands_once() {
        let id = const_oid::db::rfc5280::ID_CE_CRL_NUMBER;
        let mut one = Vec::new();
        write_extension(&mut one, &id, true, |out| encode::unsigned(out, tag::INTEGER, &[200]));
        let read = read_extensions(&one).unwrap();
        assert!(read[0].is(&id) && read[0].critical);
        assert_eq!(read[0].value, [2, 2, 0, 200]);
        for contents in [vec![], [&one[..], &one].concat(), [&one[..], &[5, 0]].concat()] {
            assert!(read_extensions(&contents).is_err());
        }
    }
}
