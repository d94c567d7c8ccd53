//! DER as indented text, one value to the line, for people who review certificates.

use x509::ObjectIdentifier;

/// The text of one value in DER.
pub(crate) fn dump(der: &[u8]) -> String {
    let mut out = String::new();
    values(der, 0, &mut out).unwrap();
    out
}

/// Writes all values; `None` if the bytes are no DER, with an unknown part of the text written.
fn values(mut der: &[u8], depth: usize, out: &mut String) -> Option<()> {
    while !der.is_empty() {
        let (tag, contents, rest) = split(der)?;
        der = rest;
        let indent = "  ".repeat(depth);
        if tag & 0x20 != 0 {
            out.push_str(&format!("{indent}{}\n", label(tag)));
            values(contents, depth + 1, out)?;
            continue;
        }
        // What is wrapped in a string of bytes or bits is shown too.
        let wrapped = match tag {
            0x04 => Some(contents),
            0x03 => contents.strip_prefix(&[0]),
            _ => None,
        };
        let mut within = String::new();
        let inner = wrapped.filter(|inner| inner.len() > 1);
        if inner.is_some_and(|inner| values(inner, depth + 1, &mut within).is_some()) {
            out.push_str(&format!("{indent}{}\n{within}", label(tag)));
        } else {
            let line = format!("{indent}{} {}", label(tag), shown(tag, contents)?);
            out.push_str(&format!("{}\n", line.trim_end()));
        }
    }
    Some(())
}

fn split(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let count = usize::from(first.saturating_sub(0x80));
    let (digits, rest) = rest.split_at_checked(count)?;
    let length = match count {
        0 => usize::from(first),
        _ => digits.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((tag, contents, rest))
}

fn label(tag: u8) -> String {
    let universal = match tag {
        0x01 => "BOOLEAN",
        0x02 => "INTEGER",
        0x03 => "BIT STRING",
        0x04 => "OCTET STRING",
        0x05 => "NULL",
        0x06 => "OID",
        0x0c => "UTF8String",
        0x13 => "PrintableString",
        0x16 => "IA5String",
        0x17 => "UTCTime",
        0x18 => "GeneralizedTime",
        0x30 => "SEQUENCE",
        0x31 => "SET",
        _ => return format!("[{}]", tag & 0x1f),
    };
    universal.to_owned()
}

fn shown(tag: u8, contents: &[u8]) -> Option<String> {
    let text = || std::str::from_utf8(contents).ok().map(str::to_owned);
    let hex = || contents.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Some(match tag {
        0x01..=0x05 => hex(),
        0x06 => {
            let oid = ObjectIdentifier::from_bytes(contents).ok()?;
            let name = NAMES.iter().find(|(known, _)| oid.to_string() == *known);
            name.map_or_else(|| oid.to_string(), |(known, name)| format!("{known} {name}"))
        }
        0x0c | 0x13 | 0x16..=0x18 | 0x86 => text()?,
        0x80..=0xbf => hex(),
        _ => return None,
    })
}

const NAMES: [(&str, &str); 27] = [
    ("1.2.840.10045.2.1", "ecPublicKey"),
    ("1.2.840.10045.3.1.7", "P-256"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.113549.1.1.1", "rsaEncryption"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.3.132.0.34", "P-384"),
    ("1.3.6.1.5.5.7.1.1", "authorityInfoAccess"),
    ("1.3.6.1.5.5.7.2.1", "cps"),
    ("1.3.6.1.5.5.7.3.2", "clientAuth"),
    ("1.3.6.1.5.5.7.3.8", "timeStamping"),
    ("1.3.6.1.5.5.7.3.9", "ocspSigning"),
    ("1.3.6.1.5.5.7.48.1", "ocsp"),
    ("1.3.6.1.5.5.7.48.1.5", "ocspNoCheck"),
    ("2.5.4.3", "CN"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.29.14", "subjectKeyIdentifier"),
    ("2.5.29.15", "keyUsage"),
    ("2.5.29.17", "subjectAltName"),
    ("2.5.29.18", "issuerAltName"),
    ("2.5.29.19", "basicConstraints"),
    ("2.5.29.31", "cRLDistributionPoints"),
    ("2.5.29.32", "certificatePolicies"),
    ("2.5.29.35", "authorityKeyIdentifier"),
];
