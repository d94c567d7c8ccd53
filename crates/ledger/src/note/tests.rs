//! Tests of signed notes: the published examples, limits, and every kind of damage.

use super::*;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use std::convert::Infallible;

const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6\
    KE6RyyBwJnAM=\n";
const C2SP: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const C2SP_NOTE: &str = "This is an example message.\n\n\
    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuw\
    HjG1Yu72IneyaQM=\n";

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn key(name: &str, kind: SignatureKind, pair: &Ed25519KeyPair) -> VerifierKey {
    let public = pair.public_key().as_ref().try_into().unwrap();
    VerifierKey::new(name.parse().unwrap(), kind, public)
}

fn signer(pair: &Ed25519KeyPair) -> impl Fn(&[u8]) -> Result<Vec<u8>, Infallible> {
    |message| Ok(pair.sign(message).as_ref().to_vec())
}

#[test]
fn the_published_notes_verify_and_read_back() {
    for (vkey, text) in [(PETER, PETER_NOTE), (C2SP, C2SP_NOTE)] {
        let key: VerifierKey = vkey.parse().unwrap();
        assert_eq!(key.to_string(), vkey);
        let note: Note = text.parse().unwrap();
        assert_eq!(note.to_string(), text);
        assert_eq!(Note::from_bytes(text.as_bytes()).as_ref(), Ok(&note));
        let verified = note.verify(std::slice::from_ref(&key)).unwrap();
        assert_eq!(verified.text(), note.text());
        assert_eq!(verified.signers(), [Signer { key, time_s: None }]);
    }
}

#[test]
fn a_published_cosigner_key_reads_back() {
    let vkey = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
    let key: VerifierKey = vkey.parse().unwrap();
    assert_eq!((key.kind(), key.id()), (SignatureKind::CosignatureV1, 0xda77_ade7));
    assert_eq!(key.to_string(), vkey);
}

#[test]
fn the_published_cosignature_carries_its_time() {
    let line = "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dl\
        rDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
    let line: SignatureLine = line.parse().unwrap();
    assert_eq!((line.name().as_str(), line.id()), ("witness.example.com/w1", 0x8d66_cf3f));
    assert_eq!(line.signature[..8], 1_679_315_147_u64.to_be_bytes());
    assert_eq!(line.signature.len(), 72);
}

#[test]
fn cosigned_bytes_are_those_of_the_specification() {
    let text = "example.com/behind-the-sofa\n20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let pair = pair(1);
    let witness = key("witness.example.com/w1", SignatureKind::CosignatureV1, &pair);
    let mut seen = Vec::new();
    let line = cosign(text, &witness, 1_679_315_147, |message| {
        seen = message.to_vec();
        signer(&pair)(message)
    })
    .unwrap();
    let expected = format!("cosignature/v1\ntime 1679315147\n{text}");
    assert_eq!(seen, expected.as_bytes());
    let mut note = Note::new(text).unwrap();
    note.add(line).unwrap();
    let verified = note.verify(std::slice::from_ref(&witness)).unwrap();
    assert_eq!(verified.signers(), [Signer { key: witness, time_s: Some(1_679_315_147) }]);
}

#[test]
fn any_changed_byte_is_refused() {
    let known: [VerifierKey; 1] = [PETER.parse().unwrap()];
    for at in 0..PETER_NOTE.len() {
        for bit in [1, 4, 32, 128] {
            let mut bytes = PETER_NOTE.as_bytes().to_vec();
            bytes[at] ^= bit;
            let believed = Note::from_bytes(&bytes).and_then(|note| note.verify(&known));
            assert!(believed.is_err(), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn a_changed_time_is_refused() {
    let pair = pair(2);
    let witness = key("w", SignatureKind::CosignatureV1, &pair);
    let line = cosign("a\n", &witness, 7, signer(&pair)).unwrap();
    for at in 0..8 {
        let mut bent = line.clone();
        bent.signature[at] ^= 1;
        let note = Note { text: "a\n".into(), lines: vec![bent] };
        let known = std::slice::from_ref(&witness);
        assert_eq!(note.verify(known), Err(NoteRefusal::WrongSignature));
    }
    let note = Note { text: "a\n".into(), lines: vec![line] };
    assert!(note.verify(&[witness]).is_ok());
}

#[test]
fn unknown_keys_count_for_nothing_and_known_ones_must_be_right() {
    let (ours, theirs) = (pair(3), pair(4));
    let log = key("log", SignatureKind::Ed25519, &ours);
    let other = key("other", SignatureKind::Ed25519, &theirs);
    let same_name = key("log", SignatureKind::Ed25519, &theirs);
    let mut note = Note::new("text\n\nwith an empty line\n").unwrap();
    assert_eq!(note.verify(std::slice::from_ref(&log)), Err(NoteRefusal::NoKnownKey));
    note.add(sign(note.text(), &other, signer(&theirs)).unwrap()).unwrap();
    note.add(sign(note.text(), &same_name, signer(&theirs)).unwrap()).unwrap();
    assert_eq!(note.verify(std::slice::from_ref(&log)), Err(NoteRefusal::NoKnownKey));
    note.add(sign(note.text(), &log, signer(&ours)).unwrap()).unwrap();
    note.add(sign(note.text(), &log, signer(&ours)).unwrap()).unwrap();
    assert_eq!(note.lines().len(), 3);
    let note: Note = note.to_string().parse().unwrap();
    assert_eq!(note.verify(std::slice::from_ref(&log)).unwrap().signers().len(), 1);
    assert_eq!(note.verify(&[log.clone(), other]).unwrap().signers().len(), 2);
    let mut claimed = note.clone();
    claimed.lines[0].name = log.name().clone();
    claimed.lines[0].id = log.id();
    assert_eq!(claimed.verify(&[log]), Err(NoteRefusal::WrongSignature));
}

#[test]
fn nothing_wrong_is_ever_signed() {
    let (ours, theirs) = (pair(5), pair(6));
    let log = key("log", SignatureKind::Ed25519, &ours);
    let witness = key("w", SignatureKind::CosignatureV1, &ours);
    let wrong = sign("a\n", &log, signer(&theirs));
    assert_eq!(wrong, Err(SignError::WrongSignature));
    assert_eq!(sign("a\n", &log, |_| Ok::<_, ()>(vec![])), Err(SignError::WrongSignature));
    assert_eq!(sign("a\n", &log, |_| Err("away")), Err(SignError::Store("away")));
    assert_eq!(sign("a\n", &witness, signer(&ours)), Err(SignError::Kind));
    assert_eq!(cosign("a\n", &log, 1, signer(&ours)), Err(SignError::Kind));
    assert_eq!(cosign("a\n", &witness, 0, signer(&ours)), Err(SignError::Time));
    assert_eq!(cosign("a\n", &witness, 1 << 63, signer(&ours)), Err(SignError::Time));
}

#[test]
fn a_plain_key_and_a_cosigner_key_never_stand_for_each_other() {
    let pair = pair(7);
    let plain = key("k", SignatureKind::Ed25519, &pair);
    let timed = key("k", SignatureKind::CosignatureV1, &pair);
    assert_ne!(plain.id(), timed.id());
    let mut note = Note::new("a\n").unwrap();
    note.add(sign("a\n", &plain, signer(&pair)).unwrap()).unwrap();
    assert_eq!(note.verify(&[timed]), Err(NoteRefusal::NoKnownKey));
}

#[test]
fn malformed_keys() {
    use NoteRefusal::{KeyForm, KeyKind};
    let material = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    for (text, refusal) in [
        (String::new(), KeyForm),
        ("PeterNeumann".into(), KeyForm),
        (format!("PeterNeumann+{material}"), KeyForm),
        (format!("PeterNeumann+c74f20a4+{material}"), KeyForm),
        (format!("PeterNeumann+C74F20A3+{material}"), KeyForm),
        (format!("PeterNeumann+c74f20a+{material}"), KeyForm),
        (format!("PeterNeumann+c74f20a3+{material}="), KeyForm),
        (format!("PeterNeumann+c74f20a3+{}", &material[..40]), KeyForm),
        (format!("PeterNeumann+c74f20a3+{material} "), KeyForm),
        (format!("PeterNeumann+c74f20a3+B{}", &material[1..]), KeyKind),
        ("PeterNeumann+c74f20a3+".into(), KeyForm),
        (format!("+c74f20a3+{material}"), NoteRefusal::KeyName),
        (format!("Peter Neumann+c74f20a3+{material}"), NoteRefusal::KeyName),
    ] {
        assert_eq!(text.parse::<VerifierKey>(), Err(refusal), "{text}");
    }
    for name in ["", "a b", "a\u{3000}b", "a+b", "a\u{85}b", &"n".repeat(256)] {
        assert_eq!(name.parse::<KeyName>(), Err(NoteRefusal::KeyName), "{name}");
    }
}

#[test]
fn malformed_notes() {
    use NoteRefusal::{Character, Form, Length, LineForm, Signatures};
    let line = "— a AAAAAAA=\n";
    for (text, refusal) in [
        (String::new(), Form),
        ("a".into(), Form),
        ("a\n".into(), Form),
        ("a\n\n".into(), Form),
        (format!("a\n{line}"), Form),
        (format!("\n{line}"), Form),
        (format!("a\n\n{}", line.trim_end()), Form),
        (format!("a\n\n{line}\n"), Form),
        (format!("a\r\n\n{line}"), Character),
        (format!("a\0\n\n{line}"), Character),
        ("a\n\n- a AAAAAAA=\n".into(), LineForm),
        ("a\n\n—  AAAAAAA=\n".into(), NoteRefusal::KeyName),
        ("a\n\n— a  AAAAAAA=\n".into(), LineForm),
        ("a\n\n— a\n".into(), LineForm),
        ("a\n\n— a AAAAAA==\n".into(), LineForm),
        ("a\n\n— a AAAAAAA\n".into(), LineForm),
        ("a\n\n— a AAAAAAA=\r\n".into(), LineForm),
        ("a\n\n— a+b AAAAAAA=\n".into(), NoteRefusal::KeyName),
        (format!("a\n\n{}", line.repeat(65)), Signatures),
        (format!("{}\n\n{line}", "a".repeat(NOTE_BYTES_MAX)), Length),
    ] {
        assert_eq!(text.parse::<Note>(), Err(refusal), "{:?}", &text[..text.len().min(40)]);
    }
    assert_eq!(Note::from_bytes(b"\xff\n\n"), Err(Character));
    assert!(format!("a\n\n{}", line.repeat(64)).parse::<Note>().is_ok());
    assert_eq!(Note::new("a"), Err(Form));
}
