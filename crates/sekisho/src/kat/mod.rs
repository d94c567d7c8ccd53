//! Known-answer questions: one JSON object in, one JSON object out, so that an outsider's vectors
//! can be asked of the very code that runs here.
//!
//! Owns the form of questions and answers; the arithmetic is that of `numbers`, `ledger` and the
//! cryptographic library. Pure: a question brings its keys along, nothing of the platform's own is
//! reachable from here. A malformed question is answered like any other, with a refusal.

mod ciphers;
#[cfg(test)]
mod tests;
mod tree;

use ledger::Hash;
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
    ("ff1_encrypt", ciphers::ff1_encrypt),
    ("ff1_decrypt", ciphers::ff1_decrypt),
    ("aes_gcm_seal", ciphers::aes_gcm_seal),
    ("aes_gcm_open", ciphers::aes_gcm_open),
    ("aes_gcm_siv_seal", ciphers::aes_gcm_siv_seal),
    ("aes_gcm_siv_open", ciphers::aes_gcm_siv_open),
    ("hmac_sha256", ciphers::hmac_sha256),
    ("merkle_leaf", tree::merkle_leaf),
    ("merkle_node", tree::merkle_node),
    ("merkle_root", tree::merkle_root),
    ("inclusion_proof", tree::inclusion_proof),
    ("inclusion_verify", tree::inclusion_verify),
    ("consistency_proof", tree::consistency_proof),
    ("consistency_verify", tree::consistency_verify),
    ("note_verify", tree::note_verify),
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
