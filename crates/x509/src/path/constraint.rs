//! Name constraints (RFC 5280 §4.2.1.10): which names an issuer admits below itself.
//!
//! Directory names, DNS names, mailboxes, URIs and IP addresses are compared; a constraint on any
//! other form refuses every name of that form. Where a name could be read in two ways, the reading
//! that refuses is taken. Each comparison is counted, since their number is a product.

use super::certificate::Certificate;
use super::extension::NameConstraints;
use super::name::GeneralName;
use super::refusal::Reason;
use super::search::spend;

/// Holds the names of a certificate against the constraints of one issuer above. `left` is the
/// number of comparisons that may still be made.
pub(super) fn check(
    certificate: &Certificate,
    constraints: &NameConstraints,
    left: &mut u32,
) -> Result<(), Reason> {
    if constraints.bounded {
        return Err(Reason::NameForm);
    }
    let (subject, alternative) = (&certificate.subject, &certificate.extensions.alternative_names);
    for name in alternative {
        check_name(name, constraints, left)?;
    }
    // Mailboxes of the subject count where no alternative name is one.
    if !alternative.iter().any(|name| matches!(name, GeneralName::Rfc822(_))) {
        for email in subject.emails() {
            check_name(&GeneralName::Rfc822(email.clone()), constraints, left)?;
        }
    }
    if subject.is_empty() {
        return Ok(());
    }
    check_name(&GeneralName::Directory(subject.clone()), constraints, left)
}

fn check_name(
    name: &GeneralName,
    constraints: &NameConstraints,
    left: &mut u32,
) -> Result<(), Reason> {
    spend(left, 1)?;
    let mut held = |bases: &[GeneralName], side: Side| -> Result<(bool, bool), Reason> {
        let (mut of_form, mut matches) = (false, false);
        for base in bases.iter().filter(|base| form(base) == form(name)) {
            spend(left, 1)?;
            of_form = true;
            matches |= is_within(name, base, side)?;
        }
        Ok((of_form, matches))
    };
    let (_, excluded) = held(&constraints.excluded, Side::Excluded)?;
    let (of_form, permitted) = held(&constraints.permitted, Side::Permitted)?;
    if excluded || (of_form && !permitted) { Err(Reason::NameConstraint) } else { Ok(()) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Permitted,
    Excluded,
}

const fn form(name: &GeneralName) -> u8 {
    match name {
        GeneralName::Rfc822(_) => 1,
        GeneralName::Dns(_) => 2,
        GeneralName::Directory(_) => 4,
        GeneralName::Uri(_) => 6,
        GeneralName::Ip(_) => 7,
        GeneralName::Other(tag, _) => *tag,
    }
}

fn is_within(name: &GeneralName, base: &GeneralName, side: Side) -> Result<bool, Reason> {
    match (name, base) {
        (GeneralName::Directory(name), GeneralName::Directory(base)) => Ok(name.is_within(base)),
        (GeneralName::Dns(name), GeneralName::Dns(base)) => dns(name, base, side),
        (GeneralName::Rfc822(name), GeneralName::Rfc822(base)) => mailbox(name, base),
        (GeneralName::Uri(name), GeneralName::Uri(base)) => uri(name, base),
        (GeneralName::Ip(name), GeneralName::Ip(base)) => ip(name, base),
        _ => Err(Reason::NameForm),
    }
}

/// A host is within itself and every domain above it. `*.example` stands for hosts below
/// `example`: it is excluded with any one of them.
fn dns(name: &[u8], base: &[u8], side: Side) -> Result<bool, Reason> {
    let base = base.strip_prefix(b".").unwrap_or(base);
    if base.is_empty() {
        return Ok(true);
    }
    let (wild, host) = match name.strip_prefix(b"*.") {
        Some(rest) => (true, rest),
        None => (false, name),
    };
    let (host, base) = (host_name(host)?, host_name(base)?);
    let below = wild && side == Side::Excluded && is_one_label_below(&base, &host);
    Ok(is_below(&host, &base) || host == base || below)
}

/// A mailbox is within itself, its host, and `.domain` above its host.
fn mailbox(name: &[u8], base: &[u8]) -> Result<bool, Reason> {
    let (local, host) = split_mailbox(name).ok_or(Reason::NameConstraint)?;
    let host = host_name(host)?;
    if let Some((base_local, base_host)) = split_mailbox(base) {
        return Ok(local == base_local && host == host_name(base_host)?);
    }
    within_host_constraint(&host, base)
}

fn split_mailbox(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().rposition(|byte| *byte == b'@')?;
    Some((&text[..at], &text[at + 1..]))
}

/// A URI goes by the host of its authority; one without a host name is refused.
fn uri(name: &[u8], base: &[u8]) -> Result<bool, Reason> {
    let text = std::str::from_utf8(name).map_err(|_| Reason::NameConstraint)?;
    let (_, rest) = text.split_once("://").ok_or(Reason::NameConstraint)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    let is_address = host.starts_with('[') || host.parse::<core::net::Ipv4Addr>().is_ok();
    if is_address {
        return Err(Reason::NameConstraint);
    }
    within_host_constraint(&host_name(host.as_bytes())?, base)
}

/// `host` means that host alone, `.domain` the hosts below it.
fn within_host_constraint(host: &[u8], base: &[u8]) -> Result<bool, Reason> {
    match base.strip_prefix(b".") {
        Some(domain) => Ok(is_below(host, &host_name(domain)?)),
        None => Ok(host == host_name(base)?),
    }
}

fn is_below(host: &[u8], domain: &[u8]) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with(b"."))
}

fn is_one_label_below(host: &[u8], domain: &[u8]) -> bool {
    let label = host.strip_suffix(domain).and_then(|rest| rest.strip_suffix(b"."));
    label.is_some_and(|label| !label.is_empty() && !label.contains(&b'.'))
}

/// In lower case; refused when it is no host name.
fn host_name(text: &[u8]) -> Result<Vec<u8>, Reason> {
    let labels = text.split(|byte| *byte == b'.');
    let good = |label: &[u8]| {
        let known = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        !label.is_empty() && label.len() <= 63 && label.iter().all(known)
    };
    if text.len() <= 253 && labels.clone().all(good) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(Reason::NameConstraint)
    }
}

/// An address is within address and mask; the two families do not meet.
fn ip(name: &[u8], base: &[u8]) -> Result<bool, Reason> {
    let family = |octets: usize| octets == 4 || octets == 16;
    if !family(name.len()) || !base.len().is_multiple_of(2) || !family(base.len() / 2) {
        return Err(Reason::NameConstraint);
    }
    let (network, mask) = base.split_at(base.len() / 2);
    let bits = mask.iter().fold(0_u128, |sum, octet| sum << 8 | u128::from(*octet));
    let width = 8 * mask.len() as u32;
    let ones = bits << (128 - width);
    // A mask with gaps is no prefix (RFC 4632 §3.1).
    if ones.leading_ones() != ones.count_ones() {
        return Err(Reason::NameConstraint);
    }
    let mut pairs = name.iter().zip(network).zip(mask);
    Ok(name.len() == network.len() && pairs.all(|((a, b), mask)| a & mask == b & mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(name: &GeneralName, permitted: &[GeneralName], excluded: &[GeneralName]) -> bool {
        let constraints = NameConstraints {
            permitted: permitted.to_vec(),
            excluded: excluded.to_vec(),
            bounded: false,
        };
        check_name(name, &constraints, &mut 100).is_ok()
    }

    fn table(make: fn(Vec<u8>) -> GeneralName, rows: &[(&str, &str, bool, bool)]) {
        for (name, base, permitted, excluded) in rows {
            let name_value = make(name.as_bytes().to_vec());
            let base_value = make(base.as_bytes().to_vec());
            let bases = std::slice::from_ref(&base_value);
            assert_eq!(held(&name_value, bases, &[]), *permitted, "{name} in {base}");
            assert_eq!(!held(&name_value, &[], bases), *excluded, "{name} out of {base}");
        }
    }

    #[test]
    fn hosts_are_held_against_domains() {
        table(
            GeneralName::Dns,
            &[
                ("host.example.jp", "example.jp", true, true),
                ("EXAMPLE.jp", "example.JP", true, true),
                ("badexample.jp", "example.jp", false, false),
                ("example.jp.evil", "example.jp", false, false),
                ("anything", "", true, true),
                ("*.example.jp", "example.jp", true, true),
                ("*.example.jp", "city.example.jp", false, true),
                ("*.jp", "city.example.jp", false, false),
                ("exa mple.jp", "example.jp", false, true),
                ("a..jp", "jp", false, true),
            ],
        );
    }

    #[test]
    fn mailboxes_and_uris_are_held_against_hosts_and_domains() {
        table(
            GeneralName::Rfc822,
            &[
                ("k@example.jp", "example.jp", true, true),
                ("k@example.jp", "k@Example.jp", true, true),
                ("K@example.jp", "k@example.jp", false, false),
                ("k@mail.example.jp", "example.jp", false, false),
                ("k@mail.example.jp", ".example.jp", true, true),
                ("k@example.jp", ".example.jp", false, false),
                ("\"k@x\"@example.jp", "example.jp", true, true),
                ("nobody", "example.jp", false, true),
            ],
        );
        table(
            GeneralName::Uri,
            &[
                ("https://example.jp/a", "example.jp", true, true),
                ("https://k@example.jp:8443?q", "example.jp", true, true),
                ("https://www.example.jp", "example.jp", false, false),
                ("https://www.example.jp", ".example.jp", true, true),
                ("https://example.jp@evil.test/", "example.jp", false, false),
                ("https://192.0.2.1/", ".example.jp", false, true),
                ("https://[2001:db8::1]/", ".example.jp", false, true),
                ("urn:x", "example.jp", false, true),
            ],
        );
    }

    #[test]
    fn addresses_are_held_against_prefixes() {
        let of = |octets: &[u8]| GeneralName::Ip(octets.to_vec());
        let net = of(&[192, 0, 2, 0, 255, 255, 255, 0]);
        let inside =
            |name: &[u8], base: &GeneralName| held(&of(name), std::slice::from_ref(base), &[]);
        assert!(inside(&[192, 0, 2, 7], &net) && !inside(&[192, 0, 3, 7], &net));
        assert!(!inside(&[0; 16], &net), "the other family is not permitted");
        assert!(held(&of(&[0; 16]), &[], std::slice::from_ref(&net)));
        assert!(!inside(&[192, 0, 2, 7], &of(&[192, 0, 2, 0, 255, 0, 255, 0])));
        assert!(!inside(&[192, 0, 2], &net) && !inside(&[192, 0, 2, 7], &of(&[1, 2, 3])));
        let everything = of(&[0; 32]);
        assert!(inside(&[9; 16], &everything));
    }

    #[test]
    fn forms_that_are_not_processed_refuse_their_names() {
        let other = |value: u8| GeneralName::Other(0xa0, vec![value]);
        assert!(!held(&other(1), &[other(1)], &[]));
        assert!(!held(&other(1), &[], &[other(2)]));
        let host = GeneralName::Dns(b"example.jp".to_vec());
        assert!(held(&host, &[other(1)], &[]));
    }

    #[test]
    fn comparisons_are_counted() {
        let host = GeneralName::Dns(b"example.jp".to_vec());
        let constraints =
            NameConstraints { permitted: vec![host.clone(); 5], ..NameConstraints::default() };
        assert_eq!(check_name(&host, &constraints, &mut 5), Err(Reason::Limit));
        assert_eq!(check_name(&host, &constraints, &mut 6), Ok(()));
    }
}
