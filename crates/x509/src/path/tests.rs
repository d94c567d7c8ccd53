//! Paths that a small forge of certificates makes: generations of one name, hostile bags, lists
//! that do not count, and every bit of a chain turned.

use super::certificate::Certificate;
use super::crl::Crl;
use super::refusal::{Reason, Refusal};
use super::search::{Limits, Search};
use super::{Accepted, PolicySet, Purpose, Question, Revocation, validate};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base::Moment;
use proptest::prelude::*;

/// A key of the forge, with a name of its own.
struct Key(Ed25519KeyPair);

impl Key {
    /// The same number makes the same key.
    fn new(number: u16) -> Self {
        let mut seed = [7; 32];
        seed[..2].copy_from_slice(&number.to_be_bytes());
        Self(Ed25519KeyPair::from_seed_unchecked(&seed).unwrap())
    }

    fn bits(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn id(&self) -> &[u8] {
        &self.bits()[..20]
    }
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = match body.len() {
        short @ 0..=0x7f => vec![short as u8],
        one @ 0x80..=0xff => vec![0x81, one as u8],
        two => vec![0x82, (two >> 8) as u8, two as u8],
    };
    [&[tag], &length[..], &body].concat()
}

fn name(text: &str) -> Vec<u8> {
    let pair = tlv(0x30, &[&[6, 3, 0x55, 4, 3], &tlv(0x0c, &[text.as_bytes()])]);
    tlv(0x30, &[&tlv(0x31, &[&pair])])
}

fn extension(arc: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    tlv(0x30, &[&[6, 3, 0x55, 0x1d, arc], flag, &tlv(4, &[value])])
}

fn key_usage(bits: u8) -> Vec<u8> {
    extension(15, true, &[3, 2, bits.trailing_zeros() as u8, bits])
}

fn purposes(critical: bool, arcs: &[u8]) -> Vec<u8> {
    let list: Vec<u8> = arcs.iter().flat_map(|arc| [6, 8, 0x2b, 6, 1, 5, 5, 7, 3, *arc]).collect();
    extension(37, critical, &tlv(0x30, &[&list]))
}

/// An empty subject is none; `host` is a dNSName.
fn host(host: &str) -> Vec<u8> {
    extension(17, false, &tlv(0x30, &[&tlv(0x82, &[host.as_bytes()])]))
}

fn subject_key(key: &Key) -> Vec<u8> {
    extension(14, false, &tlv(4, &[key.id()]))
}

fn authority_key(key: &Key) -> Vec<u8> {
    extension(35, false, &tlv(0x30, &[&tlv(0x80, &[key.id()])]))
}

const CERT_AND_CRL_SIGN: u8 = 0x06;
const CERT_SIGN: u8 = 0x04;
const CRL_SIGN: u8 = 0x02;
const DIGITAL_SIGNATURE: u8 = 0x80;
const ED25519: &[u8] = &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70];

fn signed(tbs: &[u8], key: &Key) -> Vec<u8> {
    let signature = key.0.sign(tbs);
    tlv(0x30, &[tbs, ED25519, &tlv(3, &[&[0], signature.as_ref()])])
}

/// What a certificate is to say.
struct Draft<'a> {
    serial: u8,
    issuer: (&'a str, &'a Key),
    subject: (&'a str, &'a Key),
    years: (&'a str, &'a str),
    extensions: Vec<Vec<u8>>,
}

impl Draft<'_> {
    fn der(&self) -> Vec<u8> {
        let (from, until) = self.years;
        let time = |year: &str| tlv(0x17, &[year.as_bytes(), b"0101000000Z"]);
        let key = tlv(0x30, &[&ED25519[2..]]);
        let key = tlv(0x30, &[&key, &tlv(3, &[&[0], self.subject.1.bits()])]);
        let list = tlv(0x30, &self.extensions.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let extensions = if self.extensions.is_empty() { vec![] } else { tlv(0xa3, &[&list]) };
        let version: &[u8] = if extensions.is_empty() { &[] } else { &[0xa0, 3, 2, 1, 2] };
        let tbs = tlv(
            0x30,
            &[
                version,
                &[2, 1, self.serial],
                ED25519,
                &name(self.issuer.0),
                &tlv(0x30, &[&time(from), &time(until)]),
                &name(self.subject.0),
                &key,
                &extensions,
            ],
        );
        signed(&tbs, self.issuer.1)
    }

    fn make(&self) -> Certificate {
        Certificate::parse(&self.der()).unwrap()
    }

    fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }
}

fn authority<'a>(serial: u8, issuer: (&'a str, &'a Key), subject: (&'a str, &'a Key)) -> Draft<'a> {
    let extensions = vec![
        extension(19, true, &[0x30, 3, 1, 1, 0xff]),
        key_usage(CERT_AND_CRL_SIGN),
        subject_key(subject.1),
        authority_key(issuer.1),
    ];
    Draft { serial, issuer, subject, years: ("20", "30"), extensions }
}

fn leaf<'a>(serial: u8, issuer: (&'a str, &'a Key), subject: (&'a str, &'a Key)) -> Draft<'a> {
    let extensions = vec![key_usage(DIGITAL_SIGNATURE), authority_key(issuer.1)];
    Draft { serial, issuer, subject, years: ("20", "30"), extensions }
}

/// A list: its number, entries of serial and reason, further extensions.
fn list(
    issuer: (&str, &Key),
    years: (&str, &str),
    number: u8,
    entries: &[(u8, u8)],
    extensions: &[Vec<u8>],
) -> Crl {
    Crl::parse(&list_der(issuer, years, number, entries, extensions)).unwrap()
}

fn list_der(
    issuer: (&str, &Key),
    (from, until): (&str, &str),
    number: u8,
    entries: &[(u8, u8)],
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    let time = |year: &str| tlv(0x17, &[year.as_bytes(), b"0101000000Z"]);
    let entries: Vec<u8> = entries
        .iter()
        .flat_map(|(serial, reason)| {
            let reason = extension(21, false, &[0x0a, 1, *reason]);
            let extensions = tlv(0x30, &[&reason]);
            tlv(0x30, &[&[2, 1, *serial], &time("21"), &extensions])
        })
        .collect();
    let entries = if entries.is_empty() { vec![] } else { tlv(0x30, &[&entries]) };
    let own = [authority_key(issuer.1), extension(20, false, &[2, 1, number])];
    let all = [&own[..], extensions].concat();
    let all = tlv(0x30, &all.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let tbs = tlv(
        0x30,
        &[
            &[2, 1, 1],
            ED25519,
            &name(issuer.0),
            &time(from),
            &time(until),
            &entries,
            &tlv(0xa0, &[&all]),
        ],
    );
    signed(&tbs, issuer.1)
}

/// 2025-06-15.
const NOW: Moment = Moment::from_us(1_749_945_600_000_000);

/// Root, authority and leaf, with the lists of both.
struct Chain {
    root: Certificate,
    authority: Certificate,
    leaf: Certificate,
    lists: Vec<Crl>,
}

impl Chain {
    fn new() -> Self {
        let keys = [Key::new(0), Key::new(1), Key::new(2)];
        let (root, ca) = (("Root", &keys[0]), ("CA", &keys[1]));
        Self {
            root: authority(1, root, root).make(),
            authority: authority(2, root, ca).make(),
            leaf: leaf(3, ca, ("Leaf", &keys[2])).make(),
            lists: vec![list(root, NOWADAYS, 1, &[], &[]), list(ca, NOWADAYS, 1, &[], &[])],
        }
    }

    fn judge(&self) -> Result<(usize, PolicySet), Refusal> {
        let intermediates = [self.authority.clone()];
        let anchors = [self.root.clone()];
        let question = Question {
            intermediates: &intermediates,
            crls: &self.lists,
            ..Question::new(&self.leaf, &anchors, NOW)
        };
        validate(&question).map(|accepted| (accepted.path.len(), accepted.policies))
    }
}

const NOWADAYS: (&str, &str) = ("25", "26");

fn judge(
    leaf: &Certificate,
    intermediates: &[Certificate],
    anchors: &[Certificate],
    crls: &[Crl],
) -> Result<usize, Refusal> {
    let question = Question { intermediates, crls, ..Question::new(leaf, anchors, NOW) };
    validate(&question).map(|accepted| accepted.path.len())
}

fn without_lists<'a>(
    leaf: &'a Certificate,
    intermediates: &'a [Certificate],
    anchors: &'a [Certificate],
) -> Question<'a> {
    let question = Question::new(leaf, anchors, NOW);
    Question { intermediates, revocation: Revocation::None, ..question }
}

fn reason<T: std::fmt::Debug>(found: Result<T, Refusal>) -> (Reason, Option<usize>) {
    let refusal = found.unwrap_err();
    (refusal.reason, refusal.depth)
}

#[test]
fn a_chain_holds_with_its_lists() {
    let chain = Chain::new();
    assert_eq!(chain.judge(), Ok((3, PolicySet::These([].into()))));
    let mut without = Chain::new();
    without.lists.remove(1);
    assert_eq!(reason(without.judge()), (Reason::RevocationUnknown, Some(0)));
    without.lists.clear();
    assert_eq!(reason(without.judge()), (Reason::RevocationUnknown, Some(1)));
}

/// Every bit of the leaf, the authority and the lists: none can be turned and the chain accepted.
#[test]
fn no_bit_can_be_turned() {
    let whole = Chain::new();
    let (leaf, authority) = (whole.leaf.der().to_vec(), whole.authority.der().to_vec());
    let root = ("Root", &Key::new(0));
    let ca = ("CA", &Key::new(1));
    let lists = [root, ca].map(|issuer| list_der(issuer, NOWADAYS, 1, &[(9, 1)], &[]));
    let mut chain = Chain::new();
    for bit in 0..leaf.len() * 8 {
        if let Ok(changed) = Certificate::parse(&turned(&leaf, bit)) {
            chain.leaf = changed;
            assert!(chain.judge().is_err(), "leaf, bit {bit}");
        }
    }
    chain.leaf = whole.leaf.clone();
    for bit in 0..authority.len() * 8 {
        if let Ok(changed) = Certificate::parse(&turned(&authority, bit)) {
            chain.authority = changed;
            assert!(chain.judge().is_err(), "authority, bit {bit}");
        }
    }
    chain.authority = whole.authority.clone();
    for (at, list) in lists.iter().enumerate() {
        for bit in 0..list.len() * 8 {
            if let Ok(changed) = Crl::parse(&turned(list, bit)) {
                chain.lists[at] = changed;
                assert!(chain.judge().is_err(), "list {at}, bit {bit}");
            }
        }
        chain.lists[at] = Crl::parse(list).unwrap();
    }
    assert!(chain.judge().is_ok());
}

/// Nothing is read by half: the fault is told, and two algorithms for one signature are none.
#[test]
fn what_cannot_be_read_is_told_by_its_fault() {
    let certificate = Chain::new().leaf.der().to_vec();
    let list = list_der(("CA", &Key::new(1)), NOWADAYS, 1, &[(9, 1)], &[]);
    let read = |der: &[u8]| Certificate::parse(der).map(drop);
    let read_list = |der: &[u8]| Crl::parse(der).map(drop);
    let told = |found: Result<(), Refusal>| {
        let refusal = found.unwrap_err();
        (refusal.label(), refusal.about, refusal.depth)
    };
    let fault = |label, fault: &str| (label, Some(fault.to_owned()), None);
    let longer = |der: &[u8]| [der, &[0]].concat();
    let trailing = "der_trailing_bytes";
    assert_eq!(told(read(&longer(&certificate))), fault("path_malformed", trailing));
    assert_eq!(told(read_list(&longer(&list))), fault("path_crl_malformed", trailing));
    let two_algorithms = |der: &[u8]| {
        let outer = der.windows(ED25519.len()).rposition(|window| window == ED25519).unwrap();
        let mut changed = der.to_vec();
        changed[outer + ED25519.len() - 1] ^= 1;
        changed
    };
    let algorithm = ("path_signature_algorithm", None, None);
    assert_eq!(told(read(&two_algorithms(&certificate))), algorithm);
    assert_eq!(told(read_list(&two_algorithms(&list))), algorithm);
    let version = list.windows(3).position(|window| window == [2, 1, 1]).unwrap();
    let mut other = list;
    other[version + 2] = 2;
    assert_eq!(told(read_list(&other)), fault("path_crl_malformed", "crl_version"));
}

fn turned(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out[bit / 8] ^= 1 << (bit % 8);
    out
}

/// Three generations of one authority have one name: the key identifier tells them apart, and
/// a list of one says nothing about certificates of another.
#[test]
fn generations_of_one_name_are_told_apart() {
    let root_key = Key::new(0);
    let root = ("Root", &root_key);
    let keys: Vec<Key> = (1..=3).map(Key::new).collect();
    let make = |(serial, key): (usize, &Key)| authority(serial as u8 + 2, root, ("CA", key)).make();
    let generations: Vec<Certificate> = keys.iter().enumerate().map(make).collect();
    let anchors = [authority(1, root, root).make()];
    let of_root = list(root, NOWADAYS, 1, &[], &[]);
    let leaf_key = Key::new(9);
    for (at, key) in keys.iter().enumerate() {
        let leaf = leaf(7, ("CA", key), ("Leaf", &leaf_key)).make();
        let own = list(("CA", key), NOWADAYS, 1, &[], &[]);
        let question = Question {
            crls: &[of_root.clone(), own],
            ..without_lists(&leaf, &generations, &anchors)
        };
        let question = Question { revocation: Revocation::Required, ..question };
        let accepted = validate(&question).unwrap();
        assert_eq!(accepted.path[1], &generations[at]);
        let other = &keys[(at + 1) % 3];
        let other = list(("CA", other), NOWADAYS, 1, &[], &[]);
        let found = judge(&leaf, &generations, &anchors, &[of_root.clone(), other]);
        assert_eq!(reason(found), (Reason::CrlIssuer, Some(0)));
    }
    // Without identifiers the signature decides.
    let mut plain = leaf(7, ("CA", &keys[2]), ("Leaf", &leaf_key));
    plain.extensions.pop();
    let plain = plain.make();
    let question = without_lists(&plain, &generations, &anchors);
    assert_eq!(validate(&question).unwrap().path[1], &generations[2]);
}

/// An authority for lists alone, and a new key that the old one vouches for, speak for the issuer.
#[test]
fn who_may_sign_lists() {
    let keys: Vec<Key> = (0..5).map(Key::new).collect();
    let (root, ca) = (("Root", &keys[0]), ("CA", &keys[1]));
    let anchors = [authority(1, root, root).make()];
    let issuer = authority(2, root, ca).make();
    let leaf = leaf(3, ca, ("Leaf", &keys[2])).make();
    let signer = ("CA", &keys[3]);
    let of_root = list(root, NOWADAYS, 1, &[], &[]);
    let own = list(ca, NOWADAYS, 2, &[], &[]);
    let by_signer = list(signer, NOWADAYS, 1, &[], &[]);
    let lists = |usage: u8, by: (&'static str, &Key)| {
        let mut draft = authority(4, by, signer);
        draft.extensions[1] = key_usage(usage);
        if usage == CRL_SIGN {
            draft.extensions.remove(0);
        }
        let bag = [issuer.clone(), draft.make()];
        judge(&leaf, &bag, &anchors, &[of_root.clone(), by_signer.clone()])
    };
    // The signer's own state is covered by the list of the root only where the root issued it.
    assert_eq!(lists(CRL_SIGN, root), Ok(3));
    assert_eq!(reason(lists(CERT_AND_CRL_SIGN, root)), (Reason::CrlIssuer, Some(0)));
    assert_eq!(reason(lists(CERT_SIGN, root)), (Reason::CrlIssuer, Some(0)));
    assert_eq!(reason(lists(CRL_SIGN, ("Other", &keys[4]))), (Reason::CrlIssuer, Some(0)));
    // A new key under the old one: the old key's list covers the new certificate.
    let renewed = authority(4, ca, signer).make();
    let bag = [issuer.clone(), renewed];
    let found = judge(&leaf, &bag, &anchors, &[of_root.clone(), own.clone(), by_signer.clone()]);
    assert_eq!(found, Ok(3));
    // Without that list the new key would vouch for itself.
    let found = judge(&leaf, &bag, &anchors, &[of_root, by_signer]);
    assert_eq!(reason(found), (Reason::CrlIssuer, Some(0)));
}

#[test]
fn lists_that_do_not_count() {
    let ca_key = Key::new(1);
    let ca = ("CA", &ca_key);
    let point = |tag: u8| extension(28, true, &tlv(0x30, &[&[tag, 1, 0xff]]));
    let of = |years, entries: &[(u8, u8)], extensions: &[Vec<u8>]| {
        let mut chain = Chain::new();
        chain.lists[1] = list(ca, years, 1, entries, extensions);
        chain.judge().map(|(length, _)| length)
    };
    for (years, entries, extensions, expected) in [
        (NOWADAYS, &[(3, 1)][..], vec![], Reason::Revoked),
        (NOWADAYS, &[(3, 6)], vec![], Reason::OnHold),
        (NOWADAYS, &[(3, 8)], vec![], Reason::Revoked),
        (("24", "25"), &[], vec![], Reason::CrlExpired),
        (("26", "27"), &[], vec![], Reason::CrlNotYetValid),
        (NOWADAYS, &[], vec![extension(99, true, &[5, 0])], Reason::CrlExtension),
        (NOWADAYS, &[], vec![point(0x82)], Reason::CrlScope),
        (NOWADAYS, &[], vec![point(0x85)], Reason::CrlScope),
        (NOWADAYS, &[], vec![point(0x84)], Reason::CrlIndirect),
        (NOWADAYS, &[], vec![extension(27, true, &[2, 1, 0])], Reason::CrlDelta),
    ] {
        assert_eq!(reason(of(years, entries, &extensions)), (expected, Some(0)));
    }
    assert_eq!(of(NOWADAYS, &[(2, 1), (4, 1)], &[]), Ok(3));
    assert_eq!(of(NOWADAYS, &[], &[point(0x81)]), Ok(3));
    assert_eq!(of(NOWADAYS, &[], &[extension(99, false, &[5, 0])]), Ok(3));
}

/// Delta lists: they add, they release, and they go with the lists that they continue only.
#[test]
fn deltas_are_combined() {
    let ca_key = Key::new(1);
    let ca = ("CA", &ca_key);
    let delta = |number: u8, base: u8, entries: &[(u8, u8)]| {
        list(ca, NOWADAYS, number, entries, &[extension(27, true, &[2, 1, base])])
    };
    let of = |complete: &[(u8, u8)], deltas: Vec<Crl>| {
        let mut chain = Chain::new();
        chain.lists[1] = list(ca, NOWADAYS, 5, complete, &[]);
        chain.lists.extend(deltas);
        chain.judge().map(|(length, _)| length)
    };
    assert_eq!(of(&[], vec![delta(6, 5, &[])]), Ok(3));
    assert_eq!(reason(of(&[], vec![delta(6, 5, &[(3, 1)])])).0, Reason::Revoked);
    assert_eq!(reason(of(&[(3, 6)], vec![delta(6, 5, &[])])).0, Reason::OnHold);
    assert_eq!(of(&[(3, 6)], vec![delta(6, 4, &[(3, 8)])]), Ok(3));
    // The newest counts, not the one that was given first.
    let both = || vec![delta(6, 5, &[(3, 6)]), delta(7, 5, &[(3, 8)])];
    assert_eq!(of(&[], both()), Ok(3));
    assert_eq!(of(&[], both().into_iter().rev().collect()), Ok(3));
    // From a later base, or not after the list: it does not go with it.
    assert_eq!(reason(of(&[(3, 6)], vec![delta(7, 6, &[(3, 8)])])).0, Reason::OnHold);
    assert_eq!(reason(of(&[(3, 6)], vec![delta(5, 4, &[(3, 8)])])).0, Reason::OnHold);
    // A newer complete list stands for itself, whatever the older one says.
    let mut chain = Chain::new();
    chain.lists[1] = list(ca, NOWADAYS, 5, &[(3, 6)], &[]);
    chain.lists.push(list(ca, NOWADAYS, 6, &[], &[]));
    assert!(chain.judge().is_ok());
}

#[test]
fn issuers_are_held_to_what_they_are() {
    let keys: Vec<Key> = (0..4).map(Key::new).collect();
    let (root, ca) = (("Root", &keys[0]), ("CA", &keys[1]));
    let good = authority(1, root, root).make();
    let end = leaf(3, ca, ("Leaf", &keys[2])).make();
    let through = |draft: Draft<'_>| {
        let bag = [draft.make()];
        validate(&without_lists(&end, &bag, std::slice::from_ref(&good))).map(drop)
    };
    assert_eq!(through(authority(2, root, ca)), Ok(()));
    let mut user = authority(2, root, ca);
    user.extensions.remove(0);
    assert_eq!(reason(through(user)), (Reason::NotACa, Some(1)));
    let mut old = authority(2, root, ca);
    old.extensions.clear();
    assert_eq!(reason(through(old)), (Reason::NotACa, Some(1)), "version 1");
    let mut lists_only = authority(2, root, ca);
    lists_only.extensions[1] = key_usage(CRL_SIGN);
    assert_eq!(reason(through(lists_only)), (Reason::KeyUsage, Some(1)));
    let strange = authority(2, root, ca).with(extension(99, true, &[5, 0]));
    let refusal = through(strange).unwrap_err();
    assert_eq!(
        (refusal.reason, refusal.about.as_deref()),
        (Reason::CriticalExtension, Some("2.5.29.99"))
    );
    for (years, expected) in [(("26", "30"), Reason::NotYetValid), (("20", "25"), Reason::Expired)]
    {
        let mut late = authority(2, root, ca);
        late.years = years;
        assert_eq!(reason(through(late)), (expected, Some(1)));
    }
    let impostor = authority(2, ("Root", &keys[3]), ca);
    assert_eq!(reason(through(impostor)), (Reason::IssuerUnknown, Some(1)));
    let mut unnamed = authority(2, ("Root", &keys[3]), ca);
    unnamed.extensions.pop();
    assert_eq!(reason(through(unnamed)), (Reason::Signature, Some(1)));
    let constraints = tlv(0x30, &[&tlv(0xa1, &[&tlv(0x30, &[&tlv(0x82, &[b"example.jp"])])])]);
    let narrow = authority(2, root, ca).with(extension(30, true, &constraints));
    assert_eq!(through(narrow), Ok(()));
}

/// What an anchor says of itself holds.
#[test]
fn anchors_are_held_to_what_they_say() {
    let keys: Vec<Key> = (0..3).map(Key::new).collect();
    let (root, ca) = (("Root", &keys[0]), ("CA", &keys[1]));
    let bag = [authority(2, root, ca).make()];
    let end = leaf(3, ca, ("Leaf", &keys[2])).with(host("www.example.jp")).make();
    let under = |draft: Draft<'_>| {
        let anchors = [draft.make()];
        validate(&without_lists(&end, &bag, &anchors)).map(drop)
    };
    assert_eq!(under(authority(1, root, root)), Ok(()));
    let mut short = authority(1, root, root);
    short.extensions[0] = extension(19, true, &[0x30, 6, 1, 1, 0xff, 2, 1, 0]);
    assert_eq!(reason(under(short)), (Reason::PathLength, Some(1)));
    let constraints = tlv(0x30, &[&tlv(0xa1, &[&tlv(0x30, &[&tlv(0x82, &[b"example.jp"])])])]);
    let narrow = authority(1, root, root).with(extension(30, true, &constraints));
    assert_eq!(reason(under(narrow)), (Reason::NameConstraint, Some(0)));
    let mut past = authority(1, root, root);
    past.years = ("20", "25");
    assert_eq!(reason(under(past)), (Reason::Expired, Some(2)));
    let mut user = authority(1, root, root);
    user.extensions[0] = extension(19, true, &[0x30, 0]);
    assert_eq!(reason(under(user)), (Reason::NotACa, Some(2)));
    // Trusted as it is, with no extension that says what it is.
    let mut old = authority(1, root, root);
    old.extensions.clear();
    assert_eq!(under(old), Ok(()));
}

#[test]
fn an_anchor_may_be_asked_about_itself() {
    let key = Key::new(0);
    let root = authority(1, ("Root", &key), ("Root", &key)).make();
    let lists = [list(("Root", &key), NOWADAYS, 1, &[], &[])];
    let found = judge(&root, &[], std::slice::from_ref(&root), &lists);
    assert_eq!(found, Ok(2));
    let other = authority(1, ("Root", &Key::new(5)), ("Root", &Key::new(5))).make();
    let found = judge(&root, std::slice::from_ref(&root), &[other], &lists);
    assert_eq!(reason(found), (Reason::IssuerUnknown, Some(0)));
}

#[test]
fn purposes_are_asked_of_the_leaf_and_confined_by_issuers() {
    let keys: Vec<Key> = (0..3).map(Key::new).collect();
    let (root, ca) = (("Root", &keys[0]), ("CA", &keys[1]));
    let anchors = [authority(1, root, root).make()];
    let holds = |purpose: Purpose, own: Option<Vec<u8>>, above: Option<Vec<u8>>| {
        let mut issuer = authority(2, root, ca);
        issuer.extensions.extend(above);
        let mut end = leaf(3, ca, ("Leaf", &keys[2]));
        end.extensions.extend(own);
        let (end, bag) = (end.make(), [issuer.make()]);
        let question = Question { purpose, ..without_lists(&end, &bag, &anchors) };
        validate(&question).map(drop).map_err(|refusal| refusal.reason)
    };
    let (client, server, stamp, ocsp) = (2, 1, 8, 9);
    for purpose in Purpose::ALL {
        let free = matches!(purpose, Purpose::Ocsp | Purpose::TimeStamp);
        let expected = if free { Err(Reason::Purpose) } else { Ok(()) };
        assert_eq!(holds(purpose, None, None), expected, "{purpose:?}");
        assert_eq!(Purpose::from_word(purpose.word()), Some(purpose));
    }
    let refused = Err(Reason::Purpose);
    assert_eq!(holds(Purpose::Client, Some(purposes(false, &[server, client])), None), Ok(()));
    assert_eq!(holds(Purpose::Client, Some(purposes(false, &[server])), None), refused);
    assert_eq!(holds(Purpose::Client, None, Some(purposes(false, &[server]))), refused);
    assert_eq!(holds(Purpose::Any, None, Some(purposes(false, &[server]))), Ok(()));
    assert_eq!(holds(Purpose::Ocsp, Some(purposes(false, &[ocsp])), None), Ok(()));
    assert_eq!(holds(Purpose::TimeStamp, Some(purposes(true, &[stamp])), None), Ok(()));
    assert_eq!(holds(Purpose::TimeStamp, Some(purposes(false, &[stamp])), None), refused);
    assert_eq!(holds(Purpose::TimeStamp, Some(purposes(true, &[stamp, ocsp])), None), refused);
}

#[test]
fn revocation_may_be_asked_for_where_lists_are() {
    let mut chain = Chain::new();
    chain.lists.remove(0);
    let judge = |chain: &Chain, revocation: Revocation| {
        let bag = [chain.authority.clone()];
        let anchors = [chain.root.clone()];
        let question = Question {
            intermediates: &bag,
            crls: &chain.lists,
            revocation,
            ..Question::new(&chain.leaf, &anchors, NOW)
        };
        validate(&question).map(|accepted| accepted.path.len())
    };
    assert_eq!(reason(judge(&chain, Revocation::Required)).0, Reason::RevocationUnknown);
    assert_eq!(judge(&chain, Revocation::IfPresent), Ok(3));
    let ca = ("CA", &Key::new(1));
    for (years, entries, expected) in
        [(NOWADAYS, &[(3, 1)][..], Reason::Revoked), (("24", "25"), &[], Reason::CrlExpired)]
    {
        chain.lists = vec![list(ca, years, 1, entries, &[])];
        assert_eq!(reason(judge(&chain, Revocation::IfPresent)).0, expected);
        assert_eq!(judge(&chain, Revocation::None), Ok(3));
    }
}

/// Authorities that all certify each other: 8 × 7 certificates, thousands of paths, none to the
/// anchor. The search ends within what it may spend.
#[test]
fn a_mesh_cannot_burn_time() {
    let keys: Vec<Key> = (0..8).map(Key::new).collect();
    let names: Vec<String> = (0..8).map(|number| format!("CA {number}")).collect();
    let mut bag = Vec::new();
    for (i, by) in keys.iter().enumerate() {
        for (j, of) in keys.iter().enumerate().filter(|(j, _)| *j != i) {
            bag.push(authority(1, (&names[i], by), (&names[j], of)).make());
        }
    }
    let far = Key::new(99);
    let anchors = [authority(1, ("Far", &far), ("Far", &far)).make()];
    let end = leaf(3, (&names[0], &keys[0]), ("Leaf", &Key::new(50))).make();
    let found = validate(&without_lists(&end, &bag, &anchors));
    assert_eq!(found.unwrap_err().reason, Reason::Limit);
    // With an anchor in reach the same bag does no harm.
    let near = [authority(1, (&names[3], &keys[3]), (&names[3], &keys[3])).make()];
    assert!(validate(&without_lists(&end, &bag, &near)).is_ok());
    // What is found with little is found; what is not, ends when the signatures do.
    let limits = Limits { signatures: 5, ..Limits::default() };
    let question = Question { limits, ..without_lists(&end, &bag, &anchors) };
    assert_eq!(validate(&question).unwrap_err().reason, Reason::Limit);
}

/// Hundreds of issuers with the right name, no identifier and a wrong key.
#[test]
fn a_crowd_of_one_name_cannot_burn_time() {
    let root_key = Key::new(0);
    let root = ("Root", &root_key);
    let anchors = [authority(1, root, root).make()];
    let keys: Vec<Key> = (10..410).map(Key::new).collect();
    let bag: Vec<Certificate> =
        keys.iter().map(|key| authority(2, root, ("CA", key)).make()).collect();
    let own_keys = [Key::new(1), Key::new(2)];
    let mut end = leaf(3, ("CA", &own_keys[0]), ("Leaf", &own_keys[1]));
    end.extensions.pop();
    let end = end.make();
    assert_eq!(validate(&without_lists(&end, &bag, &anchors)).unwrap_err().reason, Reason::Limit);
    let search = Search::new(&without_lists(&end, &bag, &anchors)).pool.len();
    assert_eq!(search, 402);
    let copies = vec![bag[0].clone(); 1000];
    let question = without_lists(&end, &copies, &anchors);
    assert_eq!(Search::new(&question).pool.len(), 3, "copies count once");
}

#[test]
fn long_chains_end_at_the_depth_limit() {
    let keys: Vec<Key> = (0..40).map(Key::new).collect();
    let names: Vec<String> = (0..40).map(|number| format!("CA {number}")).collect();
    let party = |at: usize| (names[at].as_str(), &keys[at]);
    let chain = |count: usize| {
        let bag: Vec<Certificate> =
            (1..count).map(|at| authority(2, party(at - 1), party(at)).make()).collect();
        let anchors = [authority(1, party(0), party(0)).make()];
        let end = leaf(3, party(count - 1), ("Leaf", &keys[39])).make();
        validate(&without_lists(&end, &bag, &anchors)).map(|accepted| accepted.path.len())
    };
    assert_eq!(chain(15), Ok(16));
    assert_eq!(reason(chain(16)).0, Reason::Limit);
}

proptest! {
    /// Whatever is turned into a chain: an answer, no panic.
    #[test]
    fn any_bytes_are_answered(
        cut in 0_usize..400,
        junk in prop::collection::vec(any::<u8>(), 0..40),
        which in 0_usize..3,
    ) {
        let chain = Chain::new();
        let certificates = [chain.leaf.der(), chain.authority.der(), chain.root.der()];
        let bytes = certificates[which];
        let cut = cut.min(bytes.len());
        let end = bytes.len().min(cut + junk.len());
        let changed = [&bytes[..cut], &junk, &bytes[end..]].concat();
        let parsed = Certificate::parse(&changed);
        if let Ok(certificate) = &parsed {
            prop_assert_eq!(certificate.der(), &changed[..]);
            let accepted: Result<Accepted<'_>, Refusal> =
                validate(&without_lists(certificate, &[], std::slice::from_ref(&chain.root)));
            prop_assert!(accepted.is_err() || certificates.contains(&&changed[..]));
        }
        prop_assert!(Crl::parse(&changed).is_err());
    }
}
