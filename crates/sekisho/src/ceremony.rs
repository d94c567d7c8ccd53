//! The file of a key ceremony, read strictly, and its protocol.
//!
//! Owns both forms. What the file asks for is judged and carried out by `app::key_ceremony`; the
//! protocol is made of that and of the file alone, so that the same file gives the same one again.

use crate::output::table;
use app::key_ceremony::{Before, Carried, Ceremony, PlannedKey};
use app::key_generate::fingerprint;
use base::{Problem, labels};
use ledger::Hash;
use ports::KeyKind;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    title: String,
    date: String,
    before: WrittenBefore,
    present: Vec<WrittenPerson>,
    key: Vec<WrittenKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenBefore {
    platform: bool,
    origin: Option<String>,
    keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPerson {
    name: String,
    role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKey {
    label: String,
    kind: String,
    purpose: String,
}

/// A file that was read.
pub(crate) struct Plan {
    pub(crate) title: String,
    pub(crate) ceremony: Ceremony,
}

impl Plan {
    /// Reads a file. Refused with `ceremony_form`.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(bytes).map_err(|_| form("not UTF-8"))?;
        let written: Written = toml::from_str(text).map_err(|error| form(error.message()))?;
        let date = written.date.parse().map_err(|_| form("date: YYYY-MM-DD"))?;
        let before = before(&written.before)?;
        let person = |one: WrittenPerson| {
            let empty = one.name.trim().is_empty() || one.role.trim().is_empty();
            if empty { Err(form("present: a name and a role")) } else { Ok((one.name, one.role)) }
        };
        let present = written.present.into_iter().map(person).collect::<Result<_, _>>()?;
        let keys = written.key.into_iter().map(planned).collect::<Result<_, _>>()?;
        let digest = Hash::of(bytes);
        let ceremony = Ceremony { digest, date, present, before, keys };
        Ok(Self { title: written.title, ceremony })
    }

    /// What would be made, for people.
    pub(crate) fn table(&self) -> String {
        let row = |key: &PlannedKey| {
            vec![key.label.to_string(), key.kind.to_string(), key.purpose.clone()]
        };
        let rows: Vec<_> = self.ceremony.keys.iter().map(row).collect();
        table(&["key", "kind", "purpose"], &rows)
    }

    /// The protocol as text and as JSON. `verifier` is the ledger's key where it is made here.
    pub(crate) fn protocol(&self, carried: &Carried, verifier: Option<&str>) -> (String, Value) {
        let Ceremony { digest, date, present, before, keys } = &self.ceremony;
        let (mut rows, mut made) = (Vec::new(), Vec::new());
        for (planned, (act, key)) in keys.iter().zip(&carried.keys) {
            let print = key.as_ref().and_then(fingerprint);
            let at =
                key.as_ref().map_or("destroyed since".to_owned(), |key| key.created.to_string());
            let (label, kind) = (planned.label.to_string(), planned.kind.to_string());
            made.push(json!({
                "label": label,
                "kind": kind,
                "purpose": planned.purpose,
                "made": at,
                "fingerprint": print,
                "act": act.0,
            }));
            let purpose = planned.purpose.clone();
            rows.push(vec![label, kind, at, act.to_string(), purpose, print.unwrap_or_default()]);
        }
        let people: Vec<_> =
            present.iter().map(|(name, role)| json!({ "name": name, "role": role })).collect();
        let answer = json!({
            "title": self.title,
            "file_sha256": digest.to_string(),
            "date": date.to_string(),
            "present": people,
            "origin": before.origin,
            "verifier_key": verifier,
            "keys": made,
        });
        let mut text = format!("{}\n\nDate      {date}\nFile      SHA-256 {digest}\n", self.title);
        present.iter().for_each(|(name, role)| {
            text.push_str(&format!("Present   {name}, {role}\n"));
        });
        if let (Some(origin), Some(verifier)) = (&before.origin, verifier) {
            text.push_str(&format!("Ledger    {origin}\nVerifier  {verifier}\n"));
        }
        let head = ["key", "kind", "made", "act", "purpose", "SHA-256 of the public key"];
        text.push_str(&format!("\n{}\n", table(&head, &rows)));
        (text, answer)
    }
}

fn before(written: &WrittenBefore) -> Result<Before, Problem> {
    if written.platform == written.origin.is_some() {
        return Err(form("before: a ledger's origin where there is no platform, and there only"));
    }
    let label = |text: &String| text.parse().map_err(|_| form("before.keys: a key's label"));
    let keys = written.keys.iter().map(label).collect::<Result<_, _>>()?;
    Ok(Before { origin: written.origin.clone(), keys })
}

fn planned(written: WrittenKey) -> Result<PlannedKey, Problem> {
    let label = written.label.parse().map_err(|_| form("key.label: a key's label"))?;
    let kind = KeyKind::from_word(&written.kind).ok_or_else(|| form("key.kind: a kind of key"))?;
    if written.purpose.trim().is_empty() {
        return Err(form("key.purpose: what the key is made for"));
    }
    Ok(PlannedKey { label, kind, purpose: written.purpose })
}

fn form(detail: &str) -> Problem {
    Problem::new(&labels::CEREMONY_FORM, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../golden/ceremony.toml");

    fn label_of(text: &str) -> &'static str {
        Plan::read(text.as_bytes()).err().map_or("good", |problem| problem.label())
    }

    #[test]
    fn the_sample_is_a_first_ceremony() {
        let plan = Plan::read(SAMPLE.as_bytes()).unwrap();
        assert_eq!(plan.ceremony.keys.len(), 9);
        assert_eq!(plan.ceremony.present.len(), 3);
        assert_eq!(plan.ceremony.before.origin.as_deref(), Some("log.example.org/sekisho"));
        assert!(plan.table().contains("numbering/1"));
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for (is, would_be) in [
            ("date =", "dates ="),
            ("2026-04-01", "1 April"),
            ("platform = false", "platform = true"),
            ("platform = false", "platform = 'no'"),
            ("\"numbering/1\"", "\"Numbering\""),
            ("\"permutation\"", "\"permutations\""),
            ("role = \"", "rank = \""),
            ("name = \"", "name = \" \" # \""),
            ("keys = []", "keys = [\"kek/0\"]"),
            ("[[key]]", "[[keys]]"),
        ] {
            let text = SAMPLE.replacen(is, would_be, 1);
            assert_ne!(text, SAMPLE, "{is}");
            assert_eq!(label_of(&text), "ceremony_form", "{would_be}");
        }
        assert_eq!(label_of(""), "ceremony_form");
        let bytes = Plan::read(&[0xFF, b'x']).err().unwrap();
        assert_eq!(bytes.label(), "ceremony_form");
    }
}
