//! Distinguished names and general names, as they are compared.
//!
//! A name keeps its bytes. For comparison each attribute is folded (RFC 5280 §7.1): text of
//! PrintableString, UTF8String and IA5String goes by its characters without regard to case and to
//! the number of spaces; whatever else is there goes byte by byte. Characters are not normalised
//! further, so that two names that look alike are two names.

use crate::decode::{DerFault, Reader, Value};
use crate::encode::tag;
use crate::fields::{DIRECTORY_NAME, URI};

/// A distinguished name.
#[derive(Clone, Debug)]
pub(super) struct Name {
    der: Vec<u8>,
    /// One folded entry per relative distinguished name.
    folded: Vec<Vec<u8>>,
    /// The values of emailAddress attributes.
    emails: Vec<Vec<u8>>,
}

/// A GeneralName of a subjectAltName, a distribution point or a name constraint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum GeneralName {
    /// A mailbox, or in a constraint a host or domain.
    Rfc822(Vec<u8>),
    Dns(Vec<u8>),
    Directory(Name),
    Uri(Vec<u8>),
    /// 4 or 16 bytes; in a constraint as many again for the mask.
    Ip(Vec<u8>),
    /// A form that is not looked into: its tag and its contents.
    Other(u8, Vec<u8>),
}

impl Name {
    /// Reads a Name in DER.
    pub(super) fn read(der: &[u8]) -> Result<Self, DerFault> {
        let mut list = Reader::new(Reader::only(der, tag::SEQUENCE)?);
        let (mut folded, mut emails) = (Vec::new(), Vec::new());
        while !list.is_empty() {
            folded.push(fold_set(list.take(tag::SET)?, &mut emails)?);
        }
        Ok(Self { der: der.to_vec(), folded, emails })
    }

    /// This name with one more relative distinguished name: the contents of its SET.
    pub(super) fn below(&self, set: &[u8]) -> Result<Self, DerFault> {
        let mut out = self.clone();
        out.folded.push(fold_set(set, &mut out.emails)?);
        out.der.clear();
        Ok(out)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.folded.is_empty()
    }

    /// Whether it stands at or below `base` (RFC 5280 §4.2.1.10).
    pub(super) fn is_within(&self, base: &Self) -> bool {
        self.folded.starts_with(&base.folded)
    }

    pub(super) fn emails(&self) -> &[Vec<u8>] {
        &self.emails
    }

    /// The bytes as they came.
    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for Name {}

impl GeneralName {
    /// Reads one, with the form of a subjectAltName.
    pub(super) fn next(reader: &mut Reader<'_>) -> Result<Self, DerFault> {
        let Value { tag, contents, .. } = reader.any()?;
        let ascii = || {
            let plain = contents.is_ascii() && !contents.contains(&0);
            if plain { Ok(contents.to_vec()) } else { Err(DerFault::Value) }
        };
        Ok(match tag {
            RFC822 => Self::Rfc822(ascii()?),
            DNS => Self::Dns(ascii()?),
            DIRECTORY_NAME => Self::Directory(Name::read(contents)?),
            URI => Self::Uri(ascii()?),
            IP => Self::Ip(contents.to_vec()),
            OTHER | X400 | EDI | REGISTERED => Self::Other(tag, contents.to_vec()),
            _ => return Err(DerFault::Tag),
        })
    }

    /// Reads the contents of GeneralNames: at least one.
    pub(super) fn list(contents: &[u8]) -> Result<Vec<Self>, DerFault> {
        Reader::new(contents).each(Self::next)
    }
}

/// Folds one relative distinguished name: its attributes in an order of their own.
fn fold_set(contents: &[u8], emails: &mut Vec<Vec<u8>>) -> Result<Vec<u8>, DerFault> {
    let mut attributes = Reader::new(contents).each(|set| {
        let mut pair = set.sequence()?;
        let (kind, value) = (pair.oid()?, pair.any()?);
        pair.end()?;
        if kind == EMAIL_ADDRESS {
            emails.push(value.contents.to_vec());
        }
        Ok((kind, fold_value(value)?))
    })?;
    attributes.sort();
    let mut out = Vec::new();
    for part in attributes.iter().flat_map(|(kind, value)| [*kind, value]) {
        out.extend((part.len() as u64).to_be_bytes());
        out.extend(part);
    }
    Ok(out)
}

/// What is compared of a value: one leading byte for text or the tag, and then the contents.
fn fold_value(value: Value<'_>) -> Result<Vec<u8>, DerFault> {
    if !TEXT.contains(&value.tag) {
        return Ok([&[value.tag], value.contents].concat());
    }
    let text = std::str::from_utf8(value.contents).map_err(|_| DerFault::Value)?;
    if value.tag != tag::UTF8_STRING && !text.is_ascii() {
        return Err(DerFault::Value);
    }
    let mut out = String::from("t");
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if out.len() > 1 {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    Ok(out.into_bytes())
}

const TEXT: [u8; 3] = [tag::UTF8_STRING, tag::PRINTABLE_STRING, tag::IA5_STRING];

/// 1.2.840.113549.1.9.1 (PKCS #9).
const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];

const OTHER: u8 = tag::constructed(0);
const RFC822: u8 = tag::context(1);
const DNS: u8 = tag::context(2);
const X400: u8 = tag::constructed(3);
const EDI: u8 = tag::constructed(5);
const IP: u8 = tag::context(7);
const REGISTERED: u8 = tag::context(8);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::tag::{PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING};

    /// A Name of one-attribute sets: the last arc below 2.5.4, the tag and the text of each.
    fn name(parts: &[(u8, u8, &str)]) -> Name {
        let mut list = Vec::new();
        for (arc, tag, text) in parts {
            let value = [&[*tag, text.len() as u8], text.as_bytes()].concat();
            let pair = [&[0x06, 3, 0x55, 4, *arc][..], &value].concat();
            let pair = [&[SEQUENCE, pair.len() as u8][..], &pair].concat();
            list.extend([&[SET, pair.len() as u8][..], &pair].concat());
        }
        let whole = [&[SEQUENCE, list.len() as u8][..], &list].concat();
        Name::read(&whole).unwrap()
    }

    #[test]
    fn text_is_compared_without_case_and_spaces() {
        let plain = name(&[(6, PRINTABLE_STRING, "JP"), (10, PRINTABLE_STRING, "Good CA")]);
        let folded = name(&[(6, UTF8_STRING, "jp"), (10, UTF8_STRING, "  gOOD   ca ")]);
        assert_eq!(plain, folded);
        assert_ne!(plain.der(), folded.der());
        for other in [
            name(&[(6, PRINTABLE_STRING, "JP"), (10, PRINTABLE_STRING, "GoodCA")]),
            name(&[(10, PRINTABLE_STRING, "Good CA"), (6, PRINTABLE_STRING, "JP")]),
            name(&[(6, PRINTABLE_STRING, "JP"), (11, PRINTABLE_STRING, "Good CA")]),
            name(&[(6, PRINTABLE_STRING, "JP")]),
            name(&[(6, PRINTABLE_STRING, "JP"), (10, 0x1e, "Good CA")]),
        ] {
            assert_ne!(plain, other);
        }
        // Japanese text as it stands: a compatibility character is another character.
        assert_ne!(name(&[(3, UTF8_STRING, "\u{795e}")]), name(&[(3, UTF8_STRING, "\u{fa19}")]));
    }

    #[test]
    fn subtrees_go_by_whole_names() {
        let base = name(&[(6, PRINTABLE_STRING, "JP"), (10, UTF8_STRING, "Chiyoda")]);
        let below = name(&[(6, UTF8_STRING, "jp"), (10, UTF8_STRING, "chiyoda"), (3, 0x0c, "x")]);
        let beside = name(&[(6, UTF8_STRING, "JP"), (10, UTF8_STRING, "Chiyoda-ku"), (3, 12, "x")]);
        assert!(below.is_within(&base) && base.is_within(&base) && !base.is_within(&below));
        assert!(!beside.is_within(&base));
        assert!(beside.is_within(&name(&[])));
    }

    #[test]
    fn broken_names_are_refused() {
        let read = |bytes: &[u8]| Name::read(bytes).is_err();
        // An empty set, a pair without a value, a PrintableString beyond ASCII.
        assert!(read(&[SEQUENCE, 2, SET, 0]));
        assert!(read(&[SEQUENCE, 9, SET, 7, SEQUENCE, 5, 0x06, 3, 0x55, 4, 3]));
        let accent = [SEQUENCE, 13, SET, 11, SEQUENCE, 9, 6, 3, 0x55, 4, 3, 0x13, 2, 0xc3, 0xa9];
        assert!(read(&accent));
        assert!(GeneralName::list(&[]).is_err());
        assert!(GeneralName::list(&[DNS, 1, 0]).is_err());
        assert!(GeneralName::list(&[DNS, 2, 0xc3, 0xa9]).is_err());
        assert!(GeneralName::list(&[0x89, 0]).is_err());
    }
}
