//! Distinguished names (RFC 5280 §4.1.2.4): who issues, who is meant.
//!
//! A name is kept as the bytes it came in, because a certificate is tied to its issuer by these.
//! Names of our own have one attribute to each step, C= as PrintableString and all else as
//! UTF8String.

use crate::decode::{DerFault, Reader, Value};
use crate::encode::{self, tag};
use const_oid::{ObjectIdentifier, db::rfc4519};
use std::borrow::Cow;
use std::fmt;

/// A distinguished name in DER.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    der: Vec<u8>,
}

/// One attribute of a name, as it stands there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attribute<'a> {
    /// Its kind, such as `COUNTRY`.
    pub oid: ObjectIdentifier,
    tag: u8,
    contents: &'a [u8],
    whole: &'a [u8],
}

/// Why something is not a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameRefusal {
    /// Not a Name in DER.
    Der(DerFault),
    /// A country that is not two letters A to Z.
    Country,
    /// An attribute without text.
    Empty,
}

/// C=, two letters (RFC 4519 §2.2).
pub const COUNTRY: ObjectIdentifier = rfc4519::C;
/// L=, a locality (RFC 4519 §2.16).
pub const LOCALITY: ObjectIdentifier = rfc4519::L;
/// O=, an organisation (RFC 4519 §2.19).
pub const ORGANIZATION: ObjectIdentifier = rfc4519::O;
/// OU=, a part of an organisation (RFC 4519 §2.20).
pub const ORGANIZATIONAL_UNIT: ObjectIdentifier = rfc4519::OU;
/// CN=, what something is called (RFC 4519 §2.3).
pub const COMMON_NAME: ObjectIdentifier = rfc4519::CN;

impl Name {
    /// A name of one attribute to each step, the widest first: C=, O=, OU=, CN=.
    pub fn new<T: AsRef<str>>(
        attributes: impl IntoIterator<Item = (ObjectIdentifier, T)>,
    ) -> Result<Self, NameRefusal> {
        let mut steps = Vec::with_capacity(160);
        for (oid, text) in attributes {
            step(&mut steps, &oid, text.as_ref())?;
        }
        let mut der = Vec::with_capacity(steps.len() + 4);
        encode::value(&mut der, tag::SEQUENCE, &steps);
        Ok(Self { der })
    }

    /// Reads a Name in DER.
    pub fn parse(der: &[u8]) -> Result<Self, NameRefusal> {
        let mut steps = Reader::new(Reader::only(der, tag::SEQUENCE)?);
        while !steps.is_empty() {
            let mut set = Reader::new(steps.take(tag::SET)?);
            let mut last: &[u8] = &[];
            loop {
                let attribute = attribute(&mut set)?;
                // DER keeps the values of a SET OF in order (X.690 §11.6).
                if attribute.whole < last {
                    return Err(NameRefusal::Der(DerFault::Value));
                }
                last = attribute.whole;
                if set.is_empty() {
                    break;
                }
            }
        }
        Ok(Self { der: der.to_vec() })
    }

    /// The bytes: SEQUENCE OF SET OF AttributeTypeAndValue.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it is the empty name.
    pub fn is_empty(&self) -> bool {
        self.steps().next().is_none()
    }

    /// Its steps in the order of the bytes; each has one attribute, rarely more.
    pub fn steps(&self) -> impl Iterator<Item = Vec<Attribute<'_>>> {
        let mut rest = Reader::new(Reader::only(&self.der, tag::SEQUENCE).unwrap_or_default());
        std::iter::from_fn(move || {
            let mut set = Reader::new(rest.take(tag::SET).ok()?);
            Some(std::iter::from_fn(|| attribute(&mut set).ok()).collect())
        })
    }

    /// Its attributes in the order of the bytes.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        self.steps().flatten()
    }

    /// The text of the last attribute of this kind.
    pub fn text(&self, oid: ObjectIdentifier) -> Option<Cow<'_, str>> {
        self.attributes().filter(|attribute| attribute.oid == oid).last()?.text()
    }
}

impl<'a> Attribute<'a> {
    /// Its text; `None` if it is of a type that is no text or breaks its type's rules.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match self.tag {
            tag::UTF8_STRING => std::str::from_utf8(self.contents).ok().map(Cow::Borrowed),
            tag::PRINTABLE_STRING | tag::IA5_STRING | TELETEX_STRING
                if self.contents.is_ascii() =>
            {
                std::str::from_utf8(self.contents).ok().map(Cow::Borrowed)
            }
            BMP_STRING if self.contents.len().is_multiple_of(2) => {
                let pairs = self.contents.chunks_exact(2);
                let units: Vec<_> =
                    pairs.map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
                String::from_utf16(&units).ok().map(Cow::Owned)
            }
            _ => None,
        }
    }

    /// The tag of its value.
    pub(crate) const fn string_type(&self) -> u8 {
        self.tag
    }
}

impl NameRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Der(_) => "name_malformed",
            Self::Country => "name_country",
            Self::Empty => "name_empty",
        }
    }
}

impl From<DerFault> for NameRefusal {
    fn from(fault: DerFault) -> Self {
        Self::Der(fault)
    }
}

/// The string of RFC 4514: the narrowest step first.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steps: Vec<_> = self.steps().collect();
        steps.reverse();
        for (at, step) in steps.iter().enumerate() {
            for (within, attribute) in step.iter().enumerate() {
                match (at, within) {
                    (0, 0) => {}
                    (_, 0) => f.write_str(",")?,
                    _ => f.write_str("+")?,
                }
                write!(f, "{attribute}")?;
            }
        }
        Ok(())
    }
}

/// Type and value as in RFC 4514.
impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = SHORT_NAMES.iter().find(|(oid, _)| *oid == self.oid);
        match (short, self.text()) {
            (Some((_, short)), Some(text)) => {
                write!(f, "{short}=")?;
                escaped(f, &text)
            }
            _ => {
                write!(f, "{}=#", self.oid)?;
                self.value().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

impl<'a> Attribute<'a> {
    /// The value with its tag and length.
    fn value(&self) -> &'a [u8] {
        let mut reader = Reader::new(Reader::only(self.whole, tag::SEQUENCE).unwrap_or_default());
        let value = reader.any().and_then(|_| reader.any());
        value.map(|value| value.whole).unwrap_or_default()
    }
}

/// A name may be a person's; where it is to be seen, it is shown on purpose.
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({} bytes)", self.der.len())
    }
}

impl fmt::Display for NameRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Der(fault) => write!(f, "not a name: {fault}"),
            Self::Country => f.write_str("a country is two letters A to Z"),
            Self::Empty => f.write_str("an attribute of a name has no text"),
        }
    }
}

impl std::error::Error for NameRefusal {}

/// Writes a step of one attribute.
fn step(out: &mut Vec<u8>, oid: &ObjectIdentifier, text: &str) -> Result<(), NameRefusal> {
    let country = *oid == COUNTRY;
    if country && !(text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())) {
        return Err(NameRefusal::Country);
    }
    if text.is_empty() {
        return Err(NameRefusal::Empty);
    }
    let string = if country { tag::PRINTABLE_STRING } else { tag::UTF8_STRING };
    encode::nested(out, tag::SET, |out| {
        encode::nested(out, tag::SEQUENCE, |out| {
            encode::oid(out, oid);
            encode::value(out, string, text.as_bytes());
        });
    });
    Ok(())
}

/// The next AttributeTypeAndValue.
fn attribute<'a>(set: &mut Reader<'a>) -> Result<Attribute<'a>, DerFault> {
    let Value { contents, whole, .. } = set.whole(tag::SEQUENCE)?;
    let mut pair = Reader::new(contents);
    let oid = pair.small_oid()?;
    let value = pair.any()?;
    pair.end()?;
    Ok(Attribute { oid, tag: value.tag, contents: value.contents, whole })
}

/// Text with what RFC 4514 §2.4 sets apart.
fn escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let last = text.chars().count().saturating_sub(1);
    for (at, letter) in text.chars().enumerate() {
        match letter {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{letter}")?,
            ' ' if at == 0 || at == last => f.write_str("\\ ")?,
            '#' if at == 0 => f.write_str("\\#")?,
            // Beyond the zero that the RFC names: a log line stays one line.
            control if control.is_ascii_control() => write!(f, "\\{:02X}", u32::from(control))?,
            _ => write!(f, "{letter}")?,
        }
    }
    Ok(())
}

/// The short names of RFC 4514 §3.
const SHORT_NAMES: [(ObjectIdentifier, &str); 9] = [
    (rfc4519::CN, "CN"),
    (rfc4519::L, "L"),
    (rfc4519::ST, "ST"),
    (rfc4519::O, "O"),
    (rfc4519::OU, "OU"),
    (rfc4519::C, "C"),
    (rfc4519::STREET, "STREET"),
    (rfc4519::DC, "DC"),
    (rfc4519::UID, "UID"),
];
const TELETEX_STRING: u8 = 0x14;
const BMP_STRING: u8 = 0x1e;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_has_the_bytes_of_the_standard() {
        let name = Name::new([(COUNTRY, "JP"), (ORGANIZATION, "公的")]).unwrap();
        let der = b"\x30\x1e\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02JP\
                    \x31\x0f\x30\x0d\x06\x03\x55\x04\x0a\x0c\x06\xe5\x85\xac\xe7\x9a\x84";
        assert_eq!(name.der(), der);
        assert_eq!(name.to_string(), "O=公的,C=JP");
        assert_eq!(name.text(COUNTRY).as_deref(), Some("JP"));
        assert_eq!(name.text(COMMON_NAME), None);
        assert!(!name.is_empty());
    }

    #[test]
    fn what_is_no_country_or_empty_is_refused() {
        for text in ["", "J", "jp", "JPN", "日"] {
            assert_eq!(Name::new([(COUNTRY, text)]), Err(NameRefusal::Country), "{text}");
        }
        assert_eq!(Name::new([(COMMON_NAME, "")]), Err(NameRefusal::Empty));
        let nobody = Name::new::<&str>([]).unwrap();
        assert!(nobody.is_empty());
        assert_eq!(Name::parse(nobody.der()), Ok(nobody));
    }

    #[test]
    fn special_characters_are_set_apart() {
        let shown = |text| Name::new([(COMMON_NAME, text)]).unwrap().to_string();
        assert_eq!(shown("#a,b+c"), "CN=\\#a\\,b\\+c");
        assert_eq!(shown(" a "), "CN=\\ a\\ ");
        assert_eq!(shown("a\"b\\c;d<e>"), "CN=a\\\"b\\\\c\\;d\\<e\\>");
        assert_eq!(shown("a\nb"), "CN=a\\0Ab");
        let serial = Name::new([(rfc4519::SERIAL_NUMBER, "7")]).unwrap();
        assert_eq!(serial.to_string(), "2.5.4.5=#0c0137");
    }

    #[test]
    fn texts_of_other_string_types_are_read() {
        let printable = b"\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x13\x02Ab";
        let bmp = b"\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x1e\x04\0A\0b";
        for name in [&printable[..], bmp] {
            assert_eq!(Name::parse(name).unwrap().text(COMMON_NAME).as_deref(), Some("Ab"));
        }
    }

    #[test]
    fn steps_of_several_attributes_are_read_in_der_order_alone() {
        let [first, second] =
            [b"\x30\x08\x06\x03\x55\x04\x03\x0c\x01a", b"\x30\x08\x06\x03\x55\x04\x0a\x0c\x01b"];
        let whole = |set: &[&[u8]]| [b"\x30\x16\x31\x14", set.concat().as_slice()].concat();
        let name = Name::parse(&whole(&[first, second])).unwrap();
        assert_eq!(name.to_string(), "CN=a+O=b");
        assert_eq!(name.steps().count(), 1);
        assert!(Name::parse(&whole(&[second, first])).is_err());
        assert_eq!(Name::parse(b"\x30\x02\x31\x00"), Err(NameRefusal::Der(DerFault::Truncated)));
    }

    proptest! {
        #[test]
        fn names_read_back(texts in proptest::collection::vec("[^\0]{1,80}", 0..6)) {
            let name = Name::new(texts.iter().map(|text| (COMMON_NAME, text))).unwrap();
            prop_assert_eq!(&Name::parse(name.der()).unwrap(), &name);
            let read: Vec<_> = name.attributes().map(|part| part.text().unwrap()).collect();
            prop_assert_eq!(read, texts);
        }

        #[test]
        fn what_is_read_prints_without_a_panic(bytes in any::<Vec<u8>>()) {
            if let Ok(name) = Name::parse(&bytes) {
                prop_assert_eq!(name.der(), bytes);
                let _ = name.to_string();
            }
        }
    }
}
