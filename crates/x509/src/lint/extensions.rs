//! The rules for extensions: which there are, and what stands in each.
//!
//! Values are read here anew from their bytes; nothing is shared with the code that writes them.

use super::{Expected, Finding, printable};
use crate::certificate::Body;
use crate::decode::{DerFault, Reader};
use crate::encode::tag;
use crate::fields::{DIRECTORY_NAME, URI};
use crate::{GeneralName, KeyUsage, Name, PublicKey, Serial};
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
    let authority = value(rfc5280::ID_CE_BASIC_CONSTRAINTS).map_or(Ok(false), is_authority);
    must(authority == Ok(signs), Finding::Authority);
    let policy = value(rfc5280::ID_CE_CERTIFICATE_POLICIES).map(policy).transpose();
    let (policy, statement) = policy.map_or((Some(BROKEN), None), Option::unzip);
    must(policy == expected.policy.as_ref().map(ObjectIdentifier::as_bytes), Finding::Policy);
    must(statement.flatten() == bytes_of(expected.statement.as_ref()), Finding::Address);
    let issuer_known = match value(rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER) {
        Some(value) => names_issuer(value, expected) == Ok(true),
        None => expected.self_issued,
    };
    must(issuer_known, Finding::AuthorityKey);
    let alternative = value(rfc5280::ID_CE_ISSUER_ALT_NAME).map(directory_name).transpose();
    let wanted = expected.issuer_alternative.as_ref().map(Name::der);
    must(alternative == Ok(wanted), Finding::Issuer);
    let subject = value(rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER);
    let subject = subject.and_then(|value| Reader::only(value, tag::OCTET_STRING).ok());
    must(
        subject == key.map(PublicKey::key_identifier).as_ref().map(|id| &id[..]),
        Finding::SubjectKey,
    );
    let alternative = value(rfc5280::ID_CE_SUBJECT_ALT_NAME);
    match &expected.subject_alternative {
        None => lint_texts(&alternative.map(texts).unwrap_or_default(), expected, must),
        Some(name) => {
            must(alternative.map(directory_name) == Some(Ok(name.der())), Finding::Texts);
        }
    }
    let points = value(rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS).map_or(Ok(Vec::new()), point);
    must(points.is_ok_and(|names| are_names(&names, &expected.points)), Finding::Address);
    let responder = value(rfc5280::ID_PE_AUTHORITY_INFO_ACCESS).map(responder).transpose();
    must(responder == Ok(bytes_of(expected.responder.as_ref())), Finding::Address);
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

/// No authority of ours bounds the paths below it: it certifies holders alone.
fn is_authority(value: &[u8]) -> Result<bool, DerFault> {
    let mut fields = Reader::new(Reader::only(value, tag::SEQUENCE)?);
    let authority = fields.flag()?;
    fields.end()?;
    Ok(authority)
}

/// The one policy, and the address of its practice statement.
fn policy(value: &[u8]) -> Result<(&[u8], Option<&[u8]>), DerFault> {
    let mut list = Reader::new(Reader::only(value, tag::SEQUENCE)?);
    let mut policy = list.sequence()?;
    list.end()?;
    let oid = policy.oid()?;
    let qualifiers = policy.optional(tag::SEQUENCE)?;
    policy.end()?;
    Ok((oid, qualifiers.map(statement).transpose()?))
}

fn statement(qualifiers: &[u8]) -> Result<&[u8], DerFault> {
    let mut qualifier = Reader::new(Reader::only(qualifiers, tag::SEQUENCE)?);
    if qualifier.oid()? != rfc5280::ID_QT_CPS.as_bytes() {
        return Err(DerFault::Value);
    }
    let address = qualifier.take(tag::IA5_STRING)?;
    qualifier.end()?;
    Ok(address)
}

/// Whether an AuthorityKeyIdentifier names the issuer's key, and its certificate where that is
/// expected.
fn names_issuer(value: &[u8], expected: &Expected) -> Result<bool, DerFault> {
    let mut fields = Reader::new(Reader::only(value, tag::SEQUENCE)?);
    let key = fields.take(tag::context(0))? == expected.issuer_key.key_identifier();
    let certificate = match expected.issuer_serial {
        None => true,
        Some(serial) => {
            let issuer = Reader::only(fields.take(tag::constructed(1))?, DIRECTORY_NAME)?;
            let number = Serial::from_integer(fields.take(tag::context(2))?);
            issuer == expected.issuer.der() && number == Ok(serial)
        }
    };
    fields.end()?;
    Ok(key && certificate)
}

/// The Name in DER that GeneralNames are.
fn directory_name(value: &[u8]) -> Result<&[u8], DerFault> {
    Reader::only(Reader::only(value, tag::SEQUENCE)?, DIRECTORY_NAME)
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
    read().unwrap_or_else(|_| vec![(BROKEN, "")])
}

/// The names of the one distribution point: tag and contents of each.
fn point(value: &[u8]) -> Result<Vec<(u8, &[u8])>, DerFault> {
    let mut list = Reader::new(Reader::only(value, tag::SEQUENCE)?);
    let mut point = list.sequence()?;
    list.end()?;
    let names = Reader::only(point.take(tag::constructed(0))?, tag::constructed(0))?;
    point.end()?;
    Reader::new(names).each(|names| names.any().map(|name| (name.tag, name.contents)))
}

fn are_names(written: &[(u8, &[u8])], expected: &[GeneralName]) -> bool {
    let wanted = expected.iter().map(|name| match name {
        GeneralName::Directory(name) => (DIRECTORY_NAME, name.der()),
        GeneralName::Uri(address) => (URI, address.as_bytes()),
        GeneralName::Text(..) => (tag::NULL, BROKEN),
    });
    written.iter().copied().eq(wanted)
}

/// The address of the one responder.
fn responder(value: &[u8]) -> Result<&[u8], DerFault> {
    let mut list = Reader::new(Reader::only(value, tag::SEQUENCE)?);
    let mut access = list.sequence()?;
    list.end()?;
    if access.oid()? != rfc5280::ID_AD_OCSP.as_bytes() {
        return Err(DerFault::Value);
    }
    let address = access.take(URI)?;
    access.end()?;
    Ok(address)
}

fn bytes_of(text: Option<&String>) -> Option<&[u8]> {
    text.map(String::as_bytes)
}
