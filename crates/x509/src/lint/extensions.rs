//! The rules for extensions: which there are, and what stands in each.
//!
//! Values are read here anew from their bytes; nothing is shared with the code that writes them.

use super::{Expected, Finding, printable};
use crate::certificate::{Body, RawExtension};
use crate::decode::{DerFault, Reader};
use crate::encode::tag;
use crate::{KeyUsage, PublicKey};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280;

/// Tells `must` whether each rule holds.
pub(super) fn lint(
    body: &Body<'_>,
    key: Option<&PublicKey>,
    expected: &Expected,
    must: &mut impl FnMut(bool, Finding),
) {
    let written = body.extensions.iter().map(|extension| (extension.oid, extension.critical));
    let wanted = expected.extensions.iter().map(|(oid, critical)| (oid.as_bytes(), *critical));
    must(written.eq(wanted), Finding::ExtensionOrder);
    let value = |oid: ObjectIdentifier| {
        body.extensions.iter().find(|extension| extension.is(&oid)).map(|found| found.value)
    };
    let usage = value(rfc5280::ID_CE_KEY_USAGE).and_then(KeyUsage::parse);
    must(usage == Some(expected.key_usage), Finding::KeyUsage);
    let purposes = value(rfc5280::ID_CE_EXT_KEY_USAGE).map(purposes).unwrap_or_default();
    must(are(&purposes, &expected.extended_key_usage), Finding::ExtendedKeyUsage);
    // Who signs certificates says so twice, and nobody else says it once.
    let signs = expected.key_usage.has(KeyUsage::KEY_CERT_SIGN);
    let authority = value(rfc5280::ID_CE_BASIC_CONSTRAINTS).is_some_and(is_authority);
    must(authority == signs, Finding::Authority);
    let policies = value(rfc5280::ID_CE_CERTIFICATE_POLICIES).map(policies).unwrap_or_default();
    must(are(&policies, expected.policy.as_slice()), Finding::Policy);
    let issuer = value(rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER);
    let issuer_known = match issuer {
        Some(value) => issuer_key(value) == Ok(&expected.issuer_key.key_identifier()[..]),
        None => expected.self_issued,
    };
    must(issuer_known, Finding::AuthorityKey);
    let subject = value(rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER);
    let subject = subject.and_then(|value| Reader::only(value, tag::OCTET_STRING).ok());
    must(
        subject == key.map(PublicKey::key_identifier).as_ref().map(|id| &id[..]),
        Finding::SubjectKey,
    );
    let texts = value(rfc5280::ID_CE_SUBJECT_ALT_NAME).map(texts).unwrap_or_default();
    lint_texts(&texts, expected, must);
    let sound = body.extensions.iter().all(|extension| addresses_are_known(extension, expected));
    must(sound, Finding::Address);
}

/// An OBJECT IDENTIFIER's contents, and the text that goes with it.
type Text<'a> = (&'a [u8], &'a str);

fn lint_texts(texts: &[Text<'_>], expected: &Expected, must: &mut impl FnMut(bool, Finding)) {
    let kinds: Vec<_> = texts.iter().map(|(kind, _)| *kind).collect();
    let filled = texts.iter().all(|(_, text)| !text.is_empty() && printable(text));
    must(are(&kinds, &expected.texts) && filled, Finding::Texts);
    let text = |kind: &ObjectIdentifier| {
        texts.iter().find(|(other, _)| *other == kind.as_bytes()).map(|(_, text)| *text)
    };
    let fits = expected.flags.iter().all(|(of, flags)| match (text(of), text(flags)) {
        (Some(of), Some(flags)) => {
            of.chars().count() == flags.len()
                && flags.bytes().all(|digit| matches!(digit, b'0' | b'1'))
        }
        // That one is missing is the other rule's to say.
        _ => true,
    });
    must(fits, Finding::Flags);
}

fn are(written: &[&[u8]], expected: &[ObjectIdentifier]) -> bool {
    written.iter().copied().eq(expected.iter().map(ObjectIdentifier::as_bytes))
}

/// What is read of a value that is not as it must be: nothing fits it.
const BROKEN: &[u8] = &[];

fn purposes(value: &[u8]) -> Vec<&[u8]> {
    let read = || -> Result<_, DerFault> {
        let mut list = Reader::new(Reader::only(value, tag::SEQUENCE)?);
        let mut out = vec![list.oid()?];
        while !list.is_empty() {
            out.push(list.oid()?);
        }
        Ok(out)
    };
    read().unwrap_or_else(|_| vec![BROKEN])
}

fn is_authority(value: &[u8]) -> bool {
    let fields = Reader::only(value, tag::SEQUENCE);
    fields.is_ok_and(|contents| Reader::new(contents).flag() == Ok(true))
}

fn policies(value: &[u8]) -> Vec<&[u8]> {
    let read = || -> Result<_, DerFault> {
        let mut list = Reader::new(Reader::only(value, tag::SEQUENCE)?);
        let mut out = Vec::new();
        while !list.is_empty() {
            out.push(list.sequence()?.oid()?);
        }
        Ok(out)
    };
    read().unwrap_or_else(|_| vec![BROKEN])
}

fn issuer_key(value: &[u8]) -> Result<&[u8], DerFault> {
    Reader::new(Reader::only(value, tag::SEQUENCE)?).take(tag::context(0))
}

/// The otherName values of an alternative name; anything else in it is read as a broken text.
fn texts(value: &[u8]) -> Vec<Text<'_>> {
    let read = || -> Result<_, DerFault> {
        let mut names = Reader::new(Reader::only(value, tag::SEQUENCE)?);
        let mut out = Vec::new();
        while !names.is_empty() {
            let mut name = Reader::new(names.take(tag::constructed(0))?);
            let kind = name.oid()?;
            let explicit = name.take(tag::constructed(0))?;
            name.end()?;
            let text = Reader::only(explicit, tag::UTF8_STRING)?;
            out.push((kind, std::str::from_utf8(text).map_err(|_| DerFault::Value)?));
        }
        Ok(out)
    };
    // The subject of a self-signed root has a directory name instead, in which no text is.
    match read() {
        Err(_) if is_directory_name(value) => Vec::new(),
        read => read.unwrap_or_else(|_| vec![(BROKEN, "")]),
    }
}

fn is_directory_name(value: &[u8]) -> bool {
    let names = Reader::only(value, tag::SEQUENCE);
    names.is_ok_and(|names| Reader::only(names, tag::constructed(4)).is_ok())
}

/// Whether every address in the places where an extension has one is among those expected.
fn addresses_are_known(extension: &RawExtension<'_>, expected: &Expected) -> bool {
    let read = if extension.is(&rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS)
        || extension.is(&rfc5280::ID_CE_FRESHEST_CRL)
    {
        points(extension.value)
    } else if extension.is(&rfc5280::ID_PE_AUTHORITY_INFO_ACCESS) {
        accesses(extension.value)
    } else if extension.is(&rfc5280::ID_CE_CERTIFICATE_POLICIES) {
        statements(extension.value)
    } else {
        return true;
    };
    read.is_ok_and(|found| {
        found.iter().all(|uri| expected.addresses.iter().any(|known| known.as_bytes() == *uri))
    })
}

/// The addresses of distribution points; other kinds of names in them are passed over.
fn points(value: &[u8]) -> Result<Vec<&[u8]>, DerFault> {
    let mut out = Vec::new();
    let mut points = Reader::new(Reader::only(value, tag::SEQUENCE)?);
    while !points.is_empty() {
        let point = points.sequence()?.take(tag::constructed(0))?;
        let mut names = Reader::new(Reader::only(point, tag::constructed(0))?);
        while !names.is_empty() {
            let name = names.any()?;
            if name.tag == tag::context(6) {
                out.push(name.contents);
            }
        }
    }
    Ok(out)
}

fn accesses(value: &[u8]) -> Result<Vec<&[u8]>, DerFault> {
    let mut out = Vec::new();
    let mut list = Reader::new(Reader::only(value, tag::SEQUENCE)?);
    while !list.is_empty() {
        let mut access = list.sequence()?;
        access.oid()?;
        out.push(access.take(tag::context(6))?);
        access.end()?;
    }
    Ok(out)
}

/// The addresses of practice statements.
fn statements(value: &[u8]) -> Result<Vec<&[u8]>, DerFault> {
    let mut out = Vec::new();
    let mut list = Reader::new(Reader::only(value, tag::SEQUENCE)?);
    while !list.is_empty() {
        let mut policy = list.sequence()?;
        policy.oid()?;
        let Some(qualifiers) = policy.optional(tag::SEQUENCE)? else {
            continue;
        };
        let mut qualifiers = Reader::new(qualifiers);
        while !qualifiers.is_empty() {
            let mut qualifier = qualifiers.sequence()?;
            qualifier.oid()?;
            out.push(qualifier.take(tag::IA5_STRING)?);
        }
    }
    Ok(out)
}
