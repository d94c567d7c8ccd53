//! Tests of the leaf: canonical bytes, limits, commitments.

use super::*;
use proptest::prelude::*;

const GOLDEN: &str = concat!(
    r#"{"version":1,"at_us":1700000000000000,"act":"resident_event","actor":"municipality:131016","#,
    r#""purpose":"resident_register","basis":"bra-30-6@2024-05-27","outcome":"refused:duplicate","#,
    r#""subject":"1111111111111111111111111111111111111111111111111111111111111111","#,
    r#""content":"abababababababababababababababababababababababababababababababab"}"#
);

fn draft() -> LeafDraft {
    LeafDraft {
        at_us: 1_700_000_000_000_000,
        act: "resident_event".into(),
        actor: "municipality:131016".into(),
        purpose: "resident_register".into(),
        basis: "bra-30-6@2024-05-27".into(),
        outcome: "refused:duplicate".into(),
        subject: Some(Commitment::from_bytes([0x11; 32])),
        content: Commitment::from_bytes([0xab; 32]),
    }
}

fn with(change: impl FnOnce(&mut LeafDraft)) -> Result<LeafEntry, LeafRefusal> {
    let mut draft = draft();
    change(&mut draft);
    LeafEntry::new(draft)
}

#[test]
fn the_golden_leaf() {
    let entry = LeafEntry::new(draft()).unwrap();
    assert_eq!(std::str::from_utf8(&entry.to_bytes()).unwrap(), GOLDEN);
    assert_eq!(LeafEntry::parse(GOLDEN.as_bytes()), Ok(entry.clone()));
    assert_eq!(entry.leaf_hash(), Hash::leaf(GOLDEN.as_bytes()));
    let nobody = with(|draft| draft.subject = None).unwrap();
    let bytes = String::from_utf8(nobody.to_bytes()).unwrap();
    assert!(bytes.contains(r#","subject":null,"content":""#));
    assert_eq!(LeafEntry::parse(bytes.as_bytes()), Ok(nobody));
}

#[test]
fn every_limit_holds_on_both_sides() {
    use LeafRefusal::{Act, Actor, Basis, Outcome, Purpose};
    type Set = fn(&mut LeafDraft, String);
    let fields: [(Set, usize, LeafRefusal); 4] = [
        (|draft, text| draft.act = text.into(), 64, Act),
        (|draft, text| draft.actor = text.into(), 128, Actor),
        (|draft, text| draft.purpose = text.into(), 128, Purpose),
        (|draft, text| draft.basis = text.into(), 256, Basis),
    ];
    for (set, max, refusal) in fields {
        assert!(with(|draft| set(draft, "a".repeat(max))).is_ok());
        let bad = ["", "a b", "a\"", "a\\", "a\n", "山田", "a\u{7f}", &"a".repeat(max + 1)];
        for text in bad {
            assert_eq!(with(|draft| set(draft, text.to_owned())), Err(refusal), "{text}");
        }
    }
    let label = format!("refused:{}", "a".repeat(64));
    for good in ["done", "read", "intended", "refused:x", &label] {
        assert!(with(|draft| draft.outcome = good.to_owned().into()).is_ok());
    }
    for bad in ["", "Done", "refused", "refused:", "refused:A", &format!("{label}a")] {
        let refused = with(|draft| draft.outcome = bad.to_owned().into());
        assert_eq!(refused, Err(Outcome), "{bad}");
    }
}

#[test]
fn the_longest_leaf_keeps_its_promised_bound() {
    let longest = with(|draft| {
        draft.at_us = i64::MIN;
        draft.act = "a".repeat(64).into();
        draft.actor = "a".repeat(128).into();
        draft.purpose = "a".repeat(128).into();
        draft.basis = "a".repeat(256).into();
        draft.outcome = format!("refused:{}", "a".repeat(64)).into();
    })
    .unwrap();
    let bytes = longest.to_bytes();
    assert!(bytes.len() <= 1_500 && bytes.len() <= FRAME_BYTES + longest.text_bytes());
    assert_eq!(bytes.capacity(), FRAME_BYTES + longest.text_bytes(), "no second allocation");
}

#[test]
fn any_other_spelling_is_refused() {
    let at = "1700000000000000";
    for bad in [
        String::new(),
        format!("{GOLDEN}\n"),
        format!(" {GOLDEN}"),
        format!("{GOLDEN}}}"),
        GOLDEN.replace("\"version\":1", "\"version\":2"),
        GOLDEN.replace(at, &format!("0{at}")),
        GOLDEN.replace(at, &format!("+{at}")),
        GOLDEN.replace(at, "-0"),
        GOLDEN.replace(at, "1e3"),
        GOLDEN.replace(at, "9223372036854775808"),
        GOLDEN.replace(",\"act\"", ", \"act\""),
        GOLDEN.replace("1111\"", "111\""),
        GOLDEN.replace("abab\"", "abAB\""),
        GOLDEN.replace("\"basis\"", "\"base\""),
        GOLDEN.replace("\"abab", "abab"),
        GOLDEN.replace("}", ",\"more\":1}"),
    ] {
        assert_eq!(LeafEntry::parse(bad.as_bytes()), Err(LeafRefusal::Form), "{bad}");
    }
    assert_eq!(LeafEntry::parse(&[0xff]), Err(LeafRefusal::Form));
    let smuggled = GOLDEN.replace("resident_event", r#"a","actor":"b"#);
    assert!(LeafEntry::parse(smuggled.as_bytes()).is_err());
}

#[test]
fn a_commitment_by_hand() {
    let salt = [7_u8; 16];
    let mut message = Vec::new();
    for part in [&b"sekisho-commitment-v1"[..], b"subject", &salt, b"value"] {
        message.extend_from_slice(&(part.len() as u64).to_be_bytes());
        message.extend_from_slice(part);
    }
    let commitment = commit(&Salt::new(&salt).unwrap(), "subject", b"value");
    assert_eq!(commitment.as_bytes(), Hash::of(&message).as_bytes());
    assert_eq!(format!("{commitment}").len(), 64);
}

#[test]
fn no_two_openings_share_a_commitment() {
    let (short, long, other) = ([7; 16], [7; 32], [8; 16]);
    let mut seen = std::collections::BTreeSet::new();
    let salts: [&[u8]; 3] = [&short, &long, &other];
    for salt in salts {
        for domain in ["", "a", "ab", "subject"] {
            for bytes in ["", "a", "ab", "subject"] {
                seen.insert(commit(&Salt::new(salt).unwrap(), domain, bytes.as_bytes()));
            }
        }
    }
    assert_eq!(seen.len(), 48);
}

#[test]
fn salts_are_long_enough_and_never_shown() {
    assert_eq!(Salt::new(&[0; 15]).err(), Some(LeafRefusal::Salt));
    assert_eq!(Salt::new(&[0; 33]).err(), Some(LeafRefusal::Salt));
    assert_eq!(format!("{:?}", Salt::new(&[0xee; 32]).unwrap()), "Salt(redacted)");
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_any_damage_is_seen(
        at_us: i64,
        actor in "[!#-\\[\\]-~]{1,128}",
        basis in "[!#-\\[\\]-~]{1,256}",
        subject: Option<[u8; 32]>,
        at in 0..1000_usize,
        bit in 0..8_u8,
    ) {
        let entry = with(|draft| {
            draft.at_us = at_us;
            draft.actor = actor.into();
            draft.basis = basis.into();
            draft.subject = subject.map(Commitment::from_bytes);
        }).unwrap();
        let mut bytes = entry.to_bytes();
        prop_assert_eq!(LeafEntry::parse(&bytes), Ok(entry.clone()));
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert_ne!(LeafEntry::parse(&bytes), Ok(entry));
    }

    #[test]
    fn nothing_makes_the_reader_fall(bytes: Vec<u8>, cut in 0..400_usize) {
        let _ = LeafEntry::parse(&bytes);
        let cut = cut.min(GOLDEN.len() - 1);
        prop_assert!(LeafEntry::parse(&GOLDEN.as_bytes()[..cut]).is_err());
    }
}
