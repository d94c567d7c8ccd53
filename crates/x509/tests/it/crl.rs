//! Lists: what is built reads back the same, what may not be built is refused.

use crate::house::{HOUR_US, authority, named, now, serial};
use crate::x509::{
    Covers, Crl, CrlBuilder, CrlEntry, CrlNumber, CrlProfile, CrlReadRefusal, CrlRefusal, CrlScope,
    GeneralName, KeyAlgorithm, Name, PointName, RevocationReason, Serial,
};
use base::Moment;
use proptest::prelude::*;

/// A complete list of everything of the P-256 authority.
pub(crate) fn profile(issuer: &Name) -> CrlProfile<'_> {
    CrlProfile {
        algorithm: KeyAlgorithm::P256,
        issuer,
        authority_key: &[7; 20],
        this_update: now(),
        next_update: now().plus_us(24 * HOUR_US),
        number: CrlNumber::from(5),
        delta_of: None,
        scope: None,
        freshest: &[],
        expired_since: None,
    }
}

pub(crate) fn entry(number: u64, reason: Option<RevocationReason>) -> CrlEntry {
    let revoked_at = now().plus_us(-HOUR_US);
    CrlEntry { serial: serial(number), revoked_at, reason, invalid_since: None }
}

pub(crate) fn build(
    profile: &CrlProfile<'_>,
    entries: &[CrlEntry],
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Result<Vec<u8>, CrlRefusal> {
    let mut list = CrlBuilder::new(profile, entries.len())?;
    entries.iter().try_for_each(|entry| list.push(entry))?;
    let list = list.finish();
    let signature = sign(list.as_bytes());
    Ok(list.assemble(&signature))
}

fn signed(profile: &CrlProfile<'_>, entries: &[CrlEntry]) -> Result<Vec<u8>, CrlRefusal> {
    build(profile, entries, |message| authority(KeyAlgorithm::P256).pair.sign(message))
}

#[test]
fn everything_that_a_list_says_is_read_back() {
    let issuer = named("Issuer");
    let point = named("Chiyoda-ku CRLDP");
    let uri = "http://crl.example/131016.crl".to_owned();
    let names = vec![GeneralName::Directory(point.clone()), GeneralName::Uri(uri.clone())];
    let scope = CrlScope { names: names.clone(), covers: Covers::EndEntities };
    let mut profile = profile(&issuer);
    profile.scope = Some(&scope);
    profile.freshest = &names;
    profile.expired_since = Some(now().plus_us(-100 * HOUR_US));
    let list = signed(&profile, &[]).unwrap();
    let read = Crl::parse(&list).unwrap();
    assert!(read.is_signed_by(&authority(KeyAlgorithm::P256).key));
    assert!(!read.is_signed_by(&authority(KeyAlgorithm::P384).key));
    assert_eq!(read.issuer(), issuer.der());
    assert_eq!(read.authority_key(), Some(&[7; 20][..]));
    assert_eq!((read.number(), read.delta_of()), (Some(CrlNumber::from(5)), None));
    assert_eq!((read.this_update(), read.next_update()), (now_of(&profile), next_of(&profile)));
    assert_eq!(read.expired_since(), profile.expired_since);
    assert!(read.freshest().is_some() && read.is_empty() && !read.is_indirect());
    assert_eq!(read.unknown_critical(), None);
    let scope = read.scope().unwrap();
    assert!(scope.end_entities_only && !scope.authorities_only && scope.is_named());
    let expected = [PointName::Directory(point.der()), PointName::Uri(uri.as_bytes())];
    assert_eq!(scope.names().collect::<Vec<_>>(), expected);
}

fn now_of(profile: &CrlProfile<'_>) -> Moment {
    profile.this_update
}

fn next_of(profile: &CrlProfile<'_>) -> Option<Moment> {
    Some(profile.next_update)
}

#[test]
fn what_is_no_sound_list_is_not_built() {
    let issuer = named("Issuer");
    let sound = profile(&issuer);
    let refused = |change: &dyn Fn(&mut CrlProfile<'_>), entries: &[CrlEntry]| {
        let mut profile = sound.clone();
        change(&mut profile);
        signed(&profile, entries).unwrap_err()
    };
    let same = |_: &mut CrlProfile<'_>| {};
    let backwards = refused(&|profile| profile.next_update = profile.this_update, &[]);
    assert_eq!(backwards, CrlRefusal::Times);
    let base = refused(&|profile| profile.delta_of = Some(profile.number), &[]);
    assert_eq!(base, CrlRefusal::DeltaBase);
    let nothing = CrlScope { names: vec![], covers: Covers::All };
    let mut empty = sound.clone();
    empty.scope = Some(&nothing);
    assert_eq!(signed(&empty, &[]), Err(CrlRefusal::ScopeEmpty));
    let names = [GeneralName::Uri("http://crl.example/delta".to_owned())];
    let mut delta = sound.clone();
    (delta.delta_of, delta.freshest) = (Some(CrlNumber::from(4)), &names);
    assert_eq!(signed(&delta, &[]), Err(CrlRefusal::FreshestInDelta));
    let twice = [entry(7, None), entry(7, None)];
    assert_eq!(refused(&same, &twice), CrlRefusal::Order);
    // By number, not by bytes: 256 comes after 255.
    assert_eq!(refused(&same, &[entry(256, None), entry(255, None)]), CrlRefusal::Order);
    let released = [entry(7, Some(RevocationReason::RemoveFromCrl))];
    assert_eq!(refused(&same, &released), CrlRefusal::RemoveOutsideDelta);
    delta.freshest = &[];
    assert!(signed(&delta, &released).is_ok());
}

#[test]
fn a_reason_that_says_nothing_is_left_out() {
    let issuer = named("Issuer");
    let list = signed(&profile(&issuer), &[entry(7, Some(RevocationReason::Unspecified))]).unwrap();
    let read = Crl::parse(&list).unwrap();
    assert_eq!(read.find(serial(7)).unwrap().reason, None);
    assert_eq!(list, signed_like(&list, &issuer));
}

/// The same list without a reason, with the signature of the first (ECDSA draws one each time).
fn signed_like(list: &[u8], issuer: &Name) -> Vec<u8> {
    let read = Crl::parse(list).unwrap();
    let mut profile = profile(issuer);
    (profile.this_update, profile.next_update) = (read.this_update(), read.next_update().unwrap());
    let revoked_at = read.find(serial(7)).unwrap().revoked_at;
    let entry = CrlEntry { revoked_at, ..entry(7, None) };
    build(&profile, &[entry], |_| read.signature().to_vec()).unwrap()
}

#[test]
fn strangers_lists_say_what_keeps_them_from_use() {
    let issuer = named("Issuer");
    let list = signed(&profile(&issuer), &[entry(7, Some(RevocationReason::KeyCompromise))]);
    let list = list.unwrap();
    let changed = |from: &[u8], to: &[u8]| {
        let at = list.windows(from.len()).position(|window| window == from).unwrap();
        [&list[..at], to, &list[at + from.len()..]].concat()
    };
    // cRLNumber becomes an extension that nobody knows, not critical and critical.
    let unknown = changed(&[0x55, 0x1d, 0x14], &[0x55, 0x1d, 0x7f]);
    let read = Crl::parse(&unknown).unwrap();
    assert_eq!((read.number(), read.unknown_critical()), (None, None));
    // The reason becomes a certificateIssuer: an indirect list, if it were GeneralNames.
    let broken = changed(&[0x55, 0x1d, 0x15], &[0x55, 0x1d, 0x1d]);
    assert_eq!(Crl::parse(&broken).unwrap_err().label(), "crl_malformed");
    let reason = [0x04, 0x03, 0x0a, 0x01, 0x01];
    let unknown_reason = changed(&reason, &[0x04, 0x03, 0x0a, 0x01, 0x07]);
    assert_eq!(Crl::parse(&unknown_reason).unwrap_err().label(), "crl_malformed");
    let version_3 = changed(&[0x02, 0x01, 0x01], &[0x02, 0x01, 0x02]);
    assert_eq!(Crl::parse(&version_3).unwrap_err(), CrlReadRefusal::Version);
    let algorithms = changed(&[0x3d, 0x04, 0x03, 0x02], &[0x3d, 0x04, 0x03, 0x03]);
    assert_eq!(Crl::parse(&algorithms).unwrap_err(), CrlReadRefusal::Algorithms);
}

#[test]
fn numbers_are_compared_as_numbers() {
    let long = CrlNumber::from_bytes(&[0xff; 20]).unwrap();
    assert!(CrlNumber::from(u64::MAX) < long && CrlNumber::from(255) < CrlNumber::from(256));
    assert_eq!(CrlNumber::from_bytes(&[1, 0]), Some(CrlNumber::from(256)));
    assert_eq!(CrlNumber::from_bytes(&[0; 21]), None);
    assert_eq!(CrlNumber::from(0x0a00).to_string(), "0xa00");
    assert_eq!(CrlNumber::from(0).to_string(), "0x0");
    let issuer = named("Issuer");
    let mut profile = profile(&issuer);
    profile.number = long;
    let list = signed(&profile, &[]).unwrap();
    assert_eq!(Crl::parse(&list).unwrap().number(), Some(long));
}

#[test]
fn words_of_reasons_read_back() {
    for reason in RevocationReason::ALL {
        assert_eq!(RevocationReason::from_word(reason.word()), Some(reason));
        assert_eq!(RevocationReason::from_code(reason.code().into()), Some(reason));
    }
    assert_eq!(RevocationReason::from_code(7), None);
}

fn entries() -> impl Strategy<Value = Vec<CrlEntry>> {
    let reason = prop::option::of(prop::sample::select(&RevocationReason::ALL[1..]));
    let seconds = -631_152_000_i64..253_402_300_800;
    let one = (prop::collection::vec(any::<u8>(), 1..20), seconds.clone(), reason);
    let since = prop::option::of(seconds);
    prop::collection::vec((one, since), 0..40).prop_map(|drawn| {
        let mut entries: Vec<_> = drawn
            .into_iter()
            .filter_map(|((bytes, seconds, reason), since)| {
                let at = |seconds: i64| Moment::from_us(seconds * 1_000_000);
                let serial = Serial::from_bytes(&bytes).ok()?;
                let invalid_since = since.map(at);
                Some(CrlEntry { serial, revoked_at: at(seconds), reason, invalid_since })
            })
            .collect();
        entries.sort_by_key(|entry| entry.serial);
        entries.dedup_by_key(|entry| entry.serial);
        entries
    })
}

proptest! {
    #[test]
    fn entries_read_back(entries in entries(), absent in any::<u64>()) {
        let issuer = named("Issuer");
        let mut profile = profile(&issuer);
        profile.delta_of = Some(CrlNumber::from(3));
        let list = build(&profile, &entries, |_| vec![1, 2, 3]).unwrap();
        let read = Crl::parse(&list).unwrap();
        prop_assert_eq!(read.len(), entries.len());
        prop_assert_eq!(read.delta_of(), profile.delta_of);
        for (view, entry) in read.entries().zip(&entries) {
            prop_assert_eq!(Serial::from_integer(view.serial), Ok(entry.serial));
            prop_assert_eq!(view.revoked_at, entry.revoked_at);
            prop_assert_eq!(view.reason, entry.reason);
            prop_assert_eq!(view.invalid_since, entry.invalid_since);
            prop_assert_eq!(read.find(entry.serial), Some(view));
        }
        if let Ok(absent) = Serial::try_from(absent) {
            let there = entries.iter().any(|entry| entry.serial == absent);
            prop_assert_eq!(read.find(absent).is_some(), there);
        }
    }
}
